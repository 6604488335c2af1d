//! The parts of a pod that are the same for Jobs and serving: what a user may say, and what Pod Security asks.

use dropout_crds::pod::Pod;
use dropout_model::digest::{digest, short};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The security context of a pod that passes Pod Security `restricted`.
pub fn pod_security() -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// The security context of a container that passes Pod Security `restricted`.
pub fn container_security() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    })
}

/// The fields of a pod's spec that a user may set, and those that are always the same.
pub fn pod_spec(pod: &Pod) -> Map<String, Value> {
    let mut spec = Map::new();
    spec.insert("automountServiceAccountToken".into(), json!(false));
    spec.insert("enableServiceLinks".into(), json!(false));
    spec.insert("securityContext".into(), pod_security());
    if let Some(account) = &pod.service_account_name {
        spec.insert("serviceAccountName".into(), json!(account));
    }
    if let Some(class) = &pod.priority_class_name {
        spec.insert("priorityClassName".into(), json!(class));
    }
    for (key, value, is_set) in [
        ("imagePullSecrets", json!(pod.image_pull_secrets), !pod.image_pull_secrets.is_empty()),
        ("nodeSelector", json!(pod.node_selector), !pod.node_selector.is_empty()),
        ("tolerations", json!(pod.tolerations), !pod.tolerations.is_empty()),
    ] {
        if is_set {
            spec.insert(key.into(), value);
        }
    }
    spec
}

/// The rule that keeps all pods of a model on one node, for a claim that one node mounts at a time.
pub fn together(model: &str) -> Value {
    json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{
        "labelSelector": {"matchLabels": {crate::labels::MODEL: model, crate::labels::MANAGED_BY: crate::labels::MANAGER}},
        "topologyKey": "kubernetes.io/hostname",
    }]}})
}

/// A mount of a volume of a pod.
pub fn mount(volume: &str, path: &str, is_read_only: bool) -> Value {
    match is_read_only {
        true => json!({"name": volume, "mountPath": path, "readOnly": true}),
        false => json!({"name": volume, "mountPath": path}),
    }
}

/// Name of the volume of a Secret with keys; the same Secret is one volume, mounted more than once.
pub fn keys(secret: &str) -> String {
    format!("keys-{}", short(&digest(secret.as_bytes()), 8))
}

/// Volumes of Secrets with keys, each once.
pub fn key_volumes<'a>(secrets: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let secrets: BTreeSet<&str> = secrets.collect();
    secrets.into_iter().map(|secret| json!({"name": keys(secret), "secret": {"secretName": secret}})).collect()
}

/// Metadata of a pod template: the user's labels and annotations with ours over them.
pub fn metadata(pod: &Pod, labels: &BTreeMap<String, String>) -> Value {
    let mut all = pod.labels.clone();
    all.extend(labels.clone());
    match pod.annotations.is_empty() {
        true => json!({"labels": all}),
        false => json!({"labels": all, "annotations": pod.annotations}),
    }
}

/// Adds what every container has: security, the user's environment and resources (or the default memory limit).
pub fn complete(mut container: Value, pod: &Pod, memory: &str) -> Value {
    let resources = match &pod.resources {
        Some(resources) => json!(resources),
        None => json!({"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": memory}}),
    };
    if let Some(fields) = container.as_object_mut() {
        fields.insert("securityContext".into(), container_security());
        fields.insert("resources".into(), resources);
        if !pod.env.is_empty() {
            fields.insert("env".into(), json!(pod.env));
        }
    }
    container
}
