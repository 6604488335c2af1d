//! Which Jobs and pods have waited for so long that the cluster's events should be asked why. It asks nobody.

use crate::labels;
use dropout_planner::observed::later;
use jiff::Timestamp;
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::ResourceExt;
use std::{collections::BTreeMap, sync::Arc};

/// Seconds that a pod or Job may wait before the cluster's events are asked why.
const PATIENCE: i64 = 5;
/// Seconds after which they are asked again.
const ASK_AGAIN: i64 = 20;

/// The Jobs and pods of one model or policy.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Its Jobs.
    pub jobs: &'a [Arc<Job>],
    /// Its pods.
    pub pods: &'a [Arc<Pod>],
    /// What the cluster complains about, by uid of a Job or pod that has waited for a while.
    pub complaints: &'a BTreeMap<String, String>,
}

/// The uids of Jobs without a pod and of pods without a running container, if they have waited for a while.
pub fn waiting(parts: Parts<'_>, now: Timestamp) -> Vec<String> {
    let has_waited = |since: &Timestamp| now.duration_since(*since).as_secs() >= PATIENCE;
    waiters(parts).into_iter().filter(|(_, since)| has_waited(since)).map(|(uid, _)| uid).collect()
}

/// Whether something has waited for so long that only the cluster's events can say why: caches do not hold them.
pub fn needs_events(parts: Parts<'_>, now: Timestamp) -> bool {
    !waiting(parts, now).is_empty()
}

/// When the events should be asked, if something waits.
pub fn ask_at(parts: Parts<'_>, now: Timestamp) -> Option<Timestamp> {
    let at = |since: Timestamp| {
        let has_waited = now.duration_since(since).as_secs() >= PATIENCE;
        let (from, seconds) = if has_waited { (now, ASK_AGAIN) } else { (since, PATIENCE + 1) };
        later(from, seconds)
    };
    waiters(parts).into_iter().map(|(_, since)| at(since)).min()
}

/// Jobs without a pod and pods without a running or a ready container, with the time since which they wait.
fn waiters(parts: Parts<'_>) -> Vec<(String, Timestamp)> {
    let owners: Vec<String> =
        parts.pods.iter().flat_map(|pod| pod.owner_references().iter().map(|owner| owner.uid.clone())).collect();
    let jobs = parts.jobs.iter().filter(|job| {
        let is_over =
            job.status.as_ref().is_some_and(|status| status.completion_time.is_some() || status.failed.is_some());
        let has_pod = job.uid().is_some_and(|uid| owners.contains(&uid));
        !is_over && !has_pod
    });
    let pods = parts.pods.iter().filter(|pod| is_waiting(pod));
    let jobs = jobs.filter_map(|job| Some((job.uid()?, job.creation_timestamp()?.0)));
    jobs.chain(pods.filter_map(|pod| Some((pod.uid()?, pod.creation_timestamp()?.0)))).collect()
}

fn is_waiting(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let is_ready = pod.status.as_ref().and_then(|status| status.conditions.as_ref()).is_some_and(|conditions| {
        conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
    });
    let is_serving = pod.labels().get(labels::COMPONENT).is_some_and(|component| component == labels::SERVING);
    let is_leaving = pod.metadata.deletion_timestamp.is_some();
    !is_leaving && (phase == Some("Pending") || (is_serving && phase == Some("Running") && !is_ready))
}
