//! The closed loop on a real node, with intervals of seconds: predictions, looks, drift, training, judgement, and what stands
//! in the status about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod node;

use node::{
    Node,
    cohort::Cohort,
    condition, is_idle, no_trace, node as real_node, production, root,
    scene::{MORE, Scene, features},
};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    fs,
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

/// The policy's name.
const POLICY: &str = "watch";
/// What happens to the first cohorts, when they enrol, and the day up to which their outcomes are known.
const REMOTE: (&str, &str, &str) = ("remote-region", "2026-07-01..2026-08-15", "2026-09-30");
/// The same of cohorts that a version which learned from the first does not know.
const OLDER: (&str, &str, &str) = ("harmless-drift", "2026-10-01..2026-10-08", "2026-11-20");

/// The model of the story: it knows remote visits, records, and learns from records.
fn recorded(spec: &mut Value) {
    let more: Vec<&str> = MORE.into_iter().chain(["remote_visits"]).collect();
    spec["features"] = features(&more);
    spec["study"]["pseudonymKey"] = json!({"id": "k1", "secretRef": {"name": "pseudonyms"}});
    spec["serving"]["records"] = json!({"every": "1s"});
    spec["data"]["records"] = json!("Append");
    spec["training"]["algorithms"] = json!(["GradientBoosting"]);
    spec["gate"]["primary"]["margin"] = json!(0.01);
}

fn watch(scene: &Scene<'_>, monitor: &Value, trigger: &Value) {
    scene.trial.node.apply(&json!({
        "apiVersion": "trialops.dev/v1alpha1", "kind": "RetrainPolicy",
        "metadata": {"name": POLICY, "namespace": scene.trial.namespace},
        "spec": {
            "modelRef": {"name": scene.trial.name},
            "monitor": monitor,
            "triggers": [trigger],
            "limits": {"cooldown": "5s", "backoff": {"initial": "5s"}, "minNewLabelledPatients": 800},
        },
    }));
}

/// Waits until the policy is as `is_there` says.
fn policy(scene: &Scene<'_>, what: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    let last = Cell::new(Value::Null);
    loop {
        let policy = scene.get(&format!("retrainpolicy/{POLICY}"));
        if is_there(&policy) {
            let trigger = &policy["status"]["triggers"][0];
            println!("{what} ({:.0} s): {} {}", start.elapsed().as_secs_f64(), trigger["state"], trigger["message"]);
            return policy;
        }
        if start.elapsed() > Duration::from_secs(150) {
            let story = scene.trial.story(&scene.trial.now());
            panic!("not within 150 s: {what}\n{}\n{story}", scene.kubectl(&["describe", "retrainpolicy", POLICY]));
        }
        last.set(policy);
        sleep(Duration::from_millis(300));
    }
}

fn drift(policy: &Value) -> &Value {
    &policy["status"]["triggers"][0]
}

/// Two cohorts one after the other, so that two windows breach; the firing.
fn breach_twice(scene: &Scene<'_>, first: u32, cohort: (&str, &str, &str), before: &Value) -> Value {
    let earlier = drift(before)["fired"]["id"].clone();
    Cohort::new(first, cohort).send(&scene.trial, scene.port);
    policy(scene, "the first window breaches", |policy| drift(policy)["consecutive"] == 1);
    Cohort::new(first + 1_200, cohort).send(&scene.trial, scene.port);
    policy(scene, "the trigger fires", |policy| {
        drift(policy)["fired"]["id"].is_string() && drift(policy)["fired"]["id"] != earlier
    })
}

/// The newest training.
fn training(model: &Value) -> &Value {
    model["status"]["trainings"].as_array().and_then(|all| all.last()).unwrap_or(&Value::Null)
}

/// Folders of the drift reports that the model's looks have left.
fn reports(scene: &Scene<'_>) -> Vec<PathBuf> {
    let trial = &scene.trial;
    let folder = trial.folder.join(format!("store/{}/{}/drift", trial.namespace, trial.name));
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn secret(node: &Node, scene: &Scene<'_>) {
    node.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pseudonyms", "namespace": scene.trial.namespace},
        "stringData": {"key": "a pseudonym key of the node's tests, 0123456789"},
    }));
}

#[test]
fn drift_that_hurts_ends_in_a_promotion_and_drift_that_does_not_in_a_refusal() {
    let Some(node) = real_node() else { return };
    let mut scene = Scene::new(node, "loop");
    secret(node, &scene);
    scene.apply(recorded);
    scene.wait("v1 is served", |model| production(model) == "v1" && condition(model, "Ready")["status"] == "True");
    scene.port = scene.trial.open();
    let monitor = json!({"every": "10s", "window": "20s", "minRows": 100});
    watch(&scene, &monitor, &json!({"name": "drift", "drift": {}}));

    let fired = breach_twice(&scene, 5_001, REMOTE, &Value::Null);
    let second = scene.wait("v2 is served", |model| production(model) == "v2" && is_idle(model));
    println!("v2: {}", second["status"]["judged"]["message"]);
    assert_eq!(second["status"]["judged"]["outcome"], "Passed");
    assert_eq!(training(&second)["trigger"], "Drift");
    assert_eq!(training(&second)["firing"], drift(&fired)["fired"]["id"]);
    let described = scene.kubectl(&["describe", "retrainpolicy", POLICY]);
    let why: String = drift(&fired)["fired"]["message"].as_str().unwrap().chars().take(60).collect();
    assert!(why.contains("realised roc_auc") && described.contains(&why), "{why}\n{described}");

    // Older patients come, none of whom is visited remotely: the inputs move, but what they mean does not.
    let before = policy(&scene, "v2 is looked at", |policy| policy["status"]["monitor"]["last"]["version"] == "v2");
    let fired = breach_twice(&scene, 9_001, OLDER, &before);
    let id = drift(&fired)["fired"]["id"].clone();
    let third = scene.wait("v3 is judged", |model| {
        training(model)["firing"] == id
            && model["status"]["judged"]["version"] == training(model)["version"]
            && is_idle(model)
    });
    println!("v3: {}", third["status"]["judged"]["message"]);
    assert_eq!((third["status"]["judged"]["outcome"].as_str(), production(&third)), (Some("Failed"), "v2"));
    assert_eq!(condition(&third, "Ready")["status"], "True");

    let folders = reports(&scene);
    assert!(folders.len() >= 4, "{folders:?}");
    for folder in &folders {
        let page = fs::read_to_string(folder.join("report.html")).unwrap();
        assert!(page.len() < 200_000, "{}: {} bytes", folder.display(), page.len());
        // The one script element holds the report as JSON, which no browser runs.
        assert_eq!(page.matches("<script").count(), 1, "{}", folder.display());
        assert!(page.contains("<script type=\"application/json\""), "{}", folder.display());
        assert!(!page.contains("P-05") && !page.contains("P-09"), "{}: a patient", folder.display());
    }
    for patient in ["P-05001", "P-05002", "P-09001"] {
        no_trace(&scene.trial, patient);
    }
    scene.clear();
}

/// What the installed package writes of a pair that drifted; none, loudly, if it cannot be installed.
fn evidently() -> Option<String> {
    let place = std::env::temp_dir().join(format!("dropout-evidently-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let script = root().join("monitor/tests/installed.sh");
    let made = Command::new("sh").arg(script).arg("make").arg(&place).output().unwrap();
    let report = fs::read_to_string(place.join("report.json"));
    fs::remove_dir_all(place).unwrap();
    if made.status.code() == Some(77) {
        println!("\nSKIPPED: evidently 0.7.23 cannot be installed here");
        return None;
    }
    Some(report.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&made.stderr))))
}

#[test]
fn a_real_evidently_report_in_a_config_map_fires_once_and_what_it_is_not_about_never_does() {
    let (Some(node), Some(report)) = (real_node(), evidently()) else { return };
    let scene = Scene::served(node, "evidently");
    let hang = |version: &str| {
        node.apply(&json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "nightly", "namespace": scene.trial.namespace,
                "labels": {"trialops.dev/drift-report": scene.trial.name},
                "annotations": {
                    "trialops.dev/model": scene.trial.name, "trialops.dev/version": version,
                    "trialops.dev/window-end": now(),
                },
            },
            "data": {"report.json": report},
        }));
    };
    node.apply(&json!({
        "apiVersion": "trialops.dev/v1alpha1", "kind": "RetrainPolicy",
        "metadata": {"name": POLICY, "namespace": scene.trial.namespace},
        "spec": {
            "modelRef": {"name": scene.trial.name},
            "monitor": {"every": "1h", "source": {"configMap": {"name": "nightly"}}},
            "triggers": [{"name": "drift", "drift": {}, "consecutive": 1}],
            "limits": {"cooldown": "1s"},
        },
    }));
    let is_unknown = |policy: &Value| drift(policy)["state"] == "Unknown";
    let fresh = |policy: &Value| condition(policy, "MonitoringFresh")["reason"].as_str().unwrap_or_default().to_owned();
    policy(&scene, "there is no report", |policy| is_unknown(policy) && fresh(policy) == "ReportMissing");
    hang("v7");
    policy(&scene, "a report of another version", |policy| is_unknown(policy) && fresh(policy) == "OtherVersion");
    assert_eq!(training(&scene.trial.now())["version"], 1, "nothing is trained on what is not known");

    hang("v1");
    let fired = policy(&scene, "the report fires", |policy| drift(policy)["fired"]["id"].is_string());
    let id = drift(&fired)["fired"]["id"].clone();
    let judged = scene.wait("v2 is judged", |model| model["status"]["judged"]["version"] == 2 && is_idle(model));
    println!("v2: {}", judged["status"]["judged"]["message"]);
    assert_eq!((&training(&judged)["firing"], &training(&judged)["trigger"]), (&id, &json!("Drift")));
    assert_eq!(production(&judged), "v1");

    scene.kubectl(&["delete", "configmap", "nightly"]);
    policy(&scene, "the report is deleted", |policy| is_unknown(policy) && fresh(policy) == "ReportMissing");
    assert_eq!(scene.trial.now()["status"]["trainings"], judged["status"]["trainings"]);
    scene.clear();
}

/// This second, RFC 3339.
fn now() -> String {
    let date = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}
