//! The rules of the CRDs on manifests on both sides of each, without a cluster. What only the schema refuses is tried by
//! the tests with an API server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::{DropoutModel, RetrainPolicy};
use dropout_tests::cases::{
    Case, Edit, Refusal, Update, creations, edited, edited_policy, policy_creations, policy_updates, updates,
};
use kube::{CustomResourceExt, core::cel::Validator};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn a_creation_is_refused_by_exactly_the_rule_it_breaks() {
    for kind in kinds() {
        for case in kind.creations.iter().filter(|case| !matches!(case.refusal, Some(Refusal::Schema(_)))) {
            let refusals = refusals(&kind.schema, &(kind.edited)(case.edit), None);
            assert_eq!(refusals, wanted(case.refusal), "{}", case.name);
        }
    }
}

#[test]
fn an_update_is_refused_by_exactly_the_rule_it_breaks() {
    for kind in kinds() {
        for update in &kind.updates {
            let old = (kind.edited)(update.old);
            let mut new = old.clone();
            (update.new)(&mut new);
            assert_eq!(refusals(&kind.schema, &new, Some(&old)), wanted(update.refusal), "{}", update.name);
        }
    }
}

#[test]
fn every_rule_is_broken_by_a_case_and_kept_by_another() {
    for kind in kinds() {
        let broken: BTreeSet<String> = (kind.creations.iter().map(|case| case.refusal))
            .chain(kind.updates.iter().map(|update| update.refusal))
            .flat_map(wanted)
            .collect();
        assert_eq!(broken, messages(&kind.schema));
        assert!(kind.creations.iter().filter(|case| case.refusal.is_none()).count() >= 7);
    }
}

#[test]
fn every_case_has_a_name_of_its_own_and_changes_something() {
    for kind in kinds() {
        let as_it_is = (kind.edited)(|_| ());
        let mut names = BTreeSet::new();
        for case in kind.creations {
            assert!(names.insert(case.name), "two cases are called: {}", case.name);
            let is_changed = (kind.edited)(case.edit) != as_it_is;
            assert!(is_changed || case.name.ends_with("as it is"), "an edit that changes nothing: {}", case.name);
        }
        let mut names = BTreeSet::new();
        for update in kind.updates {
            assert!(names.insert(update.name), "two updates are called: {}", update.name);
            let old = (kind.edited)(update.old);
            let mut new = old.clone();
            (update.new)(&mut new);
            assert!(new != old || update.refusal.is_none(), "an update that changes nothing: {}", update.name);
        }
    }
}

#[test]
fn every_accepted_case_is_read_by_the_types() {
    let [models, policies] = kinds();
    are_read::<DropoutModel>(&models);
    are_read::<RetrainPolicy>(&policies);
}

fn are_read<K: DeserializeOwned + std::fmt::Debug>(kind: &Kind) {
    for case in kind.creations.iter().filter(|case| case.refusal.is_none()) {
        let read: Result<K, _> = serde_json::from_value((kind.edited)(case.edit));
        assert!(read.is_ok(), "{}: {read:?}", case.name);
    }
}

/// A kind of object with its cases.
struct Kind {
    schema: Value,
    creations: Vec<Case>,
    updates: Vec<Update>,
    edited: fn(Edit) -> Value,
}

/// Models, then policies.
fn kinds() -> [Kind; 2] {
    let edited_model: fn(Edit) -> Value = |edit| edited(edit).unwrap();
    [
        Kind { schema: schema(DropoutModel::crd()), creations: creations(), updates: updates(), edited: edited_model },
        Kind {
            schema: schema(RetrainPolicy::crd()),
            creations: policy_creations(),
            updates: policy_updates(),
            edited: edited_policy,
        },
    ]
}

/// The schema of a CRD.
fn schema(crd: impl serde::Serialize) -> Value {
    let crd = serde_json::to_value(crd).unwrap();
    crd.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap().clone()
}

/// What a refusal looks like among the answers of the rules.
fn wanted(refusal: Option<Refusal>) -> BTreeSet<String> {
    match refusal {
        Some(Refusal::Rule(message)) => BTreeSet::from([message.to_owned()]),
        Some(Refusal::Schema(_)) | None => BTreeSet::new(),
    }
}

/// The messages of the rules that a manifest breaks.
fn refusals(schema: &Value, new: &Value, old: Option<&Value>) -> BTreeSet<String> {
    let (new, old) = (as_the_server_reads(schema, new), old.map(|old| as_the_server_reads(schema, old)));
    match Validator::new().validate(schema, &new, old.as_ref()) {
        Ok(()) => BTreeSet::new(),
        Err(errors) => errors.into_vec().into_iter().map(|error| error.message).collect(),
    }
}

/// A value with every number of type `number` as a floating point number, which is how the API server shows it to a rule.
fn as_the_server_reads(schema: &Value, value: &Value) -> Value {
    match value {
        Value::Number(number) if schema["type"] == "number" => Value::from(number.as_f64()),
        Value::Array(items) => items.iter().map(|item| as_the_server_reads(&schema["items"], item)).collect(),
        Value::Object(fields) => {
            let read = |(key, value): (&String, &Value)| {
                (key.clone(), as_the_server_reads(&schema["properties"][key.as_str()], value))
            };
            Value::Object(fields.iter().map(read).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The messages of all rules of a schema.
fn messages(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match schema {
        Value::Object(fields) => {
            let rules = fields.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten();
            found.extend(rules.map(|rule| rule["message"].as_str().unwrap().to_owned()));
            found.extend(fields.values().flat_map(messages));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(messages)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}
