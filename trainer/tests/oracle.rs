//! The fit against others: scikit-learn's newton-cholesky on three tasks of real trials, and linfa-logistic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{category, ctn_full, folder, integer, manifest, number, shared, skipped, spec, table, workspace};
use dropout_model::{
    bundle::{Calibration, Model, Scorer},
    rows::cells,
};
use dropout_trainer::{
    logistic::{FitError, FittedLogistic, LogisticParams, dataset, standard_errors},
    recipe::fit_logistic,
};
use linfa::{
    Dataset, ParamGuard,
    traits::{Fit, Predict},
};
use ndarray::{Array1, Array2};
use serde_json::{Value, json};
use std::{fs, process::Command};

const MOST: f64 = 1e-9;

fn actg_base() -> Vec<Value> {
    let binary =
        ["gender", "race", "hemo", "msm", "drugs", "karnof", "symptom", "oprior", "z30", "preanti", "cd40", "cd80"];
    let mut features = vec![integer("age"), number("weight_kg")];
    features.extend(binary.map(integer));
    features.extend([category("strat", &["1", "2", "3"]), category("arms", &["0", "1", "2", "3"])]);
    features
}

/// Our risks of every row of a file, fitted to every row.
fn ours(spec: &Value, bytes: &[u8], weight: f64) -> Vec<f64> {
    let manifest = manifest(spec);
    let rows = table(&manifest, bytes).rows;
    let model = fit_logistic(&manifest, &rows, weight).unwrap();
    let scorer = Scorer::of(&manifest.features, &Model::Logistic(model), Calibration::IDENTITY).unwrap();
    (0..rows.len()).map(|row| scorer.risk(&cells(&manifest.features, &rows.columns, row))).collect()
}

/// scikit-learn's risks; none if it cannot be had here.
fn theirs((name, weight): (&str, f64), file: &str, spec: &Value) -> Option<Vec<f64>> {
    let folder = folder(&format!("oracle-{name}"));
    let data = folder.join("data.csv");
    fs::write(&data, shared(file)?).unwrap();
    let told = folder.join("spec.json");
    fs::write(
        &told,
        json!({"features": spec["features"], "label": spec["label"]["column"], "positiveWeight": weight}).to_string(),
    )
    .unwrap();
    let out = folder.join("risks.txt");
    let script = workspace().join("trainer/tests/oracle.sh");
    let status = Command::new("sh").arg(script).args([&data, &told, &out]).status();
    if !status.as_ref().is_ok_and(|status| status.success()) {
        skipped(&format!("scikit-learn cannot be had here ({status:?})"));
        assert!(!status.is_ok_and(|status| status.code() == Some(1)), "the oracle itself failed");
        return None;
    }
    Some(fs::read_to_string(out).unwrap().lines().map(|line| line.parse().unwrap()).collect())
}

#[test]
fn fit_agrees_with_scikit_learn_to_1e_9_on_three_real_tasks() {
    let mut actg = spec("ACTG175", "actg175.csv", ("dropout", actg_base()));
    actg["landmark"] = Value::Null;
    actg["deny"] = json!([]);
    let ctn = |label| spec("CTN", "ctn-oud.csv", (label, ctn_full()));
    let tasks = [
        ("actg_base", 1.0, "actg175.csv", actg),
        ("ctn_full", 1.0, "ctn-oud.csv", ctn("dropout")),
        ("ctn_full_weighted", 3.25, "ctn-oud.csv", ctn("dropout")),
        ("ctn_full28", 1.0, "ctn-oud.csv", ctn("dropout_28d")),
    ];
    for (name, weight, file, spec) in tasks {
        let (Some(bytes), Some(theirs)) = (shared(file), theirs((name, weight), file, &spec)) else { return };
        let ours = ours(&spec, &bytes, weight);
        assert_eq!(ours.len(), theirs.len());
        let most = ours.iter().zip(&theirs).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        println!("{name}: largest difference of probabilities {most:.2e} over {} rows", ours.len());
        assert!(most < MOST, "{name}: {most:e}");
    }
}

#[test]
fn standard_errors_agree_with_statsmodels_plain_and_by_patient() {
    let (matrix, labels) = rows(0.3);
    let patient: Vec<u32> = (0..labels.len() as u32).map(|row| row / 3).collect();
    let fitted: Result<FittedLogistic, FitError> =
        LogisticParams::default().penalty(0.0).fit(&dataset(matrix.clone(), &labels));
    let fitted = fitted.unwrap();
    let by_patient = standard_errors(&fitted, &matrix, &labels, (&patient, 1.0)).unwrap();
    let line = |row: usize| {
        let cells = matrix.row(row).iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        format!("{cells},{},{}\n", u8::from(labels[row]), patient[row])
    };
    let file = folder("oracle-errors").join("rows.csv");
    fs::write(&file, (0..labels.len()).map(line).collect::<String>()).unwrap();
    let script = workspace().join("trainer/tests/oracle.sh");
    let output = Command::new("sh").env("SCRIPT", "errors.py").arg(script).arg(&file).output().unwrap();
    if output.status.code() == Some(77) {
        return skipped("statsmodels cannot be had here");
    }
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 4, "{}", String::from_utf8_lossy(&output.stderr));
    for (at, line) in text.lines().enumerate() {
        let (plain, clustered) = line.split_once(' ').unwrap();
        let ours = (fitted.inverse_hessian[[at, at]].sqrt(), by_patient[at]);
        let theirs: (f64, f64) = (plain.parse().unwrap(), clustered.parse().unwrap());
        assert!(
            (ours.0 / theirs.0 - 1.0).abs() < 1e-6 && (ours.1 / theirs.1 - 1.0).abs() < 1e-6,
            "{ours:?} {theirs:?}"
        );
    }
}

/// Rows with a known signal; `share` of the labels are positive.
fn rows(shift: f64) -> (Array2<f64>, Vec<bool>) {
    let stream = dropout_model::random::Stream::new(3);
    let at = |row: usize, column: usize| stream.unit((row * 8 + column) as u64) * 2.0 - 1.0;
    let matrix = Array2::from_shape_fn((800, 3), |(row, column)| at(row, column));
    let labels = (0..800).map(|row| at(row, 7) + shift < 0.9 * at(row, 0) - 0.5 * at(row, 1)).collect();
    (matrix, labels)
}

#[test]
fn fit_agrees_with_linfa_logistic_whichever_label_is_the_more_frequent() {
    for shift in [0.5, -0.5] {
        let (matrix, labels) = rows(shift);
        let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().fit(&dataset(matrix.clone(), &labels));
        let ours: Array1<f64> = fitted.unwrap().predict(&matrix);
        let targets = Array1::from_iter(labels.iter().map(|label| usize::from(*label)));
        let linfa =
            linfa_logistic::LogisticRegression::default().alpha(1.0).gradient_tolerance(1e-8).max_iterations(500);
        let linfa = linfa.fit(&Dataset::new(matrix.clone(), targets)).unwrap();
        // linfa gives the probability of the class it calls positive, which is the more frequent one.
        let is_turned = linfa.labels().pos.class == 0;
        assert_eq!(is_turned, shift > 0.0);
        for (ours, theirs) in ours.iter().zip(linfa.predict_probabilities(&matrix)) {
            let theirs = if is_turned { 1.0 - theirs } else { theirs };
            assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
        }
    }
}

#[test]
fn fit_reaches_a_point_where_the_gradient_is_zero() {
    let (matrix, labels) = rows(0.3);
    let fitted: Result<FittedLogistic, FitError> =
        LogisticParams::default().penalty(2.5).fit(&dataset(matrix.clone(), &labels));
    let fitted = fitted.unwrap();
    let risks: Array1<f64> = fitted.predict(&matrix);
    let miss: Vec<f64> = risks.iter().zip(&labels).map(|(risk, label)| risk - f64::from(u8::from(*label))).collect();
    assert!(miss.iter().sum::<f64>().abs() < 1e-9);
    for (column, coefficient) in matrix.columns().into_iter().zip(&fitted.coefficients) {
        let slope: f64 = column.iter().zip(&miss).map(|(x, miss)| x * miss).sum();
        assert!((slope + 2.5 * coefficient).abs() < 1e-9);
    }
    assert!(fitted.steps <= 10);
}

#[test]
fn parameters_are_checked_before_they_are_used() {
    assert!(matches!(LogisticParams::default().penalty(-1.0).check(), Err(FitError::Penalty(_))));
    assert!(matches!(LogisticParams::default().penalty(f64::NAN).check(), Err(FitError::Penalty(_))));
    assert!(matches!(LogisticParams::default().tolerance(0.0).check(), Err(FitError::Tolerance(_))));
    let one = dataset(Array2::zeros((3, 1)), &[true, true, true]);
    let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().fit(&one);
    assert!(matches!(fitted, Err(FitError::OneClass { positives: 3, rows: 3 })));
    let separable =
        dataset(Array2::from_shape_vec((4, 1), vec![-2.0, -1.0, 1.0, 2.0]).unwrap(), &[false, false, true, true]);
    let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().penalty(0.0).fit(&separable);
    assert!(fitted.is_err());
}
