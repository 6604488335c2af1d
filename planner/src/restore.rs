//! The state before the first step: the status as it stands, or what the record on the Deployment keeps of a lost one.

use crate::{Observed, command, next::Next, observed::Deployed};
use dropout_crds::{
    DropoutModelStatus, Reason,
    status::{Candidate, Judged, JudgedOutcome, Record, Stage, version_name},
};
use jiff::Timestamp;

/// The state to start from.
pub fn begin(observed: &Observed, now: Timestamp) -> Next<'_> {
    let status = observed.status.clone().filter(|status| status.next_version.is_some());
    let is_lost = status.is_none();
    let status = status.unwrap_or_else(|| restored(observed));
    let (training_hash, gate_hash) = (observed.spec.training_hash(), observed.spec.gate_hash());
    let mut next = Next { observed, now, status, announcements: Vec::new(), training_hash, gate_hash, has_more: false };
    if is_lost && next.status.next_version > Some(1) {
        next.tell(Reason::StatusRestored, restored_sentence(&next.status));
    }
    next
}

/// What is kept on the Deployment. While a release rolls out, or is judged anew before it does, the last verdict is left
/// out: should the status be lost then, production serves again and the trigger fires anew, so that nothing unproven
/// becomes production.
pub fn record(status: &DropoutModelStatus) -> Record {
    let passed = status.judged.as_ref().filter(|judged| judged.outcome == JudgedOutcome::Passed);
    let passed = passed.and_then(|judged| judged.bundle.as_ref());
    let served = status.production.as_ref().map(|release| &release.digest);
    let is_passed = |bundle: &String| Some(bundle) == passed && Some(bundle) != served;
    let is_on_its_way =
        |candidate: &Candidate| candidate.release.is_some() || candidate.bundle.as_ref().is_some_and(is_passed);
    let judged = status.judged.clone().filter(|_| !status.candidate.as_ref().is_some_and(is_on_its_way));
    Record {
        production: status.production.clone(),
        previous: status.previous.clone(),
        next_version: status.next_version,
        judged: judged.map(|judged| Judged { checks: Vec::new(), ..judged }),
        quarantined: status.quarantined.clone(),
        holdout: status.holdout,
        trainings: status.trainings.clone(),
    }
}

/// Whether a candidate's release is what is to be served.
pub fn is_rolling(candidate: &Candidate) -> bool {
    match candidate.stage {
        Stage::Queued | Stage::Training => false,
        Stage::RollingOut | Stage::Held => true,
    }
}

/// A status from the record. Commands that are present count as handled, and no number that was seen is given again.
fn restored(observed: &Observed) -> DropoutModelStatus {
    let record = observed.deployed().and_then(|deployed| deployed.record.clone()).unwrap_or_default();
    DropoutModelStatus {
        next_version: Some(next_version(observed, &record)),
        handled: command::present(observed),
        production: record.production,
        previous: record.previous,
        judged: record.judged,
        quarantined: record.quarantined,
        holdout: record.holdout,
        trainings: record.trainings,
        ..DropoutModelStatus::default()
    }
}

/// One more than the highest number in sight.
fn next_version(observed: &Observed, record: &Record) -> u32 {
    let releases = record.production.iter().chain(&record.previous).map(|release| release.version);
    let runs = observed.runs.iter().map(|run| run.version);
    let deployed = observed.deployed().and_then(deployed_version);
    let highest = releases.chain(runs).chain(deployed).max().unwrap_or(0);
    record.next_version.unwrap_or(1).max(highest.saturating_add(1))
}

/// The number in the Deployment's template.
fn deployed_version(deployed: &Deployed) -> Option<u32> {
    deployed.version.strip_prefix('v')?.parse().ok()
}

fn restored_sentence(status: &DropoutModelStatus) -> String {
    let next = version_name(status.next_version.unwrap_or(1));
    match &status.production {
        Some(release) => format!(
            "the status was lost; {} is production by the record on the Deployment, and the next version is {next}",
            release.name
        ),
        None => {
            format!("the status was lost and no record of a production version was found; the next version is {next}")
        }
    }
}
