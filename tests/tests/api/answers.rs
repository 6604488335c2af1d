//! Answers of Jobs, built as the trainer builds them.

use dropout_model::{
    digest::digest,
    manifest::Metric,
    task::{Answer, CONTRACT, Check, Evidence, Figure, Outcome, Verdict},
};

/// The digest of a bundle of our making.
pub fn bundle(word: &str) -> String {
    digest(word.as_bytes())
}

/// An answer with evidence about a bundle, to a task.
pub fn answer(outcome: Outcome, task: &str, word: &str) -> Answer {
    let verdict = match outcome {
        Outcome::Passed | Outcome::Unchanged => Verdict::Passed,
        Outcome::Inconclusive => Verdict::Inconclusive,
        Outcome::Failed | Outcome::BadInput | Outcome::VersionTaken => Verdict::Failed,
    };
    let check = Check { name: "primary".into(), verdict, message: "roc_auc 0.812 against 0.790: +0.022".into() };
    let evidence = Evidence {
        bundle: bundle(word),
        report: bundle(&format!("report of {word}")),
        data: bundle("data"),
        threshold: 0.31,
        patients: 412,
        positive_patients: 77,
        look: None,
        metrics: vec![Figure { metric: Metric::RocAuc, candidate: 0.812, production: None }],
        checks: vec![check],
    };
    Answer {
        contract: CONTRACT.into(),
        task: task.into(),
        outcome,
        reason: "Tested".into(),
        message: format!("{outcome:?} by the test, on 412 patients"),
        evidence: outcome.needs_evidence().then_some(evidence),
    }
}

/// The gate let it through.
pub fn passed(task: &str, word: &str) -> Answer {
    answer(Outcome::Passed, task, word)
}

/// The gate refused it.
pub fn refused(task: &str, word: &str) -> Answer {
    answer(Outcome::Failed, task, word)
}

/// The gate could not decide.
pub fn inconclusive(task: &str, word: &str) -> Answer {
    answer(Outcome::Inconclusive, task, word)
}

/// It is the served bundle.
pub fn unchanged(task: &str, word: &str) -> Answer {
    answer(Outcome::Unchanged, task, word)
}
