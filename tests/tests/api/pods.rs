//! The part of kubelet: what a pod's status says once its containers ended, run, or cannot start.

use k8s_openapi::api::core::v1::{Container, Pod};
use serde_json::{Value, json};

/// Any time will do.
const TIME: &str = "2026-11-20T09:00:00Z";

/// How one container of a Job's pod ended; those before it ended well, those after it never started.
#[derive(Clone, Debug)]
pub struct End {
    pub container: &'static str,
    pub code: i32,
    pub reason: &'static str,
    pub message: String,
}

impl End {
    /// An end with a code.
    pub fn with_code(container: &'static str, code: i32, message: impl Into<String>) -> Self {
        let reason = if code == 0 { "Completed" } else { "Error" };
        Self { container, code, reason, message: message.into() }
    }

    /// Killed by the kernel.
    pub fn out_of_memory(container: &'static str) -> Self {
        Self { container, code: 137, reason: "OOMKilled", message: String::new() }
    }
}

/// What becomes of serving pods that are not ready yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// They become ready.
    Ready,
    /// Nothing: they stay pending.
    Pending,
    /// The process refuses its bundle with code 3.
    Refused,
    /// The image cannot be pulled.
    NoImage,
}

/// The status of a Job's pod after an end.
pub fn ended(pod: &Pod, end: &End) -> Value {
    let spec = pod.spec.as_ref().unwrap();
    let mut is_past = false;
    let mut status = |container: &Container| {
        let is_it = container.name == end.container;
        let state = match (is_it, is_past) {
            (true, _) => terminated(end.code, end.reason, &end.message),
            (false, false) => terminated(0, "Completed", ""),
            (false, true) => json!({"waiting": {"reason": "PodInitializing"}}),
        };
        is_past |= is_it;
        container_status(container, state)
    };
    let init: Vec<Value> = spec.init_containers.iter().flatten().map(&mut status).collect();
    let main: Vec<Value> = spec.containers.iter().map(&mut status).collect();
    let phase = if end.code == 0 { "Succeeded" } else { "Failed" };
    json!({"phase": phase, "startTime": TIME, "initContainerStatuses": init, "containerStatuses": main})
}

/// The status of a pod whose first `done` containers ended well and whose next one runs.
pub fn running(pod: &Pod, done: usize) -> Value {
    let spec = pod.spec.as_ref().unwrap();
    let mut at = 0;
    let mut status = |container: &Container| {
        let state = match at.cmp(&done) {
            std::cmp::Ordering::Less => terminated(0, "Completed", ""),
            std::cmp::Ordering::Equal => json!({"running": {"startedAt": TIME}}),
            std::cmp::Ordering::Greater => json!({"waiting": {"reason": "PodInitializing"}}),
        };
        at += 1;
        container_status(container, state)
    };
    let init: Vec<Value> = spec.init_containers.iter().flatten().map(&mut status).collect();
    let main: Vec<Value> = spec.containers.iter().map(&mut status).collect();
    json!({"phase": "Pending", "startTime": TIME, "initContainerStatuses": init, "containerStatuses": main})
}

/// The status of a serving pod.
pub fn serving(pod: &Pod, serving: Serving) -> Option<Value> {
    let container = pod.spec.as_ref().unwrap().containers.first().unwrap();
    let condition = |kind: &str, status: bool| json!({"type": kind, "status": if status { "True" } else { "False" }, "lastTransitionTime": TIME});
    let (phase, is_ready, state) = match serving {
        Serving::Ready => ("Running", true, json!({"running": {"startedAt": TIME}})),
        Serving::Pending => return None,
        Serving::Refused => ("Running", false, terminated(3, "Error", "digest of the bundle differs")),
        Serving::NoImage => {
            let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "manifest unknown"}});
            ("Pending", false, waiting)
        }
    };
    let mut status = container_status(container, state);
    status["ready"] = json!(is_ready);
    Some(json!({
        "phase": phase,
        "startTime": TIME,
        "conditions": [
            condition("PodScheduled", true),
            condition("Initialized", true),
            condition("ContainersReady", is_ready),
            condition("Ready", is_ready),
        ],
        "containerStatuses": [status],
    }))
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Whether a pod has ended or is on its way out.
pub fn is_over(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    pod.metadata.deletion_timestamp.is_some() || matches!(phase, Some("Succeeded" | "Failed"))
}

fn container_status(container: &Container, state: Value) -> Value {
    json!({
        "name": container.name,
        "image": container.image,
        "imageID": "",
        "ready": false,
        "restartCount": 0,
        "state": state,
        "lastState": {},
    })
}

fn terminated(code: i32, reason: &str, message: &str) -> Value {
    let mut end = json!({"exitCode": code, "reason": reason, "startedAt": TIME, "finishedAt": TIME});
    if !message.is_empty() {
        end["message"] = json!(message);
    }
    json!({"terminated": end})
}
