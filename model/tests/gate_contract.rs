//! The manifest's contract on judging and learning: every contradiction is refused with the path of its field.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{input::Reason, manifest::Manifest};
use serde_json::{Value, json};

fn spec() -> Value {
    json!({
        "study": {"id": "ONC-302"}, "patientId": "patient_id", "landmark": "day", "index": "date", "deny": ["arm"],
        "features": [
            {"name": "age", "type": "Integer", "monotone": "Increasing"},
            {"name": "sex", "type": "Category", "values": ["F", "M"]},
        ],
        "label": {"column": "dropout", "horizon": "28d", "censor": "censored"},
        "data": {
            "training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "trial"}},
            "cutoff": "2026-06-30",
        },
        "training": {"seed": 1, "algorithms": ["GradientBoosting", "Logistic"]},
        "gate": {
            "evaluate": "Recent",
            "guardrails": [{"metric": "brier", "margin": 0.02}, {"metric": "log_loss", "margin": 0.1, "enforcement": "Report"}],
            "slices": [{"column": "site"}, {"column": "sex", "margin": 0.1, "minPatients": 5}],
            "interventions": {"column": "called"},
        },
    })
}

fn refused(pointer: &str, value: Value) -> (Reason, String) {
    let mut spec = spec();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = spec.pointer_mut(parent).unwrap();
    match name.parse::<usize>() {
        Ok(at) => parent[at] = value,
        Err(_) => parent[name] = value,
    }
    let manifest: Manifest = serde_json::from_value(spec).unwrap();
    let bad = manifest.check().expect_err(pointer);
    (bad.reason, bad.message)
}

#[test]
fn a_manifest_with_everything_is_accepted_and_the_interventions_column_may_be_denied() {
    let accepted = |spec: Value| serde_json::from_value::<Manifest>(spec).unwrap().check();
    assert_eq!(accepted(spec()), Ok(()));
    let mut denied = spec();
    denied["deny"] = json!(["arm", "called"]);
    assert_eq!(accepted(denied), Ok(()));
}

#[test]
fn a_contradiction_is_refused_with_the_path_of_the_field() {
    let source = json!({"bundle": {"uri": "file:///m.json", "persistentVolumeClaim": {"claimName": "m"}}});
    let mut outside = source.clone();
    outside["bundle"]["uri"] = json!("file:///../m.json");
    outside["bundle"]["digest"] = json!("sha256:00");
    let many = |entry: Value| Value::Array(vec![entry; 17]);
    let cases = [
        (
            "/gate/guardrails/1",
            json!({"metric": "brier", "margin": 0.1}),
            "spec.gate.guardrails[1].metric brier is there twice",
        ),
        ("/gate/guardrails/0/margin", json!(1.5), "spec.gate.guardrails[0].margin of brier must be 0 to 1"),
        ("/gate/guardrails/0/margin", json!(-0.1), "spec.gate.guardrails[0].margin of brier must be 0 to 1"),
        ("/gate/guardrails", many(json!({"metric": "brier", "margin": 0.1})), "spec.gate.guardrails has 17 entries"),
        ("/gate/slices", many(json!({"column": "site"})), "spec.gate.slices has 17 entries"),
        ("/gate/slices/1/column", json!("site"), "spec.gate.slices[1].column 'site' is there twice"),
        ("/gate/slices/0/column", json!("arm"), "spec.gate.slices[0].column 'arm' is in spec.deny"),
        (
            "/gate/slices/0/column",
            json!("dropout"),
            "spec.gate.slices[0].column 'dropout' is the column of spec.label.column",
        ),
        ("/gate/slices/0/column", json!("patient_id"), "is the column of spec.patientId"),
        ("/gate/slices/0/column", json!(""), "spec.gate.slices[0].column is empty"),
        ("/gate/slices/0/margin", json!(2.0), "spec.gate.slices[0].margin must be 0 to 1"),
        ("/gate/slices/0/minPatients", json!(4), "spec.gate.slices[0].minPatients must be 5 or more"),
        (
            "/gate/interventions/column",
            json!("dropout"),
            "spec.gate.interventions.column 'dropout' is the column of spec.label.column",
        ),
        ("/gate/interventions/column", json!("day"), "is the column of spec.landmark"),
        ("/gate/interventions/column", json!(""), "spec.gate.interventions.column is empty"),
        ("/gate/minPatients", json!(0), "spec.gate.minPatients must be 1 or more"),
        ("/gate/minPositivePatients", json!(-3), "spec.gate.minPositivePatients must be 1 or more"),
        ("/training/algorithms", json!(["Logistic", "Logistic"]), "spec.training.algorithms names one twice"),
        ("/training/source", source, "spec.training.source.bundle.digest is not set"),
        ("/training/source", outside, "spec.training.source.bundle.uri must not hold '..'"),
        ("/features/1/monotone", json!("Decreasing"), "spec.features[1].monotone is set for 'sex', a Category"),
    ];
    for (pointer, value, part) in cases {
        let (reason, message) = refused(pointer, value);
        assert_eq!(reason, Reason::BadManifest, "{pointer}");
        assert!(message.contains(part), "{pointer}: {message}");
    }
    let (reason, message) = refused("/gate/interventions/column", json!("age"));
    assert_eq!(reason, Reason::LabelFeature);
    assert!(message.contains("'age' is the column of spec.gate.interventions.column"), "{message}");
}

#[test]
fn recent_evidence_needs_a_date() {
    let mut spec = spec();
    spec.as_object_mut().unwrap().remove("index");
    spec["data"].as_object_mut().unwrap().remove("cutoff");
    let bad = serde_json::from_value::<Manifest>(spec).unwrap().check().unwrap_err();
    assert!(bad.message.contains("spec.gate.evaluate is Recent but spec.index is not set"), "{bad}");
}
