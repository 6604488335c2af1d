//! Performance with the labels that have arrived, with intervals over patients. Rows without a label count for coverage
//! only; they are never read as retained.

use super::{Labelled, Unmeasured, enough};
use crate::report::Estimate;
use dropout_model::{
    manifest::Metric,
    metric::{
        Operation, Scored,
        bootstrap::{Compared, Side, compare},
        value,
    },
    monitoring::PerformanceSource,
    rows::Rows,
};
use std::collections::{BTreeMap, BTreeSet};

/// Resamples of patients.
const RESAMPLES: usize = 2_000;
/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// The metrics, in the order of reports.
const METRICS: &[Metric] = PerformanceSource::Realised.metrics();

/// A prediction and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<'a> {
    /// The risk that was told.
    pub risk: f64,
    /// Whether the patient dropped out within the horizon; none if that is not known yet, or never will be.
    pub label: Option<bool>,
    /// The patient.
    pub patient: &'a str,
}

/// How many labels have arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Share of the rows that have a label, 0 to 1; 0 without rows.
    pub share: f64,
    /// Patients with a label.
    pub patients: u64,
}

/// How many of the rows have a label.
pub fn coverage(rows: &[Outcome<'_>]) -> Coverage {
    let labelled = || rows.iter().filter(|row| row.label.is_some());
    let patients: BTreeSet<&str> = labelled().map(|row| row.patient).collect();
    Coverage { share: labelled().count() as f64 / rows.len().max(1) as f64, patients: patients.len() as u64 }
}

/// The metrics of the rows that have a label, where a risk from `threshold` on is flagged, with 95 % percentile intervals
/// of 2,000 resamples of patients. An error with fewer than 10 patients of either label; a metric that more than 1 % of
/// the resamples do not define is left out. An alert is told for calibration alone: its interval excludes 0; for others
/// see [`against`].
pub fn realised(rows: &[Outcome<'_>], threshold: f64, seed: i64) -> Result<Vec<Estimate>, Unmeasured> {
    if let Some(row) = rows.iter().position(|row| !(0.0..=1.0).contains(&row.risk)) {
        return Err(Unmeasured::NotARisk { side: "window", row: row + 1 });
    }
    let labelled: Vec<(&Outcome<'_>, bool)> = rows.iter().filter_map(|row| Some((row, row.label?))).collect();
    let with = |wanted: bool| -> BTreeSet<&str> {
        labelled.iter().filter(|(_, label)| *label == wanted).map(|(row, _)| row.patient).collect()
    };
    let (dropouts, others) = (with(true), with(false));
    enough(dropouts.len(), others.len())?;
    let table = table(&labelled);
    let side = Side { scored: Scored::new(labelled.iter().map(|(row, _)| row.risk).collect(), &table), threshold };
    let wanted: Vec<(Metric, usize)> = METRICS.iter().map(|metric| (*metric, RESAMPLES)).collect();
    let compared = compare(&side, None, &wanted, seed);
    Ok(compared.iter().filter_map(estimate).collect())
}

fn table(labelled: &[(&Outcome<'_>, bool)]) -> Rows {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut rows = Rows { landmark: vec![0; labelled.len()], ..Rows::default() };
    for (row, label) in labelled {
        let next = numbers.len() as u32;
        let patient = *numbers.entry(row.patient).or_insert(next);
        if patient == next {
            rows.patients.push(row.patient.to_owned());
        }
        rows.patient.push(patient);
        rows.label.push(*label);
    }
    rows
}

fn estimate(compared: &Compared) -> Option<Estimate> {
    let interval = compared.interval(LEVEL, |value, _| value);
    let is_known = [compared.candidate, interval.low, interval.high].iter().all(|number| number.is_finite());
    let is_calibration = compared.metric == Metric::CalibrationInTheLarge;
    is_known.then(|| Estimate {
        metric: compared.metric.name().to_owned(),
        value: compared.candidate,
        low: interval.low,
        high: interval.high,
        reference: None,
        alert: is_calibration.then_some(interval.low > 0.0 || interval.high < 0.0),
    })
}

/// Realised estimates beside their values on a labelled reference. An alert is an interval that excludes the reference's
/// value on the worse side; of calibration it stays an interval that excludes 0, and the alert rate is neither worse nor
/// better.
pub fn against(estimates: Vec<Estimate>, reference: Labelled<'_>, threshold: f64) -> Result<Vec<Estimate>, Unmeasured> {
    reference.check()?;
    let table = Rows {
        patient: (0..reference.risk.len() as u32).collect(),
        landmark: vec![0; reference.risk.len()],
        label: reference.label.to_vec(),
        ..Rows::default()
    };
    let scored = Scored::new(reference.risk.to_vec(), &table);
    let even = scored.even();
    let operation = Operation { threshold, capacity: f64::NAN };
    let beside = |estimate: Estimate| {
        let metric = METRICS.iter().copied().find(|metric| metric.name() == estimate.metric);
        let number = metric.map(|metric| value(metric, &scored, &even, operation)).filter(|number| number.is_finite());
        let alert = metric.zip(number).and_then(|(metric, number)| is_worse(metric, number, &estimate));
        Estimate { reference: number, alert: alert.or(estimate.alert), ..estimate }
    };
    Ok(estimates.into_iter().map(beside).collect())
}

fn is_worse(metric: Metric, reference: f64, estimate: &Estimate) -> Option<bool> {
    if matches!(metric, Metric::CalibrationInTheLarge | Metric::AlertRate) {
        return None;
    }
    Some(if metric.is_better_when_larger() { estimate.high < reference } else { estimate.low > reference })
}
