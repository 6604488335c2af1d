//! Every example and every YAML block of the documents is read by the types, and nothing in it is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::{DropoutModel, RetrainPolicy};
use k8s_openapi::api::{
    batch::v1::{CronJob, Job},
    core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret, ServiceAccount},
    networking::v1::Ingress,
    rbac::v1::{Role, RoleBinding},
};
use kube::{CustomResourceExt, core::cel::Validator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A YAML document and where it stands.
struct Example {
    place: String,
    document: Value,
}

#[test]
fn every_example_is_read_and_written_back_without_a_loss() {
    let examples = examples();
    for Example { place, document } in &examples {
        let written = written(place, document);
        assert_eq!(plain(&written), plain(document), "{place}");
    }
    let of = |kind: &str| examples.iter().filter(|example| example.document["kind"] == kind).count();
    assert!(of("DropoutModel") >= 8 && of("RetrainPolicy") >= 8, "{} documents", examples.len());
}

#[test]
fn every_example_keeps_the_rules() {
    for Example { place, document } in examples() {
        let schema = match document["kind"].as_str() {
            Some("DropoutModel") => schema(DropoutModel::crd()),
            Some("RetrainPolicy") => schema(RetrainPolicy::crd()),
            _ => continue,
        };
        let refusals = Validator::new().validate(&schema, &plain(&document), None);
        assert!(refusals.is_ok(), "{place}: {refusals:?}");
    }
}

fn schema(crd: impl Serialize) -> Value {
    let crd = serde_json::to_value(crd).unwrap();
    crd.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap().clone()
}

#[test]
fn a_field_that_nobody_knows_and_a_rule_that_is_broken_are_noticed() {
    let policy = |limits: &str, trigger: &str| -> Value {
        let text = format!(
            "{{apiVersion: trialops.dev/v1alpha1, kind: RetrainPolicy, metadata: {{name: a}}, spec: {{modelRef: {{name: b}}, \
             monitor: {{}}, {limits}: {{cooldown: 1d}}, triggers: [{{name: t, {trigger}}}]}}}}"
        );
        serde_saphyr::from_str(&text).unwrap()
    };
    let is_kept = |policy: &Value| plain(&written("a policy", policy)) == plain(policy);
    let is_allowed =
        |policy: &Value| Validator::new().validate(&schema(RetrainPolicy::crd()), &plain(policy), None).is_ok();
    let bound = "performance: {metric: recall, below: 0.6}";
    assert!(is_kept(&policy("limits", bound)) && is_allowed(&policy("limits", bound)));
    assert!(!is_kept(&policy("limit", bound)));
    assert!(!is_allowed(&policy("limits", "performance: {metric: recall}")));
}

#[test]
fn no_example_sets_a_status() {
    for Example { place, document } in files() {
        assert_eq!(document.get("status"), None, "{place}");
    }
}

/// The document as its type writes it.
fn written(place: &str, document: &Value) -> Value {
    let kind = document["kind"].as_str().unwrap_or_else(|| panic!("{place}: a document without a kind"));
    match kind {
        "DropoutModel" => through::<DropoutModel>(place, document),
        "RetrainPolicy" => through::<RetrainPolicy>(place, document),
        "ConfigMap" => through::<ConfigMap>(place, document),
        "CronJob" => through::<CronJob>(place, document),
        "Ingress" => through::<Ingress>(place, document),
        "Job" => through::<Job>(place, document),
        "Namespace" => through::<Namespace>(place, document),
        "PersistentVolumeClaim" => through::<PersistentVolumeClaim>(place, document),
        "Role" => through::<Role>(place, document),
        "RoleBinding" => through::<RoleBinding>(place, document),
        "Secret" => through::<Secret>(place, document),
        "ServiceAccount" => through::<ServiceAccount>(place, document),
        // The Gateway API has no types among ours; the operator's tests hold the example against the Service that it makes.
        "Gateway" | "HTTPRoute" => document.clone(),
        other => panic!("{place}: nobody says how a {other} is read"),
    }
}

fn through<K: DeserializeOwned + Serialize>(place: &str, document: &Value) -> Value {
    let read: K = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{place}: {error}"));
    serde_json::to_value(&read).unwrap()
}

/// Everything that people may copy.
fn examples() -> Vec<Example> {
    files().into_iter().chain(blocks()).collect()
}

/// The documents of the examples' files.
fn files() -> Vec<Example> {
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    let documents = |path: PathBuf| documents(&path.display().to_string(), &fs::read_to_string(&path).unwrap());
    found("examples").into_iter().filter(is_yaml).flat_map(documents).collect()
}

/// The YAML blocks of the Markdown files. A block without a kind is a part of the quickstart's model.
fn blocks() -> Vec<Example> {
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let pages = [found("docs"), found("examples"), vec![root().join("README.md")]].concat();
    let mut blocks = Vec::new();
    for page in pages.into_iter().filter(is_page) {
        for (line, text) in fenced(&fs::read_to_string(&page).unwrap()) {
            blocks.extend(documents(&format!("{}:{line}", page.display()), &text));
        }
    }
    blocks.into_iter().map(completed).collect()
}

/// The texts of YAML blocks, each with the number of its first line.
fn fenced(page: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in page.lines().enumerate() {
        open = match open.take() {
            Some(block) if line.trim_end() == "```" => {
                blocks.push(block);
                None
            }
            Some((first, text)) => Some((first, text + line + "\n")),
            None if line.trim_end() == "```yaml" => Some((at + 2, String::new())),
            None => None,
        };
    }
    assert!(open.is_none(), "a YAML block has no end");
    blocks
}

fn completed(block: Example) -> Example {
    if block.document.get("kind").is_some() {
        return block;
    }
    let quickstart = fs::read_to_string(root().join("examples/quickstart/model.yaml")).unwrap();
    let mut document: Value = serde_saphyr::from_str(&quickstart).unwrap();
    merge(&mut document, block.document);
    Example { document, ..block }
}

/// Sets fields of an object as the other has them. What has a `uri` is a place, and takes the whole of the other's.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) if !from.contains_key("uri") => {
            from.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, from) => *into = from,
    }
}

fn documents(place: &str, text: &str) -> Vec<Example> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("{place}: {error}"));
    all.into_iter().map(|document| Example { place: place.to_owned(), document }).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn found(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What npm put there is nobody's example.
        if path.ends_with("node_modules") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A value with every number as a floating point number: `18` and `18.0` are the same bound.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => Value::Object(fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}
