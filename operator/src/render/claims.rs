//! What a Job's pod mounts to reach data and store: the claim that something is on, or the keys of the bucket that it is in.
//! The same claim is one volume, mounted more than once.

use super::pod::{key_volumes, keys, mount};
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

/// The claim that a source is on, or the keys of its bucket: a source has one of them, by a rule of the API.
pub fn mount_of(source: &Source, (path, key_path): (&str, &str)) -> Value {
    match source.claim() {
        Some(claim) => mount(&volume(claim), path, true),
        None => mount(&keys(source.secret().unwrap_or_default()), key_path, true),
    }
}

/// The claim that the store is on, or the keys of its bucket.
pub fn store_mount(store: &Store, is_read_only: bool) -> Value {
    match store.claim() {
        Some(claim) => mount(&volume(claim), path::STORE, is_read_only),
        None => mount(&keys(store.secret().unwrap_or_default()), path::STORE_KEYS, true),
    }
}

/// The volumes of what is read and of the store, each once: claims, then Secrets.
pub fn volumes(read: &[&Source], store: &Store) -> Vec<Value> {
    let (first, others) = read.split_at(read.len().min(1));
    let claims = of(first, Source::claim).chain(store.claim()).chain(of(others, Source::claim));
    let secrets = of(read, Source::secret).chain(store.secret());
    let mut seen = BTreeSet::new();
    let once = claims.filter(|claim| seen.insert(*claim));
    once.map(|claim| claim_volume(claim, store)).chain(key_volumes(secrets)).collect()
}

fn of<'a>(sources: &'a [&'a Source], name: fn(&Source) -> Option<&str>) -> impl Iterator<Item = &'a str> {
    sources.iter().filter_map(move |source| name(source))
}

/// Only the store is written; a claim that is read only is not owned anew by the kubelet.
fn claim_volume(claim: &str, store: &Store) -> Value {
    match store.claim() == Some(claim) {
        true => json!({"name": volume(claim), "persistentVolumeClaim": {"claimName": claim}}),
        false => json!({"name": volume(claim), "persistentVolumeClaim": {"claimName": claim, "readOnly": true}}),
    }
}

fn volume(claim: &str) -> String {
    format!("claim-{}", short(&digest(claim.as_bytes()), 8))
}
