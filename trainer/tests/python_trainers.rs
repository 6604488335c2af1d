//! The example trainers as a Job's container runs them: real scikit-learn and real XGBoost between our `prepare` and our
//! `evaluate`, on a simulated and on a real trial; and our risks of the holdout against the libraries' own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    category,
    cluster::{Cluster, STORE, task, trial},
    ctn_full, seven, shared, simulated, skipped, spec, workspace,
};
use dropout_model::{
    bundle::{Bundle, Calibration, Scorer},
    rows::{cells, read_features},
    task::{Answer, Outcome, Task, bundle_file, report_file},
};
use dropout_trainer::job::Step;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A Python with the libraries; none, and a loud line, if it cannot be had here.
fn python() -> Option<PathBuf> {
    let output = Command::new("sh").arg(workspace().join("trainer/tests/python/environment.sh")).output().unwrap();
    if !output.status.success() {
        skipped(&format!("Python with scikit-learn and xgboost cannot be had here ({})", output.status));
        return None;
    }
    Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()))
}

/// One example trainer on one trial.
struct Story {
    cluster: Cluster,
    task: Task,
    python: PathBuf,
    trainer: PathBuf,
}

impl Story {
    fn new(library: &str, python: &Path, (name, spec, data): (&str, &Value, &[u8])) -> Self {
        let cluster = Cluster::new(&format!("python-{library}-{name}"));
        cluster.write("data/trial.csv", data);
        Self {
            cluster,
            task: task(1, spec, None),
            python: python.to_owned(),
            trainer: workspace().join(format!("examples/trainers/{library}-python")),
        }
    }

    /// Runs the trainer as the container's process: nothing of ours in its environment but the two folders.
    fn train(&self) {
        let place = |part: &str| self.cluster.root.join(part);
        let output = Command::new(&self.python)
            .arg(self.trainer.join("train.py"))
            .current_dir(place("scratch"))
            .env_clear()
            .envs([("TRAINER_IN", place("scratch/in")), ("TRAINER_OUT", place("scratch/out"))])
            .envs([("PYTHONDONTWRITEBYTECODE", "1"), ("OMP_NUM_THREADS", "1")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Prepare, the Python program, evaluate.
    fn answer(&self) -> (Answer, Bundle) {
        let (done, _) = self.cluster.again(&self.task, &[Step::Prepare]);
        done.unwrap();
        self.train();
        let (done, text) = self.cluster.again(&self.task, &[Step::Evaluate]);
        done.unwrap_or_else(|failure| panic!("{failure}"));
        let answer = Answer::read(&text, &self.task.hash()).unwrap();
        let digest = answer.evidence.as_ref().unwrap().bundle.clone();
        let bytes = self.cluster.read(&format!("{STORE}/{}", bundle_file(&digest)));
        (answer, Bundle::read(&bytes, Some(&digest)).unwrap())
    }

    fn report(&self, answer: &Answer) -> Value {
        let digest = &answer.evidence.as_ref().unwrap().report;
        serde_json::from_slice(&self.cluster.read(&format!("{STORE}/{}", report_file(digest)))).unwrap()
    }

    /// The largest difference of our uncalibrated risks of every row of a file to the library's own.
    fn parity(&self, library: &str, bundle: &Bundle, data: &[u8]) -> f64 {
        let rows = read_features("rows.csv", data, "patient_id", &bundle.features).unwrap();
        let scorer = Scorer::of(&bundle.features, &bundle.model, Calibration::IDENTITY).unwrap();
        let ours: Vec<f64> =
            (0..rows.len()).map(|row| scorer.risk(&cells(&bundle.features, &rows.columns, row))).collect();
        let place = |part: &str| self.cluster.root.join(part);
        self.cluster.write("rows-to-score.csv", data);
        let status = Command::new(&self.python)
            .arg(workspace().join("trainer/tests/python/risks.py"))
            .arg(library)
            .args([&self.trainer, &place("scratch/in"), &place("scratch/out")])
            .args([place("rows-to-score.csv"), place("risks.txt")])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .status()
            .unwrap();
        assert!(status.success());
        let theirs = String::from_utf8(self.cluster.read("risks.txt")).unwrap();
        let theirs: Vec<f64> = theirs.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(ours.len(), theirs.len());
        ours.iter().zip(&theirs).fold(0.0, |most, (a, b)| f64::max(most, (a - b).abs()))
    }
}

/// A simulated trial with a category, an imputed number and an indicated one.
fn rich() -> Value {
    let mut features = seven();
    features.push(category("sex", &["F", "M"]));
    features[0]["onMissing"] = json!("Impute");
    features[6]["onMissing"] = json!("Indicate");
    features[7]["onMissing"] = json!("Impute");
    simulated(features)
}

/// A trial with holes: every 11th row lacks its age, every 7th its distance, every 13th its sex.
fn holed() -> String {
    let text = trial(1);
    let head: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let holes = [(place("age"), 11), (place("distance_km"), 7), (place("sex"), 13)];
    let holed = |(row, line): (usize, &str)| {
        let cell = |(at, cell): (usize, &str)| {
            let is_hole = row > 0 && holes.iter().any(|(place, every)| at == *place && row % every == 0);
            if is_hole { String::new() } else { cell.to_owned() }
        };
        line.split(',').enumerate().map(cell).collect::<Vec<_>>().join(",") + "\n"
    };
    text.lines().enumerate().map(holed).collect()
}

fn trials() -> Vec<(&'static str, Value, Vec<u8>)> {
    let mut trials = vec![("simulated", rich(), holed().into_bytes())];
    if let Some(ctn) = shared("ctn-oud.csv") {
        trials.push(("ctn", spec("CTN-0094", "trial.csv", ("dropout_28d", ctn_full())), ctn));
    }
    trials
}

#[test]
fn scikit_learn_writes_a_bundle_that_is_judged_and_scores_as_it_does() {
    let Some(python) = python() else { return };
    for (name, spec, data) in trials() {
        let story = Story::new("sklearn", &python, (name, &spec, &data));
        let (answer, bundle) = story.answer();
        println!("sklearn {name}: {:?} {}", answer.outcome, answer.message);
        assert_eq!(answer.outcome, Outcome::Passed, "{}", answer.message);
        assert!(bundle.code.starts_with("sklearn-python/1 (scikit-learn "));
        assert!(bundle.calibration_reason.as_ref().unwrap().starts_with("Platt"));
        let most = story.parity("sklearn", &bundle, &data);
        println!("sklearn {name}: largest difference of risks {most:.2e}");
        assert!(most < 1e-9, "{name}: {most:e}");
    }
}

#[test]
fn xgboost_leaves_its_own_file_that_is_calibrated_judged_and_scores_as_it_does() {
    let Some(python) = python() else { return };
    for (name, spec, data) in trials() {
        let story = Story::new("xgboost", &python, (name, &spec, &data));
        let (answer, bundle) = story.answer();
        println!("xgboost {name}: {:?} {}", answer.outcome, answer.message);
        assert_eq!(answer.outcome, Outcome::Passed, "{}", answer.message);
        assert!(bundle.code.starts_with("xgboost (imported by dropout-trainer/"));
        assert!(bundle.calibration_reason.as_ref().unwrap().starts_with("Platt, on out-of-fold logits of "));
        let claimed = &story.report(&answer)["claimed"];
        assert_eq!((claimed["metrics"].as_array().unwrap().len(), &claimed["unknown"]), (2, &json!(0)));
        println!("xgboost {name}: claimed {}", claimed["metrics"]);
        let most = story.parity("xgboost", &bundle, &data);
        println!("xgboost {name}: largest difference of risks {most:.2e}");
        assert!(most < 1e-6, "{name}: {most:e}");
        let risks: Vec<f64> = bundle.golden.iter().map(|golden| golden.risk).collect();
        let (low, high) =
            risks.iter().fold((1.0, 0.0), |(low, high): (f64, f64), risk| (low.min(*risk), high.max(*risk)));
        assert!(high > 2.0 * low, "golden rows ask hardly anything: {risks:?}");
    }
}

#[test]
fn a_python_trainer_gives_the_same_bundle_twice() {
    let Some(python) = python() else { return };
    for library in ["sklearn", "xgboost"] {
        let (_, spec, data) = trials().remove(0);
        let story = Story::new(library, &python, ("twice", &spec, &data));
        let first = story.answer().0.evidence.unwrap().bundle;
        fs::remove_dir_all(story.cluster.root.join("store")).unwrap();
        fs::create_dir(story.cluster.root.join("store")).unwrap();
        assert_eq!(story.answer().0.evidence.unwrap().bundle, first, "{library}");
    }
}

#[test]
fn xgboost_of_data_that_changed_meanwhile_is_no_evidence() {
    let Some(python) = python() else { return };
    let (_, spec, data) = trials().remove(0);
    let story = Story::new("xgboost", &python, ("moving", &spec, &data));
    story.answer();
    fs::remove_dir_all(story.cluster.root.join("store")).unwrap();
    story.cluster.write("data/trial.csv", trial(2).as_bytes());
    let (done, text) = story.cluster.again(&story.task, &[Step::Evaluate]);
    assert_eq!((done.unwrap_err().code(), text.as_str()), (1, ""));
}
