//! What a training leaves: calibrated risks, thresholds that hold on patients aside, a choice by evidence, monotone models,
//! and the same bytes every time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{ctn_full, folder, four, manifest, model_file, seven, shared, simulated, spec, table};
use dropout_model::{
    bundle::{Bundle, Model, Scorer},
    digest::digest,
    manifest::{Algorithm, Manifest, Metric, Monotone},
    metric::{Operation, Scored, value},
    policy::resolve,
    random::Stream,
    rows::{Rows, cells},
};
use dropout_trainer::{
    evaluation::{risks, training_rows},
    logistic::{FitError, FittedLogistic, LogisticParams, dataset},
    recipe::{Recipe, fit_logistic},
    simulate::{Scenario, csv, trial},
    train,
    worlds::{self, World},
};
use linfa::traits::Fit;
use ndarray::Array2;
use serde_json::{Value, json};
use std::{fs, process::Command};

/// A trial as a CSV file.
fn file(patients: u32, seed: u64) -> String {
    csv(&trial(patients, seed, Scenario::Stable))
}

fn bundle(spec: &Value, bytes: &[u8]) -> (Manifest, Bundle, Rows) {
    let manifest = manifest(spec);
    let table = table(&manifest, bytes);
    let bundle = train(&manifest, &training_rows(&manifest, &table), &table.digest).unwrap().bundle;
    let (_, held) = table.split(&manifest);
    (manifest, bundle, table.rows.pick(&held))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    (numbers[(numbers.len() - 1) / 2] + numbers[numbers.len() / 2]) / 2.0
}

/// The slope of the outcome on the logit of risk; 1 is perfect.
fn slope(scored: &Scored<'_>) -> f64 {
    let logits: Vec<f64> = scored.risk.iter().map(|risk| (risk / (1.0 - risk)).ln()).collect();
    let column = Array2::from_shape_vec((logits.len(), 1), logits).unwrap();
    let fitted: Result<FittedLogistic, FitError> =
        LogisticParams::default().penalty(0.0).fit(&dataset(column, &scored.rows.label));
    fitted.unwrap().coefficients[0]
}

/// Mean distance of mean risk and share of dropouts over ten groups of equal size by risk.
fn ece(scored: &Scored<'_>) -> f64 {
    let mut pairs: Vec<(f64, f64)> =
        scored.risk.iter().zip(&scored.rows.label).map(|(risk, label)| (*risk, f64::from(u8::from(*label)))).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = pairs.len();
    let groups = (0..10).map(|group| &pairs[group * count / 10..(group + 1) * count / 10]);
    groups.map(|group| group.iter().map(|(risk, label)| risk - label).sum::<f64>().abs()).sum::<f64>() / count as f64
}

/// The distance that risks which are exactly right would have on the same patients, by chance: the mean over labels drawn
/// anew, one draw a patient, since a patient who leaves early has left at every later landmark too.
fn chance(scored: &Scored<'_>) -> f64 {
    let draws = (0..100).map(|draw| {
        let stream = Stream::new(draw);
        let label = |(risk, patient): (&f64, &u32)| stream.unit(u64::from(*patient)) < *risk;
        let label = scored.risk.iter().zip(&scored.rows.patient).map(label).collect();
        ece(&Scored::new(scored.risk.clone(), &Rows { label, ..scored.rows.clone() }))
    });
    draws.sum::<f64>() / 100.0
}

/// What is found on the holdout of one salt: calibration in the large, slope, ECE10 and the same by chance, recall at the
/// threshold for 0.80.
fn found(label: &str, salt: u32, algorithm: &str) -> Option<[f64; 5]> {
    let bytes = shared("ctn-oud.csv")?;
    let mut spec = spec(&format!("CTN-{salt}"), "ctn-oud.csv", (label, ctn_full()));
    spec["training"] = json!({"algorithms": [algorithm]});
    let (manifest, bundle, holdout) = bundle(&spec, &bytes);
    let risk = risks(&bundle, &manifest.features, &holdout.columns).unwrap();
    let scored = Scored::new(risk, &holdout);
    let threshold = resolve(manifest.threshold.target(), &bundle.thresholds);
    let of = |metric| value(metric, &scored, &scored.even(), Operation { threshold, capacity: 0.5 });
    let [in_the_large, recall] = [Metric::CalibrationInTheLarge, Metric::Recall].map(of);
    Some([in_the_large.abs(), slope(&scored), ece(&scored), chance(&scored), recall])
}

/// The bounds are those of facts on a holdout of 413 patients. The any-time label of the 309 held out here has more noise
/// than the bound of ECE10 allows even to risks that are exactly right, so it is held to that noise.
#[test]
fn ctn_risks_are_calibrated_and_thresholds_hold_on_patients_aside_over_20_salts() {
    for (label, algorithm) in
        [("dropout", "Logistic"), ("dropout_28d", "Logistic"), ("dropout_28d", "GradientBoosting")]
    {
        let Some(all) = (1..=20).map(|salt| found(label, salt, algorithm)).collect::<Option<Vec<_>>>() else { return };
        let middle = |at: usize| median(all.iter().map(|numbers| numbers[at]).collect());
        let [large, slope, ece, chance, recall] = [0, 1, 2, 3, 4].map(middle);
        println!(
            "{label} {algorithm}: |calibration in the large| {large:.3}, slope {slope:.3}, ECE10 {ece:.4} ({chance:.4} by chance), recall {recall:.3}"
        );
        assert!(large <= 0.15 && (0.85..=1.15).contains(&slope) && recall >= 0.77, "{label} {algorithm}");
        assert!(ece <= f64::max(0.035, chance), "{label} {algorithm}: {ece}");
    }
}

/// A known world as a CSV file of one row a patient.
fn world(world: World, count: usize) -> String {
    let known = worlds::rows(world, 1, 0, count);
    let names = "age,days,done,ae,sae,missed,gap,distance,arm,sex";
    let line = |row: usize| {
        let cells: Vec<String> = known.values.row(row).iter().map(f64::to_string).collect();
        format!("P{row},{},{}\n", cells.join(","), u8::from(known.labels[row]))
    };
    format!("patient_id,{names},dropout\n{}", (0..count).map(line).collect::<String>())
}

fn world_spec(algorithms: &[&str]) -> Value {
    let names = ["age", "days", "done", "ae", "sae", "missed", "gap", "distance", "arm", "sex"];
    let features = names.map(|name| json!({"name": name, "type": "Number"})).to_vec();
    let mut spec = spec("WORLD", "world.csv", ("dropout", features));
    spec["landmark"] = Value::Null;
    spec["deny"] = json!([]);
    spec["training"] = json!({"algorithms": algorithms});
    spec
}

#[test]
fn boosting_is_taken_only_where_it_is_better_beyond_doubt() {
    for (name, rows, wanted) in [(World::Linear, 4_000, "Logistic"), (World::Nonlinear, 4_000, "GradientBoosting")] {
        let (_, bundle, _) = bundle(&world_spec(&["GradientBoosting", "Logistic"]), world(name, rows).as_bytes());
        let choice = bundle.choice.unwrap();
        println!("{wanted}: {}", choice.message);
        assert!(choice.message.starts_with(&format!("{wanted} was taken")), "{}", choice.message);
        assert_eq!(
            choice.tried.iter().map(|tried| tried.algorithm).collect::<Vec<_>>(),
            [Algorithm::Logistic, Algorithm::GradientBoosting]
        );
        assert_eq!((choice.low > 0.0, choice.repeats), (wanted == "GradientBoosting", 5));
        assert_eq!(matches!(bundle.model, Model::Trees(_)), wanted == "GradientBoosting");
    }
}

#[test]
fn weights_of_dropouts_leave_risks_calibrated() {
    let text = file(3_000, 5);
    for algorithm in ["Logistic", "GradientBoosting"] {
        let mut spec = simulated(seven());
        spec["training"] = json!({"algorithms": [algorithm]});
        let plain = bundle(&spec, text.as_bytes());
        spec["training"]["classWeight"] = json!("Balanced");
        let (manifest, weighed, holdout) = bundle(&spec, text.as_bytes());
        let mean = |bundle: &Bundle| {
            let risks = risks(bundle, &manifest.features, &holdout.columns).unwrap();
            risks.iter().sum::<f64>() / risks.len() as f64
        };
        assert_ne!(plain.1.model, weighed.model);
        assert!((mean(&plain.1) - mean(&weighed)).abs() < 0.01, "{algorithm}: {} {}", mean(&plain.1), mean(&weighed));
        assert!(weighed.calibration_reason.unwrap().contains("the weight of dropouts is undone by -"));
    }
}

#[test]
fn few_dropouts_with_weights_are_brought_back_by_the_prior_alone() {
    let mut spec = simulated(four());
    spec["training"] = json!({"classWeight": "Balanced"});
    let (manifest, bundle, holdout) = bundle(&spec, file(250, 5).as_bytes());
    assert_eq!(bundle.calibration.slope, 1.0);
    let risks = risks(&bundle, &manifest.features, &holdout.columns).unwrap();
    let mean = risks.iter().sum::<f64>() / risks.len() as f64;
    assert!(mean < 0.25, "{mean}: the weight of dropouts was not undone");
}

#[test]
fn a_monotone_feature_never_moves_the_risk_the_other_way() {
    let text = file(2_000, 5);
    for (algorithm, direction) in [
        ("Logistic", Monotone::Increasing),
        ("Logistic", Monotone::Decreasing),
        ("GradientBoosting", Monotone::Increasing),
        ("GradientBoosting", Monotone::Decreasing),
    ] {
        let mut spec = simulated(seven());
        spec["training"] = json!({"algorithms": [algorithm]});
        spec["features"][4]["monotone"] = json!(direction);
        let (manifest, bundle, holdout) = bundle(&spec, text.as_bytes());
        let scorer = Scorer::new(&bundle).unwrap();
        for row in 0..200 {
            let mut row = cells(&manifest.features, &holdout.columns, row);
            let risks: Vec<f64> = (0..12)
                .map(|missed| {
                    row[4] = dropout_model::bundle::Cell::Number(f64::from(missed));
                    scorer.risk(&row)
                })
                .collect();
            let is_kept = |pair: &[f64]| match direction {
                Monotone::Increasing => pair[0] <= pair[1],
                Monotone::Decreasing => pair[0] >= pair[1],
            };
            assert!(risks.windows(2).all(is_kept), "{algorithm} {direction:?}: {risks:?}");
        }
    }
}

#[test]
fn standard_errors_stand_beside_coefficients_and_a_held_term_has_none() {
    let mut spec = simulated(seven());
    spec["features"][4]["monotone"] = json!("Decreasing");
    let manifest = manifest(&spec);
    let table = table(&manifest, file(2_000, 5).as_bytes());
    let model = fit_logistic(&manifest, &table.rows, 1.0).unwrap();
    for (at, term) in model.terms.iter().enumerate() {
        assert_eq!((term.standard_error.is_some(), term.coefficient != 0.0), (at != 4, at != 4), "{}", term.feature);
    }
}

#[test]
fn labels_that_a_column_separates_still_give_a_model() {
    let lines: String = (0..400).map(|row| format!("P{row},{},{}\n", row, u8::from(row % 400 >= 250))).collect();
    let text = format!("patient_id,score,dropout\n{lines}");
    for algorithm in ["Logistic", "GradientBoosting"] {
        let mut spec = world_spec(&[algorithm]);
        spec["features"] = json!([{"name": "score", "type": "Number"}]);
        let (manifest, bundle, holdout) = bundle(&spec, text.as_bytes());
        let risks = risks(&bundle, &manifest.features, &holdout.columns).unwrap();
        assert!(risks.iter().all(|risk| risk.is_finite() && *risk > 0.0 && *risk < 1.0), "{algorithm}: {risks:?}");
    }
}

#[test]
fn rounds_are_chosen_out_of_fold() {
    let manifest = manifest(&world_spec(&["GradientBoosting"]));
    let rows = table(&manifest, world(World::Nonlinear, 3_000).as_bytes()).rows;
    let recipe = Recipe::of(&manifest, Algorithm::GradientBoosting, &rows).unwrap();
    println!("{} trees", recipe.rounds);
    assert!((20..400).contains(&recipe.rounds), "{}", recipe.rounds);
}

/// The digest of a bundle that the program makes, with a changed environment.
fn made(name: &str, environment: &[(&str, &str)]) -> String {
    let folder = folder(&format!("same-{name}"));
    let mut spec = simulated(seven());
    spec["training"] = json!({"algorithms": ["Logistic", "GradientBoosting"]});
    model_file(&folder.join("model.yaml"), &spec);
    fs::write(folder.join("trial.csv"), file(600, 5)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dropout-trainer"));
    command.args(["train", "--spec", "model.yaml", "--data", "trial.csv", "--out", "out"]).current_dir(&folder);
    let output = command.envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    digest(&fs::read(folder.join("out/bundle.json")).unwrap())
}

#[test]
fn trainings_give_the_same_bytes_with_any_threads_and_processor_features() {
    let first = made("first", &[]);
    let masked = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-BMI2,-ERMS,-SSE4_2";
    for (name, environment) in [
        ("masked", [("GLIBC_TUNABLES", masked)]),
        ("one", [("DROPOUT_THREADS", "1")]),
        ("two", [("DROPOUT_THREADS", "2")]),
        ("eight", [("DROPOUT_THREADS", "8")]),
    ] {
        assert_eq!(made(name, &environment), first, "{name}");
    }
}

#[test]
fn twenty_trainings_give_twenty_identical_bundles() {
    let text = file(600, 7);
    let mut spec = simulated(seven());
    spec["training"] = json!({"algorithms": ["Logistic", "GradientBoosting"]});
    let bytes = |_| bundle(&spec, text.as_bytes()).1.to_bytes().unwrap();
    let first = bytes(0);
    assert!((1..20).map(bytes).all(|bytes| bytes == first));
}
