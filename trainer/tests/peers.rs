//! Boosting against XGBoost itself, and the known worlds against the program that defines them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{folder, shared, skipped, workspace};
use dropout_model::{
    bundle::logistic,
    metric::{Scored, bootstrap::quantile, rank::roc_auc},
    random::Stream,
    rows::Rows,
};
use dropout_trainer::{
    boosting::{BoostingError, BoostingParams},
    logistic::dataset,
    worlds::{COLUMNS, World, rows},
};
use linfa::traits::Fit;
use ndarray::{Array2, Axis};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Fits of each side whose mean risk is compared, so that it is the learners that are, and not which rows and columns their
/// generators happened to draw.
const SEEDS: i64 = 5;

const FOUR: &str = "age,days_in_trial,visits_completed,adverse_events";
const ACTG: &str = "age,weight_kg,gender,hemo,msm,drugs,karnof,symptom,oprior,z30,preanti,cd40,cd80,=strat,=arms";
const CDISC: &str = "age,days_in_trial,visits_completed,adverse_events,=sex,=arm,visits_expected,visits_missed,\
    unscheduled_visits,days_since_last_visit,adverse_events_last_28d,serious_adverse_events,\
    moderate_severe_adverse_events,related_adverse_events";
const CTN: &str = "age,days_in_trial,visits_completed,adverse_events,=sex,=arm,=trial,=used_iv,visits_expected,\
    visits_missed,days_since_last_visit,visits_last_28d,withdrawal_max,opioid_positive_tests,other_positive_tests,\
    dose_days,dose_days_last_14d";

/// Runs Python with the peers; none, and a loud line, if they cannot be had here.
fn python(arguments: &[&OsStr]) -> Option<()> {
    let script = workspace().join("trainer/tests/peers.sh");
    let status = Command::new("sh").arg(script).args(arguments).status();
    if status.as_ref().is_ok_and(|status| status.success()) {
        return Some(());
    }
    skipped(&format!("XGBoost cannot be had here ({status:?})"));
    assert!(!status.is_ok_and(|status| status.code() == Some(1)), "the peer itself failed");
    None
}

/// A matrix with labels and, for each row, its patient.
struct Sample {
    values: Array2<f64>,
    labels: Vec<bool>,
    patient: Vec<u32>,
}

impl Sample {
    /// A trial's file; `=` marks a category, which gets a column for each value. An empty cell is missing.
    fn of_trial(bytes: &[u8], label: &str, features: &str) -> (Self, Vec<String>) {
        let mut reader = csv::Reader::from_reader(bytes);
        let cells: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        let number = |cell: &String| if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() };
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for feature in features.split(',').map(str::trim) {
            let Some(name) = feature.strip_prefix('=') else {
                columns.push(cells.iter().map(|row| number(&row[feature])).collect());
                continue;
            };
            let levels: BTreeSet<&String> =
                cells.iter().map(|row| &row[name]).filter(|cell| !cell.is_empty()).collect();
            let one = |row: &BTreeMap<String, String>, level: &String| f64::from(u8::from(&row[name] == level));
            let part = |row: &BTreeMap<String, String>, level| {
                if row[name].is_empty() { f64::NAN } else { one(row, level) }
            };
            columns.extend(levels.iter().map(|level| cells.iter().map(|row| part(row, level)).collect()));
        }
        let names: Vec<String> = cells.iter().map(|row| row["patient_id"].clone()).collect();
        let patients: Vec<String> = names.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let patient = names.iter().map(|name| patients.binary_search(name).unwrap() as u32).collect();
        let values = Array2::from_shape_fn((cells.len(), columns.len()), |(row, column)| columns[column][row]);
        (Self { values, labels: cells.iter().map(|row| row[label] == "1").collect(), patient }, patients)
    }

    fn pick(&self, rows: &[usize]) -> Self {
        Self {
            values: self.values.select(Axis(0), rows),
            labels: rows.iter().map(|row| self.labels[*row]).collect(),
            patient: rows.iter().map(|row| self.patient[*row]).collect(),
        }
    }

    fn of_world(start: u64, n: usize) -> Self {
        let known = rows(World::Nonlinear, 2, start, n);
        Self { values: known.values, labels: known.labels, patient: (0..n as u32).collect() }
    }

    fn write(&self, place: &Path) {
        let mut text = String::new();
        for (row, label) in self.values.rows().into_iter().zip(&self.labels) {
            let cells = row.iter().map(|cell| if cell.is_nan() { String::new() } else { cell.to_string() });
            text += &format!("{},{}\n", u8::from(*label), cells.collect::<Vec<_>>().join(","));
        }
        fs::write(place, text).unwrap();
    }
}

/// The facts' settings of XGBoost, as it calls them.
fn settings() -> Value {
    json!({
        "tree_method": "hist", "n_estimators": 150, "learning_rate": 0.05, "max_depth": 3, "reg_lambda": 5,
        "subsample": 0.8, "colsample_bytree": 0.8, "min_child_weight": 5, "n_jobs": 2,
        "seeds": SEEDS,
    })
}

/// The mean of our risks over fits with the seeds 0, 1 and so on.
fn ours(params: &BoostingParams, training: &Sample, fresh: &Sample) -> Vec<f64> {
    let records = dataset(training.values.clone(), &training.labels);
    let mut risks = vec![0.0; fresh.labels.len()];
    for seed in 0..SEEDS {
        let fitted: Result<_, BoostingError> = params.clone().seed(seed).fit(&records);
        let ensemble = fitted.unwrap();
        for (risk, row) in risks.iter_mut().zip(fresh.values.rows()) {
            let row: Vec<f32> = row.iter().map(|value| *value as f32).collect();
            *risk += logistic(ensemble.logit(&row)) / SEEDS as f64;
        }
    }
    risks
}

fn told(name: &str, training: &Sample, fresh: &Sample, settings: &Value) -> PathBuf {
    let folder = folder(&format!("peers-{name}"));
    training.write(&folder.join("training.csv"));
    fresh.write(&folder.join("fresh.csv"));
    fs::write(folder.join("settings.json"), settings.to_string()).unwrap();
    folder
}

/// XGBoost's risks for each folder.
fn theirs(folders: &[PathBuf]) -> Option<Vec<Vec<f64>>> {
    let script = workspace().join("trainer/tests/peers.py");
    let arguments: Vec<&OsStr> =
        [script.as_os_str()].into_iter().chain(folders.iter().map(|at| at.as_os_str())).collect();
    python(&arguments)?;
    let read = |folder: &PathBuf| fs::read_to_string(folder.join("risks.txt")).unwrap();
    let numbers = |text: String| text.lines().map(|line| line.parse().unwrap()).collect();
    Some(folders.iter().map(read).map(numbers).collect())
}

/// The AUC of both and the 95 % interval over patients of their difference.
fn compared(ours: &[f64], theirs: &[f64], fresh: &Sample) -> [f64; 4] {
    let count = fresh.labels.len();
    let (label, landmark, patient) = (fresh.labels.clone(), vec![0; count], fresh.patient.clone());
    let rows = Rows { label, landmark, patient, ..Rows::default() };
    let (ours, theirs) = (Scored::new(ours.to_vec(), &rows), Scored::new(theirs.to_vec(), &rows));
    let patients: Vec<u32> = fresh.patient.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let stream = Stream::new(1);
    let mut differences: Vec<f64> = Vec::new();
    for draw in 0..2_000 {
        let mut times = vec![0.0; patients.iter().max().map_or(0, |most| *most as usize + 1)];
        for n in 0..patients.len() as u64 {
            times[patients[stream.part(draw).below(n, patients.len() as u64) as usize] as usize] += 1.0;
        }
        let weight: Vec<f64> = fresh.patient.iter().map(|at| times[*at as usize]).collect();
        differences.push(roc_auc(&ours, &weight) - roc_auc(&theirs, &weight));
    }
    differences.sort_by(f64::total_cmp);
    let even = vec![1.0; count];
    let bounds = [0.025, 0.975].map(|share| quantile(&differences, share));
    [roc_auc(&ours, &even), roc_auc(&theirs, &even), bounds[0], bounds[1]]
}

#[test]
fn boosting_orders_held_out_patients_as_well_as_xgboost_on_eight_tasks_of_real_trials() {
    let week_20 = format!("{ACTG},cd420,cd820");
    let tasks = [
        ("actg_base", "actg175.csv", "dropout", ACTG, -0.02),
        ("actg_wk20", "actg175.csv", "dropout", &week_20, -0.02),
        ("cdisc_seed4", "cdisc-pilot.csv", "dropout", FOUR, -0.02),
        ("cdisc_full", "cdisc-pilot.csv", "dropout", CDISC, -0.02),
        ("cdisc_full28", "cdisc-pilot.csv", "dropout_28d", CDISC, -0.02),
        ("ctn_seed4", "ctn-oud.csv", "dropout", FOUR, -0.02),
        ("ctn_full", "ctn-oud.csv", "dropout", CTN, -0.01),
        ("ctn_full28", "ctn-oud.csv", "dropout_28d", CTN, -0.01),
    ];
    let mut samples = Vec::new();
    for (name, file, label, features, least) in tasks {
        let Some(bytes) = shared(file) else { return };
        let (all, patients) = Sample::of_trial(&bytes, label, features);
        let held: Vec<bool> =
            patients.iter().map(|patient| dropout_model::split::is_holdout("peers", patient, 0.25)).collect();
        let (fresh, training): (Vec<usize>, Vec<usize>) =
            (0..all.labels.len()).partition(|row| held[all.patient[*row] as usize]);
        samples.push((name, least, all.pick(&training), all.pick(&fresh)));
    }
    let folders: Vec<PathBuf> =
        samples.iter().map(|(name, _, training, fresh)| told(name, training, fresh, &settings())).collect();
    let Some(theirs) = theirs(&folders) else { return };
    println!("{:14}{:>6}{:>9}{:>9}   95 % of the difference, over patients", "task", "rows", "ours", "XGBoost");
    let mut worse = Vec::new();
    for ((name, least, training, fresh), theirs) in samples.iter().zip(theirs) {
        let [mine, other, low, high] = compared(&ours(&BoostingParams::default(), training, fresh), &theirs, fresh);
        println!(
            "{name:14}{:>6}{mine:>9.4}{other:>9.4}   [{low:+.4}, {high:+.4}], must reach {least}",
            fresh.labels.len()
        );
        if low.is_nan() || low <= *least {
            worse.push(*name);
        }
    }
    assert!(worse.is_empty(), "worse than XGBoost: {worse:?}");
}

#[test]
fn risks_are_those_of_xgboost_where_both_know_every_value() {
    let (training, fresh) = (Sample::of_world(0, 4_000), Sample::of_world(0, 4_000));
    // Distances and days have more values than bins; whole kilometres and every second day do not.
    let coarse = |mut sample: Sample| {
        sample.values.column_mut(7).mapv_inplace(|distance| distance.min(200.0).round());
        sample.values.column_mut(1).mapv_inplace(|day| (day / 2.0).floor() * 2.0);
        sample
    };
    let (training, fresh) = (coarse(training), coarse(fresh));
    let prevalence = training.labels.iter().filter(|label| **label).count() as f64 / training.labels.len() as f64;
    let mut told_to = settings();
    for (name, value) in
        [("n_estimators", 20.0), ("subsample", 1.0), ("colsample_bytree", 1.0), ("base_score", prevalence)]
    {
        told_to[name] = if name == "n_estimators" { json!(20) } else { json!(value) };
    }
    told_to["max_bin"] = json!(512);
    let Some(theirs) = theirs(&[told("exact", &training, &fresh, &told_to)]) else { return };
    let ours = ours(&BoostingParams::default().rounds(20).row_share(1.0).column_share(1.0), &training, &fresh);
    let most = ours.iter().zip(&theirs[0]).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    println!("largest difference to XGBoost's risks {most:.1e} over {} rows", ours.len());
    assert!(most < 1e-5, "{most:e}");
    assert!(ours.iter().any(|risk| (risk - prevalence).abs() > 0.1));
}

#[test]
fn worlds_are_those_of_the_program_that_defines_them() {
    let Some(source) = shared("synth.py") else { return };
    let place = folder("peers-worlds");
    fs::write(place.join("synth.py"), source).unwrap();
    for (name, world) in [("seed4", World::Seed4), ("linear", World::Linear), ("nonlinear", World::Nonlinear)] {
        let (program, out) = (place.join("synth.py"), place.join(format!("{name}.csv")));
        let options = ["--with-p", "--rows", "1000", "--start", "123456", "--seed", "5", "--world", name, "--out"];
        let mut arguments = vec![program.as_os_str()];
        arguments.extend(options.map(OsStr::new));
        arguments.push(out.as_os_str());
        if python(&arguments).is_none() {
            return;
        }
        let known = rows(world, 5, 123_456, 1_000);
        let mut reader = csv::Reader::from_path(out).unwrap();
        let cells: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        for (at, row) in cells.iter().enumerate() {
            let number = |column: &str| row[column].parse::<f64>().unwrap();
            assert_eq!(COLUMNS.map(number).to_vec(), known.values.row(at).to_vec(), "{name} row {at}");
            assert_eq!(row["dropout"] == "1", known.labels[at], "{name} row {at}");
            assert!((number("p_true") - known.p_true[at]).abs() < 1e-12, "{name} row {at}");
        }
        assert_eq!(cells.len(), 1_000);
    }
}
