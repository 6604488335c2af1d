//! Creations that say how a model is made: directions, algorithms, a bundle in place of a training.

use super::{
    Case,
    creations::{bad, good, no},
    set, take,
};
use serde_json::{Value, json};

const MONOTONE: &str = "features: monotone belongs to type Number and Integer only";
const SAME_ALGORITHM: &str = "training.algorithms: an algorithm is listed twice";
const DIGEST: &str = "training.source.bundle: digest is needed; a change of it makes another candidate";
const NOT_TRAINED: &str = "training.source: a model that was trained elsewhere is not trained here; take image, algorithms and classWeight out";

/// All of them.
pub(super) fn learning() -> Vec<Case> {
    [directions(), algorithms(), sources(), by_schema()].concat()
}

fn directions() -> Vec<Case> {
    vec![
        good("a Number that may only raise the risk", |model| {
            set(model, "/spec/features/0/monotone", json!("Increasing"));
        }),
        good("an Integer that may only lower the risk", |model| {
            let feature = json!({"name": "calls", "type": "Integer", "monotone": "Decreasing"});
            set(model, "/spec/features/-", feature);
        }),
        bad("a Category with a direction", MONOTONE, |model| {
            let feature = json!({"name": "region", "type": "Category", "values": ["a", "b"], "monotone": "Increasing"});
            set(model, "/spec/features/-", feature);
        }),
    ]
}

fn algorithms() -> Vec<Case> {
    vec![
        good("both algorithms", |model| {
            set(model, "/spec/training/algorithms", json!(["GradientBoosting", "Logistic"]));
        }),
        good("an empty list of algorithms", |model| set(model, "/spec/training/algorithms", json!([]))),
        good("dropouts that weigh more", |model| set(model, "/spec/training/classWeight", json!("Balanced"))),
        bad("one algorithm twice", SAME_ALGORITHM, |model| {
            set(model, "/spec/training/algorithms", json!(["Logistic", "Logistic"]));
        }),
    ]
}

fn sources() -> Vec<Case> {
    vec![
        good("a bundle that was trained elsewhere", from_a_bundle),
        good("a bundle with a seed, retries and a deadline", |model| {
            from_a_bundle(model);
            set(model, "/spec/training/seed", json!(7));
            set(model, "/spec/training/retries", json!(1));
            set(model, "/spec/training/activeDeadline", json!("10m"));
        }),
        good("a bundle with an empty list of algorithms", |model| {
            from_a_bundle(model);
            set(model, "/spec/training/algorithms", json!([]));
        }),
        bad("a bundle without its digest", DIGEST, |model| {
            from_a_bundle(model);
            take(model, "/spec/training/source/bundle/digest");
        }),
        bad("a bundle and an image", NOT_TRAINED, |model| {
            from_a_bundle(model);
            set(model, "/spec/training/image", json!("trainer:1"));
        }),
        bad("a bundle and algorithms", NOT_TRAINED, |model| {
            from_a_bundle(model);
            set(model, "/spec/training/algorithms", json!(["Logistic"]));
        }),
        bad("a bundle and a class weight", NOT_TRAINED, |model| {
            from_a_bundle(model);
            set(model, "/spec/training/classWeight", json!("None"));
        }),
    ]
}

fn by_schema() -> Vec<Case> {
    vec![
        no("an unknown algorithm", "spec.training.algorithms", |model| {
            set(model, "/spec/training/algorithms", json!(["RandomForest"]));
        }),
        no("three algorithms", "spec.training.algorithms", |model| {
            set(model, "/spec/training/algorithms", json!(["Logistic", "GradientBoosting", "Logistic"]));
        }),
        no("an unknown class weight", "spec.training.classWeight", |model| {
            set(model, "/spec/training/classWeight", json!("balanced"));
        }),
        no("an unknown direction", "spec.features[0].monotone", |model| {
            set(model, "/spec/features/0/monotone", json!("Up"));
        }),
        no("a source that names nothing", "spec.training.source.bundle", |model| {
            set(model, "/spec/training/source", json!({}));
        }),
        no("a bundle on a web page", "spec.training.source.bundle.uri", |model| {
            from_a_bundle(model);
            set(model, "/spec/training/source/bundle/uri", json!("https://example.org/xgboost.json"));
        }),
        no("a bundle with a short digest", "spec.training.source.bundle.digest", |model| {
            from_a_bundle(model);
            set(model, "/spec/training/source/bundle/digest", json!("sha256:abc"));
        }),
    ]
}

/// Puts a bundle in place of a training.
fn from_a_bundle(model: &mut Value) {
    let bundle = json!({
        "uri": "file:///imported/bundle.json",
        "persistentVolumeClaim": {"claimName": "models"},
        "digest": format!("sha256:{}", "0".repeat(64)),
    });
    set(model, "/spec/training", json!({"source": {"bundle": bundle}}));
}
