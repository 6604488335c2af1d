//! The serving Deployment, its Service and the immutable ConfigMap that says which bundle is served under which policy.

use super::{
    Frame, claims,
    pod::{self, key_volumes, mount},
};
use crate::{
    error::{Error, Result},
    labels,
};
use dropout_crds::{
    DropoutModelSpec,
    dropout_model::{SingleNode, Tls},
};
use dropout_model::{
    digest::{digest, json_digest, short},
    manifest::{PseudonymKey, is_in_bucket},
    policy::{PSEUDONYM, RecordsSetting, Serving, TLS},
    task::{bundle_file, path},
};
use dropout_planner::plan::Serve;
use serde_json::{Value, json};

/// Memory of a serving pod unless the user says otherwise.
const MEMORY: &str = "128Mi";
/// Port of predictions.
pub const PORT: u16 = 8000;
/// Port of health and metrics.
pub const HEALTH_PORT: u16 = 9000;

/// The objects of a served release.
#[derive(Clone, Debug, PartialEq)]
pub struct ServingObjects {
    /// The ConfigMap.
    pub config: Value,
    /// The Service.
    pub service: Value,
    /// The Deployment.
    pub deployment: Value,
}

/// Renders them all.
pub fn serving(frame: Frame<'_>, serve: &Serve) -> Result<ServingObjects> {
    let content = content(frame, serve)?;
    let config_name = labels::serving_config_name(&frame.identity.name, &content);
    Ok(ServingObjects {
        deployment: deployment(frame, serve, &config_name)?,
        service: service(frame),
        config: config(frame, &config_name, &content),
    })
}

fn content(frame: Frame<'_>, serve: &Serve) -> Result<String> {
    let folder = format!("{}/{}", frame.identity.namespace, frame.identity.name);
    let serving = Serving {
        model_version: serve.release.name.clone(),
        bundle: format!("{}/{folder}/{}", store(frame), bundle_file(&serve.release.digest)),
        bundle_digest: serve.release.digest.clone(),
        policy: serve.policy.clone(),
        accepts: accepts(frame.spec),
        rows_per_second: frame.spec.serving.rows_per_second.and_then(|rows| u32::try_from(rows).ok()),
        records: records(frame, &folder),
        metrics: serve.release.metrics.iter().map(|one| (one.name.name().to_owned(), one.value)).collect(),
        tls: frame.spec.serving.tls.as_ref().map(|_| TLS.to_owned()),
        allowed_origins: frame.spec.serving.cors.as_ref().map(|cors| cors.allowed_origins.clone()).unwrap_or_default(),
    };
    serde_json::to_string(&serving).map_err(|error| Error::Render("a serving file", error))
}

/// The features, and the fields of the landmark, which say which row it is: clients may send them whether or not they are kept.
fn accepts(spec: &DropoutModelSpec) -> Vec<String> {
    let features = spec.features.iter().map(|feature| &feature.name);
    let is_no_feature = |name: &&String| spec.features.iter().all(|feature| feature.name != **name);
    let landmark = spec.index.iter().chain(&spec.landmark).filter(is_no_feature);
    features.chain(landmark).cloned().collect()
}

/// Where and how records are kept. The API refuses records without a pseudonym key; without one none are kept.
fn records(frame: Frame<'_>, folder: &str) -> Option<RecordsSetting> {
    let (spec, key) = (frame.spec, key(frame.spec)?);
    Some(RecordsSetting {
        store: spec.store.uri.clone(),
        mount: path::STORE.into(),
        folder: folder.into(),
        every_seconds: spec.serving.records.as_ref()?.every().as_seconds(),
        study: spec.study.id.clone(),
        key_file: format!("{PSEUDONYM}/key"),
        key_id: key.id.clone(),
        holdout_fraction: spec.data.holdout_fraction(),
        index: spec.index.clone(),
        landmark: spec.landmark.clone(),
    })
}

/// The key of pseudonyms, if records are kept.
fn key(spec: &DropoutModelSpec) -> Option<&PseudonymKey> {
    spec.serving.records.as_ref().and(spec.study.pseudonym_key.as_ref())
}

/// Where a serving pod finds the store: on the claim that it mounts, or in a bucket.
fn store(frame: Frame<'_>) -> String {
    let place = frame.spec.store.path().trim_matches('/');
    if is_in_bucket(place) { place.to_owned() } else { format!("{}/{place}", path::STORE) }
}

fn config(frame: Frame<'_>, name: &str, content: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": frame.identity.namespace,
            "labels": labels::labels(&frame.identity.name, labels::SERVING),
            "annotations": {labels::CONTENT: digest(content.as_bytes())},
            "ownerReferences": frame.owner(),
        },
        "immutable": true,
        "data": {"serving.json": content},
    })
}

fn service(frame: Frame<'_>) -> Value {
    let labels = labels::labels(&frame.identity.name, labels::SERVING);
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": frame.identity.name,
            "namespace": frame.identity.namespace,
            "labels": labels,
            "ownerReferences": frame.owner(),
        },
        "spec": {
            "selector": labels,
            "ports": [port(frame.spec)],
        },
    })
}

/// The number stays whatever is spoken on it, so that whoever names it by number needs no change.
fn port(spec: &DropoutModelSpec) -> Value {
    match spec.serving.tls {
        None => json!({"name": "http", "port": PORT, "targetPort": "http", "protocol": "TCP"}),
        Some(_) => {
            json!({"name": "https", "appProtocol": "https", "port": PORT, "targetPort": "http", "protocol": "TCP"})
        }
    }
}

fn deployment(frame: Frame<'_>, serve: &Serve, config_name: &str) -> Result<Value> {
    let labels = labels::labels(&frame.identity.name, labels::SERVING);
    let record = serde_json::to_string(&serve.record).map_err(|error| Error::Render("a record", error))?;
    let mut template = template(frame, serve, config_name);
    let hash = short(&json_digest(&template), 16).to_owned();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.insert(labels::TEMPLATE.into(), json!(hash));
    }
    Ok(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": frame.identity.name,
            "namespace": frame.identity.namespace,
            "labels": labels,
            "annotations": {
                labels::TEMPLATE: hash,
                labels::BUNDLE: serve.release.digest,
                labels::VERSION: serve.release.name,
                labels::RECORD: record,
            },
            "ownerReferences": frame.owner(),
        },
        "spec": {
            "replicas": serve.replicas,
            "revisionHistoryLimit": 2,
            "progressDeadlineSeconds": frame.spec.progress_deadline().as_seconds().max(1),
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template,
        },
    }))
}

fn template(frame: Frame<'_>, serve: &Serve, config_name: &str) -> Value {
    let pod = frame.spec.serving.pod.clone().unwrap_or_default();
    let mut labels = labels::labels(&frame.identity.name, labels::SERVING);
    labels.insert(labels::VERSION.into(), serve.release.name.clone());
    let mut spec = pod::pod_spec(&pod);
    spec.insert("terminationGracePeriodSeconds".into(), json!(40));
    if frame.spec.single_node() == SingleNode::Allow {
        spec.insert("affinity".into(), pod::together(&frame.identity.name));
    }
    spec.insert("containers".into(), json!([container(frame, serve, &pod)]));
    spec.insert("volumes".into(), volumes(frame.spec, config_name));
    json!({"metadata": pod::metadata(&pod, &labels), "spec": spec})
}

fn volumes(spec: &DropoutModelSpec, config_name: &str) -> Value {
    let fixed = [
        json!({"name": "config", "configMap": {"name": config_name}}),
        json!({"name": "keys", "secret": {"secretName": spec.serving.api_keys.secret_ref.name}}),
    ];
    let of_key = |key: &PseudonymKey| json!({"name": "pseudonym", "secret": {"secretName": key.secret_ref.name}});
    let store = spec.store.claim().map(|claim| store_volume(claim, key(spec).is_none()));
    let keys = key_volumes(spec.store.secret().into_iter());
    let certificate = |tls: &Tls| json!({"name": "tls", "secret": {"secretName": tls.secret_ref.name}});
    let tls = spec.serving.tls.as_ref().map(certificate);
    fixed.into_iter().chain(store).chain(keys).chain(key(spec).map(of_key)).chain(tls).collect()
}

/// Records are the one thing that a serving pod writes.
fn store_volume(claim: &str, is_read_only: bool) -> Value {
    match is_read_only {
        true => json!({"name": "store", "persistentVolumeClaim": {"claimName": claim, "readOnly": true}}),
        false => json!({"name": "store", "persistentVolumeClaim": {"claimName": claim}}),
    }
}

fn mounts(spec: &DropoutModelSpec) -> Value {
    let store = match spec.store.claim() {
        Some(_) => mount("store", path::STORE, key(spec).is_none()),
        None => claims::store_mount(&spec.store, true),
    };
    let fixed = [mount("config", "/config", true), mount("keys", "/keys", true), store];
    let pseudonym = key(spec).map(|_| mount("pseudonym", PSEUDONYM, true));
    let tls = spec.serving.tls.as_ref().map(|_| mount("tls", TLS, true));
    fixed.into_iter().chain(pseudonym).chain(tls).collect()
}

fn container(frame: Frame<'_>, serve: &Serve, pod: &dropout_crds::pod::Pod) -> Value {
    let probe = |path: &str, seconds: u32, failures: u32| {
        json!({
            "httpGet": {"path": path, "port": "health"},
            "periodSeconds": seconds,
            "timeoutSeconds": 2,
            "failureThreshold": failures,
        })
    };
    let container = json!({
        "name": "inference",
        "image": serve.release.image,
        "imagePullPolicy": frame.settings.image_pull_policy,
        "args": ["--serving", "/config/serving.json", "--keys", "/keys"],
        "ports": [
            {"name": "http", "containerPort": PORT, "protocol": "TCP"},
            {"name": "health", "containerPort": HEALTH_PORT, "protocol": "TCP"},
        ],
        "readinessProbe": probe("/readyz", 2, 2),
        "livenessProbe": probe("/livez", 10, 3),
        "terminationMessagePolicy": "File",
        "volumeMounts": mounts(frame.spec),
    });
    pod::complete(container, pod, MEMORY)
}
