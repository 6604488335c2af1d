//! A monitor's Job and the ConfigMap of its task: one container that reads a window and answers. Of Secrets it
//! sees the keys of buckets only, and it writes nothing but the store.

use super::{
    claims::{self, task_mount},
    job::{Part, job_of, pod_spec, task_config_of},
    pod::{self, mount},
};
use crate::{error::Result, labels, settings::Settings};
use dropout_crds::{DropoutModelSpec, RetrainPolicySpec, dropout_model::SingleNode, retrain_policy::Monitor};
use dropout_model::{
    manifest::Source,
    monitoring::{MonitorTask, REPORT, REPORT_KEYS, Reads},
    task::path,
};
use dropout_planner::observed::Identity;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Memory of the container unless the user says otherwise.
const MEMORY: &str = "1Gi";

/// What the rendering of a look needs to know.
#[derive(Clone, Copy, Debug)]
pub struct MonitorFrame<'a> {
    /// Who the policy is.
    pub policy: &'a Identity,
    /// What its user says about the monitor.
    pub spec: &'a RetrainPolicySpec,
    /// What the model's user says about claims.
    pub model: &'a DropoutModelSpec,
    /// What the operator was started with.
    pub settings: &'a Settings,
}

impl MonitorFrame<'_> {
    fn monitor(&self) -> Monitor {
        self.spec.monitor.clone().unwrap_or_default()
    }

    /// The reference that lets the API server delete a child with its policy.
    fn owner(&self) -> Value {
        json!([{
            "apiVersion": "trialops.dev/v1alpha1",
            "kind": "RetrainPolicy",
            "name": self.policy.name,
            "uid": self.policy.uid,
            "controller": true,
        }])
    }
}

/// Name of the Job of a task, and of its ConfigMap.
pub fn name(frame: MonitorFrame<'_>, task: &MonitorTask) -> String {
    labels::monitor_job_name(&frame.policy.name, &frame.policy.uid, &task.hash())
}

/// The ConfigMap of the task: immutable, named as the Job.
pub fn task_config(frame: MonitorFrame<'_>, task: &MonitorTask) -> Result<Value> {
    task_config_of(part(frame, task), task)
}

/// The Job.
pub fn job(frame: MonitorFrame<'_>, task: &MonitorTask) -> Value {
    let part = part(frame, task);
    let template = template(frame, task, (&part.labels, &part.name));
    job_of(part, &task.hash(), (frame.monitor().active_deadline(), template))
}

fn part<'a>(frame: MonitorFrame<'a>, task: &MonitorTask) -> Part<'a> {
    Part {
        name: name(frame, task),
        namespace: &frame.policy.namespace,
        labels: labels::monitor_labels(&task.name, &frame.policy.name),
        owner: frame.owner(),
    }
}

fn template(frame: MonitorFrame<'_>, task: &MonitorTask, part: (&BTreeMap<String, String>, &str)) -> Value {
    let (labels, config) = part;
    let pod = frame.monitor().pod.unwrap_or_default();
    let mut spec = pod_spec(&pod);
    if frame.model.single_node() == SingleNode::Allow {
        spec.insert("affinity".into(), pod::together(&task.name));
    }
    let container = json!({
        "name": labels::MONITOR,
        "image": frame.settings.monitor_image,
        "imagePullPolicy": frame.settings.image_pull_policy,
        "args": ["job"],
        "terminationMessagePath": path::ANSWER,
        "terminationMessagePolicy": "File",
        "volumeMounts": mounts(frame.model, task),
    });
    spec.insert("containers".into(), json!([pod::complete(container, &pod, MEMORY)]));
    spec.insert("volumes".into(), volumes(frame.model, task, config));
    json!({"metadata": pod::metadata(&pod, labels), "spec": spec})
}

fn mounts(model: &DropoutModelSpec, task: &MonitorTask) -> Value {
    let read = match &task.reads {
        // The reference is made from the training rows when the store does not hold it yet.
        Reads::Predictions => claims::mount_of(&model.data.training, (path::DATA, path::DATA_KEYS)),
        Reads::ConfigMap(_) => mount("report", REPORT, true),
        Reads::Source(source) => claims::mount_of(source, (REPORT, REPORT_KEYS)),
    };
    json!([task_mount(), claims::store_mount(&model.store, false), read])
}

fn volumes(model: &DropoutModelSpec, task: &MonitorTask, config: &str) -> Value {
    let mut volumes = vec![json!({"name": "task", "configMap": {"name": config}})];
    if let Reads::ConfigMap(origin) = &task.reads {
        volumes.push(json!({"name": "report", "configMap": {"name": origin.config_map, "optional": false}}));
    }
    let read: Vec<&Source> = source(model, task).into_iter().collect();
    volumes.extend(claims::volumes(&read, &model.store));
    json!(volumes)
}

/// The source that a look reads, if it is one.
fn source<'a>(model: &'a DropoutModelSpec, task: &'a MonitorTask) -> Option<&'a Source> {
    match &task.reads {
        Reads::Predictions => Some(&model.data.training),
        Reads::ConfigMap(_) => None,
        Reads::Source(source) => Some(source),
    }
}
