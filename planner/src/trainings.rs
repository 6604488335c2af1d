//! The list of trainings that were started: what policies count for cooldown, budget and refusals, and by which a firing is
//! known to be taken. It decides nothing.

use crate::{Observed, next::Next, threshold};
use dropout_crds::{
    DropoutModelStatus,
    status::{Candidate, CandidateWork, JudgedOutcome, MAX_TRAININGS, TrainingEntry, Trigger},
};

/// Puts the candidate's training down as it starts; the newest 20 are kept. An evaluation alone is none.
pub fn begin(next: &mut Next<'_>) {
    let Some(candidate) = next.status.candidate.as_ref().filter(|candidate| candidate.work == CandidateWork::Train)
    else {
        return;
    };
    let (version, trigger, firing) = (candidate.version, candidate.trigger, candidate.firing.clone());
    next.status.trainings.push(TrainingEntry { version, trigger, time: next.time(), firing, outcome: None });
    let surplus = next.status.trainings.len().saturating_sub(MAX_TRAININGS);
    next.status.trainings.drain(..surplus);
}

/// The candidate goes on under another number.
pub fn renumber(next: &mut Next<'_>, old: u32, new: u32) {
    if let Some(entry) = entry_mut(&mut next.status, old) {
        entry.version = new;
    }
}

/// What came out of the candidate's training. An evaluation of the served bundle is about no training.
pub fn end(next: &mut Next<'_>, candidate: &Candidate, outcome: JudgedOutcome) {
    if !threshold::is_about_production(next, candidate) {
        put_down(&mut next.status, candidate.version, outcome);
    }
}

/// What became of a version's training.
pub fn put_down(status: &mut DropoutModelStatus, version: u32, outcome: JudgedOutcome) {
    if let Some(entry) = entry_mut(status, version) {
        entry.outcome = Some(outcome);
    }
}

/// A firing that comes while a candidate is made is answered by it, so that one training does not follow on the heels of another.
pub fn answer(next: &mut Next<'_>) -> bool {
    let Some(id) = pending(next.observed, &next.status).map(|firing| firing.id.clone()) else { return false };
    let Some(candidate) = next.status.candidate.clone().filter(|candidate| candidate.firing.is_none()) else {
        return false;
    };
    if threshold::is_about_production(next, &candidate) {
        return false;
    }
    let Some(entry) = entry_mut(&mut next.status, candidate.version).filter(|entry| entry.firing.is_none()) else {
        return false;
    };
    entry.firing = Some(id.clone());
    next.change(|candidate| candidate.firing = Some(id));
    true
}

/// The policy's first firing that no training has taken.
pub fn pending<'a>(observed: &'a Observed, status: &DropoutModelStatus) -> Option<&'a crate::observed::FiringFact> {
    let is_taken = |id: &String| status.trainings.iter().any(|entry| entry.firing.as_ref() == Some(id));
    observed.policy.as_ref()?.firings.iter().find(|firing| !is_taken(&firing.id))
}

/// Why the candidate's bundle was trained, also if it is only evaluated now.
pub fn trigger(status: &DropoutModelStatus, candidate: &Candidate) -> Trigger {
    let served = status.production.as_ref().map(|release| &release.digest);
    if candidate.bundle.is_some() && candidate.bundle.as_ref() == served {
        return candidate.trigger;
    }
    let entry = status.trainings.iter().rev().find(|entry| entry.version == candidate.version);
    entry.map_or(candidate.trigger, |entry| entry.trigger)
}

fn entry_mut(status: &mut DropoutModelStatus, version: u32) -> Option<&mut TrainingEntry> {
    status.trainings.iter_mut().rev().find(|entry| entry.version == version)
}
