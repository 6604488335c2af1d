//! Metrics: numbers that say how good risks are, each a pure function of scored rows and a weight for each row. A weight
//! is how often the row's patient was drawn, so the same functions serve the estimate and the bootstrap.

pub mod bootstrap;
pub mod calibration;
pub mod flag;
pub mod normal;
pub mod rank;

use crate::{manifest::Metric, rows::Rows};

/// Rows that were scored by one model, sorted once so that every resample is a single pass.
#[derive(Clone, Debug)]
pub struct Scored<'a> {
    /// Risk by row.
    pub risk: Vec<f64>,
    /// The rows: label, patient and landmark.
    pub rows: &'a Rows,
    /// Rows by falling risk; equal risks in the order of the file.
    order: Vec<usize>,
    /// Rows by landmark, then by falling risk.
    within: Vec<usize>,
    /// By row: the odds against dropout, (1 - risk) / risk.
    against: Vec<f64>,
    /// By row: the negative log likelihood of its label.
    loss: Vec<f64>,
}

impl<'a> Scored<'a> {
    /// Sorts rows by risk. `risk` is in the order of `rows`.
    pub fn new(risk: Vec<f64>, rows: &'a Rows) -> Self {
        let at = |row: &usize| risk.get(*row).copied().unwrap_or(f64::NAN);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| at(b).total_cmp(&at(a)));
        let mut within = order.clone();
        within.sort_by_key(|row| rows.landmark.get(*row).copied());
        let against = risk.iter().map(|risk| calibration::odds_against(*risk)).collect();
        let loss = risk.iter().zip(&rows.label).map(|(risk, label)| calibration::loss(*risk, *label)).collect();
        Self { risk, rows, order, within, against, loss }
    }

    /// A weight of 1 for each row.
    pub fn even(&self) -> Vec<f64> {
        vec![1.0; self.rows.len()]
    }

    fn entry(&self, row: usize, weight: &[f64]) -> Entry {
        Entry {
            risk: self.risk.get(row).copied().unwrap_or(f64::NAN),
            label: self.rows.label.get(row).copied().unwrap_or_default(),
            weight: weight.get(row).copied().unwrap_or_default(),
        }
    }

    fn entries<'b>(&'b self, order: &'b [usize], weight: &'b [f64]) -> impl Iterator<Item = Entry> + 'b {
        order.iter().map(|row| self.entry(*row, weight))
    }
}

/// One scored row.
#[derive(Clone, Copy, Debug)]
struct Entry {
    risk: f64,
    label: bool,
    weight: f64,
}

impl Entry {
    fn positive(self) -> f64 {
        if self.label { self.weight } else { 0.0 }
    }

    fn negative(self) -> f64 {
        if self.label { 0.0 } else { self.weight }
    }
}

/// Where a model is operated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operation {
    /// The model's decision threshold.
    pub threshold: f64,
    /// Share of rows that may be flagged, for [`Metric::RecallAtCapacity`].
    pub capacity: f64,
}

/// The value of a metric; NaN if the rows do not define it.
pub fn value(metric: Metric, scored: &Scored<'_>, weight: &[f64], operation: Operation) -> f64 {
    match metric {
        Metric::RocAuc => rank::roc_auc(scored, weight),
        Metric::RocAucWithinLandmark => rank::roc_auc_within_landmark(scored, weight),
        Metric::RecallAtCapacity => flag::recall_at_capacity(scored, weight, operation.capacity),
        Metric::Recall => flag::recall(scored, weight, operation.threshold),
        Metric::Precision => flag::precision(scored, weight, operation.threshold),
        Metric::AlertRate => flag::alert_rate(scored, weight, operation.threshold),
        Metric::F1 => flag::f1(scored, weight, operation.threshold),
        Metric::PrAuc => rank::pr_auc(scored, weight),
        Metric::Brier => calibration::brier(scored, weight),
        Metric::LogLoss => calibration::log_loss(scored, weight),
        Metric::CalibrationInTheLarge => calibration::in_the_large(scored, weight),
    }
}

/// How much better `candidate` is than `production`: positive is better, whatever the direction of the metric.
pub fn gain(metric: Metric, candidate: f64, production: f64) -> f64 {
    if metric == Metric::CalibrationInTheLarge {
        return production.abs() - candidate.abs();
    }
    if metric.is_better_when_larger() { candidate - production } else { production - candidate }
}

/// All metrics, in the order of reports.
pub const ALL: [Metric; 11] = [
    Metric::RecallAtCapacity,
    Metric::Recall,
    Metric::Precision,
    Metric::AlertRate,
    Metric::F1,
    Metric::RocAuc,
    Metric::RocAucWithinLandmark,
    Metric::PrAuc,
    Metric::Brier,
    Metric::LogLoss,
    Metric::CalibrationInTheLarge,
];

#[cfg(test)]
mod tests;
