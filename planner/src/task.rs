//! The task of a candidate, made anew from status and spec at every plan. It holds no tiers: an edit of them makes no
//! other task.

use crate::{
    Observed, look,
    observed::{Run, RunPhase},
    trainings,
};
use dropout_crds::{
    DropoutModelStatus,
    status::{Candidate, CandidateWork, Trigger},
};
use dropout_model::{
    manifest::{EvidenceRows, Manifest},
    task::{CONTRACT, RecordsAsked, Served, Task, Work},
};

/// The work that the candidate's answer comes from; a reading only repeats that answer.
pub fn work(candidate: &Candidate) -> CandidateWork {
    if candidate.bundle.is_some() { CandidateWork::Evaluate } else { CandidateWork::Train }
}

/// The task that the candidate's answer must name.
pub fn task(observed: &Observed, status: &DropoutModelStatus, candidate: &Candidate) -> Task {
    let served = |release: &dropout_crds::status::Release| Served {
        digest: release.digest.clone(),
        threshold: release.threshold,
    };
    Task {
        contract: CONTRACT.to_owned(),
        namespace: observed.identity.namespace.clone(),
        name: observed.identity.name.clone(),
        version: candidate.version,
        work: candidate.bundle.clone().map_or(Work::Train, Work::Evaluate),
        store: observed.spec.store.path().to_owned(),
        manifest: manifest(observed, status, candidate),
        production: status.production.as_ref().map(served),
        looked: look::so_far(status),
        records: candidate.cutoff.clone().map(|cutoff| RecordsAsked { cutoff }),
    }
}

/// What is learned and how it is judged. After a drift or worse performance the patients that production has never seen
/// decide, unless the spec says otherwise.
fn manifest(observed: &Observed, status: &DropoutModelStatus, candidate: &Candidate) -> Manifest {
    let mut manifest = observed.spec.manifest();
    manifest.tiers.clear();
    let has_moved = matches!(trainings::trigger(status, candidate), Trigger::Drift | Trigger::Performance);
    if has_moved && manifest.index.is_some() && status.production.is_some() {
        manifest.gate.evaluate = manifest.gate.evaluate.or(Some(EvidenceRows::Recent));
    }
    manifest
}

/// The task to be run now: the candidate's own, or the reading of its lost answer.
pub fn running_task(observed: &Observed, status: &DropoutModelStatus, candidate: &Candidate) -> Task {
    let task = task(observed, status, candidate);
    match candidate.work {
        CandidateWork::Train | CandidateWork::Evaluate => task,
        CandidateWork::Read => Task { work: Work::Read(answered(candidate).to_owned()), ..task },
    }
}

/// Hash of the task that the candidate's answer must name.
pub fn answered(candidate: &Candidate) -> &str {
    candidate.task.as_deref().unwrap_or_default()
}

/// The Job of the candidate's present attempt. One of the same name with another task is none.
pub fn current_run<'a>(observed: &'a Observed, status: &DropoutModelStatus) -> Option<&'a Run> {
    let candidate = status.candidate.as_ref()?;
    let run = observed.run(candidate.version, candidate.work, candidate.attempt)?;
    let is_reading = || running_task(observed, status, candidate).hash() == run.task;
    let is_foreign = matches!(run.phase, RunPhase::Foreign(_));
    (is_foreign || run.task == answered(candidate) || is_reading()).then_some(run)
}
