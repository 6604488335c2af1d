//! Learning on the real node: two algorithms and a choice, and a model that was trained elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod node;

use node::{
    KEY, Trial, condition, is_idle, node as real_node, own, predict, production,
    scene::{MORE, Scene, features},
    shared,
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

/// Runs the trainer on this machine, as a data scientist would.
fn trainer(arguments: &[&str]) -> String {
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("dropout-trainer");
    let output = Command::new(program).args(arguments).output().expect("build it: cargo build -p dropout-trainer");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn both(spec: &mut Value) {
    spec["training"] = json!({"algorithms": ["Logistic", "GradientBoosting"]});
}

/// The report that the last verdict names, from the store.
fn report(folder: &Path, namespace: &str, digest: &str) -> Value {
    let (namespace, name) = (namespace, namespace.trim_start_matches("trial-"));
    let file = format!("store/{namespace}/{name}/reports/{}", digest.replace("sha256:", "sha256-"));
    let page = fs::read_to_string(folder.join(format!("{file}.html"))).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script"), "the page");
    assert!(fs::read_to_string(folder.join(format!("{file}.card.md"))).unwrap().starts_with("# "), "the card");
    serde_json::from_slice(&fs::read(folder.join(format!("{file}.json"))).unwrap()).unwrap()
}

#[test]
fn two_algorithms_are_tried_on_a_real_trial_and_the_report_says_why_one_was_taken() {
    let (Some(node), Some(csv)) = (real_node(), shared("data/ctn-oud.csv")) else { return };
    let trial = Trial::new(node, "both", &csv);
    let features = json!([
        {"name": "age", "type": "Integer", "min": 18, "max": 100},
        {"name": "days_in_trial", "type": "Integer", "role": "Time", "min": 0},
        {"name": "visits_completed", "type": "Integer", "min": 0},
        {"name": "adverse_events", "type": "Integer", "min": 0},
        {"name": "days_since_last_visit", "type": "Integer", "min": 0, "monotone": "Increasing"},
    ]);
    node.apply(&trial.model(&features, |spec| {
        both(spec);
        spec["gate"]["slices"] = json!([{"column": "site", "enforcement": "Report"}, {"column": "sex"}]);
    }));
    let model =
        trial.wait("v1 is served", |model| production(model) == "v1" && condition(model, "Ready")["status"] == "True");
    let digest = model["status"]["production"]["reportDigest"].as_str().unwrap();
    let report = report(&trial.folder, &trial.namespace, digest);
    println!("{}\n{}", model["status"]["judged"]["message"], report["choice"]["message"]);
    assert_eq!(report["choice"]["tried"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(model["status"]["holdout"]["looks"], 1);
    let port = trial.open();
    let patient = json!({
        "patient_id": "P-1", "age": 34, "days_in_trial": 28, "visits_completed": 3, "adverse_events": 1, "days_since_last_visit": 6,
    });
    assert_eq!(predict(port, KEY, &patient).unwrap().0, 200);
}

/// Trains with one of the example trainers in a pod: Python from Debian packages, the library itself from its wheel.
fn python_trainer(name: &str, kind: &str) {
    let Some(node) = real_node() else { return };
    let script = node::root().join("examples/trainers/image.sh");
    let built = Command::new("bash").arg(script).arg(name).status().unwrap();
    if !built.success() {
        println!("\nSKIPPED: no image of Python can be built here, see examples/trainers/image.sh");
        return;
    }
    node.cluster.load_image(&node::root().join(format!("target/images/trainer-{name}.tar"))).unwrap();
    let scene = Scene::new(node, name);
    scene.apply(|spec| {
        spec["features"] = features(&MORE);
        spec["training"] = json!({"retries": 0, "image": format!("localhost/dropout/trainer-{name}:dev")});
    });
    let model = scene.wait("v1 is served", |model| production(model) == "v1" && is_idle(model));
    println!("{name}: {}", model["status"]["judged"]["message"]);
    let digest = model["status"]["production"]["digest"].as_str().unwrap().replace("sha256:", "sha256-");
    let bundle = scene.bundles().into_iter().find(|path| path.to_string_lossy().contains(&digest)).unwrap();
    let bundle: Value = serde_json::from_slice(&fs::read(bundle).unwrap()).unwrap();
    assert!(bundle["model"][kind].is_object() && bundle["code"].as_str().unwrap().contains(name), "{}", bundle["code"]);
    scene.clear();
}

#[test]
fn scikit_learn_trains_in_a_pod_and_is_judged_and_served() {
    python_trainer("sklearn", "logistic");
}

#[test]
fn xgboost_trains_in_a_pod_and_is_judged_and_served() {
    python_trainer("xgboost", "trees");
}

#[test]
fn model_trained_elsewhere_is_judged_and_served_without_a_training() {
    let Some(node) = real_node() else { return };
    let scene = Scene::served(node, "bundle");
    let elsewhere = node.cluster.dir().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let path = |name: &str| elsewhere.join(name).display().to_string();
    let spec = scene.model(|spec| {
        spec["features"] = features(&MORE);
        spec["training"] = json!({"algorithms": ["GradientBoosting"]});
    });
    fs::write(path("model.yaml"), spec.to_string()).unwrap();
    fs::write(path("trial.csv"), &scene.csv).unwrap();
    trainer(&["train", "--spec", &path("model.yaml"), "--data", &path("trial.csv"), "--out", &path("out")]);
    let bundle: Value = serde_json::from_slice(&fs::read(path("out/bundle.json")).unwrap()).unwrap();
    fs::write(path("xgboost.json"), bundle["model"]["trees"]["xgboost"].to_string()).unwrap();
    let out_of_fold = path("out/out_of_fold.csv");
    let imported = ["--model", &path("xgboost.json"), "--out-of-fold", &out_of_fold, "--out", &path("imported")];
    let given = ["import", "--spec", &path("model.yaml"), "--data", &path("trial.csv")];
    println!("{}", trainer(&[&given[..], &imported].concat()));
    fs::create_dir_all(scene.trial.folder.join("models")).unwrap();
    fs::copy(path("imported/bundle.json"), scene.trial.folder.join("models/elsewhere.json")).unwrap();
    own(&scene.trial.folder);
    let digest = dropout_model::digest::digest(&fs::read(path("imported/bundle.json")).unwrap());

    scene.apply(|spec| {
        spec["features"] = features(&MORE);
        spec["training"] = json!({"retries": 0, "source": {"bundle": {
            "uri": "file:///models/elsewhere.json", "persistentVolumeClaim": {"claimName": "trial"}, "digest": digest,
        }}});
    });
    let model = scene.wait("v2 is served", |model| production(model) == "v2" && is_idle(model));
    println!("v2: {}", model["status"]["judged"]["message"]);
    assert_eq!(model["status"]["production"]["digest"], json!(digest));
    scene.trial.wait_for_pods(2);
    scene.answers("v2");
    let pods = scene.pods("job");
    let trained = pods.iter().filter(|pod| {
        let containers = pod["spec"]["initContainers"].as_array();
        containers.is_some_and(|all| all.iter().any(|one| one["name"] == "train"))
    });
    assert_eq!(trained.count(), 0, "a model that exists was trained");
    scene.clear();
}
