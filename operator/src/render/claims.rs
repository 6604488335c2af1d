//! Claims as volumes of a Job's pod, and where they are mounted. The same claim is one volume, mounted more than once.

use dropout_crds::dropout_model::Store;
use dropout_model::{
    digest::{digest, short},
    manifest::Source,
    task::path,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The mount of a task's ConfigMap.
pub fn task_mount() -> Value {
    mount("task", "/task", true)
}

/// The mount of a source's claim, read only.
pub fn mount_of(source: &Source, path: &str) -> Value {
    mount(&volume(claim_of(source)), path, true)
}

/// The mount of the store's claim.
pub fn store_mount(store: &Store, is_read_only: bool) -> Value {
    mount(&volume(store.claim()), path::STORE, is_read_only)
}

/// The mount of a volume.
pub fn mount(volume: &str, path: &str, is_read_only: bool) -> Value {
    match is_read_only {
        true => json!({"name": volume, "mountPath": path, "readOnly": true}),
        false => json!({"name": volume, "mountPath": path}),
    }
}

/// Name of a source's claim.
pub fn claim_of(source: &Source) -> &str {
    &source.persistent_volume_claim.claim_name
}

/// The volumes of claims, each once. Only the store's is written; one that is read only is not owned anew by the kubelet.
pub fn volumes<'a>(claims: impl IntoIterator<Item = &'a str>, store: &Store) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let of_claim = |claim: &str| match claim == store.claim() {
        true => json!({"name": volume(claim), "persistentVolumeClaim": {"claimName": claim}}),
        false => json!({"name": volume(claim), "persistentVolumeClaim": {"claimName": claim, "readOnly": true}}),
    };
    claims.into_iter().filter(|claim| seen.insert(*claim)).map(of_claim).collect()
}

fn volume(claim: &str) -> String {
    format!("claim-{}", short(&digest(claim.as_bytes()), 8))
}
