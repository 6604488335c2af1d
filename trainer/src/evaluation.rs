//! Evaluation: scores candidate and production on the holdout, compares them by patient, and judges. It trains nothing.

use crate::{
    calibrate,
    report::{self, Bootstrap, Candidate, MetricReport, Report, RowReport},
};
use dropout_model::{
    bundle::{Bundle, Cell, Model, Part, Scorer},
    gate::{self, Findings},
    input::{BadInput, Reason},
    manifest::{Feature, Manifest, Target},
    metric::{
        ALL, Operation, Scored,
        bootstrap::{Compared, Interval, RESAMPLES, Side, compare},
        flag, value,
    },
    policy::resolve,
    rows::{Column, Rows, Table, cells},
    task::{Check, Outcome, Served, Verdict},
};

/// Who is judged against whom, on which rows.
#[derive(Clone, Copy, Debug)]
pub struct Contest<'a> {
    /// How the candidate is judged.
    pub manifest: &'a Manifest,
    /// All rows that count, with production's columns if there is a production model.
    pub table: &'a Table,
    /// The candidate and its digest.
    pub candidate: (&'a Bundle, &'a str),
    /// What it is compared with.
    pub production: Option<(&'a Bundle, &'a Served)>,
}

/// Judges a candidate on the holdout.
pub fn evaluate(contest: &Contest<'_>) -> Result<Report, BadInput> {
    let Contest { manifest, table, candidate: (bundle, digest), production } = *contest;
    let is_unchanged = production.is_some_and(|(_, served)| served.digest == digest);
    if is_unchanged { check_trial(manifest, bundle) } else { check_own(manifest, bundle) }?;
    let (training, held) = table.split(manifest);
    let holdout = table.rows.pick(&held);
    let risks = match is_unchanged {
        true => production_risks(bundle, table, &held)?,
        false => risks(bundle, &manifest.features, &holdout.columns)?,
    };
    let threshold = resolve(manifest.threshold.target(), &bundle.thresholds);
    let candidate = Side { scored: Scored::new(risks, &holdout), threshold };
    let served = match production.filter(|_| !is_unchanged) {
        None => None,
        Some((bundle, served)) => {
            let risks = production_risks(bundle, table, &held)?;
            Some(Side { scored: Scored::new(risks, &holdout), threshold: served.threshold })
        }
    };
    let compared =
        if is_unchanged { estimates(&candidate) } else { compare(&candidate, served.as_ref(), manifest.training.seed) };
    let findings = Findings {
        patients: holdout.patients.len(),
        positive_patients: holdout.positive_patients(),
        compared,
        has_production: served.is_some(),
    };
    let judged = if is_unchanged { (Outcome::Unchanged, Vec::new()) } else { gate::judge(&manifest.gate, &findings) };
    let rows = RowReport {
        digest: table.digest.clone(),
        counts: table.counts,
        holdout_fraction: manifest.data.holdout_fraction(),
        training: report::Side::of(&table.rows.pick(&training)),
        holdout: report::Side::of(&holdout),
    };
    Ok(written(contest, candidate.threshold, &findings, (rows, judged)))
}

fn written(
    contest: &Contest<'_>,
    threshold: f64,
    findings: &Findings,
    (rows, (outcome, checks)): (RowReport, (Outcome, Vec<Check>)),
) -> Report {
    let manifest = contest.manifest;
    let is_unchanged = outcome == Outcome::Unchanged;
    Report {
        schema: report::SCHEMA,
        study: manifest.study.id.clone(),
        outcome,
        reason: gate::reason(outcome, &checks).to_owned(),
        message: message(manifest, findings, outcome, &checks),
        candidate: described(contest, threshold, rows.training.positive_patients),
        production: contest.production.map(|(_, served)| served.clone()),
        rows,
        bootstrap: Bootstrap {
            resamples: if is_unchanged { 0 } else { RESAMPLES },
            level: manifest.gate.level(),
            seed: manifest.training.seed,
        },
        metrics: findings.compared.iter().map(|compared| metric(compared, manifest.gate.level())).collect(),
        primary: manifest.gate.primary().metric,
        checks,
        claimed: None,
    }
}

/// Refuses a candidate that was made for something else than the manifest asks for.
pub fn check_own(manifest: &Manifest, bundle: &Bundle) -> Result<(), BadInput> {
    check_trial(manifest, bundle)?;
    if bundle.features == manifest.features { Ok(()) } else { Err(foreign("spec.features")) }
}

/// Refuses a bundle that was made for another trial, label or holdout. A served one may have other features than the
/// manifest, which was edited since.
pub fn check_trial(manifest: &Manifest, bundle: &Bundle) -> Result<(), BadInput> {
    let differs = [
        ("spec.study.id", bundle.study != manifest.study.id),
        ("spec.label.column", bundle.label != manifest.label.column),
        ("spec.label.horizon", bundle.horizon_seconds != manifest.label.horizon.as_seconds()),
        ("spec.data.holdout.fraction", bundle.holdout_fraction != manifest.data.holdout_fraction()),
    ];
    differs.iter().find(|(_, differs)| *differs).map_or(Ok(()), |(field, _)| Err(foreign(field)))
}

fn foreign(field: &str) -> BadInput {
    let message = format!("the candidate was made for another {field} than the manifest names; train it again");
    BadInput::new(Reason::ForeignModel, message)
}

/// The risk of every held out row by production's own features.
fn production_risks(bundle: &Bundle, table: &Table, held: &[usize]) -> Result<Vec<f64>, BadInput> {
    let columns: Vec<Column> = table.production.iter().map(|column| column.pick(held)).collect();
    risks(&tolerant(bundle), &bundle.features, &columns)
}

/// The risk of every row.
pub fn risks(bundle: &Bundle, features: &[Feature], columns: &[Column]) -> Result<Vec<f64>, BadInput> {
    let scorer = Scorer::new(bundle)
        .map_err(|error| BadInput::new(Reason::BadBundle, format!("the bundle {}", error.kind())))?;
    let count = columns.first().map_or(0, |column| match column {
        Column::Numbers(numbers) => numbers.len(),
        Column::Levels(levels) => levels.len(),
    });
    Ok((0..count).map(|row| scorer.risk(&cells(features, columns, row))).collect())
}

/// A bundle that also scores rows which its own features would refuse for a missing number: it takes the mean of the
/// training rows. Only so can a production model be compared on data that have changed.
fn tolerant(bundle: &Bundle) -> Bundle {
    let mut tolerant = bundle.clone();
    if let Model::Logistic(model) = &mut tolerant.model {
        for term in model.terms.iter().filter(|term| term.part == Part::Value) {
            model.imputed.entry(term.feature.clone()).or_insert(Cell::Number(term.mean));
        }
    }
    tolerant
}

/// Values without resamples, for a bundle that is served already.
fn estimates(side: &Side<'_>) -> Vec<Compared> {
    let even = side.scored.even();
    let capacity = flag::alert_rate(&side.scored, &even, side.threshold);
    let operation = Operation { threshold: side.threshold, capacity };
    let estimate = |&metric| {
        let candidate = value(metric, &side.scored, &even, operation);
        Compared { metric, candidate, production: f64::NAN, draws: Vec::new() }
    };
    ALL.iter().map(estimate).collect()
}

fn described(contest: &Contest<'_>, threshold: f64, dropout_patients: usize) -> Candidate {
    let (bundle, digest) = contest.candidate;
    let (intercept, terms) = match &bundle.model {
        Model::Logistic(model) => (Some(model.intercept), model.terms.clone()),
        Model::Trees(_) => (None, Vec::new()),
    };
    let threshold_target = match contest.manifest.threshold.target() {
        Target::Value(_) => "fixed in spec.threshold.value".to_owned(),
        Target::Recall(recall) => format!("largest with recall of at least {recall} out of fold"),
        Target::AlertRate(rate) => format!("smallest with an alert rate of at most {rate} out of fold"),
    };
    Candidate {
        digest: digest.to_owned(),
        code: bundle.code.clone(),
        data_digest: bundle.data_digest.clone(),
        seed: bundle.seed,
        threshold,
        threshold_target,
        calibration: bundle.calibration,
        calibration_reason: bundle
            .calibration_reason
            .clone()
            .unwrap_or_else(|| calibrate::reason(bundle.calibration, dropout_patients)),
        intercept,
        terms,
    }
}

fn metric(compared: &Compared, level: f64) -> MetricReport {
    let known = |interval: Interval| Some(interval).filter(|interval| interval.low.is_finite());
    let production = Some(compared.production).filter(|value| value.is_finite());
    MetricReport {
        metric: compared.metric,
        candidate: compared.candidate,
        candidate_interval: known(compared.interval(level, |candidate, _| candidate)),
        production,
        production_interval: known(compared.interval(level, |_, production| production)),
        difference: production.map(|production| compared.candidate - production),
        difference_interval: known(compared.interval(level, |candidate, production| candidate - production)),
    }
}

/// The sentence of the answer.
fn message(manifest: &Manifest, findings: &Findings, outcome: Outcome, checks: &[Check]) -> String {
    let numbers = numbers(manifest, findings);
    let first =
        |verdict| checks.iter().find(|check| check.verdict == verdict).map_or("", |check| check.message.as_str());
    match outcome {
        Outcome::Passed if findings.has_production => format!("better than production: {numbers}"),
        Outcome::Passed => format!("first model accepted: {numbers}"),
        Outcome::Failed => {
            let why = first(Verdict::Failed);
            if why.starts_with(&numbers) { format!("refused: {why}") } else { format!("refused: {why}; {numbers}") }
        }
        Outcome::Inconclusive => format!("undecided: {}; {numbers}", first(Verdict::Inconclusive)),
        Outcome::Unchanged => {
            "the candidate is, byte for byte, the bundle that is served; nothing was compared".to_owned()
        }
        Outcome::BadInput | Outcome::VersionTaken => String::new(),
    }
}

fn numbers(manifest: &Manifest, findings: &Findings) -> String {
    let metric = manifest.gate.primary().metric;
    let Some(compared) = findings.of(metric) else { return String::new() };
    if findings.has_production {
        return gate::sentence(&manifest.gate, compared);
    }
    let interval = compared.interval(manifest.gate.level(), |candidate, _| candidate);
    format!("{} {:.3} ({:.3} to {:.3})", metric.name(), compared.candidate, interval.low, interval.high)
}

/// The rows of a table that may be trained on.
pub fn training_rows(manifest: &Manifest, table: &Table) -> Rows {
    let (training, _) = table.split(manifest);
    table.rows.pick(&training)
}
