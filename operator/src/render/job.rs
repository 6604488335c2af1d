//! What every Job of ours has, whatever it does: one pod that is never started twice, and the immutable ConfigMap of its
//! task.

use super::pod;
use crate::{
    error::{Error, Result},
    labels,
};
use dropout_crds::pod::Pod;
use dropout_model::{digest::digest, period::Period};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Seconds that a Job's containers get to end. They write whole files or nothing, so there is nothing to bring to an end.
const GRACE: u32 = 5;

/// What the Job and the ConfigMap of its task have in common.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Name of both.
    pub name: String,
    /// Namespace of both.
    pub namespace: &'a str,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// References to the owner.
    pub owner: Value,
}

/// The immutable ConfigMap of a task.
pub fn task_config_of(part: Part<'_>, task: &impl Serialize) -> Result<Value> {
    let content = serde_json::to_string(task).map_err(|error| Error::Render("a task", error))?;
    Ok(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": part.name,
            "namespace": part.namespace,
            "labels": part.labels,
            "annotations": {labels::CONTENT: digest(content.as_bytes())},
            "ownerReferences": part.owner,
        },
        "immutable": true,
        "data": {"task.json": content},
    }))
}

/// The Job that answers the task of hash `answers`, with its deadline and the template of its pod.
pub fn job_of(part: Part<'_>, answers: &str, (deadline, template): (Period, Value)) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": part.name,
            "namespace": part.namespace,
            "labels": part.labels,
            "annotations": {labels::TASK: answers},
            "ownerReferences": part.owner,
        },
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": deadline.as_seconds().max(1),
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]},
            "template": template,
        },
    })
}

/// What a Job's pod has beside what every pod of ours has.
pub fn pod_spec(pod: &Pod) -> Map<String, Value> {
    let mut spec = pod::pod_spec(pod);
    spec.insert("restartPolicy".into(), json!("Never"));
    spec.insert("terminationGracePeriodSeconds".into(), json!(GRACE));
    spec
}
