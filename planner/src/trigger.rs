//! Why a candidate is started. A trigger fires when its input differs from what was judged, never from production.

use crate::{claim, command, freeze, next::Next, sentence, threshold, trainings};
use dropout_crds::{
    Reason,
    command::CommandName,
    status::{Candidate, CandidateWork, Judged, JudgedOutcome, Stage, Trigger, version_name},
};

/// Starts a candidate if a trigger fires. While suspended or in a blackout none does.
pub fn fire(next: &mut Next<'_>) -> bool {
    if freeze::is_frozen(next) {
        return false;
    }
    match next.status.judged.as_ref() {
        None if next.status.production.is_none() => train(next, Trigger::FirstModel),
        None => train(next, Trigger::SpecChanged),
        Some(judged) if judged.training_hash != next.training_hash => train(next, Trigger::SpecChanged),
        Some(judged) if judged.gate_hash != next.gate_hash => judge_anew(next),
        Some(_) if threshold::is_stale(next) => resolve(next),
        Some(_) if command::wanted(next, CommandName::Retrain).is_some() => train(next, Trigger::Command),
        Some(_) => policy(next),
    }
}

/// Starts a training for the policy's first firing that none has taken.
fn policy(next: &mut Next<'_>) -> bool {
    let Some(firing) = trainings::pending(next.observed, &next.status) else { return false };
    train(next, firing.trigger)
}

/// Starts a training; after it production's threshold may be resolved once more. A command `retrain`
/// that is present and a firing that stands are answered by it, whatever else fired.
fn train(next: &mut Next<'_>, trigger: Trigger) -> bool {
    if let Some(command) = command::wanted(next, CommandName::Retrain) {
        command::done(next, command);
    }
    next.status.unresolved = None;
    let version = next.status.next_version.unwrap_or(1);
    next.status.next_version = Some(version.saturating_add(1));
    start(next, Beginning { version, trigger, bundle: None });
    true
}

/// Starts the evaluation of a bundle that is in the store; with none there, the new gate is only put down.
fn judge_anew(next: &mut Next<'_>) -> bool {
    let refused =
        next.status.judged.as_ref().and_then(refused_bundle).filter(|(_, bundle)| !next.is_quarantined(bundle));
    match refused.or_else(|| production_bundle(next)) {
        Some(bundle) => evaluate(next, bundle),
        None => put_down(next),
    }
    true
}

/// Lets production's threshold be resolved under the gate and target of the spec: it was not if the candidate that took
/// an edit first did not get through, or if production came back by a rollback.
fn resolve(next: &mut Next<'_>) -> bool {
    let Some(production) = production_bundle(next) else { return false };
    evaluate(next, production);
    true
}

/// Starts the evaluation of a version's bundle.
fn evaluate(next: &mut Next<'_>, (version, bundle): (u32, String)) {
    start(next, Beginning { version, trigger: Trigger::GateChanged, bundle: Some(bundle) });
}

/// Production's version and bundle.
fn production_bundle(next: &Next<'_>) -> Option<(u32, String)> {
    next.status.production.as_ref().map(|release| (release.version, release.digest.clone()))
}

/// The version and bundle that the gate did not let through.
fn refused_bundle(judged: &Judged) -> Option<(u32, String)> {
    let bundle = judged.bundle.clone()?;
    match judged.outcome {
        JudgedOutcome::Failed | JudgedOutcome::Inconclusive => Some((judged.version, bundle)),
        JudgedOutcome::Passed
        | JudgedOutcome::Unchanged
        | JudgedOutcome::BadInput
        | JudgedOutcome::TrainingFailed
        | JudgedOutcome::RolledBack => None,
    }
}

fn put_down(next: &mut Next<'_>) {
    if let Some(judged) = &mut next.status.judged {
        judged.gate_hash.clone_from(&next.gate_hash);
    }
}

/// What a new candidate is about.
struct Beginning {
    version: u32,
    trigger: Trigger,
    bundle: Option<String>,
}

fn start(next: &mut Next<'_>, beginning: Beginning) {
    let firing = trainings::pending(next.observed, &next.status).filter(|_| beginning.bundle.is_none());
    let firing = firing.map(|firing| firing.id.clone());
    let candidate = Candidate {
        version: beginning.version,
        name: version_name(beginning.version),
        stage: Stage::Queued,
        since: next.time(),
        trigger: beginning.trigger,
        training_hash: next.training_hash.clone(),
        gate_hash: next.gate_hash.clone(),
        work: if beginning.bundle.is_some() { CandidateWork::Evaluate } else { CandidateWork::Train },
        attempt: 1,
        firing,
        retry_at: None,
        task: None,
        cutoff: None,
        bundle: beginning.bundle,
        release: None,
        available_since: None,
    };
    let sentence = sentence::queued(&candidate, next.observed.fleet);
    next.status.candidate = Some(candidate);
    if let Some(because) = claim::missing(next) {
        next.tell(because.0, because.1);
    } else if !next.has_room() {
        next.tell(Reason::Queued, sentence);
    }
}
