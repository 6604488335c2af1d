//! Creations that say what is kept of predictions, and whether it is learned from.

use super::{
    Case,
    creations::{bad, good, no},
    set, take,
};
use serde_json::{Value, json};

const KEY: &str = "serving.records: study.pseudonymKey is needed; records hold patients only as pseudonyms";
const APPEND: &str =
    "data.records: Append needs serving.records, which keeps them, and index, the column with a row's date";

/// All of them.
pub(super) fn records() -> Vec<Case> {
    vec![
        good("records that are kept", kept),
        good("records that are kept and learned from", |model| {
            kept(model);
            set(model, "/spec/data/records", json!("Append"));
        }),
        good("records that are not learned from, as it is said", |model| {
            set(model, "/spec/data/records", json!("Ignore"));
        }),
        bad("records without a key for pseudonyms", KEY, |model| set(model, "/spec/serving/records", json!({}))),
        bad("learning from records that nobody keeps", APPEND, |model| {
            set(model, "/spec/data/records", json!("Append"));
        }),
        bad("learning from records beside rows without a date", APPEND, |model| {
            kept(model);
            take(model, "/spec/index");
            take(model, "/spec/data/cutoff");
            set(model, "/spec/data/records", json!("Append"));
        }),
        no("a key for pseudonyms whose name has a space", "pseudonymKey.id", |model| {
            kept(model);
            set(model, "/spec/study/pseudonymKey/id", json!("of 2026"));
        }),
    ]
}

fn kept(model: &mut Value) {
    set(model, "/spec/study/pseudonymKey", json!({"secretRef": {"name": "onc-302-pseudonym"}, "id": "2026-01"}));
    set(model, "/spec/serving/records", json!({"every": "5s", "retention": "365d"}));
}
