//! What the operator's tests share: a model, what was gathered about it, and an API server that answers from a table.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod policy;
pub mod server;

use dropout_crds::{
    DropoutModel, DropoutModelSpec,
    status::{CandidateWork, Record, Release},
};
use dropout_model::{
    digest::digest,
    policy::Policy,
    task::{CONTRACT, Task, Work},
};
use dropout_operator::{
    context::Context,
    controller::Watching,
    fleet::Ledger,
    metrics::Metrics,
    observe::gather::Gathered,
    render::Frame,
    settings::{LeaseTimes, Settings},
};
use dropout_planner::{
    observed::Identity,
    plan::{Launch, Serve},
};
use kube::{
    Client,
    runtime::events::{Recorder, Reporter},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Uid of the model.
pub const UID: &str = "6f1c1d3e-0000-4000-8000-000000000302";

/// What the operator was started with.
pub fn settings() -> Settings {
    Settings {
        trainer_image: "registry.example/dropout-trainer:1".into(),
        inference_image: "registry.example/dropout-inference:1".into(),
        monitor_image: "registry.example/dropout-monitor:1".into(),
        namespace: None,
        max_trainings: 4,
        max_rollouts: 4,
        port: 8080,
        lease: "dropout-operator".into(),
        lease_namespace: "dropout-system".into(),
        identity: "dropout-operator-0".into(),
        image_pull_policy: "IfNotPresent".into(),
        lease_times: LeaseTimes::default(),
    }
}

/// A context with a client.
pub fn context(client: Client) -> Context {
    let (_, caches) = Watching::new(&client, None);
    let reporter = Reporter { controller: "dropout-operator".into(), instance: None };
    Context {
        recorder: Recorder::new(client.clone(), reporter),
        client,
        settings: settings(),
        caches,
        ledger: Ledger::default(),
        turn: tokio::sync::Mutex::default(),
        refusals: dropout_operator::refusals::Refusals::default(),
        metrics: Metrics::new(),
    }
}

/// The manifest of the quickstart.
pub fn quickstart() -> Value {
    serde_saphyr::from_str(include_str!("../../../examples/quickstart/model.yaml")).unwrap()
}

/// The manifest of the quickstart with every field set that is about pods.
pub fn with_every_pod_field() -> Value {
    let pod = json!({
        "serviceAccountName": "trial",
        "imagePullSecrets": [{"name": "pull"}],
        "nodeSelector": {"topology.kubernetes.io/zone": "a"},
        "tolerations": [{"key": "trials", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}],
        "priorityClassName": "low",
        "labels": {"team": "biostatistics", "trialops.dev/model": "somebody-else"},
        "annotations": {"contact": "nobody"},
        "env": [{"name": "RUST_LOG", "value": "debug"}],
        "resources": {"requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
    });
    let mut model = quickstart();
    let spec = model["spec"].as_object_mut().unwrap();
    spec.insert(
        "training".into(),
        json!({"image": "registry.example/own-trainer:7", "pod": pod, "activeDeadline": "2h", "seed": 7}),
    );
    spec["serving"]["pod"] = pod;
    spec["store"]["persistentVolumeClaim"]["claimName"] = json!("onc-302-store");
    model
}

/// The manifest of the quickstart with a bundle from another claim in place of a training.
pub fn with_a_bundle() -> Value {
    let bundle = json!({
        "uri": "file:///imported/bundle.json",
        "persistentVolumeClaim": {"claimName": "models"},
        "digest": digest(b"imported"),
    });
    let mut model = quickstart();
    model["spec"]["training"] = json!({"source": {"bundle": bundle}});
    model
}

/// The manifest of the quickstart with records that are kept and learned from.
pub fn with_records() -> Value {
    let mut model = quickstart();
    let spec = &mut model["spec"];
    spec["study"]["pseudonymKey"] = json!({"secretRef": {"name": "onc-302-pseudonym"}, "id": "2026-01"});
    spec["serving"]["records"] = json!({"every": "5s"});
    spec["index"] = json!("visit_date");
    spec["landmark"] = json!("day_in_trial");
    spec["data"]["cutoff"] = json!("2026-11-01");
    spec["data"]["records"] = json!("Append");
    model
}

/// The manifest of the quickstart with data, holdout, a bundle from elsewhere and the store in buckets.
pub fn with_buckets() -> Value {
    let mut model = with_a_bundle();
    let object = |name: &str, secret: &str, bytes: &[u8]| {
        let uri = format!("s3://trials/{name}");
        json!({"uri": uri, "secretRef": {"name": secret}, "digest": digest(bytes)})
    };
    let spec = &mut model["spec"];
    spec["data"]["training"] = object("onc-302/trial.csv", "data-keys", b"trial");
    spec["data"]["holdout"] = json!({"source": object("onc-302/holdout.csv", "data-keys", b"holdout")});
    spec["training"]["source"]["bundle"] = object("models/bundle.json", "model-keys", b"imported");
    spec["store"] = json!({"uri": "s3://trials/store", "secretRef": {"name": "store-keys"}});
    model
}

/// A model as it is stored.
pub fn stored(mut manifest: Value) -> DropoutModel {
    let metadata = manifest["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".into(), json!(UID));
    metadata.insert("generation".into(), json!(1));
    metadata.insert("resourceVersion".into(), json!("7"));
    of(manifest)
}

/// The spec of a manifest.
pub fn spec(manifest: &Value) -> DropoutModelSpec {
    of(manifest["spec"].clone())
}

/// Who the model is.
pub fn identity() -> Identity {
    Identity { namespace: "trial-onc-302".into(), name: "onc-302".into(), uid: UID.into(), generation: 1 }
}

/// What is known of a model beside which nothing exists.
pub fn alone(model: DropoutModel) -> Gathered {
    Gathered {
        model: Arc::new(model),
        policies: Vec::new(),
        jobs: Vec::new(),
        pods: Vec::new(),
        configs: Vec::new(),
        deployment: None,
        service: None,
        data_claim: None,
        store_claim: None,
        bundle_claim: None,
        holdout_claim: None,
        complaints: BTreeMap::new(),
    }
}

/// Anything from its JSON.
pub fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// What a rendering needs to know.
pub fn frame<'a>(identity: &'a Identity, spec: &'a DropoutModelSpec, settings: &'a Settings) -> Frame<'a> {
    Frame { identity, spec, settings }
}

/// The task of a version.
pub fn task(spec: &DropoutModelSpec, version: u32, work: Work) -> Task {
    Task {
        contract: CONTRACT.into(),
        namespace: "trial-onc-302".into(),
        name: "onc-302".into(),
        version,
        work,
        store: spec.store.path().into(),
        manifest: spec.manifest(),
        production: None,
        looked: None,
        records: None,
    }
}

/// The launch of a version's first attempt.
pub fn launch(spec: &DropoutModelSpec, version: u32, work: CandidateWork) -> Launch {
    let training = task(spec, version, Work::Train);
    let task = match work {
        CandidateWork::Train => training.clone(),
        CandidateWork::Evaluate => task(spec, version, Work::Evaluate(digest(b"bundle"))),
        CandidateWork::Read => task(spec, version, Work::Read(training.hash())),
    };
    let answers = if work == CandidateWork::Read { training.hash() } else { task.hash() };
    Launch { version, work, attempt: 1, task, answers }
}

/// A release of a version.
pub fn release(version: u32) -> Release {
    Release {
        version,
        name: format!("v{version}"),
        digest: digest(b"bundle"),
        data_digest: digest(b"data"),
        report_digest: digest(b"report"),
        training_hash: digest(b"training"),
        gate_hash: None,
        threshold: 0.25,
        image: settings().inference_image,
        since: None,
        metrics: Vec::new(),
    }
}

/// The serving of a release.
pub fn serve(spec: &DropoutModelSpec, release: Release) -> Serve {
    Serve {
        policy: Policy::new(release.threshold, &spec.tiers),
        replicas: spec.replicas(),
        record: Record {
            production: Some(release.clone()),
            next_version: Some(release.version + 1),
            ..Record::default()
        },
        release,
    }
}
