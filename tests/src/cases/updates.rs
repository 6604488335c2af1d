//! Manifests that take the place of a stored one: what may change and what may not.

use super::{Edit, Refusal, Update, everything::everything, nothing, set, take};
use serde_json::json;

const STUDY: &str = "study.id is immutable: it decides which patients are held out";
const PATIENT: &str = "patientId is immutable: patients would change sides between training and holdout";
const LABEL: &str = "label is immutable: versions would predict different things; make another DropoutModel";
const HOLDOUT: &str = "data.holdout is immutable: patients already trained on would be judged on";
const STORE: &str = "store.uri is immutable: versions would lose their bundles";

/// All updates.
pub fn updates() -> Vec<Update> {
    [unchanged(), immutable(), mutable()].concat()
}

fn good(name: &'static str, old: Edit, new: Edit) -> Update {
    Update { name, old, new, refusal: None }
}

fn bad(name: &'static str, message: &'static str, (old, new): (Edit, Edit)) -> Update {
    Update { name, old, new, refusal: Some(Refusal::Rule(message)) }
}

fn unchanged() -> Vec<Update> {
    vec![good("the quickstart as it was", nothing, nothing), good("every field as it was", everything, nothing)]
}

fn immutable() -> Vec<Update> {
    vec![
        bad("another study", STUDY, (nothing, |model| set(model, "/spec/study/id", json!("ONC-303")))),
        bad("another patient column", PATIENT, (nothing, |model| set(model, "/spec/patientId", json!("subject")))),
        bad("another label column", LABEL, (nothing, |model| set(model, "/spec/label/column", json!("left")))),
        bad("another horizon", LABEL, (nothing, |model| set(model, "/spec/label/horizon", json!("56d")))),
        bad("the horizon in another unit", LABEL, (nothing, |model| set(model, "/spec/label/horizon", json!("672h")))),
        bad("a censor column is added", LABEL, (nothing, |model| set(model, "/spec/label/censor", json!("lost")))),
        bad("a censor column is removed", LABEL, (everything, |model| take(model, "/spec/label/censor"))),
        bad("the positive value is added", LABEL, (nothing, |model| set(model, "/spec/label/positive", json!("2")))),
        bad("the maturity is removed", LABEL, (everything, |model| take(model, "/spec/label/maturesAfter"))),
        bad(
            "a holdout is added",
            HOLDOUT,
            (nothing, |model| {
                set(model, "/spec/data/holdout", json!({"fraction": 0.3}));
            }),
        ),
        bad("a holdout is removed", HOLDOUT, (everything, |model| take(model, "/spec/data/holdout"))),
        bad(
            "a holdout is changed",
            HOLDOUT,
            (everything, |model| {
                set(model, "/spec/data/holdout/fraction", json!(0.4));
            }),
        ),
        bad(
            "another folder of the store",
            STORE,
            (nothing, |model| {
                set(model, "/spec/store/uri", json!("file:///other"));
            }),
        ),
    ]
}

fn mutable() -> Vec<Update> {
    vec![
        good("another claim of the store", nothing, |model| {
            set(model, "/spec/store/persistentVolumeClaim/claimName", json!("restored"));
        }),
        good("another cutoff beside a holdout", everything, |model| {
            set(model, "/spec/data/cutoff", json!("2026-09-30"))
        }),
        good("another file of training rows", nothing, |model| {
            set(model, "/spec/data/training/uri", json!("file:///trial-2.csv"));
        }),
        good("another feature", nothing, |model| {
            set(model, "/spec/features/-", json!({"name": "weight", "type": "Number"}));
        }),
        good("another gate, threshold and number of pods", nothing, |model| {
            take(model, "/spec/gate");
            set(model, "/spec/threshold", json!({"value": 0.4}));
            set(model, "/spec/serving/replicas", json!(5));
        }),
        good("suspended", nothing, |model| set(model, "/spec/suspend", json!(true))),
    ]
}
