//! The making of a candidate: waiting for room, running, trying again. What its answer means is said in `judge`.

use crate::{
    backoff::backoff,
    claim, freeze, judge,
    next::{Next, after},
    observed::{RunFailure, RunPhase},
    sentence,
    task::{current_run, task, work},
    threshold, trainings,
};
use dropout_crds::{
    Reason,
    command::CommandName,
    status::{Candidate, CandidateWork, Failure, JudgedOutcome, Stage, Trigger},
};
use dropout_model::task::{NoAnswer, Outcome};

/// Queued: starts the training, or the rollout of a candidate that passed while the model was suspended.
pub fn leave_queue(next: &mut Next<'_>) -> bool {
    if has_other_gate(next) {
        return judge_anew(next);
    }
    if is_outdated(next) {
        return abandon(next);
    }
    if freeze::is_frozen(next) {
        return false;
    }
    if next.status.candidate.as_ref().is_some_and(|candidate| candidate.release.is_some()) {
        return judge::roll_out(next);
    }
    if !next.has_room() || claim::missing(next).is_some() {
        return false;
    }
    start(next);
    true
}

/// Training: takes what the Job of the present attempt says.
pub fn progress(next: &mut Next<'_>) -> bool {
    if has_other_gate(next) {
        return judge_anew(next);
    }
    if is_outdated(next) {
        return abandon(next);
    }
    if next.status.candidate.as_ref().is_some_and(|candidate| candidate.retry_at.is_some()) {
        return retry(next);
    }
    let observed = next.observed;
    let Some(run) = current_run(observed, &next.status) else { return false };
    match &run.phase {
        RunPhase::Pending(_) | RunPhase::Running { .. } | RunPhase::Foreign(_) => false,
        RunPhase::Finished(Ok(answer)) => judge::answered(next, answer),
        RunPhase::Failed(RunFailure::BadInput(answer)) if answer.outcome == Outcome::BadInput => {
            judge::answered(next, answer)
        }
        RunPhase::Finished(Err(NoAnswer::Empty)) | RunPhase::AnswerGone => lost(next),
        RunPhase::Finished(Err(no_answer)) => failed(next, ("NoAnswer", sentence::no_answer(no_answer))),
        RunPhase::Failed(failure) => failed(next, sentence::failure(failure, &observed.spec)),
    }
}

/// Whether what the candidate is made for is no longer asked for: other training, other gate, or other production.
fn is_outdated(next: &Next<'_>) -> bool {
    let Some(candidate) = &next.status.candidate else { return false };
    let is_judged = candidate.release.is_some();
    let has_other_task =
        || candidate.task.as_ref().is_some_and(|hash| *hash != task(next.observed, &next.status, candidate).hash());
    candidate.training_hash != next.training_hash
        || (!is_judged && (candidate.gate_hash != next.gate_hash || has_other_task()))
}

/// Whether the gate or the threshold was edited under a candidate whose bundle is known and not served: one that passed
/// and waits, or one that is evaluated.
fn has_other_gate(next: &Next<'_>) -> bool {
    next.status.candidate.as_ref().is_some_and(|candidate| {
        let is_known = candidate.release.is_some() || candidate.bundle.is_some();
        is_known
            && candidate.training_hash == next.training_hash
            && candidate.gate_hash != next.gate_hash
            && !threshold::is_about_production(next, candidate)
    })
}

/// Lets the candidate's bundle be judged under the new gate, as the same version; a verdict under the old one lets
/// nothing into service.
fn judge_anew(next: &mut Next<'_>) -> bool {
    let (since, gate) = (next.time(), next.gate_hash.clone());
    let message = next.status.candidate.as_ref().map(sentence::judged_anew).unwrap_or_default();
    next.change(|candidate| {
        candidate.bundle = candidate.release.take().map(|release| release.digest).or(candidate.bundle.take());
        candidate.stage = Stage::Queued;
        candidate.since = since;
        candidate.trigger = Trigger::GateChanged;
        candidate.gate_hash = gate;
        candidate.work = CandidateWork::Evaluate;
        candidate.attempt = 1;
        candidate.retry_at = None;
        candidate.task = None;
    });
    next.tell(Reason::TrainingAbandoned, message);
    true
}

/// Gives the candidate up without a verdict, so that its trigger fires again if it still stands. A command that
/// started it counts as new again, unless another value that cannot be read took its place.
pub fn abandon(next: &mut Next<'_>) -> bool {
    let Some(candidate) = next.status.candidate.take() else { return false };
    let is_unread = next.observed.malformed.iter().any(|malformed| malformed.name == CommandName::Retrain);
    if candidate.trigger == Trigger::Command && !is_unread {
        next.status.handled.remove(CommandName::Retrain.name());
    }
    next.tell(Reason::TrainingAbandoned, sentence::abandoned(&candidate));
    true
}

fn start(next: &mut Next<'_>) {
    let (since, spec) = (next.time(), &next.observed.spec);
    let cutoff = spec.data.takes_records().then(|| next.now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    next.change(|candidate| candidate.cutoff = cutoff);
    trainings::begin(next);
    let hash = next.status.candidate.as_ref().map(|candidate| task(next.observed, &next.status, candidate).hash());
    next.change(|candidate| {
        candidate.stage = Stage::Training;
        candidate.since = since;
        candidate.task = hash;
    });
    let message =
        next.status.candidate.as_ref().map(|candidate| sentence::started(candidate, next.observed)).unwrap_or_default();
    next.tell(Reason::TrainingStarted, message);
}

/// Begins the next attempt once its time has come and the fleet has room.
fn retry(next: &mut Next<'_>) -> bool {
    let is_due = |candidate: &Candidate| candidate.retry_at.as_ref().is_some_and(|at| at.0 <= next.now);
    let is_kept = freeze::is_frozen(next) || !next.has_room() || claim::missing(next).is_some();
    if is_kept || !next.status.candidate.as_ref().is_some_and(is_due) {
        return false;
    }
    let since = next.time();
    next.change(|candidate| {
        candidate.retry_at = None;
        candidate.since = since;
    });
    true
}

/// The Job ended well and its answer is gone: it is read from the store. A reading without an answer is a failure.
fn lost(next: &mut Next<'_>) -> bool {
    let Some(candidate) = next.status.candidate.clone() else { return false };
    match candidate.work {
        CandidateWork::Read => failed(next, ("AnswerLost", sentence::answer_not_in_store(&candidate))),
        CandidateWork::Train | CandidateWork::Evaluate => {
            let since = next.time();
            next.change(|candidate| {
                candidate.work = CandidateWork::Read;
                candidate.since = since;
            });
            next.tell(Reason::AnswerLost, sentence::answer_lost(&candidate));
            true
        }
    }
}

/// One attempt failed: another follows after a wait, as long as the spec allows.
pub fn failed(next: &mut Next<'_>, (reason, message): (&str, String)) -> bool {
    let Some(candidate) = next.status.candidate.clone() else { return false };
    let retries = next.observed.spec.retries();
    let message = sentence::attempt(&message, &candidate, retries);
    let failure =
        Failure { reason: reason.to_owned(), message: message.clone(), attempt: candidate.attempt, time: next.time() };
    next.status.last_failure = Some(failure);
    if candidate.attempt > retries {
        judge::end(next, (JudgedOutcome::TrainingFailed, message));
        return true;
    }
    let wait = backoff(candidate.attempt);
    let (since, at) = (next.time(), after(&next.time(), wait.as_secs().unsigned_abs()));
    next.change(|candidate| {
        candidate.work = work(candidate);
        candidate.attempt += 1;
        candidate.since = since;
        candidate.retry_at = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at));
    });
    next.tell(Reason::TrainingRetried, format!("{message}; tried again in {} s", wait.as_secs()));
    true
}
