//! A holdout in a file of its own, in the three containers and on a laptop, and a gate that no trainer is told of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    cluster::{Cluster, STORE, task, trial},
    folder, manifest, model_file, seven, simulated,
};
use dropout_model::{
    bundle::Bundle,
    digest::digest,
    manifest::Gate,
    split::is_holdout,
    task::{Outcome, bundle_file},
};
use dropout_trainer::job::Training;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

/// The simulated trial as two files: the patients that the hash would hold out are in the second.
fn files() -> (String, String) {
    let trial = trial(1);
    let (head, rows) = trial.split_once('\n').unwrap();
    let is_held = |row: &&str| is_holdout("ONC-302", row.split(',').next().unwrap(), 0.25);
    let (held, others): (Vec<&str>, Vec<&str>) = rows.lines().partition(is_held);
    let file = |rows: Vec<&str>| format!("{head}\n{}\n", rows.join("\n"));
    (file(others), file(held))
}

fn given(held: &str) -> Value {
    let mut spec = simulated(seven());
    spec["data"]["holdout"] = json!({"source": {
        "uri": "file:///held/out.csv", "persistentVolumeClaim": {"claimName": "held"}, "digest": digest(held.as_bytes()),
    }});
    spec["gate"]["slices"] = json!([{"column": "site"}]);
    spec
}

fn bundle(cluster: &Cluster, digest: &str) -> Bundle {
    Bundle::read(&cluster.read(&format!("{STORE}/{}", bundle_file(digest))), None).unwrap()
}

#[test]
fn a_given_holdout_judges_the_model_of_all_training_rows_and_no_trainer_sees_it() {
    let (training, held) = files();
    let cluster = Cluster::new("given");
    let by_hash = cluster.answered(&task(1, &simulated(seven()), None)).evidence.unwrap();
    fs::create_dir_all(cluster.root.join("holdout/held")).unwrap();
    cluster.write("holdout/held/out.csv", held.as_bytes());
    cluster.write("data/trial.csv", training.as_bytes());
    let answer = cluster.answered(&task(2, &given(&held), None));
    assert_eq!(answer.outcome, Outcome::Passed, "{}", answer.message);
    let evidence = answer.evidence.unwrap();
    assert_eq!((evidence.patients, evidence.positive_patients), (by_hash.patients, by_hash.positive_patients));
    assert_eq!(evidence.metrics, by_hash.metrics);
    let digests = format!("{}\n{}\n", digest(training.as_bytes()), digest(held.as_bytes()));
    assert_eq!(evidence.data, digest(digests.as_bytes()));
    let (ours, theirs) = (bundle(&cluster, &evidence.bundle), bundle(&cluster, &by_hash.bundle));
    assert_eq!((ours.model, ours.calibration, ours.thresholds), (theirs.model, theirs.calibration, theirs.thresholds));
    assert_eq!((ours.holdout_fraction, ours.data_digest), (0.0, evidence.data));

    let rows = String::from_utf8(cluster.read("scratch/in/rows.csv")).unwrap();
    assert!(!rows.lines().next().unwrap().contains("site"));
    assert!(rows.lines().skip(1).all(|row| !is_holdout("ONC-302", row.split(',').next().unwrap(), 0.25)));
    let told: Training = serde_json::from_slice(&cluster.read("scratch/in/training.json")).unwrap();
    assert_eq!(told.manifest.gate, Gate::default());
    assert_ne!(manifest(&given(&held)).gate, Gate::default());
}

#[test]
fn prepare_refuses_patients_in_both_files_and_a_holdout_that_is_not_there() {
    let (training, held) = files();
    let both = held.clone() + training.lines().nth(1).unwrap() + "\n";
    let cluster = Cluster::new("both");
    cluster.write("data/trial.csv", training.as_bytes());
    let spec = given(&both);
    let answer = cluster.refused(&task(1, &spec, None));
    assert_eq!(
        (answer.reason.as_str(), answer.message.as_str()),
        ("NoData", "held/out.csv is not there; check the path")
    );
    fs::create_dir_all(cluster.root.join("holdout/held")).unwrap();
    cluster.write("holdout/held/out.csv", both.as_bytes());
    let answer = cluster.refused(&task(1, &spec, None));
    assert_eq!(answer.reason, "InBothFiles");
    assert!(answer.message.starts_with("1 patient is in both trial.csv and held/out.csv"), "{}", answer.message);
    assert!(!cluster.has("scratch/in/rows.csv"));
}

fn run(folder: &Path, line: &str) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_dropout-trainer")).current_dir(folder).args(line.split(' ')).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_laptop_is_told_the_holdout_by_option_and_tells_what_looks_wrong() {
    let (training, held) = files();
    let folder = folder("given-laptop");
    fs::write(folder.join("trial.csv"), &training).unwrap();
    fs::write(folder.join("held.csv"), &held).unwrap();
    let mut spec = given(&held);
    spec["features"].as_array_mut().unwrap().push(json!({"name": "true_label", "type": "Number"}));
    for (name, text) in [("trial.csv", &training), ("held.csv", &held)] {
        let label = text.lines().next().unwrap().split(',').position(|name| name == "dropout_28d").unwrap();
        let with = |(at, row): (usize, &str)| {
            let cell = if at == 0 { "true_label" } else { row.split(',').nth(label).unwrap() };
            format!("{row},{cell}\n")
        };
        let text: String = text.lines().enumerate().map(with).collect();
        fs::write(folder.join(name), &text).unwrap();
        if name == "held.csv" {
            spec["data"]["holdout"]["source"]["digest"] = json!(digest(text.as_bytes()));
        }
    }
    model_file(&folder.join("model.yaml"), &spec);
    model_file(&folder.join("plain.yaml"), &simulated(seven()));
    let (code, told) = run(&folder, "train --spec model.yaml --data trial.csv --out v1");
    assert_eq!(code, 2);
    assert!(told.contains("--holdout is needed"), "{told}");
    let (code, told) = run(&folder, "train --spec plain.yaml --data trial.csv --holdout held.csv --out v1");
    assert_eq!(code, 2);
    assert!(told.contains("spec.data.holdout.source is not set"), "{told}");
    let (code, told) = run(&folder, "train --spec model.yaml --data trial.csv --holdout held.csv --out v1");
    assert!(
        told.contains("warning: LeakSuspected: feature 'true_label' alone ranks dropouts with an AUC of 1.000"),
        "{told}"
    );
    assert_eq!(code, 0, "{told}");
}
