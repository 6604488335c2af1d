//! Curves against others: scikit-learn's and numpy's numbers for the same risks, and counts made the long way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{folder, skipped, workspace};
use dropout_model::{
    bundle::logistic,
    manifest::Tier,
    metric::{Scored, bootstrap::Side},
    policy::Policy,
    random::Stream,
    rows::Rows,
};
use dropout_trainer::curves::{Curves, FEWEST, MOST_POINTS, Point, tiers::Cut};
use serde_json::Value;
use std::{collections::BTreeSet, fs, process::Command};

const MOST: f64 = 1e-9;

/// Rows of patients and risks for them; a third of the risks is rounded, so that there are ties.
fn scored_rows(rows: usize, patients: u32, seed: u64) -> (Rows, Vec<f64>) {
    let stream = Stream::new(seed);
    let unit = |row: usize, draw: u64| stream.unit(row as u64 * 4 + draw);
    let risk = |row: usize| logistic(6.0 * unit(row, 0) - 5.0);
    let rounded =
        |row: usize| if row.is_multiple_of(3) { (risk(row) * 47.0).round().max(1.0) / 47.0 } else { risk(row) };
    let drawn = |row: usize| (unit(row, 1) * f64::from(patients)) as u32 % patients;
    let patient =
        (0..rows).map(|row| u32::try_from(row).ok().filter(|row| *row < patients).unwrap_or_else(|| drawn(row)));
    let patient: Vec<u32> = patient.collect();
    let table = Rows {
        patients: (0..patients).map(|patient| format!("P-{patient}")).collect(),
        patient,
        landmark: vec![0; rows],
        landmarks: vec![String::new()],
        // Risks are somewhat too large and too extreme, so that slope and intercept are not 1 and 0.
        label: (0..rows).map(|row| unit(row, 2) < logistic(0.8 * (6.0 * unit(row, 0) - 5.0) - 0.3)).collect(),
        ..Rows::default()
    };
    (table, (0..rows).map(rounded).collect())
}

fn policy() -> Policy {
    Policy::new(0.2, &[])
}

fn curves(rows: &Rows, risk: &[f64]) -> Curves {
    let side = Side { scored: Scored::new(risk.to_vec(), rows), threshold: 0.2 };
    Curves::of(&side, None, &policy())
}

/// scikit-learn's numbers; none if it cannot be had here.
fn theirs(rows: &Rows, risk: &[f64]) -> Option<Value> {
    let folder = folder("curves");
    let (given, out) = (folder.join("risks.csv"), folder.join("curves.json"));
    let line = |row: usize| format!("{},{},{}\n", rows.patient[row], risk[row], u8::from(rows.label[row]));
    let lines: String = (0..rows.len()).map(line).collect();
    fs::write(&given, format!("patient,risk,label\n{lines}")).unwrap();
    let script = workspace().join("trainer/tests/oracle.sh");
    let status = Command::new("sh").arg(script).args([&given, &out]).env("ORACLE", "curves.py").status();
    if !status.as_ref().is_ok_and(|status| status.success()) {
        skipped(&format!("scikit-learn cannot be had here ({status:?})"));
        assert!(!status.is_ok_and(|status| status.code() == Some(1)), "the oracle itself failed");
        return None;
    }
    Some(serde_json::from_slice(&fs::read(out).unwrap()).unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn agree(name: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let most = ours.iter().zip(theirs).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    println!("{name}: largest difference {most:.1e} over {} numbers", ours.len());
    assert!(most < MOST, "{name}: {most:e}");
}

/// Every point of ours is one of theirs, and the first and last are the same.
fn are_among(name: &str, ours: &[Point], theirs: &Value) {
    let theirs: Vec<Vec<f64>> = theirs.as_array().unwrap().iter().map(numbers).collect();
    let is = |point: &Point, other: &Vec<f64>| (point.x - other[0]).abs() < MOST && (point.y - other[1]).abs() < MOST;
    assert!(ours.len() <= MOST_POINTS && ours.len() > MOST_POINTS / 2, "{name}: {}", ours.len());
    assert!(ours.iter().all(|point| theirs.iter().any(|other| is(point, other))), "{name}");
}

fn area(points: &[Point]) -> f64 {
    points.windows(2).map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0).sum()
}

#[test]
fn curves_agree_with_scikit_learn_and_numpy() {
    let (rows, risk) = scored_rows(3_000, 900, 5);
    let Some(theirs) = theirs(&rows, &risk) else { return };
    let ours = curves(&rows, &risk);
    let drawn = ours.candidate.unwrap();
    let bins = &drawn.calibration.bins;
    agree("mean risks", &bins.iter().map(|bin| bin.risk).collect::<Vec<_>>(), &numbers(&theirs["mean"]));
    agree("observed shares", &bins.iter().map(|bin| bin.observed).collect::<Vec<_>>(), &numbers(&theirs["observed"]));
    agree("ece10", &[drawn.calibration.ece10], &[theirs["ece"].as_f64().unwrap()]);
    let line = [drawn.calibration.slope.unwrap(), drawn.calibration.intercept.unwrap()];
    let their_line = [theirs["slope"].as_f64().unwrap(), theirs["intercept"].as_f64().unwrap()];
    assert!(line.iter().zip(their_line).all(|(a, b)| (a - b).abs() < 1e-6), "{line:?} {their_line:?}");
    println!("slope and intercept {line:?}");
    assert!((line[0] - 1.0).abs() > 0.1, "the risks were made to be too extreme");
    agree("benefit", &ours.decision.iter().map(|at| at.candidate).collect::<Vec<_>>(), &numbers(&theirs["benefit"]));
    let everybody: Vec<f64> = ours.decision.iter().map(|at| at.everybody).collect();
    agree("everybody", &everybody, &numbers(&theirs["everybody"]));
    let histogram = numbers(&theirs["histogram"]);
    for (ours, theirs) in drawn.histogram.iter().zip(&histogram) {
        assert!(ours.is_none_or(|ours| ours as f64 == *theirs), "{:?} {histogram:?}", drawn.histogram);
    }
    are_among("roc", &drawn.roc, &theirs["roc"]);
    are_among("precision-recall", &drawn.precision_recall, &theirs["precisionRecall"]);
    let (area, auc) = (area(&drawn.roc), theirs["auc"].as_f64().unwrap());
    println!("area under {} points {area:.5}, under all {auc:.5}", drawn.roc.len());
    assert!((area - auc).abs() < 0.002);
}

#[test]
fn tiers_count_as_one_counts_by_hand() {
    let (rows, risk) = scored_rows(800, 200, 9);
    let tiers = [("Low", Some(0.0)), ("Medium", None), ("High", Some(0.5))];
    let tiers = tiers.map(|(name, from)| Tier { name: name.into(), from, intervention: "x".into() });
    let side = Side { scored: Scored::new(risk.clone(), &rows), threshold: 0.3 };
    let cuts = Curves::of(&side, None, &Policy::new(0.3, &tiers)).tiers;
    assert_eq!(cuts.iter().map(|cut| cut.is_threshold).collect::<Vec<_>>(), [false, true, false]);
    for (cut, (from, to)) in cuts.iter().zip([(0.0, 0.3), (0.3, 0.5), (0.5, 2.0)]) {
        let at = |wanted: &dyn Fn(usize) -> bool| (0..800).filter(|row| wanted(*row)).count() as f64;
        let called = at(&|row| risk[row] >= from);
        let found = at(&|row| risk[row] >= from && rows.label[row]);
        let flagged = cut.flagged.unwrap();
        assert_eq!(flagged.alert_rate, called / 800.0);
        assert_eq!(flagged.recall, found / at(&|row| rows.label[row]));
        assert_eq!((flagged.precision, flagged.needed_to_call), (Some(found / called), Some(called / found)));
        let inside = at(&|row| (from..to).contains(&risk[row]));
        let left = at(&|row| (from..to).contains(&risk[row]) && rows.label[row]);
        assert_eq!((cut.rows, cut.observed), (Some(inside / 800.0), Some(left / inside)));
        let largest = |patient: u32| {
            let of = (0..800).filter(|row| rows.patient[*row] == patient).map(|row| risk[row]);
            of.fold(f64::NEG_INFINITY, f64::max)
        };
        let patients = (0..200).filter(|patient| (from..to).contains(&largest(*patient))).count();
        assert_eq!(cut.patients, Some(patients as f64 / 200.0));
    }
}

#[test]
fn a_threshold_at_which_no_tier_starts_has_a_line_of_its_own() {
    let (rows, risk) = scored_rows(800, 200, 9);
    let tiers = [("Low", 0.0), ("High", 0.5)];
    let tiers = tiers.map(|(name, from)| Tier { name: name.into(), from: Some(from), intervention: "x".into() });
    let side = Side { scored: Scored::new(risk, &rows), threshold: 0.3 };
    let cuts = Curves::of(&side, None, &Policy::new(0.3, &tiers)).tiers;
    let shape = |cut: &Cut| (cut.tier.clone(), cut.from, cut.is_threshold);
    let expected = [(Some("Low".into()), 0.0, false), (None, 0.3, true), (Some("High".into()), 0.5, false)];
    assert_eq!(cuts.iter().map(shape).collect::<Vec<_>>(), expected);
}

#[test]
fn nothing_tells_of_one_to_four_patients() {
    // Four patients have the largest risks, in two rows each.
    let (mut rows, _) = scored_rows(400, 100, 3);
    rows.patient = (0..400).map(|row| if row < 8 { row / 2 } else { 4 + row % 96 }).collect();
    let risk: Vec<f64> =
        (0..400).map(|row| if row < 8 { 0.9 + f64::from(row) / 1e3 } else { 0.1 + f64::from(row) / 1e3 }).collect();
    let found = curves(&rows, &risk);
    let critical = found.tiers.last().unwrap();
    assert_eq!((critical.tier.as_deref(), critical.flagged, critical.patients), (Some("Critical"), None, None));
    assert_eq!((critical.rows, critical.observed), (None, None));
    let drawn = found.candidate.unwrap();
    assert_eq!(drawn.histogram[18], None);
    assert!(drawn.calibration.bins.iter().all(|bin| bin.patients >= FEWEST));
    assert_eq!(drawn.calibration.bins.iter().map(|bin| bin.rows).sum::<usize>(), 400);
    let first = drawn.precision_recall[0].x * rows.positives() as f64;
    assert!(first >= rows.label[..8].iter().filter(|label| **label).count() as f64);

    rows.label = (0..400).map(|row| row < 8).collect();
    let found = curves(&rows, &risk);
    assert_eq!((found.candidate, found.decision), (None, Vec::new()));
}

#[test]
fn a_bin_of_few_patients_goes_into_its_neighbour() {
    let (mut rows, _) = scored_rows(200, 40, 3);
    // Patients 0..2 fill the lowest tenth and the highest tenth by themselves.
    rows.patient = (0..200).map(|row| if !(20..180).contains(&row) { row % 3 } else { 3 + row % 37 }).collect();
    let risk: Vec<f64> = (0..200).map(|row| 0.01 + f64::from(row) / 300.0).collect();
    let bins = curves(&rows, &risk).candidate.unwrap().calibration.bins;
    assert_eq!(bins.len(), 8);
    assert!(bins.iter().all(|bin| bin.patients >= FEWEST));
    assert_eq!((bins[0].rows, bins[7].rows), (40, 40));
    let distinct: BTreeSet<u32> = rows.patient[..40].iter().copied().collect();
    assert_eq!(bins[0].patients, distinct.len());
}
