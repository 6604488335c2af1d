//! What the trainer's tests share: manifests of the trials, folders, and the shared data if they are there.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod cluster;
pub mod world;

use dropout_model::{
    manifest::Manifest,
    rows::{Contract, Table, read},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the shared data; none, and a loud line, if it is not there.
pub fn shared(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("DROPOUT_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let found = fs::read(folder.join("data").join(name)).ok();
    if found.is_none() {
        skipped(&format!("no shared data/{name}; set DROPOUT_SHARED to the folder that has it"));
    }
    found
}

/// Says loudly, past the capture of the test runner, that a test was not run.
pub fn skipped(why: &str) {
    let _ = std::io::stderr().write_all(format!("\nSKIPPED: {why}\n").as_bytes());
}

/// An empty folder of a test.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn integer(name: &str) -> Value {
    json!({"name": name, "type": "Integer"})
}

pub fn number(name: &str) -> Value {
    json!({"name": name, "type": "Number"})
}

pub fn category(name: &str, values: &[&str]) -> Value {
    json!({"name": name, "type": "Category", "values": values})
}

fn indicated(mut feature: Value) -> Value {
    feature["onMissing"] = json!("Indicate");
    feature
}

/// The four features that most trials have.
pub fn four() -> Vec<Value> {
    let mut day = integer("days_in_trial");
    day["role"] = json!("Time");
    vec![number("age"), day, integer("visits_completed"), integer("adverse_events")]
}

/// All features of the CTN trials that are not blinded.
pub fn ctn_full() -> Vec<Value> {
    let counts = [
        "visits_expected",
        "visits_missed",
        "days_since_last_visit",
        "visits_last_28d",
        "opioid_positive_tests",
        "other_positive_tests",
        "dose_days",
        "dose_days_last_14d",
    ];
    let mut features = four();
    features.push(category("sex", &["F", "M"]));
    features.push(indicated(category("used_iv", &["Yes", "No"])));
    features.push(indicated(integer("withdrawal_max")));
    features.extend(counts.map(integer));
    features
}

/// All features of the CDISC pilot that are not blinded.
pub fn cdisc_full() -> Vec<Value> {
    let counts = [
        "visits_expected",
        "visits_missed",
        "unscheduled_visits",
        "days_since_last_visit",
        "adverse_events_last_28d",
        "serious_adverse_events",
        "moderate_severe_adverse_events",
        "related_adverse_events",
    ];
    let mut features = four();
    features.push(category("sex", &["F", "M"]));
    features.extend(counts.map(integer));
    features
}

/// A spec of one of the shared trials.
pub fn spec(study: &str, file: &str, (label, features): (&str, Vec<Value>)) -> Value {
    json!({
        "study": {"id": study}, "patientId": "patient_id", "landmark": "days_in_trial", "deny": ["arm"],
        "features": features,
        "label": {"column": label, "horizon": "28d"},
        "data": {"training": {
            "uri": format!("file:///{file}"), "persistentVolumeClaim": {"claimName": "trial"},
        }},
        "gate": {"primary": {"metric": "roc_auc"}, "floors": [{"metric": "roc_auc", "value": 0.60}]},
    })
}

/// A spec of a simulated trial.
pub fn simulated(features: Vec<Value>) -> Value {
    let mut spec = spec("ONC-302", "trial.csv", ("dropout_28d", features));
    spec["deny"] = json!(["true_risk"]);
    spec["index"] = json!("landmark_date");
    spec["data"]["cutoff"] = json!(dropout_trainer::simulate::CUTOFF);
    spec["gate"] = json!({});
    spec
}

/// The features of a simulated trial that the first four do not tell.
pub fn seven() -> Vec<Value> {
    let mut features = four();
    features.extend([integer("visits_missed"), integer("days_since_last_visit"), number("distance_km")]);
    features
}

pub fn manifest(spec: &Value) -> Manifest {
    serde_json::from_value(spec.clone()).unwrap()
}

pub fn table(manifest: &Manifest, bytes: &[u8]) -> Table {
    read("trial.csv", bytes, &Contract { manifest, production: None }).unwrap()
}

/// A `DropoutModel` as a file; JSON is YAML.
pub fn model_file(place: &Path, spec: &Value) {
    let model = json!({
        "apiVersion": "trialops.dev/v1alpha1", "kind": "DropoutModel",
        "metadata": {"name": "onc-302", "namespace": "trials"}, "spec": spec,
    });
    fs::write(place, model.to_string()).unwrap();
}
