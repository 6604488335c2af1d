//! The story on a real node with real trials: apply, train, judge, serve, roll without a failed request, refuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod node;

use node::{KEY, Trial, condition, is_idle, no_trace, node as real_node, predict, production, shared};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

fn seed_features() -> Value {
    json!([
        {"name": "age", "type": "Integer", "min": 18, "max": 100},
        {"name": "days_in_trial", "type": "Integer", "role": "Time", "min": 0},
        {"name": "visits_completed", "type": "Integer", "min": 0},
        {"name": "adverse_events", "type": "Integer", "min": 0},
    ])
}

fn all_features() -> Value {
    let mut features = seed_features();
    let more = json!([
        {"name": "sex", "type": "Category", "values": ["F", "M"], "onMissing": "Impute"},
        {"name": "used_iv", "type": "Category", "values": ["No", "Yes"], "onMissing": "Impute"},
        {"name": "visits_missed", "type": "Integer", "min": 0},
        {"name": "days_since_last_visit", "type": "Integer", "min": 0},
        {"name": "visits_last_28d", "type": "Integer", "min": 0},
        {"name": "withdrawal_max", "type": "Number", "min": 0, "max": 3, "onMissing": "Indicate"},
        {"name": "opioid_positive_tests", "type": "Integer", "min": 0},
        {"name": "other_positive_tests", "type": "Integer", "min": 0},
        {"name": "dose_days", "type": "Integer", "min": 0},
        {"name": "dose_days_last_14d", "type": "Integer", "min": 0},
    ]);
    features.as_array_mut().unwrap().extend(more.as_array().unwrap().iter().cloned());
    features
}

fn patient() -> Value {
    json!({"patient_id": "CANARY-4711", "age": 34, "days_in_trial": 28, "visits_completed": 3, "adverse_events": 1})
}

fn patient_in_full() -> Value {
    let mut patient = patient();
    let more = json!({
        "sex": "F", "used_iv": "Yes", "visits_missed": 1, "days_since_last_visit": 6, "visits_last_28d": 3,
        "withdrawal_max": null, "opioid_positive_tests": 2, "other_positive_tests": 0, "dose_days": 20,
        "dose_days_last_14d": 9,
    });
    patient.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    patient
}

/// Asks without pause until told to stop; how many requests went well, and what the others said.
fn ask(port: u16, body: Value, stop: Arc<AtomicBool>) -> thread::JoinHandle<(u64, Vec<String>)> {
    thread::spawn(move || {
        let (mut well, mut wrong) = (0, Vec::new());
        while !stop.load(Ordering::Relaxed) {
            match predict(port, KEY, &body) {
                Ok((200, _)) => well += 1,
                other => wrong.push(format!("{other:?}")),
            }
            thread::sleep(Duration::from_millis(3));
        }
        (well, wrong)
    })
}

#[test]
fn a_real_trial_is_trained_judged_served_rolled_and_a_worse_model_refused() {
    let (Some(node), Some(csv)) = (real_node(), shared("data/ctn-oud.csv")) else { return };
    let trial = Trial::new(node, "ctn", &csv);

    node.apply(&trial.model(&seed_features(), |_| {}));
    let first =
        trial.wait("v1 is served", |model| production(model) == "v1" && condition(model, "Ready")["status"] == "True");
    println!("v1: {}", first["status"]["judged"]["message"]);
    let port = trial.open();
    let answer = serves(&trial, port, &patient());
    assert_eq!(answer["model_version"], "v1");
    assert_eq!(predict(port, "wrong", &patient()).unwrap().0, 401);

    // The new features are made known while suspended: v1's pods learn to ignore them, so that clients can send them
    // before v2 is served.
    node.apply(&trial.model(&all_features(), |spec| spec["suspend"] = json!(true)));
    trial.wait("v1 ignores the new features", |_| matches!(predict(port, KEY, &patient_in_full()), Ok((200, _))));
    serves(&trial, port, &patient_in_full());
    let stop = Arc::new(AtomicBool::new(false));
    let asking = ask(port, patient_in_full(), stop.clone());
    node.apply(&trial.model(&all_features(), |_| {}));
    let second = trial.wait("v2 is served", |model| production(model) == "v2" && is_idle(model));
    thread::sleep(Duration::from_secs(10));
    stop.store(true, Ordering::Relaxed);
    let (well, wrong) = asking.join().unwrap();
    println!(
        "v2: {}; {well} requests answered during the roll, {} failed",
        second["status"]["judged"]["message"],
        wrong.len()
    );
    assert_eq!(wrong, Vec::<String>::new(), "requests failed during the roll");
    assert!(well > 100, "only {well} requests were made");
    assert_eq!(second["status"]["previous"]["name"], "v1");
    let answer = serves(&trial, port, &patient_in_full());
    assert_eq!(answer["model_version"], "v2");

    trial.annotate("retrain=now@2026-11-20T09:00:00Z");
    let third =
        trial.wait("the third training is judged", |model| model["status"]["judged"]["version"] == 3 && is_idle(model));
    assert_eq!((third["status"]["judged"]["outcome"].as_str(), production(&third)), (Some("Unchanged"), "v2"));

    let worse = json!([{"name": "age", "type": "Integer"}, {"name": "sex", "type": "Category", "values": ["F", "M"], "onMissing": "Impute"}]);
    node.apply(&trial.model(&worse, |_| {}));
    let fourth =
        trial.wait("the worse model is judged", |model| model["status"]["judged"]["version"] == 4 && is_idle(model));
    println!("v4: {}", fourth["status"]["judged"]["message"]);
    assert_eq!((fourth["status"]["judged"]["outcome"].as_str(), production(&fourth)), (Some("Failed"), "v2"));
    assert_eq!(condition(&fourth, "Ready")["status"], "True");
    assert_eq!(condition(&fourth, "GatePassed")["status"], "False");

    trial.annotate("rollback-to=previous@2026-11-20T10:00:00Z");
    let back = trial
        .wait("v1 is served again", |model| production(model) == "v1" && condition(model, "Ready")["status"] == "True");
    assert!(back["status"]["quarantined"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "v2")));
    assert_eq!(serves(&trial, port, &patient())["model_version"], "v1");
    no_trace(&trial, "CANARY-4711");
}

/// Waits until every pod answers with the version and digest that status names.
fn serves(trial: &Trial<'_>, port: u16, body: &Value) -> Value {
    let model = trial.wait("all old pods are gone", |_| {
        let pods = trial.node.get(&trial.namespace, "pods");
        pods["items"].as_array().is_some_and(|pods| {
            pods.iter().filter(|pod| pod["metadata"]["labels"]["app.kubernetes.io/component"] == "serving").count() == 2
        })
    });
    let mut last = Value::Null;
    for _ in 0..20 {
        let (status, answer) = predict(port, KEY, body).expect("an answer");
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["model_version"], model["status"]["production"]["name"]);
        assert_eq!(answer["bundle_digest"], model["status"]["production"]["digest"]);
        last = answer;
    }
    last
}

#[test]
fn a_trial_with_too_few_patients_ends_inconclusive_and_says_so() {
    let (Some(node), Some(csv)) = (real_node(), shared("data/cdisc-pilot.csv")) else { return };
    let trial = Trial::new(node, "cdisc", &csv);
    node.apply(&trial.model(&seed_features(), |_| {}));
    let model = trial.wait("v1 is judged", |model| model["status"]["judged"]["version"] == 1 && is_idle(model));
    assert_eq!(model["status"]["judged"]["outcome"], "Inconclusive");
    let message = condition(&model, "GatePassed")["message"].as_str().unwrap_or_default().to_owned();
    println!("cdisc: {message}");
    assert!(message.contains("patients"), "{message}");
    assert_eq!(condition(&model, "Stalled")["status"], "True");
    assert_eq!(condition(&model, "Ready")["status"], "False");
}
