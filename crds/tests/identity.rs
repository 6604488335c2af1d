//! What makes another training or another verdict, and what does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::DropoutModelSpec;
use serde_json::{Value, json};

/// The quickstart's spec.
fn quickstart() -> Value {
    let model: Value = serde_saphyr::from_str(include_str!("../../examples/quickstart/model.yaml")).unwrap();
    model["spec"].clone()
}

/// The quickstart without a gate, with an image, a seed and a fixed threshold.
fn other() -> Value {
    let mut spec = quickstart();
    spec.as_object_mut().unwrap().remove("gate");
    spec["training"] = json!({"seed": 7, "image": "trainer:1", "retries": 1});
    spec["threshold"] = json!({"value": 0.3});
    spec
}

/// The quickstart with something under `training`.
fn trained(training: Value) -> Value {
    let mut spec = quickstart();
    spec["training"] = training;
    spec
}

/// The quickstart with a bundle in place of a training.
fn imported(uri: &str, claim: &str, digit: &str) -> Value {
    let digest = format!("sha256:{}", digit.repeat(64));
    let bundle = json!({"uri": uri, "persistentVolumeClaim": {"claimName": claim}, "digest": digest});
    trained(json!({"source": {"bundle": bundle}}))
}

fn read(value: &Value) -> DropoutModelSpec {
    serde_json::from_value(value.clone()).unwrap()
}

fn training_hash(value: &Value) -> String {
    read(value).training_hash()
}

// The literals were computed by the code from before algorithms, class weights, sources, directions, guardrails and
// slices could be said. A model in a cluster carries them: another value here would train every model anew.
#[test]
fn a_spec_that_says_nothing_new_has_the_identities_it_always_had() {
    let (quickstart, other) = (read(&quickstart()), read(&other()));
    let identities = [quickstart.training_hash(), quickstart.gate_hash(), other.training_hash(), other.gate_hash()];
    assert_eq!(
        identities,
        [
            "sha256:70ef0975d0e19d803132f89fc079883b6156ba4f3fddd623856cd12c96d5d50e",
            "sha256:50245f53fd551b178f40827a9cab3e56043e6f390b6aa00f15f8a5a44536c992",
            "sha256:c763a5268811d220c3daf70a6a8596ae10ebcadc00fb53b124f252b36621a028",
            "sha256:8a6e4e8d8bacde26ca7535ed035f68f8d3017e0a4e8de119500ffc4e147dc7fc",
        ]
    );
}

#[test]
fn writing_a_default_down_trains_nothing_and_changes_no_task() {
    let left_out = read(&quickstart());
    for training in [
        json!({"algorithms": ["Logistic"]}),
        json!({"algorithms": []}),
        json!({"classWeight": "None"}),
        json!({"seed": 0, "retries": 5, "activeDeadline": "3h"}),
    ] {
        let said = read(&trained(training.clone()));
        assert_eq!(said.training_hash(), left_out.training_hash(), "{training}");
        assert_eq!(said.manifest(), left_out.manifest(), "{training}");
    }
    let orders = [json!(["Logistic", "GradientBoosting"]), json!(["GradientBoosting", "Logistic"])];
    let [one, two] = orders.map(|algorithms| read(&trained(json!({"algorithms": algorithms}))));
    assert_eq!((one.training_hash(), one.manifest()), (two.training_hash(), two.manifest()));
}

#[test]
fn each_thing_that_is_learned_otherwise_is_another_training() {
    let mut monotone = quickstart();
    monotone["features"][0]["monotone"] = json!("Increasing");
    let mut opposite = quickstart();
    opposite["features"][0]["monotone"] = json!("Decreasing");
    let specs = [
        quickstart(),
        monotone,
        opposite,
        trained(json!({"algorithms": ["GradientBoosting"]})),
        trained(json!({"algorithms": ["Logistic", "GradientBoosting"]})),
        trained(json!({"classWeight": "Balanced"})),
        trained(json!({"seed": 7})),
        trained(json!({"seed": 7, "classWeight": "Balanced"})),
        imported("file:///a.json", "models", "0"),
        imported("file:///a.json", "models", "1"),
        imported("file:///b.json", "models", "0"),
    ];
    let mut hashes: Vec<String> = specs.iter().map(training_hash).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), specs.len());
}

#[test]
fn the_same_bundle_on_another_claim_is_no_other_model() {
    let on = |claim: &str| training_hash(&imported("file:///a.json", claim, "0"));
    assert_eq!(on("models"), on("restored"));
}

#[test]
fn each_new_field_of_the_gate_is_another_way_to_judge() {
    let gates = [
        json!({}),
        json!({"evaluate": "Recent"}),
        json!({"guardrails": [{"metric": "brier", "margin": 0.02}]}),
        json!({"slices": [{"column": "site"}]}),
        json!({"interventions": {"column": "called"}}),
        json!({"confidence": {"spending": "None"}}),
    ];
    let hash = |gate: &Value| {
        let mut spec = quickstart();
        spec["gate"] = gate.clone();
        read(&spec).gate_hash()
    };
    let mut hashes: Vec<String> = gates.iter().map(hash).collect();
    let mut left_out = quickstart();
    left_out.as_object_mut().unwrap().remove("gate");
    assert_eq!(read(&left_out).gate_hash(), hashes[0]);
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), gates.len());
}
