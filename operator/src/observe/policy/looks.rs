//! From a monitor's Jobs and their pods to where each look stands.

use super::gather::{GatheredPolicy, looked_for};
use crate::{
    labels,
    observe::{
        Ownership, policy_ownership,
        runs::{ending, evicted, main_end, pods_of, running, terminated},
        trouble::{container_statuses, short},
        waiting::Parts,
    },
};
use dropout_model::monitoring::MonitorAnswer;
use dropout_planner::{
    observed::{Identity, RunFailure, RunPhase},
    policy::observed::{MonitorPhase, MonitorRunFact},
};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::ResourceExt;

/// The policy's looks, by name. One that the API server refused lately is told as one that waits.
pub fn looks(gathered: &GatheredPolicy, identity: &Identity, refusal: Option<String>) -> Vec<MonitorRunFact> {
    let mut looks: Vec<MonitorRunFact> = gathered.jobs.iter().filter_map(|job| look(job, gathered, identity)).collect();
    looks.sort_by(|a, b| a.name.cmp(&b.name));
    let task = looked_for(&gathered.policy).filter(|task| looks.iter().all(|look| look.task != **task));
    if let (Some(task), Some(sentence)) = (task, refusal) {
        let phase = MonitorPhase::Pending(Some(sentence));
        looks.push(MonitorRunFact { name: String::new(), task: task.to_owned(), phase });
    }
    looks
}

fn look(job: &Job, gathered: &GatheredPolicy, identity: &Identity) -> Option<MonitorRunFact> {
    let own = job.annotations().get(labels::TASK).map(String::as_str);
    // Without our annotation it was found by the name that the wanted look needs.
    let task = own.or_else(|| looked_for(&gathered.policy))?;
    let phase = match policy_ownership("Job", job, identity) {
        Ownership::Ours => phase(job, gathered.parts(), task),
        Ownership::Foreign(sentence) => MonitorPhase::Foreign(sentence),
    };
    Some(MonitorRunFact { name: job.name_any(), task: task.to_owned(), phase })
}

fn phase(job: &Job, parts: Parts<'_>, task: &str) -> MonitorPhase {
    let pods = pods_of(job, parts);
    let complaint = || parts.complaints.get(&job.uid().unwrap_or_default()).cloned();
    match ending(job) {
        Some(("Complete", _)) => finished(&pods, task),
        Some((_, "DeadlineExceeded")) => MonitorPhase::Failed(late(complaint())),
        Some((_, message)) => MonitorPhase::Failed(failure(&pods, task, message)),
        None => match pods.last() {
            None => MonitorPhase::Pending(complaint()),
            Some(pod) => waiting_or_running(running(pod, parts)),
        },
    }
}

fn waiting_or_running(phase: RunPhase) -> MonitorPhase {
    let RunPhase::Pending(why) = phase else { return MonitorPhase::Running };
    MonitorPhase::Pending(why)
}

fn finished(pods: &[&Pod], task: &str) -> MonitorPhase {
    match main_end(pods, labels::MONITOR) {
        Some(end) => MonitorPhase::Finished(MonitorAnswer::read(end.message.as_deref().unwrap_or_default(), task)),
        None => MonitorPhase::AnswerGone,
    }
}

fn late(complaint: Option<String>) -> String {
    let waited = complaint.map(|complaint| format!("; it waited for {complaint}")).unwrap_or_default();
    format!("the monitor's Job ran past spec.monitor.activeDeadline{waited}")
}

fn failure(pods: &[&Pod], task: &str, message: &str) -> String {
    let why = |pod: &&Pod| eviction(pod).or_else(|| ended_by_itself(pod, task));
    pods.iter().rev().find_map(why).unwrap_or_else(|| format!("the monitor's Job failed: {}", short(message)))
}

fn eviction(pod: &Pod) -> Option<String> {
    let RunFailure::Evicted(why) = evicted(pod)? else { return None };
    Some(format!("the monitor's pod was evicted: {why}"))
}

/// Only an answer of the contract is repeated: anything else that a program left might hold a patient's row.
fn ended_by_itself(pod: &Pod, task: &str) -> Option<String> {
    let end = container_statuses(pod).filter_map(terminated).find(|end| end.exit_code != 0)?;
    if end.reason.as_deref() == Some("OOMKilled") {
        return Some("the monitor ran out of memory; raise spec.monitor.pod.resources.limits.memory".to_owned());
    }
    let answer = MonitorAnswer::read(end.message.as_deref().unwrap_or_default(), task);
    let message = answer.map_or_else(|_| "its log says why".to_owned(), |answer| answer.message);
    Some(format!("the monitor ended with code {}: {message}", end.exit_code))
}
