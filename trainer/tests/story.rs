//! Real trials: what is promoted, what is refused, what is left undecided, and that the same training gives the same bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{cdisc_full, ctn_full, four, manifest, shared, spec, table};
use dropout_model::{
    bundle::{Bundle, Scorer},
    digest::digest,
    manifest::Manifest,
    metric::bootstrap::Interval,
    policy::resolve,
    rows::{Contract, read},
    task::{MAX_ANSWER, Outcome, Served},
};
use dropout_trainer::{Contest, evaluate, evaluation::training_rows, report::Report, train};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STUDY: &str = "CTN-0094";

fn trained(manifest: &Manifest, bytes: &[u8]) -> Bundle {
    let table = table(manifest, bytes);
    train(manifest, &training_rows(manifest, &table), &table.digest).unwrap().bundle
}

fn identity(bundle: &Bundle) -> String {
    digest(&bundle.to_bytes().unwrap())
}

fn judged(manifest: &Manifest, bytes: &[u8], (candidate, production): (&Bundle, Option<&Bundle>)) -> Report {
    let features = production.map(|bundle| bundle.features.as_slice());
    let table = read("trial.csv", bytes, &Contract { manifest, production: features }).unwrap();
    let served = production.map(|bundle| Served {
        digest: identity(bundle),
        threshold: resolve(manifest.threshold.target(), &bundle.thresholds),
    });
    let contest = Contest {
        manifest,
        table: &table,
        candidate: (candidate, &identity(candidate)),
        production: production.zip(served.as_ref()),
        out_of_fold: None,
        looked: None,
    };
    evaluate(&contest).unwrap()
}

fn ctn(features: Vec<Value>) -> Manifest {
    manifest(&spec(STUDY, "ctn-oud.csv", ("dropout_28d", features)))
}

fn gain(report: &Report) -> Interval {
    report.metrics.iter().find(|found| found.metric == report.primary).unwrap().difference_interval.unwrap()
}

#[test]
fn ctn_first_model_passes_a_better_one_is_promoted_the_same_again_is_unchanged_and_a_worse_one_is_refused() {
    let Some(bytes) = shared("ctn-oud.csv") else { return };
    let (few, all) = (ctn(four()), ctn(ctn_full()));
    let first = trained(&few, &bytes);
    let report = judged(&few, &bytes, (&first, None));
    println!("first: {:?} {}", report.outcome, report.message);
    assert_eq!((report.outcome, report.reason.as_str()), (Outcome::Passed, "FloorsMet"));

    let second = trained(&all, &bytes);
    let report = judged(&all, &bytes, (&second, Some(&first)));
    println!("second: {:?} {}", report.outcome, report.message);
    assert_eq!((report.outcome, report.reason.as_str()), (Outcome::Passed, "MarginAndConfidenceMet"));
    assert!(gain(&report).low > 0.0);
    assert!(report.answer("sha256:0", "sha256:1").to_message().unwrap().len() <= MAX_ANSWER);

    let third = judged(&all, &bytes, (&trained(&all, &bytes), Some(&second)));
    assert_eq!((third.outcome, third.bootstrap.resamples), (Outcome::Unchanged, 0));

    let back = judged(&few, &bytes, (&first, Some(&second)));
    println!("worse: {:?} {}", back.outcome, back.message);
    assert_eq!((back.outcome, back.reason.as_str()), (Outcome::Failed, "MarginNotMet"));
}

#[test]
fn cdisc_decides_nothing_and_says_that_the_patients_are_too_few() {
    let Some(bytes) = shared("cdisc-pilot.csv") else { return };
    let pilot = |features| manifest(&spec("CDISCPILOT01", "cdisc-pilot.csv", ("dropout_28d", features)));
    let (few, all) = (pilot(four()), pilot(cdisc_full()));
    let (first, second) = (trained(&few, &bytes), trained(&all, &bytes));
    for report in [judged(&few, &bytes, (&first, None)), judged(&all, &bytes, (&second, Some(&first)))] {
        println!("{:?} {}", report.outcome, report.message);
        assert_eq!((report.outcome, report.reason.as_str()), (Outcome::Inconclusive, "TooFewPatients"));
        assert!(report.message.contains("too few patients: 57 patients in the holdout, 100 are needed"));
        assert!(report.candidate.calibration_reason.starts_with("none: 61 training patients dropped out"));
    }
}

#[test]
fn twenty_trainings_give_one_digest_and_another_seed_another() {
    let Some(bytes) = shared("ctn-oud.csv") else { return };
    let manifest = ctn(ctn_full());
    let digests: BTreeSet<String> = (0..20).map(|_| identity(&trained(&manifest, &bytes))).collect();
    assert_eq!(digests.len(), 1);
    let mut other = manifest;
    other.training.seed = 1;
    assert!(!digests.contains(&identity(&trained(&other, &bytes))));
}

/// The bundle with every logit shifted, golden rows made to fit.
fn shifted(bundle: &Bundle, by: f64) -> Bundle {
    let mut shifted = bundle.clone();
    shifted.calibration.intercept += by;
    let scorer = Scorer::new(&shifted).unwrap();
    for golden in &mut shifted.golden {
        golden.risk = scorer.risk(&golden.cells);
    }
    Bundle::read(&shifted.to_bytes().unwrap(), None).unwrap()
}

#[test]
fn production_with_its_logits_shifted_is_refused_whatever_the_primary_metric() {
    let Some(bytes) = shared("ctn-oud.csv") else { return };
    let production = trained(&ctn(ctn_full()), &bytes);
    for metric in
        ["recall_at_capacity", "roc_auc", "roc_auc_within_landmark", "recall", "precision", "alert_rate", "brier"]
    {
        let mut manifest = ctn(ctn_full());
        manifest.gate = serde_json::from_value(json!({"primary": {"metric": metric}})).unwrap();
        for by in [-0.5, -0.3, -0.1, 0.1, 0.2, 0.3, 0.4, 0.5] {
            let report = judged(&manifest, &bytes, (&shifted(&production, by), Some(&production)));
            assert_eq!(report.outcome, Outcome::Failed, "{metric} shifted by {by}: {}", report.message);
        }
    }
}

#[test]
fn no_patient_is_named_in_bundle_report_or_answer() {
    let Some(bytes) = shared("ctn-oud.csv") else { return };
    let manifest = ctn(ctn_full());
    let bundle = trained(&manifest, &bytes);
    let report = judged(&manifest, &bytes, (&bundle, None));
    let answer = report.answer("sha256:0", "sha256:1").to_message().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    for text in [text(bundle.to_bytes().unwrap()), text(report.to_bytes().unwrap()), answer] {
        assert!(!text.replace(STUDY, "").contains("CTN-0"));
    }
}

#[test]
fn a_bundle_survives_being_written_and_read() {
    let Some(bytes) = shared("ctn-oud.csv") else { return };
    let bundle = trained(&ctn(ctn_full()), &bytes);
    let read = Bundle::read(&bundle.to_bytes().unwrap(), Some(&identity(&bundle))).unwrap();
    assert_eq!(read, bundle);
    assert!(bundle.golden.len() >= 8 && bundle.thresholds.len() <= 512 && bundle.reference.len() == 21);
    let missing = bundle
        .golden
        .iter()
        .flat_map(|golden| &golden.cells)
        .filter(|cell| **cell == dropout_model::bundle::Cell::Missing);
    assert!(missing.count() >= 2);
}
