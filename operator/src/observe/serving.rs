//! From the serving Deployment and its pods to one fact.

use super::{
    Ownership,
    gather::Gathered,
    ownership,
    trouble::{container_statuses, short, trouble},
};
use crate::labels;
use dropout_planner::observed::{Deployed, Identity, ServingFact, ServingFault};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ContainerStateTerminated, ContainerStatus, Pod},
};
use kube::ResourceExt;

/// The code with which an inference process refuses its bundle.
const BUNDLE_REFUSED: i32 = 3;
/// Codes that say nothing against a bundle: an orderly end, a platform at fault, a bad configuration, a process that
/// the runtime could not start or the kubelet ended.
const ENVIRONMENT: [i32; 7] = [0, 1, 2, 128, 137, 143, 255];
/// What a person can do about a bundle that is refused.
const REPAIR: &str = "restore its file in the store or give the command retrain";
/// Name of our container; what a sidecar does says nothing about a bundle.
const CONTAINER: &str = "inference";

/// The serving Deployment.
pub fn serving(gathered: &Gathered, identity: &Identity) -> ServingFact {
    if let Some(Ownership::Foreign(sentence)) = gathered.service.as_deref().map(|s| ownership("Service", s, identity)) {
        return ServingFact::Foreign(sentence);
    }
    let Some(deployment) = gathered.deployment.as_deref() else { return ServingFact::Absent };
    match ownership("Deployment", deployment, identity) {
        Ownership::Foreign(sentence) => ServingFact::Foreign(sentence),
        Ownership::Ours => ServingFact::Ours(Box::new(deployed(deployment, gathered))),
    }
}

fn deployed(deployment: &Deployment, gathered: &Gathered) -> Deployed {
    let annotation = |key: &str| deployment.annotations().get(key).cloned().unwrap_or_default();
    let template = annotation(labels::TEMPLATE);
    let status = deployment.status.clone().unwrap_or_default();
    let is_seen = status.observed_generation >= deployment.metadata.generation;
    let pods: Vec<&Pod> = serving_pods(deployment, gathered);
    let of_template: Vec<&Pod> = pods.iter().copied().filter(|pod| is_of_template(pod, &template)).collect();
    let updated_available = of_template.iter().filter(|pod| is_ready(pod)).count();
    Deployed {
        record: serde_json::from_str(&annotation(labels::RECORD)).ok(),
        version: annotation(labels::VERSION),
        digest: annotation(labels::BUNDLE),
        template,
        replicas: deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
        updated_available: if is_seen { i32::try_from(updated_available).unwrap_or(i32::MAX) } else { 0 },
        available: status.available_replicas.unwrap_or(0),
        total: i32::try_from(pods.len()).unwrap_or(i32::MAX),
        fault: fault(deployment, &of_template, gathered),
    }
}

/// The pods of the Deployment that serve or may come to serve: not on their way out, not ended for good.
fn serving_pods<'a>(deployment: &Deployment, gathered: &'a Gathered) -> Vec<&'a Pod> {
    let selector = deployment.spec.as_ref().and_then(|spec| spec.selector.match_labels.clone()).unwrap_or_default();
    let is_ours = |pod: &&Pod| selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value));
    let is_staying = |pod: &&Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        pod.metadata.deletion_timestamp.is_none() && !matches!(phase, Some("Failed" | "Succeeded"))
    };
    gathered.pods.iter().map(AsRef::as_ref).filter(is_ours).filter(is_staying).collect()
}

fn is_of_template(pod: &Pod, template: &str) -> bool {
    pod.labels().get(labels::TEMPLATE).is_some_and(|label| label == template)
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn fault(deployment: &Deployment, pods: &[&Pod], gathered: &Gathered) -> Option<ServingFault> {
    let candidate = pods.iter().find_map(|pod| container_statuses(pod).find_map(ended)).map(ServingFault::Candidate);
    let refused = || replica_failure(deployment).map(ServingFault::Environment);
    let stuck = || pods.iter().filter(|pod| !is_ready(pod)).find_map(|pod| environment(pod, gathered));
    candidate.or_else(refused).or_else(|| stuck().map(ServingFault::Environment))
}

/// How our process ended, if its bundle is to blame: refused, or ended again and again after the load.
fn ended(status: &ContainerStatus) -> Option<String> {
    if status.name != CONTAINER {
        return None;
    }
    let ends = [status.state.as_ref(), status.last_state.as_ref()];
    let end = ends.into_iter().flatten().find_map(|state| state.terminated.as_ref())?;
    let message = end.message.as_deref().map(short).unwrap_or_default();
    match end.exit_code {
        BUNDLE_REFUSED => Some(format!("the serving process refused the bundle: {message}; {REPAIR}")),
        code if ENVIRONMENT.contains(&code) => None,
        code if status.restart_count >= 2 && !is_out_of_memory(end) => {
            Some(format!("the serving process ended {} times, last with code {code}: {message}", status.restart_count))
        }
        _ => None,
    }
}

fn is_out_of_memory(end: &ContainerStateTerminated) -> bool {
    end.reason.as_deref() == Some("OOMKilled")
}

fn environment(pod: &Pod, gathered: &Gathered) -> Option<String> {
    let out_of_memory = |status: &ContainerStatus| {
        let ends = [status.state.as_ref(), status.last_state.as_ref()];
        ends.into_iter().flatten().any(|state| state.terminated.as_ref().is_some_and(is_out_of_memory))
    };
    if container_statuses(pod).any(out_of_memory) {
        return Some(
            "a serving pod was ended for want of memory: raise spec.serving.pod.resources.limits.memory".to_owned(),
        );
    }
    trouble(pod).or_else(|| gathered.complaints.get(&pod.uid().unwrap_or_default()).cloned())
}

fn replica_failure(deployment: &Deployment) -> Option<String> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let failed =
        conditions.iter().find(|condition| condition.type_ == "ReplicaFailure" && condition.status == "True")?;
    Some(format!("a serving pod was refused: {}", short(failed.message.as_deref().unwrap_or("no reason given"))))
}
