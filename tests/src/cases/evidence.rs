//! Creations that say on which evidence a candidate is judged: guardrails, slices, recent patients, interventions.

use super::{
    Case,
    creations::{bad, good, no},
    set, take,
};
use serde_json::{Value, json};

const SAME_GUARDRAIL: &str = "gate.guardrails: two guardrails have the same metric";
const SAME_SLICE: &str = "gate.slices: two slices have the same column";
const DENIED_SLICE: &str = "gate.slices: a denied column is a slice; take it out of slices";
const SPECIAL_SLICE: &str = "gate.slices: the label, censor or patientId column is a slice; take it out";
const RECENT: &str = "gate.evaluate: Recent needs index, the column with a row's date";
const INTERVENTIONS: &str =
    "gate.interventions: column is a feature or the label, censor or patientId column; name another";

/// All of them.
pub(super) fn evidence() -> Vec<Case> {
    [guardrails(), slices(), rows(), by_schema()].concat()
}

fn guardrails() -> Vec<Case> {
    vec![
        good("two guardrails of two metrics", |model| set_guardrails(model, ["brier", "log_loss"])),
        good("an empty list of guardrails", |model| set(model, "/spec/gate/guardrails", json!([]))),
        bad("two guardrails of one metric", SAME_GUARDRAIL, |model| set_guardrails(model, ["brier", "brier"])),
    ]
}

fn set_guardrails(model: &mut Value, metrics: [&str; 2]) {
    let guardrails = metrics.map(|metric| json!({"metric": metric, "margin": 0.02}));
    set(model, "/spec/gate/guardrails", json!(guardrails));
}

fn slices() -> Vec<Case> {
    vec![
        good("a slice by a column that is no feature", |model| set_slices(model, &["site"])),
        good("a slice by a feature", |model| set_slices(model, &["age"])),
        good("a slice while nothing is denied", |model| {
            take(model, "/spec/deny");
            set_slices(model, &["site"]);
        }),
        bad("two slices by one column", SAME_SLICE, |model| set_slices(model, &["site", "sex", "site"])),
        bad("a slice by a denied column", DENIED_SLICE, |model| {
            set(model, "/spec/deny", json!(["arm"]));
            set_slices(model, &["site", "arm"]);
        }),
        bad("a slice by the label", SPECIAL_SLICE, |model| {
            set(model, "/spec/label/column", json!("left"));
            set_slices(model, &["left"]);
        }),
        bad("a slice by the patient", SPECIAL_SLICE, |model| {
            set(model, "/spec/patientId", json!("subject"));
            set_slices(model, &["subject"]);
        }),
        bad("a slice by the censor column", SPECIAL_SLICE, |model| {
            set(model, "/spec/label/censor", json!("lost"));
            set_slices(model, &["lost"]);
        }),
    ]
}

fn set_slices(model: &mut Value, columns: &[&str]) {
    set(model, "/spec/gate/slices", columns.iter().map(|column| json!({"column": column})).collect());
}

fn rows() -> Vec<Case> {
    vec![
        good("recent patients by their date", |model| set(model, "/spec/gate/evaluate", json!("Recent"))),
        good("all patients without a date", |model| {
            without_dates(model);
            set(model, "/spec/gate/evaluate", json!("All"));
        }),
        bad("recent patients without a date", RECENT, |model| {
            without_dates(model);
            set(model, "/spec/gate/evaluate", json!("Recent"));
        }),
        good("a column of interventions", |model| touched_by(model, "called")),
        good("a denied column of interventions", |model| {
            set(model, "/spec/deny", json!(["called"]));
            touched_by(model, "called");
        }),
        bad("interventions in a feature", INTERVENTIONS, |model| touched_by(model, "age")),
        bad("interventions in the label", INTERVENTIONS, |model| {
            set(model, "/spec/label/column", json!("left"));
            touched_by(model, "left");
        }),
        bad("interventions in the patient's identifier", INTERVENTIONS, |model| {
            set(model, "/spec/patientId", json!("subject"));
            touched_by(model, "subject");
        }),
        bad("interventions in the censor column", INTERVENTIONS, |model| {
            set(model, "/spec/label/censor", json!("lost"));
            touched_by(model, "lost");
        }),
    ]
}

fn without_dates(model: &mut Value) {
    take(model, "/spec/index");
    take(model, "/spec/data/cutoff");
}

fn touched_by(model: &mut Value, column: &str) {
    set(model, "/spec/gate/interventions", json!({"column": column}));
}

fn by_schema() -> Vec<Case> {
    vec![
        no("a guardrail without a margin", "spec.gate.guardrails[0].margin", |model| {
            set(model, "/spec/gate/guardrails", json!([{"metric": "brier"}]));
        }),
        no("a guardrail with a margin below 0", "spec.gate.guardrails[0].margin", |model| {
            set(model, "/spec/gate/guardrails", json!([{"metric": "brier", "margin": -0.1}]));
        }),
        no("17 slices", "spec.gate.slices", |model| {
            let slices = (0..17).map(|number| json!({"column": format!("c{number}")})).collect();
            set(model, "/spec/gate/slices", slices);
        }),
        no("a slice of four patients", "spec.gate.slices[0].minPatients", |model| {
            set(model, "/spec/gate/slices", json!([{"column": "site", "minPatients": 4}]));
        }),
        no("an unknown enforcement", "spec.gate.slices[0].enforcement", |model| {
            set(model, "/spec/gate/slices", json!([{"column": "site", "enforcement": "Warn"}]));
        }),
        no("an unknown choice of rows", "spec.gate.evaluate", |model| {
            set(model, "/spec/gate/evaluate", json!("OutOfFold"));
        }),
        no("an unknown spending", "spec.gate.confidence.spending", |model| {
            set(model, "/spec/gate/confidence", json!({"spending": "OBrienFleming"}));
        }),
        no("interventions without a column", "spec.gate.interventions.column", |model| {
            set(model, "/spec/gate/interventions", json!({"touched": "Accept"}));
        }),
    ]
}
