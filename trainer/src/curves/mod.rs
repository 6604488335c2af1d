//! Curves: what a page about a judged candidate draws, computed from the same scored rows as the metrics. Nothing here
//! tells of fewer than [`FEWEST`] patients.

pub mod calibration;
pub mod decision;
mod rank;
pub mod tiers;

use calibration::Calibrated;
use decision::Benefit;
use dropout_model::{
    metric::{Scored, bootstrap::Side},
    policy::Policy,
};
use serde::Serialize;
use std::collections::BTreeSet;
use tiers::Cut;

/// Fewest patients that a number on a page may be about.
pub const FEWEST: usize = 5;

/// Most points of a curve.
pub const MOST_POINTS: usize = 200;

/// Everything that is drawn about a candidate and production.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Curves {
    /// Share of the judged rows that are labelled dropout; `null` without rows.
    pub dropout_share: f64,
    /// The candidate's curves; none if fewer than [`FEWEST`] patients dropped out, or as few did not.
    pub candidate: Option<Drawn>,
    /// Production's curves on the same rows.
    pub production: Option<Drawn>,
    /// Net benefit at thresholds in rising order; empty if there are no curves.
    pub decision: Vec<Benefit>,
    /// What each tier, and the decision threshold, costs and brings with the candidate, by rising risk.
    pub tiers: Vec<Cut>,
}

/// The curves of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawn {
    /// ROC curve: x is the share of other rows flagged, y the share of dropouts flagged; from (0, 0) to (1, 1).
    pub roc: Vec<Point>,
    /// Precision-recall curve: x is recall, y the precision reached there; from the first [`FEWEST`] patients flagged.
    pub precision_recall: Vec<Point>,
    /// How true the risks are.
    pub calibration: Calibrated,
    /// Rows with a risk in each twentieth of 0..1; none where they are of 1 to 4 patients.
    pub histogram: Vec<Option<usize>>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
}

impl Curves {
    /// The curves of judged rows; production was scored on the same rows. `policy` has the candidate's threshold.
    pub fn of(candidate: &Side<'_>, production: Option<&Side<'_>>, policy: &Policy) -> Self {
        let rows = candidate.scored.rows;
        let is_told = has_enough(&candidate.scored);
        let drawn = |side: &Side<'_>| is_told.then(|| Drawn::of(&side.scored));
        Self {
            dropout_share: rows.positives() as f64 / rows.len() as f64,
            candidate: drawn(candidate),
            production: production.and_then(drawn),
            decision: if is_told { decision::benefits(candidate, production) } else { Vec::new() },
            tiers: tiers::cuts(&candidate.scored, policy),
        }
    }
}

impl Drawn {
    fn of(scored: &Scored<'_>) -> Self {
        Self {
            roc: rank::roc(scored),
            precision_recall: rank::precision_recall(scored),
            calibration: Calibrated::of(scored),
            histogram: histogram(scored),
        }
    }
}

/// Whether enough patients have a dropout, and enough have a row without one, for a curve to be about nobody alone.
fn has_enough(scored: &Scored<'_>) -> bool {
    let labelled = |wanted: bool| patients(scored, |row| scored.rows.label.get(row) == Some(&wanted));
    labelled(true) >= FEWEST && labelled(false) >= FEWEST
}

/// Patients with at least one of some rows.
fn patients(scored: &Scored<'_>, wanted: impl Fn(usize) -> bool) -> usize {
    let found = scored.rows.patient.iter().enumerate().filter(|(row, _)| wanted(*row));
    found.map(|(_, patient)| *patient).collect::<BTreeSet<_>>().len()
}

/// Whether a count of patients may be told.
fn is_told(patients: usize) -> bool {
    patients == 0 || patients >= FEWEST
}

fn histogram(scored: &Scored<'_>) -> Vec<Option<usize>> {
    let bin = |risk: f64| ((risk * 20.0) as usize).min(19);
    let count = |wanted: usize| {
        let is_in = |row: usize| scored.risk.get(row).is_some_and(|risk| bin(*risk) == wanted);
        is_told(patients(scored, is_in)).then(|| (0..scored.rows.len()).filter(|row| is_in(*row)).count())
    };
    (0..20).map(count).collect()
}
