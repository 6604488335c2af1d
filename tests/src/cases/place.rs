//! Manifests with data, holdout, bundle and store on claims and in buckets.

use super::{
    Case,
    creations::{bad, good, no},
    set, take,
};
use serde_json::{Value, json};

const CLAIM: &str =
    "uri: file:/// needs the persistentVolumeClaim that it is on, s3:// has none; add it or take it out";
const SECRET: &str = "secretRef: s3:// needs the Secret with its keys, file:/// has none; add it or take it out";
const NODES: &str = "singleNode: only a claim is mounted by nodes, s3:// is not; take it out";

/// All creations that differ in where things are.
pub fn places() -> Vec<Case> {
    [accepted(), refused(), by_schema()].concat()
}

fn accepted() -> Vec<Case> {
    vec![
        good("training data in a bucket", |model| set(model, "/spec/data/training", bucket("trial.csv"))),
        good("a store in a bucket", |model| set(model, "/spec/store", bucket("store"))),
        good("everything in buckets", |model| {
            let digest = json!(format!("sha256:{}", "0".repeat(64)));
            set(model, "/spec/data/training", bucket("trial.parquet"));
            set(model, "/spec/data/holdout", json!({"source": bucket("holdout.parquet")}));
            set(model, "/spec/data/holdout/source/digest", digest.clone());
            set(model, "/spec/training", json!({"source": {"bundle": bucket("bundle.json")}}));
            set(model, "/spec/training/source/bundle/digest", digest);
            set(model, "/spec/store", bucket("a/b/c"));
        }),
    ]
}

fn refused() -> Vec<Case> {
    vec![
        bad("training data on no claim", CLAIM, |model| take(model, "/spec/data/training/persistentVolumeClaim")),
        bad("training data in a bucket on a claim", CLAIM, |model| {
            set(model, "/spec/data/training", bucket("trial.csv"));
            set(model, "/spec/data/training/persistentVolumeClaim", json!({"claimName": "onc-302"}));
        }),
        bad("training data in a bucket without keys", SECRET, |model| {
            set(model, "/spec/data/training", json!({"uri": "s3://trials/onc-302/trial.csv"}));
        }),
        bad("training data on a claim with keys", SECRET, |model| {
            set(model, "/spec/data/training/secretRef", json!({"name": "keys"}));
        }),
        bad("a store on a claim with keys", SECRET, |model| {
            set(model, "/spec/store/secretRef", json!({"name": "keys"}))
        }),
        bad("a store in a bucket for a single node", NODES, |model| {
            set(model, "/spec/store", bucket("store"));
            set(model, "/spec/store/singleNode", json!("Allow"));
        }),
    ]
}

fn by_schema() -> Vec<Case> {
    vec![
        no("training data in a bucket without a name", "spec.data.training.uri", |model| {
            set(model, "/spec/data/training", bucket("trial.csv"));
            set(model, "/spec/data/training/uri", json!("s3:///trial.csv"));
        }),
        no("training data that is a whole bucket", "spec.data.training.uri", |model| {
            set(model, "/spec/data/training", bucket("trial.csv"));
            set(model, "/spec/data/training/uri", json!("s3://trials"));
        }),
        no("a store in a bucket with capitals", "spec.store.uri", |model| {
            set(model, "/spec/store", bucket("store"));
            set(model, "/spec/store/uri", json!("s3://Trials/store"));
        }),
    ]
}

fn bucket(name: &str) -> Value {
    json!({"uri": format!("s3://trials/onc-302/{name}"), "secretRef": {"name": "trials-keys"}})
}
