//! A Job and the ConfigMap of its task: three containers in a row, so that a trainer never sees the holdout nor a
//! credential. A model that was trained elsewhere needs no trainer: its bundle is mounted where it is judged.

use super::{
    Frame,
    pod::{self, key_volumes, keys, mount},
};
use crate::{
    error::{Error, Result},
    labels,
};
use dropout_crds::{dropout_model::SingleNode, pod::Pod, status::CandidateWork};
use dropout_model::{digest::digest, manifest::Source, task::path};
use dropout_planner::plan::Launch;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Memory of a Job's containers unless the user says otherwise.
const MEMORY: &str = "1Gi";
/// Seconds that a Job's containers get to end. They write whole files or nothing, so there is nothing to bring to an end.
const GRACE: u32 = 5;

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
    let content = serde_json::to_string(&launch.task).map_err(|error| Error::Render("a task", error))?;
    let name = name(frame, launch);
    Ok(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": frame.identity.namespace,
            "labels": labels::labels(&frame.identity.name, labels::JOB),
            "annotations": {labels::CONTENT: digest(content.as_bytes())},
            "ownerReferences": frame.owner(),
        },
        "immutable": true,
        "data": {"task.json": content},
    }))
}

/// The Job.
pub fn job(frame: Frame<'_>, launch: &Launch) -> Value {
    let name = name(frame, launch);
    let mut labels = labels::labels(&frame.identity.name, labels::JOB);
    labels.insert(labels::VERSION.into(), dropout_crds::status::version_name(launch.version));
    labels.insert(labels::WORK.into(), work(launch.work).into());
    labels.insert(labels::ATTEMPT.into(), launch.attempt.to_string());
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": frame.identity.namespace,
            "labels": labels,
            "annotations": {labels::TASK: launch.answers},
            "ownerReferences": frame.owner(),
        },
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": frame.spec.active_deadline().as_seconds().max(1),
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]},
            "template": template(frame, launch, &labels, &name),
        },
    })
}

fn template(frame: Frame<'_>, launch: &Launch, labels: &BTreeMap<String, String>, name: &str) -> Value {
    let pod = frame.spec.training.as_ref().and_then(|training| training.pod.clone()).unwrap_or_default();
    let mut spec = pod::pod_spec(&pod);
    spec.insert("restartPolicy".into(), json!("Never"));
    spec.insert("terminationGracePeriodSeconds".into(), json!(GRACE));
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
        let mounts = [task_mount(), self.data_mount(), mount("input", path::INPUT, false)];
        self.container("prepare", "prepare", mounts.into_iter().chain(self.holdout_mount()).collect())
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
            self.store_mount(),
        ];
        let bundle = self.bundle.map(|bundle| source_mount(bundle, (path::MODEL, path::MODEL_KEYS)));
        self.container("evaluate", command, fixed.into_iter().chain(bundle).chain(self.holdout_mount()).collect())
    }

    fn data_mount(&self) -> Value {
        source_mount(&self.frame.spec.data.training, (path::DATA, path::DATA_KEYS))
    }

    /// A given holdout: for the containers that are ours, never for the one that trains.
    fn holdout_mount(&self) -> Option<Value> {
        let holdout = self.frame.spec.data.holdout_source()?;
        Some(source_mount(holdout, (path::HOLDOUT, path::HOLDOUT_KEYS)))
    }

    fn store_mount(&self) -> Value {
        let store = &self.frame.spec.store;
        match store.claim() {
            Some(claim) => mount(&volume(claim), path::STORE, false),
            None => mount(&keys(store.secret().unwrap_or_default()), path::STORE_KEYS, true),
        }
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

fn task_mount() -> Value {
    mount("task", "/task", true)
}

/// The claim that a source is on, or the keys of its bucket: a source has one of them, by a rule of the API.
fn source_mount(source: &Source, (path, key_path): (&str, &str)) -> Value {
    match source.claim() {
        Some(claim) => mount(&volume(claim), path, true),
        None => mount(&keys(source.secret().unwrap_or_default()), key_path, true),
    }
}

/// Name of the volume of a claim; the same claim is one volume, mounted more than once.
fn volume(claim: &str) -> String {
    format!("claim-{}", dropout_model::digest::short(&digest(claim.as_bytes()), 8))
}

fn volumes(frame: Frame<'_>, bundle: Option<&Source>, name: &str) -> Value {
    let (data, store) = (&frame.spec.data, &frame.spec.store);
    let others = || data.holdout_source().into_iter().chain(bundle);
    let claims = data.training.claim().into_iter().chain(store.claim()).chain(others().filter_map(Source::claim));
    let mut seen = BTreeSet::new();
    let claims: Vec<&str> = claims.filter(|claim| seen.insert(*claim)).collect();
    // Only the store is written; a claim that is read only is not owned anew by the kubelet.
    let of_claim = |claim: &&str| match Some(*claim) == store.claim() {
        true => json!({"name": volume(claim), "persistentVolumeClaim": {"claimName": claim}}),
        false => json!({"name": volume(claim), "persistentVolumeClaim": {"claimName": claim, "readOnly": true}}),
    };
    let fixed = [
        json!({"name": "task", "configMap": {"name": name}}),
        json!({"name": "input", "emptyDir": {}}),
        json!({"name": "output", "emptyDir": {}}),
    ];
    let secrets = data.training.secret().into_iter().chain(store.secret()).chain(others().filter_map(Source::secret));
    fixed.into_iter().chain(claims.iter().map(of_claim)).chain(key_volumes(secrets)).collect()
}
