//! From findings to the report: the same numbers in the words and order that people read. It measures and judges nothing.

use crate::{
    calibrate,
    curves::{Curves, FEWEST},
    evaluation::{Contest, threshold},
    report::{
        self, Bootstrap, Candidate, EvidenceReport, GroupReport, GuardrailReport, MetricReport, Report, RowReport,
        SliceReport, UntouchedReport,
    },
};
use dropout_model::{
    bundle::Model,
    gate::{self, Decided, Findings, Judgement, Sliced},
    manifest::{Comparison, Manifest, Target},
    metric::bootstrap::{Compared, Interval},
    task::Outcome,
};

/// Everything that was found about a candidate.
pub fn report(contest: &Contest<'_>, rows: RowReport, (findings, judgement): (&Findings, Judgement)) -> Report {
    let manifest = contest.manifest;
    let level = findings.look.level;
    let metrics = |compared: &[Compared]| compared.iter().map(|compared| metric(compared, level)).collect();
    Report {
        schema: report::SCHEMA,
        study: manifest.study.id.clone(),
        outcome: judgement.outcome,
        reason: judgement.reason.to_owned(),
        message: message(manifest, findings, &judgement),
        candidate: described(contest, rows.training.positive_patients),
        production: contest.production.map(|(_, served)| served.clone()),
        rows,
        evidence: evidence(findings, &judgement),
        bootstrap: bootstrap(manifest, findings),
        metrics: metrics(&findings.compared),
        all: metrics(&findings.all),
        untouched: untouched(findings),
        guardrails: guardrails(manifest, findings),
        slices: findings.slices.iter().map(slice).collect(),
        primary: manifest.gate.primary().metric,
        checks: judgement.checks,
        curves: Curves::default(),
        choice: contest.candidate.0.choice.clone(),
        importances: Vec::new(),
        findings: Vec::new(),
        claimed: None,
        records: None,
    }
}

fn evidence(findings: &Findings, judgement: &Judgement) -> EvidenceReport {
    let patients = findings.evidence.patients();
    EvidenceReport {
        decided: findings.evidence.decided,
        message: findings.evidence.sentence(),
        patients: patients.all,
        positive_patients: patients.positive,
        look: judgement.look,
        level: findings.look.spent,
    }
}

fn bootstrap(manifest: &Manifest, findings: &Findings) -> Bootstrap {
    let drawn = || findings.compared.iter().map(|compared| compared.draws.len());
    Bootstrap {
        resamples: drawn().min().unwrap_or(0),
        most_resamples: drawn().max().unwrap_or(0),
        level: findings.look.level,
        seed: manifest.training.seed,
    }
}

fn untouched(findings: &Findings) -> Option<UntouchedReport> {
    let (found, touching) = (findings.untouched.as_ref()?, findings.touched?);
    let level = findings.look.level;
    Some(UntouchedReport {
        touched_rows: touching.all.0,
        flagged_rows: touching.flagged.1,
        touched_flagged_rows: touching.flagged.0,
        rows: report::Side::of(&found.rows),
        metrics: found.compared.iter().map(|compared| metric(compared, level)).collect(),
    })
}

fn guardrails(manifest: &Manifest, findings: &Findings) -> Vec<GuardrailReport> {
    if !findings.has_production || findings.evidence.decided == Decided::Nothing {
        return Vec::new();
    }
    let applied = gate::guardrails(&manifest.gate).into_iter().filter_map(|guardrail| {
        let compared = findings.of(guardrail.metric)?;
        let (excess, verdict) = gate::guardrail_verdict(&guardrail, compared, findings.look.level);
        Some(GuardrailReport {
            metric: guardrail.metric,
            comparison: guardrail.comparison.unwrap_or(Comparison::Absolute),
            margin: guardrail.margin,
            enforcement: guardrail.enforcement.unwrap_or_default(),
            candidate: compared.candidate,
            production: compared.production,
            excess: known(excess),
            verdict,
        })
    });
    applied.collect()
}

fn slice(sliced: &Sliced) -> SliceReport {
    let group = |group: &gate::Group| GroupReport {
        name: group.name.clone(),
        patients: group.patients,
        positive_patients: Some(group.positive_patients).filter(|count| !(1..FEWEST).contains(count)),
        candidate: group.candidate,
        production: Some(group.production).filter(|value| value.is_finite()),
        loss: group.judged.map(|(loss, _)| loss),
        verdict: group.judged.map(|(_, verdict)| verdict),
    };
    SliceReport {
        column: sliced.slice.column.clone(),
        metric: gate::slice_metric(&sliced.slice),
        margin: gate::slice_margin(&sliced.slice),
        enforcement: sliced.slice.enforcement.unwrap_or_default(),
        level: Some(sliced.level).filter(|_| sliced.groups.iter().any(|group| group.judged.is_some())),
        groups: sliced.groups.iter().map(group).collect(),
        suppressed: sliced.suppressed,
    }
}

fn known(interval: Interval) -> Option<Interval> {
    Some(interval).filter(|interval| interval.low.is_finite())
}

fn described(contest: &Contest<'_>, dropout_patients: usize) -> Candidate {
    let (bundle, digest) = contest.candidate;
    let (intercept, terms) = match &bundle.model {
        Model::Logistic(model) => (Some(model.intercept), model.terms.clone()),
        Model::Trees(_) => (None, Vec::new()),
    };
    let threshold_target = match contest.manifest.threshold.target() {
        Target::Value(_) => "fixed in spec.threshold.value".to_owned(),
        Target::Recall(recall) => format!("largest with recall of at least {recall} out of fold"),
        Target::AlertRate(rate) => format!("smallest with an alert rate of at most {rate} out of fold"),
    };
    Candidate {
        digest: digest.to_owned(),
        code: bundle.code.clone(),
        data_digest: bundle.data_digest.clone(),
        seed: bundle.seed,
        threshold: threshold(contest),
        threshold_target,
        calibration: bundle.calibration,
        calibration_reason: bundle
            .calibration_reason
            .clone()
            .unwrap_or_else(|| calibrate::reason(bundle.calibration, dropout_patients)),
        intercept,
        terms,
    }
}

fn metric(compared: &Compared, level: f64) -> MetricReport {
    let production = Some(compared.production).filter(|value| value.is_finite());
    MetricReport {
        metric: compared.metric,
        candidate: compared.candidate,
        candidate_interval: known(compared.interval(level, |candidate, _| candidate)),
        production,
        production_interval: known(compared.interval(level, |_, production| production)),
        difference: production.map(|production| compared.candidate - production),
        difference_interval: known(compared.interval(level, |candidate, production| candidate - production)),
    }
}

/// The sentence of the answer.
fn message(manifest: &Manifest, findings: &Findings, judgement: &Judgement) -> String {
    let numbers = numbers(manifest, findings);
    let why = &judgement.why;
    match judgement.outcome {
        Outcome::Passed if findings.has_production => format!("better than production{}: {numbers}", on(findings)),
        Outcome::Passed => format!("first model accepted: {numbers}"),
        Outcome::Failed if why.starts_with(&numbers) => format!("refused: {why}"),
        Outcome::Failed => format!("refused: {why}; {numbers}"),
        Outcome::Inconclusive => format!("undecided: {why}; {numbers}"),
        Outcome::Unchanged => {
            "the candidate is, byte for byte, the bundle that is served; nothing was compared".to_owned()
        }
        Outcome::BadInput | Outcome::VersionTaken => String::new(),
    }
}

/// On whom, if not on all patients of the holdout.
const fn on(findings: &Findings) -> &'static str {
    match findings.evidence.decided {
        Decided::All | Decided::Nothing => "",
        Decided::Recent => " on recent patients",
        Decided::OutOfFold => " on recent patients, out of fold",
    }
}

fn numbers(manifest: &Manifest, findings: &Findings) -> String {
    let metric = manifest.gate.primary().metric;
    let Some(compared) = findings.of(metric) else { return String::new() };
    if findings.has_production {
        return gate::sentence(compared, findings.look.spent);
    }
    let interval = compared.interval(findings.look.spent, |candidate, _| candidate);
    format!("{} {:.3} ({:.3} to {:.3})", metric.name(), compared.candidate, interval.low, interval.high)
}
