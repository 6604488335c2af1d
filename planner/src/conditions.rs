//! The conditions of a candidate's way, as they follow from the state: data, training, gate, rollout. Those of serving
//! are in `ready`.

use crate::{
    claim, freeze,
    next::Next,
    observed::{Run, RunPhase, ServingFault},
    ready, rollout, sentence,
    task::current_run,
};
use dropout_crds::{
    ConditionType, Reason,
    condition::{condition, set},
    status::{Candidate, CandidateWork, Judged, JudgedOutcome, Stage},
};

/// A condition's status with its reason and sentence.
pub type Said = (Option<bool>, Reason, String);

/// Writes all conditions, the stage and the observed generation.
pub fn write(next: &mut Next<'_>) {
    let said = [
        (ConditionType::Ready, ready::ready(next)),
        (ConditionType::Reconciling, ready::reconciling(next)),
        (ConditionType::Stalled, ready::stalled(next)),
        (ConditionType::DataAccepted, data_accepted(next)),
        (ConditionType::Trained, trained(next)),
        (ConditionType::GatePassed, gate_passed(next)),
        (ConditionType::RolledOut, rolled_out(next)),
    ];
    let generation = Some(next.observed.identity.generation);
    for (kind, (status, reason, message)) in said {
        let because = (reason, sentence::short(&message, sentence::CONDITION));
        let mut new = condition(kind, status, because, next.now);
        new.observed_generation = generation;
        set(&mut next.status.conditions, new);
    }
    next.status.observed_generation = generation;
    let stage =
        next.status.candidate.as_ref().map_or_else(|| "Idle".to_owned(), |candidate| candidate.stage.to_string());
    next.status.stage = Some(stage);
}

/// The candidate that is not judged yet, with its Job.
fn making<'a>(next: &'a Next<'_>) -> Option<(&'a Candidate, Option<&'a Run>)> {
    let candidate = next.status.candidate.as_ref().filter(|candidate| candidate.release.is_none())?;
    let run = current_run(next.observed, &next.status)
        .filter(|_| candidate.stage == Stage::Training && candidate.retry_at.is_none());
    Some((candidate, run))
}

fn data_accepted(next: &Next<'_>) -> Said {
    let Some((candidate, run)) = making(next) else { return data_judged(next) };
    if let (Some((reason, sentence)), None) = (claim::missing(next), run) {
        return (Some(false), reason, sentence);
    }
    match run.map(|run| &run.phase) {
        Some(RunPhase::Running { is_prepared: true, .. } | RunPhase::Finished(_) | RunPhase::AnswerGone) => {
            (Some(true), Reason::Accepted, format!("the data of {} keeps the contract", candidate.name))
        }
        Some(RunPhase::Running { .. } | RunPhase::Pending(_) | RunPhase::Failed(_) | RunPhase::Foreign(_)) | None => {
            (None, Reason::Pending, format!("the data of {} is not read yet", candidate.name))
        }
    }
}

fn data_judged(next: &Next<'_>) -> Said {
    let Some(judged) = &next.status.judged else {
        return (None, Reason::Pending, "no data was read yet".to_owned());
    };
    let name = dropout_crds::status::version_name(judged.version);
    match judged.outcome {
        JudgedOutcome::BadInput => (Some(false), Reason::BadInput, judged.message.clone()),
        JudgedOutcome::TrainingFailed => {
            (None, Reason::TrainingFailed, format!("{name} failed before its data was judged"))
        }
        JudgedOutcome::Passed
        | JudgedOutcome::Failed
        | JudgedOutcome::Inconclusive
        | JudgedOutcome::Unchanged
        | JudgedOutcome::RolledBack => (Some(true), Reason::Accepted, format!("the data of {name} keeps the contract")),
    }
}

fn trained(next: &Next<'_>) -> Said {
    let Some((candidate, run)) = making(next) else { return trained_judged(next) };
    let is_imported = next.observed.spec.source().is_some();
    let what = sentence::making(candidate, &next.observed.spec);
    if candidate.stage == Stage::Queued {
        return (None, Reason::Queued, waiting(next, candidate));
    }
    if candidate.retry_at.is_some() {
        let failure = next.status.last_failure.as_ref().map(|failure| failure.message.clone());
        return (Some(false), Reason::TrainingRetried, format!("{}; it is tried again", failure.unwrap_or(what)));
    }
    match run.map(|run| &run.phase) {
        Some(RunPhase::Pending(Some(why))) => (None, Reason::Pending, format!("{what}, but its pod waits: {why}")),
        Some(RunPhase::Foreign(owner)) => (Some(false), Reason::NameConflict, sentence::foreign_run(owner)),
        Some(RunPhase::Running { is_prepared: true, .. }) if is_imported && candidate.work == CandidateWork::Train => {
            (Some(true), Reason::Imported, format!("{} and is being judged", sentence::imported(&candidate.name)))
        }
        Some(RunPhase::Running { is_trained: true, .. }) => {
            (Some(true), Reason::Trained, format!("{} is trained and is being judged", candidate.name))
        }
        Some(
            RunPhase::Pending(None)
            | RunPhase::Running { .. }
            | RunPhase::Finished(_)
            | RunPhase::AnswerGone
            | RunPhase::Failed(_),
        )
        | None => (None, Reason::TrainingStarted, what),
    }
}

/// What a candidate in the queue waits for.
pub fn waiting(next: &Next<'_>, candidate: &Candidate) -> String {
    if next.observed.spec.is_suspended() {
        return format!("{} waits: spec.suspend is set", candidate.name);
    }
    match claim::missing(next) {
        Some((_, sentence)) => format!("{} waits: {sentence}", candidate.name),
        None => sentence::queued(candidate, next.observed.fleet),
    }
}

fn trained_judged(next: &Next<'_>) -> Said {
    let Some(judged) = &next.status.judged else {
        return (None, Reason::Pending, "nothing was trained yet".to_owned());
    };
    match judged.outcome {
        JudgedOutcome::BadInput => (Some(false), Reason::BadInput, sentence::not_made(judged, &next.observed.spec)),
        JudgedOutcome::TrainingFailed => (Some(false), Reason::TrainingFailed, judged.message.clone()),
        JudgedOutcome::Passed
        | JudgedOutcome::Failed
        | JudgedOutcome::Inconclusive
        | JudgedOutcome::Unchanged
        | JudgedOutcome::RolledBack => made(next, judged),
    }
}

/// How a judged version was made, as far as the spec still says so.
fn made(next: &Next<'_>, judged: &Judged) -> Said {
    let name = dropout_crds::status::version_name(judged.version);
    if judged.training_hash != next.training_hash {
        return (Some(true), Reason::Trained, format!("{name} was made under an earlier spec"));
    }
    match next.observed.spec.source() {
        Some(_) => (Some(true), Reason::Imported, sentence::imported(&name)),
        None => (Some(true), Reason::Trained, format!("{name} was trained")),
    }
}

fn gate_passed(next: &Next<'_>) -> Said {
    if let Some((candidate, _)) = making(next) {
        return (None, Reason::Pending, format!("{} is not judged yet", candidate.name));
    }
    let Some(judged) = &next.status.judged else {
        return (None, Reason::Pending, "nothing was judged yet".to_owned());
    };
    let message = sentence::about(&dropout_crds::status::version_name(judged.version), &judged.message);
    match judged.outcome {
        JudgedOutcome::Passed | JudgedOutcome::RolledBack => (Some(true), Reason::GatePassed, message),
        JudgedOutcome::Unchanged => (Some(true), Reason::Unchanged, message),
        JudgedOutcome::Failed => (Some(false), Reason::GateFailed, message),
        JudgedOutcome::Inconclusive => (Some(false), Reason::GateInconclusive, message),
        JudgedOutcome::BadInput => (None, Reason::BadInput, message),
        JudgedOutcome::TrainingFailed => (None, Reason::TrainingFailed, message),
    }
}

fn rolled_out(next: &Next<'_>) -> Said {
    let Some(candidate) = &next.status.candidate else { return rolled_out_before(next) };
    let Some(release) = &candidate.release else { return rolled_out_before(next) };
    let frozen = freeze::frozen(next);
    let suspended = |what: &str| {
        let (reason, why) = frozen.clone().unwrap_or((Reason::Pending, "it goes on at once".to_owned()));
        (Some(false), reason, format!("{} {what}: {why}", candidate.name))
    };
    match candidate.stage {
        Stage::Queued | Stage::Training => suspended("passed the gate and waits"),
        Stage::Held => (Some(false), Reason::Held, held(next, candidate)),
        Stage::RollingOut if candidate.available_since.is_none() => {
            (Some(false), Reason::RollingOut, format!("{}: {}", candidate.name, sentence::pods(next.observed, release)))
        }
        Stage::RollingOut if frozen.is_some() => suspended("is available but does not become production"),
        Stage::RollingOut => {
            let soak = next.observed.spec.soak();
            (
                Some(false),
                Reason::RollingOut,
                format!("{}: all pods are available; it is production after {soak} of that", candidate.name),
            )
        }
    }
}

/// What keeps a held candidate's pods from service.
pub fn held(next: &Next<'_>, candidate: &Candidate) -> String {
    let fault = candidate.release.as_ref().and_then(|release| rollout::fault(next.observed, release));
    match fault {
        Some(ServingFault::Environment(sentence)) => format!("{} is held: {sentence}", candidate.name),
        Some(ServingFault::Candidate(sentence)) => {
            format!("{} is held: {sentence}; give the command rollback-to or edit the spec", candidate.name)
        }
        None => format!(
            "{} is held: {}; give the command rollback-to or edit the spec",
            candidate.name,
            sentence::overdue(next.observed)
        ),
    }
}

fn rolled_out_before(next: &Next<'_>) -> Said {
    let is_rolled_back = next.status.judged.as_ref().is_some_and(|judged| judged.outcome == JudgedOutcome::RolledBack);
    match (&next.status.production, is_rolled_back) {
        (_, true) => {
            let rolled_back = Reason::RolledBack.name();
            let entry = next.status.history.iter().rev().find(|entry| entry.reason == rolled_back);
            let message =
                entry.map_or_else(|| "the last candidate was rolled back".to_owned(), |entry| entry.message.clone());
            (Some(false), Reason::RolledBack, message)
        }
        (Some(release), false) => (Some(true), Reason::Promoted, format!("{} is production", release.name)),
        (None, false) => (None, Reason::Pending, "nothing was promoted yet".to_owned()),
    }
}
