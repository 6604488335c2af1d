//! What an answer means for a candidate. The gate itself was applied by the Job; here its word is taken and put down.

use crate::{
    freeze, look,
    next::Next,
    sentence,
    task::{answered as answered_task, task, work},
    threshold, training, trainings,
};
use dropout_crds::{
    Reason,
    status::{Candidate, Failure, Judged, JudgedOutcome, Measured, Release, Stage, version_name},
};
use dropout_model::task::{Answer, Evidence, Outcome};

/// Most times that a candidate's number is raised because the store has it already.
const RAISES: u32 = 8;

/// Takes an answer. One to another task, or without the evidence it needs, is none.
pub fn answered(next: &mut Next<'_>, answer: &Answer) -> bool {
    let Some(candidate) = next.status.candidate.clone() else { return false };
    if answer.task != answered_task(&candidate) {
        return training::failed(next, ("NoAnswer", sentence::no_answer(&dropout_model::task::NoAnswer::Foreign)));
    }
    match (answer.outcome, &answer.evidence) {
        (Outcome::BadInput, _) => end(next, (JudgedOutcome::BadInput, answer.message.clone())),
        (Outcome::VersionTaken, _) => raise(next),
        (_, None) => return training::failed(next, ("NoAnswer", sentence::without_evidence())),
        (outcome, Some(evidence)) => weigh(next, Found { outcome, evidence, message: &answer.message }),
    }
    true
}

/// What an answer found.
struct Found<'a> {
    outcome: Outcome,
    evidence: &'a Evidence,
    message: &'a str,
}

/// Lets the verdict take effect.
fn weigh(next: &mut Next<'_>, found: Found<'_>) {
    look::count(next, found.evidence);
    let is_served = next.status.production.as_ref().is_some_and(|release| release.digest == found.evidence.bundle);
    match found.outcome {
        Outcome::Passed if is_served => unchanged(next, &found),
        Outcome::Passed if next.is_quarantined(&found.evidence.bundle) => {
            let message = sentence::quarantined(&found.evidence.bundle);
            refuse(next, (JudgedOutcome::Failed, &message), found.evidence);
        }
        Outcome::Passed => pass(next, &found),
        Outcome::Failed => refuse(next, (JudgedOutcome::Failed, found.message), found.evidence),
        Outcome::Inconclusive => refuse(next, (JudgedOutcome::Inconclusive, found.message), found.evidence),
        Outcome::Unchanged => unchanged(next, &found),
        // Answered before: these two bring no evidence.
        Outcome::BadInput => end(next, (JudgedOutcome::BadInput, found.message.to_owned())),
        Outcome::VersionTaken => raise(next),
    }
}

fn pass(next: &mut Next<'_>, found: &Found<'_>) {
    let Some(candidate) = next.status.candidate.clone() else { return };
    put_down(next, (JudgedOutcome::Passed, found.message), Some(found.evidence));
    let release = release(next, &candidate, found.evidence);
    let since = next.time();
    next.change(|candidate| {
        candidate.stage = Stage::Queued;
        candidate.since = since;
        candidate.release = Some(release);
    });
    next.tell(Reason::GatePassed, format!("{}: {}", candidate.name, found.message));
    if !freeze::is_frozen(next) {
        roll_out(next);
    }
}

/// Lets a candidate that passed come into service.
pub fn roll_out(next: &mut Next<'_>) -> bool {
    let since = next.time();
    next.change(|candidate| {
        candidate.stage = Stage::RollingOut;
        candidate.since = since;
        candidate.retry_at = None;
    });
    let name = next.status.candidate.as_ref().map(|candidate| candidate.name.clone()).unwrap_or_default();
    next.tell(Reason::RollingOut, format!("{name} comes into service on {} pods", next.observed.spec.replicas()));
    true
}

fn release(next: &Next<'_>, candidate: &Candidate, evidence: &Evidence) -> Release {
    let measured = evidence.metrics.iter().take(8);
    Release {
        version: candidate.version,
        name: candidate.name.clone(),
        digest: evidence.bundle.clone(),
        data_digest: evidence.data.clone(),
        report_digest: evidence.report.clone(),
        training_hash: candidate.training_hash.clone(),
        threshold: evidence.threshold,
        gate_hash: Some(candidate.gate_hash.clone()),
        image: next.observed.inference_image.clone(),
        since: None,
        metrics: measured.map(|figure| Measured { name: figure.metric, value: figure.candidate }).collect(),
    }
}

/// The gate did not let it through.
fn refuse(next: &mut Next<'_>, (outcome, message): (JudgedOutcome, &str), evidence: &Evidence) {
    let reason = if outcome == JudgedOutcome::Failed { Reason::GateFailed } else { Reason::GateInconclusive };
    if !threshold::leave(next, (outcome, message)) {
        put_down(next, (outcome, message), Some(evidence));
    }
    let Some(candidate) = next.status.candidate.take() else { return };
    next.tell(reason, format!("{}: {message}", candidate.name));
}

/// It is the served bundle. The threshold was resolved anew, so production takes it; a verdict on another bundle under
/// the same spec stays.
fn unchanged(next: &mut Next<'_>, found: &Found<'_>) {
    let Some(candidate) = next.status.candidate.clone() else { return };
    let is_said = |judged: &Judged| {
        judged.version != candidate.version
            && judged.training_hash == candidate.training_hash
            && judged.gate_hash == candidate.gate_hash
    };
    if candidate.bundle.is_none() || !next.status.judged.as_ref().is_some_and(is_said) {
        put_down(next, (JudgedOutcome::Unchanged, found.message), Some(found.evidence));
    }
    let moved = threshold::resolve(next, &candidate, found.evidence);
    next.status.candidate = None;
    next.tell(Reason::Unchanged, format!("{}: {}{}", candidate.name, found.message, moved.unwrap_or_default()));
}

/// The candidate ends without a verdict of the gate.
pub fn end(next: &mut Next<'_>, (outcome, message): (JudgedOutcome, String)) {
    let reason = if outcome == JudgedOutcome::BadInput { Reason::BadInput } else { Reason::TrainingFailed };
    if !threshold::leave(next, (outcome, &message)) {
        put_down(next, (outcome, &message), None);
    }
    let Some(candidate) = next.status.candidate.take() else { return };
    if outcome == JudgedOutcome::BadInput {
        next.status.last_failure = Some(bad_input(next, &candidate, &message));
    }
    next.tell(reason, sentence::about(&candidate.name, &message));
}

fn bad_input(next: &Next<'_>, candidate: &Candidate, message: &str) -> Failure {
    let message = sentence::short(&sentence::about(&candidate.name, message), sentence::CONDITION);
    Failure { reason: Reason::BadInput.name(), message, attempt: candidate.attempt, time: next.time() }
}

/// Puts a verdict down.
fn put_down(next: &mut Next<'_>, (outcome, message): (JudgedOutcome, &str), evidence: Option<&Evidence>) {
    let Some(candidate) = next.status.candidate.clone() else { return };
    trainings::end(next, &candidate, outcome);
    next.status.judged = Some(Judged {
        version: candidate.version,
        training_hash: candidate.training_hash.clone(),
        gate_hash: candidate.gate_hash.clone(),
        data_digest: evidence.map(|evidence| evidence.data.clone()),
        bundle: evidence.map(|evidence| evidence.bundle.clone()).or_else(|| candidate.bundle.clone()),
        outcome,
        message: sentence::short(message, sentence::VERDICT),
        checks: evidence.map(sentence::checks).unwrap_or_default(),
        time: next.time(),
    });
}

/// The number is taken in the store. The candidate gets a higher one, further ahead each time; after eight it has failed.
fn raise(next: &mut Next<'_>) {
    let Some(old) = next.status.candidate.clone() else { return };
    let raises = raises(next);
    if raises >= RAISES {
        return end(next, (JudgedOutcome::TrainingFailed, sentence::numbers_taken(&old)));
    }
    let version = next.status.next_version.unwrap_or(1).saturating_add((1 << raises) - 1);
    next.status.next_version = Some(version.saturating_add(1));
    trainings::renumber(next, old.version, version);
    let since = next.time();
    next.change(|candidate| {
        candidate.version = version;
        candidate.name = version_name(version);
        candidate.work = work(candidate);
        candidate.since = since;
    });
    let hash = next.status.candidate.as_ref().map(|candidate| task(next.observed, &next.status, candidate).hash());
    next.change(|candidate| candidate.task = hash);
    next.tell(Reason::VersionTaken, sentence::version_taken(&old, version));
}

/// How often the present candidate's number was raised: the entries since its start.
fn raises(next: &Next<'_>) -> u32 {
    let of_candidate =
        next.status.history.iter().rev().take_while(|entry| entry.reason != Reason::TrainingStarted.name());
    let taken = of_candidate.filter(|entry| entry.reason == Reason::VersionTaken.name()).count();
    u32::try_from(taken).unwrap_or(RAISES)
}
