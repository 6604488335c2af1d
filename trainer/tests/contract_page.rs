//! The page of the trainers' contract is true: its examples are read by our types, its numbers are ours, and its smallest
//! trainer runs between our own containers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    category,
    cluster::{Cluster, task},
    integer, simulated, workspace,
};
use dropout_model::{
    bundle::Bundle,
    task::{Answer, MAX_ANSWER, Outcome, path},
};
use dropout_trainer::{
    job::{Step, Training, claim},
    out_of_fold,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, process::Command};

fn page() -> String {
    fs::read_to_string(workspace().join("docs/trainer-contract.md")).unwrap()
}

/// The examples of the page by name: the fenced block after each mark.
fn examples() -> BTreeMap<String, String> {
    let page = page();
    let example = |part: &str| {
        let (name, rest) = part.split_once(" -->").unwrap();
        let block = rest.split("```").nth(1).unwrap();
        (name.to_owned(), block.split_once('\n').unwrap().1.to_owned())
    };
    let examples: BTreeMap<_, _> = page.split("<!-- example: ").skip(1).map(example).collect();
    assert_eq!(examples.len(), page.matches("\n```").count() / 2, "a block of the page has no name and is not tried");
    examples
}

/// Whether everything that an example says is in what our type makes of it.
fn is_part(example: &Value, real: &Value) -> bool {
    match (example, real) {
        (Value::Object(example), Value::Object(real)) => {
            example.iter().all(|(key, value)| real.get(key).is_some_and(|real| is_part(value, real)))
        }
        _ => example == real,
    }
}

#[test]
fn every_example_of_the_page_is_read_by_our_types() {
    for (name, text) in examples() {
        match name.as_str() {
            "training.json" => {
                let told: Training = serde_json::from_str(&text).unwrap();
                let real = serde_json::to_value(&told).unwrap();
                assert!(is_part(&serde_json::from_str(&text).unwrap(), &real), "{real:#}");
                let head = dropout_trainer::job::Head::of(&told.manifest, &told.data_digest);
                assert_eq!(told.bundle, head);
            }
            "bundle.json" => {
                let bundle = Bundle::read(text.as_bytes(), None).unwrap();
                let told: Training = serde_json::from_str(&examples()["training.json"]).unwrap();
                let bundle = serde_json::to_value(&bundle).unwrap();
                assert!(is_part(&serde_json::to_value(told.bundle).unwrap(), &bundle));
            }
            "out_of_fold.csv" => assert_eq!(out_of_fold::read("o", text.as_bytes()).unwrap().len(), 2),
            "claims.json" => assert!(claim::read("c", text.as_bytes()).is_ok()),
            "answer.json" => {
                let told: Training = serde_json::from_str(&examples()["training.json"]).unwrap();
                assert_eq!(Answer::read(&text, &told.task).unwrap().outcome, Outcome::BadInput);
            }
            "trainer.sh" => assert!(text.starts_with("#!/bin/sh")),
            other => panic!("nobody reads the example {other}"),
        }
    }
}

#[test]
fn names_and_numbers_of_the_page_are_ours() {
    let page = page();
    let [json, ubj] = path::XGBOOST;
    for name in
        [path::INPUT, path::OUTPUT, path::ROWS, path::TRAINING, path::BUNDLE, json, ubj, path::CLAIMS, path::ANSWER]
    {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    let line = |name: &str, most: u64| {
        let size = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{} KiB", most >> 10) };
        let found = page.lines().find(|line| line.starts_with('|') && line.contains(name)).unwrap();
        assert!(found.ends_with(&format!("| {size} |")), "{found}");
    };
    line("`bundle.json`", dropout_model::bundle::MAX_BYTES as u64);
    line("`model.ubj`", dropout_model::bundle::MAX_BYTES as u64);
    line("`out_of_fold.csv`", out_of_fold::MAX_BYTES);
    line("`claims.json`", claim::MAX_BYTES);
    assert_eq!(MAX_ANSWER, 2_048);
    assert!(page.contains("at most 2,048 bytes"));
    assert_eq!(dropout_trainer::calibrate::MIN_DROPOUT_PATIENTS, 100);
}

#[test]
fn the_smallest_trainer_leaves_a_bundle_that_is_judged_and_refused() {
    let cluster = Cluster::new("smallest");
    let mut sex = category("sex", &["F", "M"]);
    sex["onMissing"] = json!("Impute");
    let task = task(1, &simulated(vec![integer("age"), sex]), None);
    cluster.again(&task, &[Step::Prepare]).0.unwrap();
    let script = cluster.root.join("trainer.sh");
    fs::write(&script, &examples()["trainer.sh"]).unwrap();
    let output = Command::new("sh")
        .arg(&script)
        .env("TRAINER_IN", cluster.root.join("scratch/in"))
        .env("TRAINER_OUT", cluster.root.join("scratch/out"))
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let (done, text) = cluster.again(&task, &[Step::Evaluate]);
    done.unwrap_or_else(|failure| panic!("{failure}"));
    let answer = Answer::read(&text, &task.hash()).unwrap();
    println!("{}", answer.message);
    assert_ne!(answer.outcome, Outcome::Passed);
    assert!(answer.evidence.is_some());
}

#[test]
fn the_example_trainers_are_short_pinned_without_root_and_have_a_model_that_is_read() {
    for (library, most) in [("sklearn", 100), ("xgboost", 150)] {
        let folder = workspace().join(format!("examples/trainers/{library}-python"));
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert!(text("train.py").lines().count() < most, "{library}");
        assert!(text("requirements.txt").lines().all(|line| line.contains("==")), "{library}");
        assert!(text("Containerfile").contains("\nUSER 65532:65532\n") && text("Containerfile").contains("ARG BASE="));
        let spec = dropout_trainer::spec::read(&folder.join("model.yaml")).unwrap();
        assert_eq!(spec.manifest.features.len(), 8);
        assert!(text("model.yaml").contains(&format!("image: localhost/dropout/trainer-{library}:dev")));
    }
}
