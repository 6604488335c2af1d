//! Every example of a DropoutModel is read by the types, and nothing in it is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::DropoutModel;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_example_is_read_and_written_back_without_a_loss() {
    let examples = examples();
    assert!(!examples.is_empty());
    for (path, example) in examples {
        let model: DropoutModel =
            serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = serde_json::to_value(&model).unwrap();
        assert_eq!(plain(&written["spec"]), plain(&example["spec"]), "{}", path.display());
        assert_eq!(written["apiVersion"], example["apiVersion"], "{}", path.display());
        assert_eq!(written["metadata"], example["metadata"], "{}", path.display());
    }
}

#[test]
fn no_example_sets_a_status() {
    for (path, example) in examples() {
        assert_eq!(example.get("status"), None, "{}", path.display());
    }
}

/// All DropoutModels among the examples.
fn examples() -> Vec<(PathBuf, Value)> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples"), &mut files);
    let documents = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let all: Vec<Value> =
            serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        all.into_iter().map(move |document| (path.clone(), document))
    };
    files.into_iter().flat_map(documents).filter(|(_, document)| document["kind"] == "DropoutModel").collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
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
