//! A trial whose v1 is served, and the question that every fault is asked: is it said in one sentence, and does production
//! keep answering?

use super::{
    KEY, Node, Trial, condition, foreign, jobs, predict, production,
    simulated::{Table, simulated, write},
};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    fs,
    time::{Duration, Instant},
};

/// Longest time until a fault is said.
const PATIENCE: Duration = Duration::from_secs(90);

/// A condition with what its sentence must name.
pub struct Wanted<'a> {
    pub kind: &'a str,
    pub status: &'a str,
    pub reason: &'a str,
    pub words: &'a [&'a str],
}

/// A trial with production.
pub struct Scene<'a> {
    pub trial: Trial<'a>,
    pub csv: String,
    pub port: u16,
    /// Lines of the audit from before the trial.
    pub audited: usize,
    seed: Cell<u32>,
    commands: Cell<u32>,
}

impl<'a> Scene<'a> {
    /// A simulated trial without a model.
    pub fn new(node: &'a Node, name: &str) -> Self {
        remove(node, name, "--wait=true");
        let csv = simulated(3_000);
        let path = node.cluster.dir().join(format!("{name}.csv"));
        fs::write(&path, &csv).unwrap();
        let trial = Trial::new(node, name, &path);
        let audited = jobs::audit(node).lines().count();
        Self { trial, csv, port: 0, audited, seed: Cell::new(0), commands: Cell::new(0) }
    }

    /// Trains and serves v1 of a simulated trial.
    pub fn served(node: &'a Node, name: &str) -> Self {
        let mut scene = Self::new(node, name);
        node.apply(&scene.model(|_| {}));
        scene.wait("v1 is served", |model| production(model) == "v1" && is_true(model, "Ready"));
        scene.port = scene.trial.open();
        scene.answers("v1");
        scene
    }

    /// The model as v1 was trained, with an edit.
    pub fn model(&self, edit: impl Fn(&mut Value)) -> Value {
        self.trial.model(&features(&[]), |spec| {
            spec["index"] = json!("landmark_date");
            spec["deny"] = json!(["arm", "true_risk"]);
            spec["data"]["cutoff"] = json!("2026-06-30");
            spec["rollout"] = json!({"soak": "1s", "progressDeadline": "120s"});
            spec["training"] = json!({"retries": 0});
            edit(spec);
        })
    }

    pub fn apply(&self, edit: impl Fn(&mut Value)) {
        self.trial.node.apply(&self.model(edit));
    }

    /// Applies an edit together with a new seed, so that a training follows.
    pub fn train(&self, edit: impl Fn(&mut Value)) {
        let seed = self.seed.get() + 1;
        self.seed.set(seed);
        self.apply(|spec| {
            spec["training"]["seed"] = json!(seed);
            edit(spec);
        });
    }

    /// Trains with a foreign image that breaks the contract in this way.
    pub fn train_foreign(&self, how: &str, edit: impl Fn(&mut Value)) {
        foreign::load(self.trial.node);
        self.train(|spec| {
            spec["training"]["image"] = json!(foreign::IMAGE);
            spec["training"]["pod"] = json!({"env": [{"name": "FOREIGN", "value": how}]});
            edit(spec);
        });
    }

    /// Trains from another file of the claim.
    pub fn train_on(&self, file: &str, edit: impl Fn(Table) -> Table) {
        write(&self.trial.folder, file, &edit(Table::read(&self.csv)).text());
        self.train(|spec| spec["data"]["training"]["uri"] = json!(format!("file:///{file}")));
    }

    /// Gives the command `retrain`.
    pub fn retrain(&self) {
        let number = self.commands.get() + 1;
        self.commands.set(number);
        self.trial.annotate(&format!("retrain=now@2026-11-20T09:{number:02}:00Z"));
    }

    pub fn wait(&self, what: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        self.trial.wait_for(Duration::from_secs(120), what, is_there)
    }

    /// Waits until the condition says what is wanted; then production must still answer. Tells the sentence.
    pub fn says(&self, fault: &str, wanted: &Wanted<'_>) -> Value {
        let start = Instant::now();
        let is_said = |model: &Value| {
            let found = condition(model, wanted.kind);
            let message = found["message"].as_str().unwrap_or_default();
            found["status"] == wanted.status
                && found["reason"] == wanted.reason
                && found["observedGeneration"] == model["metadata"]["generation"]
                && wanted.words.iter().all(|word| message.contains(word))
        };
        let what = format!("{fault}: {}={} {} {:?}", wanted.kind, wanted.status, wanted.reason, wanted.words);
        let model = self.trial.wait_for(PATIENCE, &what, is_said);
        let message = condition(&model, wanted.kind)["message"].as_str().unwrap_or_default().to_owned();
        println!(
            "FAULT {fault} ({:.1} s)\n      {}={} {}: {message}",
            start.elapsed().as_secs_f64(),
            wanted.kind,
            wanted.status,
            wanted.reason,
        );
        assert!(message.len() <= 320 && !message.contains(['\n', '\t']), "{fault}: not one sentence: {message}");
        assert!(
            !message.contains("P-00") && !message.contains("forty"),
            "{fault}: a patient or a cell is shown: {message}"
        );
        assert!(is_true(&model, "Ready"), "{fault}: not Ready\n{}", self.trial.story(&model));
        self.answers(production(&model));
        model
    }

    /// Production answers.
    pub fn answers(&self, version: &str) {
        let (status, answer) = predict(self.port, KEY, &patient(version)).expect("an answer");
        assert_eq!((status, answer["model_version"].as_str()), (200, Some(version)), "{answer}");
    }

    /// Back to v1's spec, judged and at rest.
    pub fn restore(&self) {
        self.apply(|_| {});
        self.wait("the restored spec is at rest", |model| {
            super::is_idle(model) && condition(model, "Stalled")["status"] == "False" && is_true(model, "Ready")
        });
    }

    pub fn get(&self, what: &str) -> Value {
        self.trial.node.get(&self.trial.namespace, what)
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.trial.node.kubectl(&[&["-n", self.trial.namespace.as_str()], arguments].concat())
    }

    /// The trial's pods of a component, `job` or `serving`.
    pub fn pods(&self, component: &str) -> Vec<Value> {
        let pods = self.get("pods");
        let is_of = |pod: &&Value| pod["metadata"]["labels"]["app.kubernetes.io/component"] == component;
        pods["items"].as_array().into_iter().flatten().filter(is_of).cloned().collect()
    }

    /// Ends the trial.
    pub fn clear(self) {
        remove(self.trial.node, &self.trial.name, "--wait=false");
    }
}

/// Removes a trial's namespace, volume and files, if there are any.
fn remove(node: &Node, name: &str, wait: &str) {
    let namespace = format!("trial-{name}");
    for kind in ["namespace", "persistentvolume"] {
        node.kubectl(&["delete", kind, &namespace, "--ignore-not-found", wait]);
    }
    let _ = fs::remove_dir_all(node.cluster.dir().join("volumes").join(name));
}

/// Features that make a model better, in the order in which they do.
pub const MORE: [&str; 3] = ["visits_missed", "distance_km", "days_since_last_visit"];

/// The four features of v1 with more.
pub fn features(more: &[&str]) -> Value {
    let mut features = json!([
        {"name": "age", "type": "Integer", "min": 18, "max": 100},
        {"name": "days_in_trial", "type": "Integer", "role": "Time", "min": 0},
        {"name": "visits_completed", "type": "Integer", "min": 0},
        {"name": "adverse_events", "type": "Integer", "min": 0},
    ]);
    let more = more.iter().map(|name| json!({"name": name, "type": "Number", "min": 0, "onMissing": "Impute"}));
    features.as_array_mut().unwrap().extend(more);
    features
}

/// A patient with the features of a version: each has one more than the one before.
fn patient(version: &str) -> Value {
    let mut patient = json!({
        "patient_id": "CANARY-4711", "age": 34, "days_in_trial": 28, "visits_completed": 3, "adverse_events": 1,
    });
    let number: usize = version.trim_start_matches('v').parse().unwrap();
    for name in MORE.iter().take(number - 1) {
        patient[name] = json!(2);
    }
    patient
}

pub fn is_true(model: &Value, kind: &str) -> bool {
    condition(model, kind)["status"] == "True"
}

impl Node {
    /// Runs without an operator for a while.
    pub fn without_operator(&self, meanwhile: impl FnOnce()) {
        self.operators(0);
        let gone = ["wait", "--for=delete", "pod", "-l", "app.kubernetes.io/name=dropout-operator", "--timeout=60s"];
        self.kubectl(&[&["-n", "dropout-system"][..], &gone].concat());
        meanwhile();
        self.operators(1);
    }

    fn operators(&self, count: u32) {
        let count = format!("--replicas={count}");
        self.kubectl(&["-n", "dropout-system", "scale", "deployment/dropout", &count]);
        self.kubectl(&["-n", "dropout-system", "rollout", "status", "deployment/dropout", "--timeout=60s"]);
    }
}
