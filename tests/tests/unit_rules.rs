//! The rules of the CRD on manifests on both sides of each, without a cluster. What only the schema refuses is tried by
//! the tests with an API server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::DropoutModel;
use dropout_tests::cases::{Refusal, creations, edited, updates};
use kube::{CustomResourceExt, core::cel::Validator};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn a_creation_is_refused_by_exactly_the_rule_it_breaks() {
    let schema = schema();
    let tried = creations().into_iter().filter(|case| !matches!(case.refusal, Some(Refusal::Schema(_))));
    for case in tried {
        let refusals = refusals(&schema, &edited(case.edit).unwrap(), None);
        assert_eq!(refusals, wanted(case.refusal), "{}", case.name);
    }
}

#[test]
fn an_update_is_refused_by_exactly_the_rule_it_breaks() {
    let schema = schema();
    for update in updates() {
        let old = edited(update.old).unwrap();
        let mut new = old.clone();
        (update.new)(&mut new);
        assert_eq!(refusals(&schema, &new, Some(&old)), wanted(update.refusal), "{}", update.name);
    }
}

#[test]
fn every_rule_is_broken_by_a_case_and_kept_by_another() {
    let broken: BTreeSet<String> = (creations().into_iter().map(|case| case.refusal))
        .chain(updates().into_iter().map(|update| update.refusal))
        .flat_map(wanted)
        .collect();
    assert_eq!(broken, messages(&schema()));
    assert!(creations().iter().filter(|case| case.refusal.is_none()).count() >= 20);
}

#[test]
fn every_case_has_a_name_of_its_own_and_changes_something() {
    let quickstart = edited(|_| ()).unwrap();
    let mut names = BTreeSet::new();
    for case in creations() {
        assert!(names.insert(case.name), "two cases are called: {}", case.name);
        let is_changed = edited(case.edit).unwrap() != quickstart;
        assert!(is_changed || case.name == "the quickstart as it is", "an edit that changes nothing: {}", case.name);
    }
    let mut names = BTreeSet::new();
    for update in updates() {
        assert!(names.insert(update.name), "two updates are called: {}", update.name);
        let old = edited(update.old).unwrap();
        let mut new = old.clone();
        (update.new)(&mut new);
        assert!(new != old || update.refusal.is_none(), "an update that changes nothing: {}", update.name);
    }
}

#[test]
fn every_accepted_case_is_read_by_the_types() {
    for case in creations().into_iter().filter(|case| case.refusal.is_none()) {
        let read: Result<DropoutModel, _> = serde_json::from_value(edited(case.edit).unwrap());
        assert!(read.is_ok(), "{}: {read:?}", case.name);
    }
}

/// The schema of the CRD.
fn schema() -> Value {
    let crd = serde_json::to_value(DropoutModel::crd()).unwrap();
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
