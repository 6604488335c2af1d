//! A Job and the ConfigMap of its task: three containers in a row, so that a trainer never sees the holdout nor a
//! credential. A model that was trained elsewhere needs no trainer: its bundle is mounted where it is judged.

use super::{
    Frame,
    claims::{self, task_mount},
    job::{Part, job_of, task_config_of},
    pod::{self, mount},
};
use crate::{error::Result, labels};
use dropout_crds::{dropout_model::SingleNode, pod::Pod, status::CandidateWork};
use dropout_model::{manifest::Source, task::path};
use dropout_planner::plan::Launch;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Memory of a Job's containers unless the user says otherwise.
const MEMORY: &str = "1Gi";

/// Name of the Job of a launch, and of its ConfigMap.
pub fn name(frame: Frame<'_>, launch: &Launch) -> String {
    let step = (launch.version, work(launch.work), launch.attempt);
    labels::job_name(&frame.identity.name, &frame.identity.uid, step)
}

/// The word for what a Job does, as in its label.
pub const fn work(work: CandidateWork) -> &'static str {
    match work {
        CandidateWork::Train => "Train",
        CandidateWork::Evaluate => "Evaluate",
        CandidateWork::Read => "Read",
    }
}

/// The ConfigMap of the task: immutable, named as the Job.
pub fn task_config(frame: Frame<'_>, launch: &Launch) -> Result<Value> {
    task_config_of(part(frame, launch, labels::labels(&frame.identity.name, labels::JOB)), &launch.task)
}

/// The Job.
pub fn job(frame: Frame<'_>, launch: &Launch) -> Value {
    let mut labels = labels::labels(&frame.identity.name, labels::JOB);
    labels.insert(labels::VERSION.into(), dropout_crds::status::version_name(launch.version));
    labels.insert(labels::WORK.into(), work(launch.work).into());
    labels.insert(labels::ATTEMPT.into(), launch.attempt.to_string());
    let template = template(frame, launch, &labels, &name(frame, launch));
    job_of(part(frame, launch, labels), &launch.answers, (frame.spec.active_deadline(), template))
}

fn part<'a>(frame: Frame<'a>, launch: &Launch, labels: BTreeMap<String, String>) -> Part<'a> {
    Part { name: name(frame, launch), namespace: &frame.identity.namespace, labels, owner: frame.owner() }
}

fn template(frame: Frame<'_>, launch: &Launch, labels: &BTreeMap<String, String>, name: &str) -> Value {
    let pod = frame.spec.training.as_ref().and_then(|training| training.pod.clone()).unwrap_or_default();
    let mut spec = super::job::pod_spec(&pod);
    if frame.spec.single_node() == SingleNode::Allow {
        spec.insert("affinity".into(), pod::together(&frame.identity.name));
    }
    let containers = Containers { frame, pod: &pod, bundle: bundle(frame, launch) };
    match launch.work {
        CandidateWork::Train if containers.bundle.is_some() => {
            spec.insert("initContainers".into(), json!([containers.prepare()]));
        }
        CandidateWork::Train => {
            spec.insert("initContainers".into(), json!([containers.prepare(), containers.train()]));
        }
        CandidateWork::Evaluate | CandidateWork::Read => {}
    }
    let last = if launch.work == CandidateWork::Read { "read" } else { "evaluate" };
    spec.insert("containers".into(), json!([containers.evaluate(last)]));
    spec.insert("volumes".into(), volumes(frame, containers.bundle, name));
    json!({"metadata": pod::metadata(&pod, labels), "spec": spec})
}

/// The bundle that a Job takes from elsewhere. Once it was judged it is in the store, like any other.
fn bundle<'a>(frame: Frame<'a>, launch: &Launch) -> Option<&'a Source> {
    frame.spec.source().map(|source| &source.bundle).filter(|_| launch.work == CandidateWork::Train)
}

/// The three containers.
struct Containers<'a> {
    frame: Frame<'a>,
    pod: &'a Pod,
    bundle: Option<&'a Source>,
}

impl Containers<'_> {
    fn prepare(&self) -> Value {
        let mut mounts = vec![task_mount(), self.data_mount(), mount("input", path::INPUT, false)];
        mounts.extend(self.holdout_mount());
        // Rows made from records are in the store; whoever prepares them never writes it.
        mounts.extend(self.frame.spec.data.takes_records().then(|| self.store_mount(true)));
        self.container("prepare", "prepare", json!(mounts))
    }

    fn train(&self) -> Value {
        let mounts = json!([mount("input", path::INPUT, true), mount("output", path::OUTPUT, false)]);
        let mut container = self.container("train", "train", mounts);
        let own = self.frame.spec.training.as_ref().and_then(|training| training.image.as_ref());
        if let (Some(image), Some(fields)) = (own, container.as_object_mut()) {
            fields.insert("image".into(), json!(image));
            fields.remove("args");
        }
        container
    }

    fn evaluate(&self, command: &str) -> Value {
        let fixed = [
            task_mount(),
            self.data_mount(),
            mount("input", path::INPUT, true),
            mount("output", path::OUTPUT, true),
            self.store_mount(false),
        ];
        let bundle = self.bundle.map(|bundle| claims::mount_of(bundle, (path::MODEL, path::MODEL_KEYS)));
        self.container("evaluate", command, fixed.into_iter().chain(bundle).chain(self.holdout_mount()).collect())
    }

    fn data_mount(&self) -> Value {
        claims::mount_of(&self.frame.spec.data.training, (path::DATA, path::DATA_KEYS))
    }

    fn store_mount(&self, is_read_only: bool) -> Value {
        claims::store_mount(&self.frame.spec.store, is_read_only)
    }

    /// A given holdout: for the containers that are ours, never for the one that trains.
    fn holdout_mount(&self) -> Option<Value> {
        let holdout = self.frame.spec.data.holdout_source()?;
        Some(claims::mount_of(holdout, (path::HOLDOUT, path::HOLDOUT_KEYS)))
    }

    fn container(&self, name: &str, command: &str, mounts: Value) -> Value {
        let container = json!({
            "name": name,
            "image": self.frame.settings.trainer_image,
            "imagePullPolicy": self.frame.settings.image_pull_policy,
            "args": ["job", command],
            "terminationMessagePath": path::ANSWER,
            "terminationMessagePolicy": "File",
            "volumeMounts": mounts,
        });
        pod::complete(container, self.pod, MEMORY)
    }
}

fn volumes(frame: Frame<'_>, bundle: Option<&Source>, name: &str) -> Value {
    let data = &frame.spec.data;
    let read: Vec<&Source> = [&data.training].into_iter().chain(data.holdout_source()).chain(bundle).collect();
    let fixed = [
        json!({"name": "task", "configMap": {"name": name}}),
        json!({"name": "input", "emptyDir": {}}),
        json!({"name": "output", "emptyDir": {}}),
    ];
    fixed.into_iter().chain(claims::volumes(&read, &frame.spec.store)).collect()
}
