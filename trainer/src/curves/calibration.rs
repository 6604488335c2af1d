//! Calibration: how true risks are, in ten groups of as many rows each and as a line. It corrects nothing.

use super::FEWEST;
use crate::logistic::{FitError, FittedLogistic, LogisticParams, dataset};
use dropout_model::metric::{Scored, bootstrap::quantile};
use linfa::traits::Fit;
use ndarray::Array2;
use serde::Serialize;
use std::collections::BTreeSet;

/// Groups of rows by risk.
const BINS: usize = 10;

/// 97.5 % of a standard normal distribution lie below this.
pub const NORMAL: f64 = 1.959_963_984_540_054;

/// How true the risks of a model are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibrated {
    /// Groups by rising risk; those of fewer than [`FEWEST`] patients are merged with the next.
    pub bins: Vec<Bin>,
    /// Expected calibration error over the ten groups: the mean distance of mean risk and observed share, by rows (Naeini
    /// et al., AAAI 2015). 0 is perfect.
    pub ece10: f64,
    /// b of logit P(dropout) = a + b logit(risk) by maximum likelihood (Cox, Biometrika 1958); 1 is perfect, less means
    /// that risks are too extreme. None if it has no optimum.
    pub slope: Option<f64>,
    /// a of the same line, in logits; 0 is perfect.
    pub intercept: Option<f64>,
}

/// Rows of similar risk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bin {
    /// Mean risk.
    pub risk: f64,
    /// Share of rows labelled dropout.
    pub observed: f64,
    /// Lower end of the 95 % interval of that share (Wilson, JASA 1927), counting patients, since rows of one patient
    /// resemble each other: it is rather too wide than too narrow.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Rows.
    pub rows: usize,
    /// Patients of these rows.
    pub patients: usize,
}

impl Calibrated {
    /// The calibration of scored rows.
    pub fn of(scored: &Scored<'_>) -> Self {
        let groups = groups(scored);
        let all = scored.rows.len() as f64;
        let miss = |rows: &Vec<usize>| {
            let bin = bin(scored, rows);
            rows.len() as f64 / all * (bin.risk - bin.observed).abs()
        };
        let ece10 = groups.iter().map(miss).sum();
        let bins = merged(groups, scored).iter().map(|rows| bin(scored, rows)).collect();
        let line = line(scored);
        Self { bins, ece10, intercept: line.map(|line| line.0), slope: line.map(|line| line.1) }
    }
}

/// Rows between the tenths of risk, a tenth itself in the lower group: equal risks are never apart (as scikit-learn's
/// `calibration_curve` with quantiles). Groups without rows are left out.
fn groups(scored: &Scored<'_>) -> Vec<Vec<usize>> {
    let mut sorted = scored.risk.clone();
    sorted.sort_by(f64::total_cmp);
    let edges: Vec<f64> = (1..BINS).map(|tenth| quantile(&sorted, tenth as f64 / BINS as f64)).collect();
    let mut groups = vec![Vec::new(); BINS];
    for (row, risk) in scored.risk.iter().enumerate() {
        if let Some(group) = groups.get_mut(edges.partition_point(|edge| edge < risk)) {
            group.push(row);
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Groups of at least [`FEWEST`] patients each: a smaller one goes into the next, the last one into the one before.
fn merged(groups: Vec<Vec<usize>>, scored: &Scored<'_>) -> Vec<Vec<usize>> {
    let mut merged: Vec<Vec<usize>> = Vec::new();
    let mut open = Vec::new();
    for group in groups {
        open.extend(group);
        if patients(scored, &open) >= FEWEST {
            merged.push(std::mem::take(&mut open));
        }
    }
    if let Some(last) = merged.last_mut() {
        last.append(&mut open);
    }
    merged
}

fn patients(scored: &Scored<'_>, rows: &[usize]) -> usize {
    rows.iter().filter_map(|row| scored.rows.patient.get(*row)).collect::<BTreeSet<_>>().len()
}

fn bin(scored: &Scored<'_>, rows: &[usize]) -> Bin {
    let count = rows.len() as f64;
    let risk = rows.iter().filter_map(|row| scored.risk.get(*row)).sum::<f64>() / count;
    let positive = rows.iter().filter(|row| scored.rows.label.get(**row) == Some(&true)).count();
    let observed = positive as f64 / count;
    let patients = patients(scored, rows);
    let (low, high) = wilson(observed, patients as f64);
    Bin { risk, observed, low, high, rows: rows.len(), patients }
}

/// The 95 % interval of a share of `count` (Wilson, JASA 1927).
fn wilson(share: f64, count: f64) -> (f64, f64) {
    let square = NORMAL * NORMAL;
    let middle = (share + square / (2.0 * count)) / (1.0 + square / count);
    let half =
        NORMAL / (1.0 + square / count) * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Intercept and slope of the outcome on the logit of risk.
fn line(scored: &Scored<'_>) -> Option<(f64, f64)> {
    let logit = |risk: f64| {
        let risk = risk.clamp(1e-15, 1.0 - 1e-15);
        libm::log(risk / (1.0 - risk))
    };
    let logits: Vec<f64> = scored.risk.iter().map(|risk| logit(*risk)).collect();
    let column = Array2::from_shape_vec((logits.len(), 1), logits).ok()?;
    let fitted: Result<FittedLogistic, FitError> =
        LogisticParams::default().penalty(0.0).fit(&dataset(column, &scored.rows.label));
    let fitted = fitted.ok()?;
    Some((fitted.intercept, *fitted.coefficients.first()?))
}
