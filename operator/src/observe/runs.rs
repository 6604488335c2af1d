//! From Jobs and their pods to runs.

use super::{
    Ownership,
    gather::Gathered,
    number, ownership,
    trouble::{container_statuses, short, trouble},
    waiting::Parts,
};
use crate::labels;
use dropout_crds::status::CandidateWork;
use dropout_model::task::{Answer, CONTRACT, Outcome};
use dropout_planner::observed::{Identity, Run, RunFailure, RunPhase};
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ContainerStateTerminated, ContainerStatus, Pod},
};
use kube::ResourceExt;

/// The code with which a container says that its input is bad.
const BAD_INPUT: i32 = 2;

/// Our Jobs.
pub fn runs(gathered: &Gathered, identity: &Identity) -> Vec<Run> {
    let mut runs: Vec<Run> = gathered.jobs.iter().filter_map(|job| run(job, gathered, identity)).collect();
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    runs
}

fn run(job: &Job, gathered: &Gathered, identity: &Identity) -> Option<Run> {
    let work = match job.labels().get(labels::WORK).map(String::as_str) {
        Some("Train") => CandidateWork::Train,
        Some("Evaluate") => CandidateWork::Evaluate,
        Some("Read") => CandidateWork::Read,
        Some(_) | None => return foreign(job, gathered, identity),
    };
    let task = job.annotations().get(labels::TASK).cloned().unwrap_or_default();
    let phase = match ownership("Job", job, identity) {
        Ownership::Ours => phase(job, gathered.parts(), &task),
        Ownership::Foreign(sentence) => RunPhase::Foreign(sentence),
    };
    Some(Run {
        name: job.name_any(),
        version: number(job.labels(), labels::VERSION)?,
        attempt: number(job.labels(), labels::ATTEMPT)?,
        work,
        task,
        phase,
    })
}

/// A Job without our labels that has the name of the one we need.
fn foreign(job: &Job, gathered: &Gathered, identity: &Identity) -> Option<Run> {
    let candidate = gathered.model.status.as_ref()?.candidate.as_ref()?;
    let Ownership::Foreign(sentence) = ownership("Job", job, identity) else { return None };
    Some(Run {
        name: job.name_any(),
        version: candidate.version,
        work: candidate.work,
        attempt: candidate.attempt,
        task: candidate.task.clone().unwrap_or_default(),
        phase: RunPhase::Foreign(sentence),
    })
}

fn phase(job: &Job, parts: Parts<'_>, task: &str) -> RunPhase {
    let pods = pods_of(job, parts);
    let complaint = || parts.complaints.get(&job.uid().unwrap_or_default()).cloned();
    match ending(job) {
        Some(("Complete", _)) => finished(&pods, task),
        Some((_, "DeadlineExceeded")) => RunPhase::Failed(RunFailure::Deadline(complaint())),
        Some((_, message)) => RunPhase::Failed(failure(&pods, task, message)),
        None => pods.last().map_or_else(|| RunPhase::Pending(complaint()), |pod| running(pod, parts)),
    }
}

/// How a Job ended and, if it failed, why in the cluster's word.
pub fn ending(job: &Job) -> Option<(&str, &str)> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    let ended = |kind: &str| conditions.iter().find(|condition| condition.type_ == kind && condition.status == "True");
    if ended("Complete").is_some() {
        return Some(("Complete", ""));
    }
    ended("Failed").map(|condition| ("Failed", condition.reason.as_deref().unwrap_or("for no known reason")))
}

/// The pods of a Job, the newest last.
pub fn pods_of<'a>(job: &Job, parts: Parts<'a>) -> Vec<&'a Pod> {
    let uid = job.uid().unwrap_or_default();
    let is_of = |pod: &&Pod| pod.owner_references().iter().any(|owner| owner.uid == uid);
    let mut pods: Vec<&Pod> = parts.pods.iter().map(AsRef::as_ref).filter(is_of).collect();
    pods.sort_by_key(|pod| (pod.creation_timestamp().map(|time| time.0), pod.name_any()));
    pods
}

/// Where a pod stands that has not ended.
pub fn running(pod: &Pod, parts: Parts<'_>) -> RunPhase {
    let mut statuses = container_statuses(pod);
    let has_ended = |name: &str| {
        let status = container_statuses(pod).find(|status| status.name == name);
        status.and_then(terminated).is_some_and(|end| end.exit_code == 0)
    };
    let has_started = statuses.any(|status| terminated(status).is_some() || is_running(status));
    if let Some(sentence) = trouble(pod) {
        return RunPhase::Pending(Some(sentence));
    }
    if !has_started {
        return RunPhase::Pending(parts.complaints.get(&pod.uid().unwrap_or_default()).cloned());
    }
    RunPhase::Running { is_prepared: has_ended("prepare"), is_trained: has_ended("train") }
}

fn finished(pods: &[&Pod], task: &str) -> RunPhase {
    match main_end(pods, "evaluate") {
        Some(end) => RunPhase::Finished(Answer::read(end.message.as_deref().unwrap_or_default(), task)),
        None => RunPhase::AnswerGone,
    }
}

/// How the container that answers ended, in the newest pod in which it did.
pub fn main_end(pods: &[&Pod], container: &str) -> Option<ContainerStateTerminated> {
    let end =
        |pod: &&Pod| container_statuses(pod).find(|status| status.name == container).and_then(terminated).cloned();
    pods.iter().rev().find_map(end)
}

fn failure(pods: &[&Pod], task: &str, message: &str) -> RunFailure {
    let why = |pod: &&Pod| evicted(pod).or_else(|| ended_by_itself(pod, task));
    pods.iter().rev().find_map(why).unwrap_or_else(|| RunFailure::Unknown(short(message)))
}

/// An eviction ends the containers too, so it is asked for first.
pub fn evicted(pod: &Pod) -> Option<RunFailure> {
    let status = pod.status.as_ref().filter(|status| status.reason.as_deref() == Some("Evicted"))?;
    Some(RunFailure::Evicted(short(status.message.as_deref().unwrap_or("its node asked for the room"))))
}

fn ended_by_itself(pod: &Pod, task: &str) -> Option<RunFailure> {
    let bad = |status: &&ContainerStatus| terminated(status).is_some_and(|end| end.exit_code != 0);
    let status = container_statuses(pod).find(bad)?;
    Some(ended_badly(status.name.clone(), terminated(status)?, task))
}

fn ended_badly(container: String, end: &ContainerStateTerminated, task: &str) -> RunFailure {
    if end.reason.as_deref() == Some("OOMKilled") {
        return RunFailure::OutOfMemory { container };
    }
    let text = end.message.as_deref().unwrap_or_default();
    if end.exit_code == BAD_INPUT {
        return RunFailure::BadInput(Answer::read(text, task).unwrap_or_else(|_| bad_input(&container, task)));
    }
    // Only an answer of the contract is repeated: what a foreign image left might hold a patient's data.
    let message = Answer::read(text, task).map(|answer| answer.message).unwrap_or_default();
    RunFailure::Exit { container, code: end.exit_code, message }
}

fn bad_input(container: &str, task: &str) -> Answer {
    Answer {
        contract: CONTRACT.into(),
        task: task.into(),
        outcome: Outcome::BadInput,
        reason: "BadInput".into(),
        message: format!("container {container} ended with code 2: it found its input bad; its log says what"),
        evidence: None,
    }
}

/// The end of a container that has ended.
pub fn terminated(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    status.state.as_ref().and_then(|state| state.terminated.as_ref())
}

fn is_running(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some())
}
