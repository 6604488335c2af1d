//! Estimated performance against NannyML 0.13.1's own numbers, and realised performance against what the labels say. The
//! comparison skips loudly without the fixtures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{monitoring::PerformanceSource, random::Stream};
use dropout_monitor::performance::{
    Labelled, Outcome, Unmeasured, against, assumption, coverage, estimated, expectations, realised, summary,
};
use serde_json::Value;
use std::{fs, path::Path};

const THRESHOLD: f64 = 0.5;

struct Set {
    risk: Vec<f64>,
    label: Vec<bool>,
    window: Vec<f64>,
    expected: Value,
}

fn column(path: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

fn sets() -> Vec<Set> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/drift");
    let Ok(entries) = fs::read_dir(&home) else {
        println!("SKIPPED: no fixtures at {}", home.display());
        return Vec::new();
    };
    let mut homes: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    homes.retain(|set| set.join("cbpe.json").is_file());
    homes.sort();
    let numbers = |path: &Path, name| column(path, name).iter().map(|cell| cell.parse::<f64>().unwrap()).collect();
    homes
        .iter()
        .map(|set| {
            let (reference, analysis) = (set.join("reference.csv"), set.join("analysis.csv"));
            let flags = [column(&reference, "y_pred"), column(&analysis, "y_pred")].concat();
            let (risk, window): (Vec<f64>, Vec<f64>) =
                (numbers(&reference, "y_pred_proba"), numbers(&analysis, "y_pred_proba"));
            let flagged = risk.iter().chain(&window).map(|risk| if *risk >= THRESHOLD { "1" } else { "0" });
            assert!(flagged.eq(flags), "the sets flag at another threshold");
            Set {
                label: column(&reference, "y_true").iter().map(|cell| cell == "1").collect(),
                risk,
                window,
                expected: serde_json::from_slice(&fs::read(set.join("expected.json")).unwrap()).unwrap(),
            }
        })
        .collect()
}

#[test]
fn every_estimate_error_bound_limit_and_alert_is_nannymls() {
    let sets = sets();
    if sets.is_empty() {
        return;
    }
    let (mut compared, mut worst) = (0, 0.0_f64);
    for Set { risk, label, window, expected } in &sets {
        assert_eq!(expected["needs_calibration"], true, "all of NannyML's sets were calibrated");
        for chunk in expected["chunks"].as_array().unwrap() {
            let place = |name: &str| chunk[name].as_u64().unwrap() as usize;
            let rows = &window[place("start_index")..=place("end_index")];
            let told = expectations(Labelled { risk, label }, rows, THRESHOLD).unwrap();
            assert_eq!(told.len(), 6);
            for expectation in told {
                let (estimate, limits) = (expectation.estimate(), expectation.limits.unwrap());
                let expected = &chunk["metrics"][expectation.metric];
                for (name, got) in [
                    ("value", estimate.value),
                    ("sampling_error", expectation.error),
                    ("upper_confidence_boundary", estimate.high),
                    ("lower_confidence_boundary", estimate.low),
                    ("upper_threshold", limits.1),
                    ("lower_threshold", limits.0),
                ] {
                    let wanted = expected[name].as_f64().unwrap();
                    let off = (got - wanted).abs() / wanted.abs();
                    // NannyML's error of the area depends on an unstable sort of tied risks, of which the sets have 9 and 11.
                    let follows_ties =
                        expectation.metric == "roc_auc" && !name.ends_with("threshold") && name != "value";
                    if !follows_ties {
                        worst = worst.max(off);
                    }
                    assert!(
                        off < if follows_ties { 2e-6 } else { 1e-9 },
                        "{} {name}: {got} instead of {wanted}",
                        expectation.metric
                    );
                    compared += 1;
                }
                assert_eq!(estimate.alert, expected["alert"].as_bool(), "{}", expectation.metric);
            }
        }
    }
    println!("{compared} numbers compared, worst relative difference {worst:e}");
    assert_eq!(compared, 216);
}

/// Risks that mean what they say, and labels drawn by them.
fn world(rows: u64, seed: u64) -> (Vec<f64>, Vec<bool>) {
    let stream = Stream::new(seed);
    let risk: Vec<f64> = (0..rows).map(|row| stream.part(0).unit(row)).collect();
    let label = (0..rows).map(|row| stream.part(1).unit(row) < risk[row as usize]).collect();
    (risk, label)
}

#[test]
fn what_cannot_be_told_is_a_named_reason() {
    let (risk, label) = world(200, 1);
    let told = |risk: &[f64], label: &[bool], window: &[f64]| {
        estimated(Labelled { risk, label }, window, THRESHOLD).unwrap_err()
    };
    assert_eq!(told(&risk, &label[1..], &risk), Unmeasured::Lengths { risks: 200, labels: 199 });
    assert_eq!(told(&risk, &label, &risk[..29]), Unmeasured::FewRows { rows: 29 });
    assert_eq!(told(&risk, &[false; 200], &risk), Unmeasured::FewLabels { dropouts: 0, others: 200 });
    assert_eq!(told(&[], &[], &risk), Unmeasured::NoLabels);
    let broken = [vec![0.5; 40], vec![f64::NAN]].concat();
    assert_eq!(told(&risk, &label, &broken), Unmeasured::NotARisk { side: "window", row: 41 });
    assert_eq!(told(&broken, &[true; 41], &risk), Unmeasured::NotARisk { side: "reference", row: 41 });
}

#[test]
fn estimates_that_are_not_defined_are_left_out() {
    let (risk, label) = world(300, 2);
    let told = estimated(Labelled { risk: &risk, label: &label }, &[0.1; 50], 0.9).unwrap();
    let names: Vec<&str> = told.iter().map(|estimate| estimate.metric.as_str()).collect();
    assert_eq!(names, ["roc_auc", "f1", "recall", "specificity", "accuracy"]);
    assert!(told.iter().all(|estimate| estimate.low <= estimate.value && estimate.value <= estimate.high));
}

#[test]
fn risks_that_mean_what_they_say_are_not_calibrated() {
    // Two risks, each with its own share of dropouts in every order of the rows: nothing can be mended.
    let risk: Vec<f64> = (0..800).map(|row| if row % 2 == 0 { 0.75 } else { 0.25 }).collect();
    let label: Vec<bool> = (0..800).map(|row| if row % 2 == 0 { row % 8 != 0 } else { row % 8 == 1 }).collect();
    let window = [[0.75; 32], [0.25; 32]].concat();
    let told = expectations(Labelled { risk: &risk, label: &label }, &window, THRESHOLD).unwrap();
    // 24 of 32 flagged rows and 8 of the others drop out; the area is that of the corner (0.25, 0.75).
    for (expectation, name) in told.iter().zip(["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"]) {
        assert_eq!((expectation.metric, expectation.value, expectation.reference), (name, 0.75, 0.75));
        assert!(!expectation.estimate().has_fallen());
    }
    // Of one row: sd of a share of 0.75 over the root of the rows that count, here all.
    assert!((told[5].error - (0.75_f64 * 0.25 / 64.0).sqrt()).abs() < 1e-15);
    // Every chunk of 64 rows of the reference is alike, so that the limits are a point.
    assert!(told.iter().all(|expectation| expectation.limits == Some((0.75, 0.75))));
}

#[test]
fn fall_is_told_when_the_window_is_harder_to_order() {
    let (risk, label) = world(4000, 21);
    let reference = Labelled { risk: &risk, label: &label };
    let hard: Vec<f64> = (0..400).map(|row| 0.4 + 0.2 * f64::from(row) / 400.0).collect();
    let area = |window: &[f64]| expectations(reference, window, THRESHOLD).unwrap().swap_remove(0);
    assert!(area(&hard).estimate().has_fallen() && area(&hard).estimate().alert == Some(true), "{:?}", area(&hard));
    assert!(!area(&risk[..400]).estimate().has_fallen());
    // Too short for two chunks of the window's size: nothing is known of limits, and no alert is told.
    assert_eq!(expectations(reference, &risk[..2500], THRESHOLD).unwrap()[0].estimate().alert, None);
}

#[test]
fn assumption_names_the_smallest_fall_that_can_be_seen() {
    let (risk, label) = world(1000, 3);
    let told = expectations(Labelled { risk: &risk, label: &label }, &risk[..400], THRESHOLD).unwrap();
    let sentence = assumption(&told);
    assert!(sentence.contains("concept drift") && sentence.contains("covariate shift"), "{sentence}");
    assert!(sentence.ends_with(&format!("below {:.3} cannot be seen.", 2.0 * told[0].error)), "{sentence}");
}

#[test]
fn summary_says_only_what_is_known() {
    let (risk, label) = world(300, 12);
    assert_eq!(summary(&[], Vec::new(), None), None);
    let told = expectations(Labelled { risk: &risk, label: &label }, &risk[..100], THRESHOLD).unwrap();
    let part = summary(&told, Vec::new(), None).unwrap();
    assert_eq!((part.estimated.len(), part.label_coverage, part.labelled_patients), (6, None, None));
    assert_eq!(part.assumption, Some(assumption(&told)));
    let row = Outcome { risk: 0.5, label: None, patient: "P1" };
    let waiting = summary(&[], Vec::new(), Some(coverage(&[row]))).unwrap();
    assert_eq!((waiting.label_coverage, waiting.labelled_patients, waiting.assumption), (Some(0.0), Some(0), None));
}

fn outcomes<'a>(risk: &[f64], label: &[bool], patients: &'a [String]) -> Vec<Outcome<'a>> {
    let rows = risk.iter().zip(label).zip(patients);
    rows.map(|((risk, label), patient)| Outcome { risk: *risk, label: Some(*label), patient }).collect()
}

#[test]
fn realised_numbers_are_those_of_the_labels() {
    let risk: Vec<f64> = (0..40).map(|row| f64::from(row) / 40.0).collect();
    let label: Vec<bool> = (0..40).map(|row| row % 4 == 3 || row > 30).collect();
    let patients: Vec<String> = (0..40).map(|row| format!("P{row}")).collect();
    let told = realised(&outcomes(&risk, &label, &patients), THRESHOLD, 7).unwrap();
    let value = |name: &str| told.iter().find(|estimate| estimate.metric == name).unwrap().value;
    // The threshold flags the rows from 20 on.
    let dropouts = label.iter().filter(|label| **label).count();
    let found = label[20..].iter().filter(|label| **label).count();
    assert_eq!(value("recall"), found as f64 / dropouts as f64);
    assert_eq!(value("precision"), found as f64 / 20.0);
    assert_eq!(value("alert_rate"), 0.5);
    let pairs = (0..40).flat_map(|a| (0..40).map(move |b| (a, b))).filter(|(a, b)| label[*a] && !label[*b]);
    let right = pairs.clone().filter(|(a, b)| a > b).count() as f64 / pairs.count() as f64;
    assert!((value("roc_auc") - right).abs() < 1e-12);
    assert!(told.iter().all(|estimate| estimate.low <= estimate.value && estimate.value <= estimate.high));
    assert_eq!(told, realised(&outcomes(&risk, &label, &patients), THRESHOLD, 7).unwrap());
}

#[test]
fn rows_without_labels_count_for_coverage_only() {
    let (risk, label) = world(100, 4);
    let patients: Vec<String> = (0..100).map(|row| format!("P{}", row / 2)).collect();
    let known = outcomes(&risk, &label, &patients);
    let mut rows = known.clone();
    rows.extend(known.iter().map(|row| Outcome { label: None, ..*row }));
    assert_eq!((coverage(&rows).share, coverage(&rows).patients), (0.5, 50));
    assert_eq!(realised(&rows, THRESHOLD, 1), realised(&known, THRESHOLD, 1));
    assert_eq!(coverage(&[]).share, 0.0);
    let unlabelled: Vec<_> = known.iter().map(|row| Outcome { label: None, ..*row }).collect();
    assert_eq!(realised(&unlabelled, THRESHOLD, 1), Err(Unmeasured::NoLabels));
    let few: Vec<_> = known.iter().filter(|row| row.label == Some(false)).copied().collect();
    assert!(matches!(realised(&few, THRESHOLD, 1), Err(Unmeasured::FewLabels { dropouts: 0, .. })));
}

#[test]
fn risk_that_is_understated_raises_the_calibration_alert() {
    let (risk, label) = world(1500, 6);
    let patients: Vec<String> = (0..1500).map(|row| format!("P{row}")).collect();
    let alert = |risk: &[f64]| {
        let told = realised(&outcomes(risk, &label, &patients), THRESHOLD, 1).unwrap();
        told.iter().find(|estimate| estimate.metric == "calibration_in_the_large").unwrap().alert
    };
    assert_eq!(alert(&risk), Some(false));
    let understated: Vec<f64> = risk.iter().map(|risk| risk * 0.7).collect();
    assert_eq!(alert(&understated), Some(true));
}

#[test]
fn performance_beside_the_reference_alerts_only_on_the_worse_side() {
    let (risk, label) = world(600, 8);
    let reference = Labelled { risk: &risk, label: &label };
    let patients: Vec<String> = (0..600).map(|row| format!("P{row}")).collect();
    let alerts = |label: &[bool]| {
        let told = realised(&outcomes(&risk, label, &patients), THRESHOLD, 1).unwrap();
        let beside = against(told, reference, THRESHOLD).unwrap();
        let wanted =
            ["roc_auc", "brier"].map(|name| beside.iter().find(|estimate| estimate.metric == name).unwrap().alert);
        assert!(beside.iter().all(|estimate| estimate.reference.is_some()));
        wanted
    };
    assert_eq!(alerts(&label), [Some(false); 2]);
    let perfect: Vec<bool> = risk.iter().map(|risk| *risk > 0.5).collect();
    assert_eq!(alerts(&perfect), [Some(false); 2]);
    let random: Vec<bool> = (0..600).map(|row| Stream::new(9).unit(row) < 0.5).collect();
    assert_eq!(alerts(&random), [Some(true); 2]);
}

#[test]
fn every_metric_that_a_trigger_may_ask_for_is_told() {
    let (risk, label) = world(400, 11);
    let known = Labelled { risk: &risk, label: &label };
    let patients: Vec<String> = (0..400).map(|patient| format!("p{patient}")).collect();
    let told = |estimates: Vec<dropout_monitor::report::Estimate>| -> Vec<String> {
        estimates.into_iter().map(|estimate| estimate.metric).collect()
    };
    let estimates = told(estimated(known, &risk, THRESHOLD).unwrap());
    let measured = told(realised(&outcomes(&risk, &label, &patients), THRESHOLD, 7).unwrap());
    for (source, told) in [(PerformanceSource::Estimated, estimates), (PerformanceSource::Realised, measured)] {
        for metric in source.metrics() {
            assert!(
                told.iter().any(|name| name == metric.name()),
                "{source:?} {} is not among {told:?}",
                metric.name()
            );
        }
    }
}
