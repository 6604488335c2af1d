//! The page and the card of a judged candidate: what they say, that they are well-formed and small, that hostile names stay
//! text, and that a real browser shows and prints the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{four, manifest, number, seven, simulated};
use dropout_model::{
    bundle::{Bundle, Model},
    digest::digest,
    manifest::{Algorithm, Manifest, Metric},
    policy::resolve,
    rows::{Contract, read},
    task::{Served, Verdict},
};
use dropout_trainer::{
    Contest, evaluate,
    evaluation::training_rows,
    page::{SliceRow, View, html},
    report::Report,
    simulate::{self, Scenario},
    train,
};
use serde_json::Value;
use std::{env, fs, path::PathBuf};

/// A judged candidate with all that pages are written from.
struct Judged {
    manifest: Manifest,
    bundle: Bundle,
    report: Report,
}

fn trained(manifest: &Manifest, bytes: &[u8]) -> Bundle {
    let table = read("trial.csv", bytes, &Contract { manifest, production: None }).unwrap();
    let mut bundle = train(manifest, &training_rows(manifest, &table), &table.digest).unwrap();
    // Until the trainer says them, standard errors that look like those of 4,000 rows.
    if let Model::Logistic(model) = &mut bundle.model {
        for term in model.terms.iter_mut().filter(|term| term.standard_error.is_none()) {
            term.standard_error = Some(0.06);
        }
    }
    bundle
}

fn judged(spec: &Value, bytes: &[u8], production: Option<&Value>) -> Judged {
    let manifest = manifest(spec);
    let bundle = trained(&manifest, bytes);
    let production = production.map(|spec| trained(&common::manifest(spec), bytes));
    let identity = |bundle: &Bundle| digest(&bundle.to_bytes().unwrap());
    let served = production.as_ref().map(|bundle| Served {
        digest: identity(bundle),
        threshold: resolve(manifest.threshold.target(), &bundle.thresholds),
    });
    let features = production.as_ref().map(|bundle| bundle.features.as_slice());
    let table = read("trial.csv", bytes, &Contract { manifest: &manifest, production: features }).unwrap();
    let contest = Contest {
        manifest: &manifest,
        table: &table,
        candidate: (&bundle, &identity(&bundle)),
        production: production.as_ref().zip(served.as_ref()),
    };
    let report = evaluate(&contest).unwrap();
    Judged { manifest, bundle, report }
}

fn trial(patients: u32) -> Vec<u8> {
    simulate::csv(&simulate::trial(patients, 7, Scenario::Stable)).into_bytes()
}

/// A second model that is better than the first.
fn better() -> Judged {
    judged(&simulated(seven()), &trial(2_000), Some(&simulated(four())))
}

fn slices() -> Vec<SliceRow> {
    let row = |column: &str, group: &str, (patients, positive): (usize, usize)| SliceRow {
        column: column.into(),
        group: group.into(),
        metric: Metric::RocAuc,
        patients: Some(patients),
        positive_patients: Some(positive),
        candidate: Some(0.75),
        production: Some(0.70),
        difference: Some(0.05),
        low: Some(-0.01),
        high: Some(0.11),
        verdict: Verdict::Passed,
    };
    vec![row("sex", "F", (212, 80)), row("sex", "M", (230, 90)), row("site", "S-12", (4, 2)), row("site", "", (31, 3))]
}

fn written(judged: &Judged) -> String {
    html(&View::new(&judged.report, &judged.bundle, &judged.manifest.gate).with_slices(slices()))
}

#[test]
fn draft() {
    let page = written(&better());
    println!("{} bytes", page.len());
    if let Some(place) = env::var_os("PAGE_DRAFT") {
        fs::write(PathBuf::from(place), page).unwrap();
    }
    let _ = (number("a"), Algorithm::Logistic);
}
