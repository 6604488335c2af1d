//! The simulated trial: the same for a seed, its labels agree with its true risks, and its scenarios do what they say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{four, manifest, seven, simulated, table};
use dropout_model::{
    digest::digest,
    manifest::Metric,
    metric::{Scored, rank::roc_auc},
    policy::resolve,
    rows::{Contract, Rows, read},
    task::{Outcome, Served},
};
use dropout_trainer::{
    Contest, evaluate,
    evaluation::{risks, training_rows},
    report::Report,
    simulate::{CUTOFF, Row, Scenario, csv, trial},
    train,
};
use serde_json::Value;
use std::collections::BTreeSet;

fn mature(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|row| row.landmark_date.to_string().as_str() <= "2026-06-02").collect()
}

fn auc(risk: Vec<f64>, label: Vec<bool>) -> f64 {
    let count = label.len();
    let rows = Rows { label, patient: (0..count as u32).collect(), landmark: vec![0; count], ..Rows::default() };
    let scored = Scored::new(risk, &rows);
    roc_auc(&scored, &scored.even())
}

#[test]
fn a_trial_is_the_same_for_a_seed_for_ever() {
    let text = csv(&trial(50, 1, Scenario::Stable));
    assert_eq!(text, csv(&trial(50, 1, Scenario::Stable)));
    assert_ne!(text, csv(&trial(50, 2, Scenario::Stable)));
    assert!(csv(&trial(60, 1, Scenario::Stable)).starts_with(&text));
    // Remote visits came later; the trial without them is the one that it always was.
    let before: String = text.lines().map(|line| without(line, "remote_visits", &text) + "\n").collect();
    assert_eq!(digest(before.as_bytes()), "sha256:106a0a81baf475b8066fc0dba7b66cff1e2a93cf7be798dbade09f00d8b35171");
}

/// A line without the cell of a column.
fn without(line: &str, column: &str, text: &str) -> String {
    let at = text.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    let cells = line.split(',').enumerate().filter(|(place, _)| *place != at);
    cells.map(|(_, cell)| cell).collect::<Vec<_>>().join(",")
}

#[test]
fn labels_happen_as_often_as_the_true_risks_say() {
    for scenario in [Scenario::Stable, Scenario::RemoteVisits, Scenario::HarmlessDrift] {
        let rows = trial(40_000, 9, scenario);
        let mature = mature(&rows);
        for (low, high) in [(0.0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 0.7), (0.7, 1.01)] {
            let within: Vec<_> = mature.iter().filter(|row| (low..high).contains(&row.true_risk)).collect();
            let count = within.len() as f64;
            let expected = within.iter().map(|row| row.true_risk).sum::<f64>();
            let found = within.iter().filter(|row| row.dropout).count() as f64;
            let spread = within.iter().map(|row| row.true_risk * (1.0 - row.true_risk)).sum::<f64>().sqrt();
            assert!(
                (found - expected).abs() < 4.0 * spread,
                "{scenario:?} {low}: {found} of {count}, {expected} expected"
            );
        }
    }
}

#[test]
fn patients_leave_for_good_and_rows_end_at_the_cut_off() {
    let rows = trial(2_000, 1, Scenario::Stable);
    assert!(rows.iter().all(|row| row.landmark_date.to_string().as_str() <= CUTOFF));
    assert_eq!(rows.iter().map(|row| row.patient).collect::<BTreeSet<_>>().len(), 2_000);
    for pair in rows.windows(2).filter(|pair| pair[0].patient == pair[1].patient) {
        assert!(pair[0].days_in_trial < pair[1].days_in_trial && pair[0].visits_missed <= pair[1].visits_missed);
        assert!(!(pair[0].dropout && pair[1].days_in_trial >= pair[0].days_in_trial + 28));
    }
    let dropouts: BTreeSet<u32> = rows.iter().filter(|row| row.dropout).map(|row| row.patient).collect();
    assert!((480..660).contains(&dropouts.len()), "{}", dropouts.len());
}

fn judged(
    spec: &Value,
    text: &str,
    production: Option<&dropout_model::bundle::Bundle>,
) -> (Report, dropout_model::bundle::Bundle) {
    let manifest = manifest(spec);
    let features = production.map(|bundle| bundle.features.as_slice());
    let table = read("trial.csv", text.as_bytes(), &Contract { manifest: &manifest, production: features }).unwrap();
    let bundle = train(&manifest, &training_rows(&manifest, &table), &table.digest).unwrap().bundle;
    let served = production.map(|bundle| Served {
        digest: digest(&bundle.to_bytes().unwrap()),
        threshold: resolve(manifest.threshold.target(), &bundle.thresholds),
    });
    let candidate = digest(&bundle.to_bytes().unwrap());
    let contest = Contest {
        manifest: &manifest,
        table: &table,
        candidate: (&bundle, &candidate),
        production: production.zip(served.as_ref()),
        out_of_fold: None,
        looked: None,
    };
    (evaluate(&contest).unwrap(), bundle)
}

fn value(report: &Report, metric: Metric) -> f64 {
    report.metrics.iter().find(|found| found.metric == metric).unwrap().candidate
}

#[test]
fn more_features_are_promoted_and_harmless_drift_promotes_nothing() {
    for seed in 1..=6 {
        let text = csv(&trial(2_000, seed, Scenario::Stable));
        let (first, few) = judged(&simulated(four()), &text, None);
        let (second, all) = judged(&simulated(seven()), &text, Some(&few));
        let (before, after) = (value(&first, Metric::RocAuc), value(&second, Metric::RocAuc));
        println!("seed {seed}: roc_auc {before:.3} then {after:.3}");
        assert_eq!((first.outcome, second.outcome), (Outcome::Passed, Outcome::Passed), "{}", second.message);
        assert!(before < 0.75 && after > 0.75);
        let older = csv(&trial(2_000, seed + 500, Scenario::HarmlessDrift));
        assert_eq!(judged(&simulated(seven()), &older, Some(&all)).0.outcome, Outcome::Failed);
    }
}

#[test]
fn a_region_that_goes_remote_makes_a_new_model_better_than_the_old_one() {
    let (_, old) = judged(&simulated(seven()), &csv(&trial(2_000, 1, Scenario::Stable)), None);
    let (report, _) = judged(&simulated(seven()), &csv(&trial(4_000, 2, Scenario::RemoteVisits)), Some(&old));
    println!("{}", report.message);
    assert_eq!(report.outcome, Outcome::Passed, "{}", report.message);
}

#[test]
fn a_model_comes_near_the_true_risks_and_never_passes_them() {
    let spec = simulated(seven());
    let manifest = manifest(&spec);
    let text = csv(&trial(20_000, 3, Scenario::Stable));
    let rows = table(&manifest, text.as_bytes());
    let bundle = train(&manifest, &training_rows(&manifest, &rows), &rows.digest).unwrap().bundle;
    let fresh = trial(20_000, 4, Scenario::Stable);
    let mature = mature(&fresh);
    let label: Vec<bool> = mature.iter().map(|row| row.dropout).collect();
    let truth = auc(mature.iter().map(|row| row.true_risk).collect(), label);
    let table = table(&manifest, csv(&fresh).as_bytes());
    let found = auc(risks(&bundle, &manifest.features, &table.rows.columns).unwrap(), table.rows.label);
    println!("roc_auc {found:.4} of the model, {truth:.4} of the true risks");
    assert!(found < truth && found > truth - 0.02);
}
