//! Evaluation: scores candidate and production on the holdout, compares them by patient, and judges. It trains nothing.

use crate::{
    account,
    curves::Curves,
    findings,
    importance::importances,
    report::{self, Report, RowReport},
};
use dropout_model::{
    bundle::{Bundle, Cell, Model, Part, Scorer},
    gate::{self, Case, Evidence, Findings, Judgement, Look, Patients, Risks},
    input::{BadInput, Reason},
    manifest::{EvidenceRows, Feature, Manifest},
    metric::{
        ALL, Scored,
        bootstrap::{Resamples, Side, compare},
    },
    policy::{Policy, resolve},
    rows::{Column, Day, Rows, Table, cells},
    task::{Looked, Outcome, Served},
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
    /// The candidate's risks of the training rows, each from a model that never saw the row's patient, in the order of the
    /// table; none if they are not known.
    pub out_of_fold: Option<&'a [f64]>,
    /// Earlier looks at the holdout.
    pub looked: Option<Looked>,
}

/// Judges a candidate.
pub fn evaluate(contest: &Contest<'_>) -> Result<Report, BadInput> {
    let Contest { manifest, table, candidate: (bundle, digest), production, .. } = *contest;
    if production.is_some_and(|(_, served)| served.digest == digest) {
        return unchanged(contest);
    }
    check_own(manifest, bundle)?;
    let (training, held) = table.split(manifest);
    check_out_of_fold(contest.out_of_fold, training.len())?;
    let risk = candidate_risks(contest, (&training, &held))?;
    let served = production.map(|production| served_risks(contest, production, (&training, &held))).transpose()?;
    let found = gate::find(
        &manifest.gate,
        &Case {
            rows: &table.rows,
            holdout: &held,
            training: contest.out_of_fold.map(|_| training.as_slice()),
            candidate: Risks { risk: &risk, threshold: threshold(contest) },
            production: production.zip(served.as_ref()).map(|((_, to), risk)| Risks { risk, threshold: to.threshold }),
            cutoff: production.and_then(|(bundle, _)| Day::read(bundle.cutoff.as_deref()?)),
            looked: contest.looked,
            seed: manifest.training.seed,
            resamples: Resamples::default(),
        },
    );
    let judgement = gate::judge(&manifest.gate, &found);
    let curves = curves(contest, &held, (&risk, served.as_deref()));
    let report = account::report(contest, rows(contest, (&training, &held)), (&found, judgement));
    Ok(Report {
        curves,
        importances: importances(contest, &held)?,
        findings: findings::of_training(contest, &training)?,
        ..report
    })
}

/// The curves of both models over all held out rows.
fn curves(contest: &Contest<'_>, held: &[usize], (risk, served): (&[f64], Option<&[f64]>)) -> Curves {
    let holdout = contest.table.rows.pick(held);
    let side = |risk: &[f64], threshold| {
        let risk = held.iter().filter_map(|row| risk.get(*row)).copied().collect();
        Side { scored: Scored::new(risk, &holdout), threshold }
    };
    let candidate = side(risk, threshold(contest));
    let production = contest.production.zip(served).map(|((_, to), risk)| side(risk, to.threshold));
    Curves::of(&candidate, production.as_ref(), &Policy::new(candidate.threshold, &contest.manifest.tiers))
}

/// The candidate's decision threshold.
pub fn threshold(contest: &Contest<'_>) -> f64 {
    resolve(contest.manifest.threshold.target(), &contest.candidate.0.thresholds)
}

/// The report on a bundle that is served already: its numbers without intervals, compared with nothing. It is no look.
fn unchanged(contest: &Contest<'_>) -> Result<Report, BadInput> {
    let Contest { manifest, table, candidate: (bundle, _), .. } = *contest;
    check_trial(manifest, bundle)?;
    let (training, held) = table.split(manifest);
    let holdout = table.rows.pick(&held);
    let risk = production_risks(bundle, table, &held)?;
    let side = Side { scored: Scored::new(risk, &holdout), threshold: threshold(contest) };
    let patients = Patients { all: holdout.patients.len(), positive: holdout.positive_patients() };
    let findings = Findings {
        compared: compare(&side, None, &ALL.map(|metric| (metric, 0)), manifest.training.seed),
        evidence: Evidence::all(held.clone(), patients),
        all: Vec::new(),
        has_production: false,
        look: Look::new(&manifest.gate, contest.looked, patients.positive),
        touched: None,
        untouched: None,
        slices: Vec::new(),
    };
    let judgement = Judgement {
        outcome: Outcome::Unchanged,
        reason: "SameBundle",
        why: String::new(),
        checks: Vec::new(),
        look: None,
    };
    let curves = Curves::of(&side, None, &Policy::new(side.threshold, &manifest.tiers));
    Ok(Report { curves, ..account::report(contest, rows(contest, (&training, &held)), (&findings, judgement)) })
}

fn rows(contest: &Contest<'_>, (training, held): (&[usize], &[usize])) -> RowReport {
    let table = contest.table;
    RowReport {
        digest: table.digest.clone(),
        counts: table.counts,
        holdout_fraction: contest.manifest.data.holdout_fraction(),
        training: report::Side::of(&table.rows.pick(training)),
        holdout: report::Side::of(&table.rows.pick(held)),
    }
}

/// By row: the candidate's risk of held out rows, its out-of-fold risk of training rows, if known.
fn candidate_risks(contest: &Contest<'_>, (training, held): (&[usize], &[usize])) -> Result<Vec<f64>, BadInput> {
    let Contest { manifest, table, candidate: (bundle, _), out_of_fold, .. } = *contest;
    let columns: Vec<Column> = table.rows.columns.iter().map(|column| column.pick(held)).collect();
    let own = risks(bundle, &manifest.features, &columns)?;
    Ok(spread(table.rows.len(), [(held, own.as_slice()), (training, out_of_fold.unwrap_or_default())]))
}

/// By row: production's risk of held out rows and, if recent patients of both sides may decide, of training rows.
fn served_risks(
    contest: &Contest<'_>,
    (bundle, _): (&Bundle, &Served),
    (training, held): (&[usize], &[usize]),
) -> Result<Vec<f64>, BadInput> {
    let is_recent = contest.manifest.gate.evidence_rows() == EvidenceRows::Recent;
    let training = if is_recent && contest.out_of_fold.is_some() { training } else { &[] };
    let places = [held, training].concat();
    let risks = production_risks(bundle, contest.table, &places)?;
    Ok(spread(contest.table.rows.len(), [(&places, &risks), (&[], &[])]))
}

/// Puts risks at their rows; NaN elsewhere.
fn spread(rows: usize, parts: [(&[usize], &[f64]); 2]) -> Vec<f64> {
    let mut all = vec![f64::NAN; rows];
    for (place, risk) in parts.into_iter().flat_map(|(places, risks)| places.iter().zip(risks)) {
        if let Some(slot) = all.get_mut(*place) {
            *slot = *risk;
        }
    }
    all
}

/// Refuses out-of-fold risks that do not fit the training rows.
fn check_out_of_fold(risks: Option<&[f64]>, rows: usize) -> Result<(), BadInput> {
    match risks.map(<[f64]>::len) {
        Some(found) if found != rows => Err(BadInput::new(
            Reason::ForeignModel,
            format!(
                "out_of_fold.csv has {found} risks but there are {rows} training rows; the trainer must write one a training row, in the order of rows.csv, or leave the file out"
            ),
        )),
        Some(_) | None => Ok(()),
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

/// The rows of a table that may be trained on.
pub fn training_rows(manifest: &Manifest, table: &Table) -> Rows {
    let (training, _) = table.split(manifest);
    table.rows.pick(&training)
}
