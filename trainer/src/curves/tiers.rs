//! Tiers and the decision threshold: what flagging from there costs and brings, and who is in a tier.

use super::{is_told, patients};
use dropout_model::{metric::Scored, policy::Policy};
use serde::Serialize;

/// A place where risk is cut. Numbers that would tell of 1 to 4 patients are none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// The tier that starts here; none for a decision threshold at which no tier starts.
    pub tier: Option<String>,
    /// What is done for its patients.
    pub intervention: Option<String>,
    /// Smallest risk.
    pub from: f64,
    /// Whether it is the decision threshold.
    pub is_threshold: bool,
    /// What flagging from here does.
    pub flagged: Option<Flagged>,
    /// Share of patients whose largest risk is in the tier.
    pub patients: Option<f64>,
    /// Share of rows in the tier.
    pub rows: Option<f64>,
    /// Share of these rows that are labelled dropout; none also without rows.
    pub observed: Option<f64>,
}

/// What flagging every row at or above a risk does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Flagged {
    /// Share of dropouts flagged.
    pub recall: f64,
    /// Share of flagged rows that are dropouts; none if no row is flagged.
    pub precision: Option<f64>,
    /// Share of rows flagged.
    pub alert_rate: f64,
    /// Share of other rows flagged.
    pub false_alarm_rate: f64,
    /// Calls for one dropout found: 1 / precision.
    pub needed_to_call: Option<f64>,
}

/// The tiers in the order of the policy, and the decision threshold among them if no tier starts there.
pub(super) fn cuts(scored: &Scored<'_>, policy: &Policy) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = (0..policy.tiers.len()).filter_map(|at| tier(scored, policy, at)).collect();
    if !cuts.iter().any(|cut| cut.is_threshold) {
        cuts.push(Cut { is_threshold: true, ..bare(scored, policy.threshold) });
    }
    // Stable: of cuts at the same risk the one named first stays first.
    cuts.sort_by(|a, b| a.from.total_cmp(&b.from));
    cuts
}

fn tier(scored: &Scored<'_>, policy: &Policy, at: usize) -> Option<Cut> {
    let tier = policy.tiers.get(at)?;
    let is_in = |risk: f64| policy.decide(risk).tier == tier.name;
    let in_rows: Vec<usize> = (0..scored.rows.len()).filter(|row| risk(scored, *row).is_some_and(is_in)).collect();
    let is_shown = is_told(patients(scored, |row| risk(scored, row).is_some_and(is_in)));
    let positive = in_rows.iter().filter(|row| scored.rows.label.get(**row) == Some(&true)).count() as f64;
    let (rows, all) = (in_rows.len() as f64, scored.rows.len() as f64);
    let from = tier.from.unwrap_or(policy.threshold);
    let highest = largest(scored).into_iter().filter(|risk| is_in(*risk)).count();
    Some(Cut {
        tier: Some(tier.name.clone()),
        intervention: Some(tier.intervention.clone()),
        is_threshold: from == policy.threshold,
        patients: is_told(highest).then(|| highest as f64 / scored.rows.patients.len() as f64),
        rows: is_shown.then_some(rows / all),
        observed: (is_shown && rows > 0.0).then(|| positive / rows),
        ..bare(scored, from)
    })
}

/// A cut that is no tier.
fn bare(scored: &Scored<'_>, from: f64) -> Cut {
    let is_flagged = |row: usize| risk(scored, row).is_some_and(|risk| risk >= from);
    let is_shown = is_told(patients(scored, is_flagged)) && is_told(patients(scored, |row| !is_flagged(row)));
    Cut {
        tier: None,
        intervention: None,
        from,
        is_threshold: false,
        flagged: is_shown.then(|| flagged(scored, is_flagged)),
        patients: None,
        rows: None,
        observed: None,
    }
}

fn flagged(scored: &Scored<'_>, is_flagged: impl Fn(usize) -> bool) -> Flagged {
    let count = |label: bool| scored.rows.label.iter().filter(|found| **found == label).count() as f64;
    let found = |label: bool| {
        let rows = scored.rows.label.iter().enumerate();
        rows.filter(|(row, found)| **found == label && is_flagged(*row)).count() as f64
    };
    let (positive, other) = (found(true), found(false));
    let defined = |number: f64| Some(number).filter(|number| number.is_finite());
    Flagged {
        recall: positive / count(true),
        precision: defined(positive / (positive + other)),
        alert_rate: (positive + other) / scored.rows.len() as f64,
        false_alarm_rate: other / count(false),
        needed_to_call: defined((positive + other) / positive),
    }
}

/// By patient: the largest risk of their rows.
fn largest(scored: &Scored<'_>) -> Vec<f64> {
    let mut largest = vec![f64::NEG_INFINITY; scored.rows.patients.len()];
    for (patient, risk) in scored.rows.patient.iter().zip(&scored.risk) {
        if let Some(found) = largest.get_mut(*patient as usize) {
            *found = found.max(*risk);
        }
    }
    largest
}

fn risk(scored: &Scored<'_>, row: usize) -> Option<f64> {
    scored.risk.get(row).copied()
}
