//! What is to be done, as it follows from the state. Each intent is repeated until it is observed.

use crate::{
    claim, freeze,
    next::Next,
    observed::{Deployed, Observed, Run, RunPhase, ServingFact},
    plan::{Intent, Launch, Serve},
    restore::{is_rolling, record},
    task::{answered, current_run, running_task},
};
use dropout_crds::{
    DropoutModelStatus,
    status::{Candidate, CandidateWork, Release, Stage},
};
use dropout_model::policy::Policy;

/// The intents of a state. The record on the Deployment comes before a Job: it keeps the number that the Job uses.
pub fn intents(next: &Next<'_>) -> Vec<Intent> {
    let serve = serve(next).map(Box::new).map(Intent::Serve);
    let withdraw = has_to_withdraw(next).then_some(Intent::Withdraw);
    let launch = launch(next).map(Box::new).map(Intent::Launch);
    serve.into_iter().chain(withdraw).chain(launch).chain(prune(next)).collect()
}

/// The release that is to be served: a candidate's while it rolls out or is held, else production.
pub fn served(status: &DropoutModelStatus) -> Option<&Release> {
    let rolling = status.candidate.as_ref().filter(|candidate| is_rolling(candidate));
    rolling.and_then(|candidate| candidate.release.as_ref()).or(status.production.as_ref())
}

fn serve(next: &Next<'_>) -> Option<Serve> {
    match next.observed.serving {
        ServingFact::Foreign(_) => return None,
        ServingFact::Absent | ServingFact::Ours(_) => {}
    }
    let release = served(&next.status)?.clone();
    let spec = &next.observed.spec;
    let policy = Policy::new(release.threshold, &spec.tiers);
    Some(Serve { release, policy, replicas: spec.replicas(), record: record(&next.status) })
}

/// Whether pods are asked for by a template that must not be served, with nothing to serve in its place: a first model
/// that was rolled back by its own fault.
pub fn has_to_withdraw(next: &Next<'_>) -> bool {
    let is_refused = |deployed: &&Deployed| deployed.replicas > 0 && next.is_quarantined(&deployed.digest);
    served(&next.status).is_none() && next.observed.deployed().filter(is_refused).is_some()
}

fn launch(next: &Next<'_>) -> Option<Launch> {
    let candidate = next.status.candidate.as_ref().filter(|candidate| is_due(next, candidate))?;
    if claim::missing(next).is_some() {
        return None;
    }
    let (version, work, attempt) = (candidate.version, candidate.work, candidate.attempt);
    if next.observed.run(version, work, attempt).is_some() || ours(next.observed).any(is_unfinished) {
        return None;
    }
    let task = running_task(next.observed, &next.status, candidate);
    Some(Launch { version, work, attempt, task, answers: answered(candidate).to_owned() })
}

/// Whether the candidate's Job should run now. While suspended or in a blackout nothing starts but the reading of an answer.
pub fn is_due(next: &Next<'_>, candidate: &Candidate) -> bool {
    let is_running = candidate.stage == Stage::Training && candidate.retry_at.is_none();
    is_running && (candidate.work == CandidateWork::Read || !freeze::is_frozen(next))
}

/// Jobs that were answered or abandoned: all but the one that runs now, or else the last that failed. Their results
/// stand in the status already.
fn prune(next: &Next<'_>) -> Option<Intent> {
    let is_training = |candidate: &&Candidate| candidate.stage == Stage::Training && candidate.retry_at.is_none();
    let candidate = next.status.candidate.as_ref().filter(is_training);
    let current = candidate.and_then(|_| current_run(next.observed, &next.status)).or_else(|| last_failed(next));
    let current = current.map(|run| &run.name);
    let names: Vec<String> =
        ours(next.observed).map(|run| &run.name).filter(|name| Some(*name) != current).cloned().collect();
    (!names.is_empty()).then_some(Intent::Prune(names))
}

/// The last failed Job of what was judged last: nobody answered, so its log may be needed. It goes when another
/// candidate comes.
fn last_failed<'a>(next: &Next<'a>) -> Option<&'a Run> {
    let judged = next.status.judged.as_ref().filter(|_| next.status.candidate.is_none())?;
    let has_failed = |run: &&Run| run.version == judged.version && matches!(run.phase, RunPhase::Failed(_));
    ours(next.observed).filter(has_failed).max_by_key(|run| run.attempt)
}

/// A Job that still runs. While one does, even an abandoned one, no other starts.
fn is_unfinished(run: &Run) -> bool {
    match run.phase {
        RunPhase::Pending(_) | RunPhase::Running { .. } => true,
        RunPhase::Finished(_) | RunPhase::AnswerGone | RunPhase::Failed(_) | RunPhase::Foreign(_) => false,
    }
}

fn ours(observed: &Observed) -> impl Iterator<Item = &Run> {
    observed.runs.iter().filter(|run| !matches!(run.phase, RunPhase::Foreign(_)))
}
