//! What keeps a pod from running, in one sentence. It names reasons of the cluster, never anything of a patient.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};

/// Waiting reasons that do not go away by waiting a moment.
const STUCK: [&str; 8] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// What keeps a pod from running, if its status says so.
pub fn trouble(pod: &Pod) -> Option<String> {
    unschedulable(pod).or_else(|| container_statuses(pod).find_map(stuck))
}

/// All statuses of a pod's containers, the first to run first.
pub fn container_statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let init = status.and_then(|status| status.init_container_statuses.as_deref()).unwrap_or_default();
    let main = status.and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    init.iter().chain(main)
}

fn unschedulable(pod: &Pod) -> Option<String> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let condition =
        conditions.iter().find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")?;
    Some(format!("no node takes the pod: {}", short(condition.message.as_deref()?)))
}

fn stuck(status: &ContainerStatus) -> Option<String> {
    let ContainerState { waiting: Some(waiting), .. } = status.state.as_ref()? else { return None };
    let reason = waiting.reason.as_deref().filter(|reason| STUCK.contains(reason))?;
    let message = waiting.message.as_deref().map(short).unwrap_or_default();
    Some(format!("container {} waits for {}: {reason}: {message}", status.name, status.image))
}

/// The beginning of a message of the cluster.
pub fn short(message: &str) -> String {
    message.chars().take(200).collect::<String>().replace('\n', " ")
}
