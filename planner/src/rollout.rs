//! The coming into service of a candidate that passed: soaking, holding, rolling back.

use crate::{
    freeze::is_frozen,
    next::{Next, after},
    observed::{Deployed, Observed, ServingFact, ServingFault},
    sentence, training, trainings,
};
use dropout_crds::{
    Reason,
    dropout_model::AutomaticRollback,
    status::{Candidate, JudgedOutcome, MAX_QUARANTINED, Quarantined, Release, Stage},
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// RollingOut: one look at the pods. An edit of the gate does not stop a rollout that has begun: the version that comes
/// into service is then evaluated under the new gate, and its threshold resolved anew.
pub fn progress(next: &mut Next<'_>) -> bool {
    let Some((candidate, release)) = rolling(next) else { return false };
    if is_superseded(next, &candidate) {
        return training::abandon(next);
    }
    let is_complete = is_complete(next.observed, &release);
    match fault(next.observed, &release) {
        Some(ServingFault::Candidate(sentence)) => at_fault(next, &release, &sentence),
        Some(ServingFault::Environment(sentence)) if !is_complete => hold(next, &release, &sentence),
        Some(ServingFault::Environment(_)) | None if is_complete => soak(next, &candidate),
        Some(ServingFault::Environment(_)) | None => wait(next, &candidate, &release),
    }
}

/// Held: goes on once the environment lets it, or a person has decided.
pub fn resume(next: &mut Next<'_>) -> bool {
    let Some((candidate, release)) = rolling(next) else { return false };
    if candidate.training_hash != next.training_hash {
        return training::abandon(next);
    }
    let is_automatic = next.observed.spec.automatic_rollback() == AutomaticRollback::Enabled;
    match fault(next.observed, &release) {
        Some(ServingFault::Candidate(sentence)) => is_automatic && at_fault(next, &release, &sentence),
        Some(ServingFault::Environment(_)) | None if is_complete(next.observed, &release) => go_on(next, &release),
        Some(ServingFault::Environment(_)) => false,
        None => is_automatic && go_on(next, &release),
    }
}

/// Whether the Deployment's template is of that release.
pub fn is_placed(deployed: &Deployed, release: &Release) -> bool {
    deployed.digest == release.digest && deployed.version == release.name
}

/// Whether the pods that are asked for serve that release, and no others are left.
pub fn is_complete(observed: &Observed, release: &Release) -> bool {
    let is_full = |deployed: &Deployed| {
        is_placed(deployed, release)
            && deployed.updated_available >= observed.spec.replicas()
            && deployed.total == deployed.updated_available
    };
    observed.deployed().is_some_and(is_full)
}

/// What is wrong with the pods of that release. A Deployment of somebody else is the environment's fault.
pub fn fault(observed: &Observed, release: &Release) -> Option<ServingFault> {
    match &observed.serving {
        ServingFact::Absent => None,
        ServingFact::Foreign(owner) => Some(ServingFault::Environment(sentence::foreign_deployment(owner))),
        ServingFact::Ours(deployed) => deployed.fault.clone().filter(|_| is_placed(deployed, release)),
    }
}

/// When a rollout has taken too long, unless its pods are available.
pub fn deadline(observed: &Observed, candidate: &Candidate) -> Timestamp {
    after(&candidate.since, observed.spec.progress_deadline().as_seconds())
}

/// Puts a bundle into quarantine; the newest 20 are kept.
pub fn quarantine(next: &mut Next<'_>, release: &Release) {
    if next.is_quarantined(&release.digest) {
        return;
    }
    let (name, digest) = (release.name.clone(), release.digest.clone());
    next.status.quarantined.push(Quarantined { name, digest, reason: Reason::RolledBack.name(), time: next.time() });
    let surplus = next.status.quarantined.len().saturating_sub(MAX_QUARANTINED);
    next.status.quarantined.drain(..surplus);
}

/// Marks the last verdict as rolled back, if it is about that version. Its hashes stay, so nothing trains again.
pub fn mark_rolled_back(next: &mut Next<'_>, version: u32) {
    trainings::put_down(&mut next.status, version, JudgedOutcome::RolledBack);
    if let Some(judged) = next.status.judged.as_mut().filter(|judged| judged.version == version) {
        judged.outcome = JudgedOutcome::RolledBack;
    }
}

fn rolling(next: &Next<'_>) -> Option<(Candidate, Release)> {
    let candidate = next.status.candidate.clone()?;
    let release = candidate.release.clone()?;
    Some((candidate, release))
}

/// A first model that does not come up has nothing to go back to; only other training replaces it.
fn is_superseded(next: &Next<'_>, candidate: &Candidate) -> bool {
    let is_other = candidate.training_hash != next.training_hash;
    is_other && next.status.production.is_none() && next.now >= deadline(next.observed, candidate)
}

/// All pods are available: production once that has lasted, unless suspended.
fn soak(next: &mut Next<'_>, candidate: &Candidate) -> bool {
    let Some(available_since) = &candidate.available_since else {
        let since = next.time();
        next.change(|candidate| candidate.available_since = Some(since));
        return true;
    };
    let is_over = next.now >= after(available_since, next.observed.spec.soak().as_seconds());
    if is_over && !is_frozen(next) {
        promote(next);
        return true;
    }
    false
}

fn promote(next: &mut Next<'_>) {
    let since = next.time();
    let release = next.status.candidate.take().and_then(|candidate| candidate.release);
    let Some(release) = release.map(|release| Release { since: Some(since), ..release }) else { return };
    let name = release.name.clone();
    next.status.previous = next.status.production.replace(release);
    next.status.last_failure = None;
    next.status.unresolved = None;
    let message = sentence::promoted(&name, next.status.previous.as_ref());
    next.tell(Reason::Promoted, message);
}

/// Pods are missing. Past the deadline without a known fault the version is rolled back, but may come again.
fn wait(next: &mut Next<'_>, candidate: &Candidate, release: &Release) -> bool {
    if let Some(available_since) = &candidate.available_since {
        lose_pods(next, available_since);
        return true;
    }
    if next.now < deadline(next.observed, candidate) || next.status.production.is_none() {
        return false;
    }
    let sentence = sentence::overdue(next.observed);
    match next.observed.spec.automatic_rollback() {
        AutomaticRollback::Enabled => roll_back(next, release, &sentence),
        AutomaticRollback::Disabled => hold(next, release, &sentence),
    }
}

/// Pods that were all there went. The first deadline stays, or else flapping pods would never reach it; only pods that had
/// soaked and then waited for `suspend` to end get a new one.
fn lose_pods(next: &mut Next<'_>, available_since: &Time) {
    let had_soaked = next.now >= after(available_since, next.observed.spec.soak().as_seconds());
    let since = next.time();
    next.change(|candidate| {
        candidate.available_since = None;
        if had_soaked {
            candidate.since = since;
        }
    });
}

/// The candidate is to blame: it is never served again unless released.
fn at_fault(next: &mut Next<'_>, release: &Release, sentence: &str) -> bool {
    match next.observed.spec.automatic_rollback() {
        AutomaticRollback::Enabled => {
            quarantine(next, release);
            roll_back(next, release, &format!("{sentence}; its bundle is quarantined"))
        }
        AutomaticRollback::Disabled => hold(next, release, sentence),
    }
}

fn roll_back(next: &mut Next<'_>, release: &Release, sentence: &str) -> bool {
    next.status.candidate = None;
    mark_rolled_back(next, release.version);
    let message = sentence::rolled_back(&release.name, next.status.production.as_ref(), sentence);
    next.tell(Reason::RolledBack, message);
    true
}

fn hold(next: &mut Next<'_>, release: &Release, sentence: &str) -> bool {
    let since = next.time();
    next.change(|candidate| {
        candidate.stage = Stage::Held;
        candidate.since = since;
        candidate.available_since = None;
    });
    next.tell(Reason::Held, format!("{}: {sentence}", release.name));
    true
}

fn go_on(next: &mut Next<'_>, release: &Release) -> bool {
    let since = next.time();
    next.change(|candidate| {
        candidate.stage = Stage::RollingOut;
        candidate.since = since;
    });
    next.tell(Reason::RollingOut, format!("{} goes on: nothing keeps its pods from service any more", release.name));
    true
}
