//! A folder that stands for a cluster: claims, scratch folders, and Jobs whose containers see only what they have mounted.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{folder, manifest};
use dropout_model::task::{Answer, CONTRACT, Served, Task, Work};
use dropout_trainer::{
    Failure,
    job::{Pod, Step},
    simulate::{self, Scenario},
};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// The model's folder of the store.
pub const STORE: &str = "store/models/trials/onc-302";

/// A folder that stands for a cluster.
pub struct Cluster {
    /// Where it is.
    pub root: PathBuf,
}

impl Cluster {
    pub fn new(name: &str) -> Self {
        let root = folder(name);
        for part in ["task", "data", "holdout", "store", "scratch/in", "scratch/out", "dev"] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        let cluster = Self { root };
        cluster.write("data/trial.csv", trial(1).as_bytes());
        cluster
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.root.join(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    /// A new pod for a task: empty scratch folders, one step after the other until one fails.
    pub fn job(&self, task: &Task) -> (Result<(), Failure>, String) {
        for part in ["scratch/in", "scratch/out"] {
            let _ = fs::remove_dir_all(self.root.join(part));
        }
        self.again(task, &[Step::Prepare, Step::Train, Step::Evaluate])
    }

    /// Each step sees only what its container has mounted.
    pub fn again(&self, task: &Task, steps: &[Step]) -> (Result<(), Failure>, String) {
        self.write("task.json", &serde_json::to_vec(task).unwrap());
        self.write("dev/termination-log", b"");
        let done = steps.iter().try_for_each(|step| self.step(*step, task.records.is_some()));
        (done, String::from_utf8(self.read("dev/termination-log")).unwrap())
    }

    fn step(&self, step: Step, takes_records: bool) -> Result<(), Failure> {
        let (data_keys, holdout_keys) = ("credentials/data", "credentials/holdout");
        let (store_keys, model_keys) = ("credentials/store", "credentials/model");
        let all = [
            "task",
            "data",
            data_keys,
            "holdout",
            holdout_keys,
            "scratch/in",
            "scratch/out",
            "store",
            store_keys,
            "model",
            model_keys,
        ];
        let mounted: &[&str] = match step {
            Step::Prepare if takes_records => {
                &["task", "data", data_keys, "holdout", holdout_keys, "scratch/in", "store"]
            }
            Step::Prepare => &["task", "data", data_keys, "holdout", holdout_keys, "scratch/in"],
            Step::Train => &["scratch/in", "scratch/out"],
            Step::Evaluate | Step::Read => &all,
        };
        let hidden = self.root.join("hidden");
        let away: Vec<_> = all.iter().filter(|part| !mounted.contains(part)).collect();
        fs::create_dir_all(&hidden).unwrap();
        fs::create_dir_all(self.root.join("task")).unwrap();
        fs::copy(self.root.join("task.json"), self.root.join("task/task.json")).unwrap();
        let moved = |part: &str| hidden.join(part.replace('/', "-"));
        for part in &away {
            let _ = fs::rename(self.root.join(part), moved(part));
        }
        let done = Pod::new(&self.root).run(step);
        for part in &away {
            assert!(!self.root.join(part).exists(), "{step:?} made {part}");
            let _ = fs::rename(moved(part), self.root.join(part));
        }
        done
    }

    pub fn answered(&self, task: &Task) -> Answer {
        let (done, text) = self.job(task);
        done.unwrap();
        assert!(text.len() <= 2_048);
        Answer::read(&text, &task.hash()).unwrap()
    }

    pub fn refused(&self, task: &Task) -> Answer {
        let (done, text) = self.job(task);
        assert_eq!(done.unwrap_err().code(), 2);
        Answer::read(&text, &task.hash()).unwrap()
    }
}

pub fn trial(seed: u64) -> String {
    simulate::csv(&simulate::trial(1_500, seed, Scenario::Stable))
}

pub fn task(version: u32, spec: &Value, production: Option<&Answer>) -> Task {
    Task {
        contract: CONTRACT.into(),
        namespace: "trials".into(),
        name: "onc-302".into(),
        version,
        work: Work::Train,
        store: "/models/".into(),
        manifest: manifest(spec),
        production: production.map(|answer| {
            let evidence = answer.evidence.as_ref().unwrap();
            Served { digest: evidence.bundle.clone(), threshold: evidence.threshold }
        }),
        looked: None,
        records: None,
    }
}
