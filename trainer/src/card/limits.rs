//! What a model is for and where its limits are: sentences that always hold, and cautions that its own numbers call for.

use super::Use;
use crate::page::{View, words};
use dropout_model::{
    bundle::Calibration,
    page::number::{count, decimal, percent},
};

/// Fewest patients held out who dropped out for intervals that say much (Collins, Ogundimu and Altman, Statistics in
/// Medicine 2016).
const FEW_DROPOUTS: usize = 100;

/// Expected calibration error above which a caution is due.
const MOST_MISS: f64 = 0.05;

/// What the model is for.
pub(super) fn intended(view: &View<'_>) -> Use {
    Use {
        purpose: format!(
            "To rank the patients of trial {} on a landmark day by their risk of dropout within {}, so that those at the highest risk are called first.",
            view.report.study,
            words::horizon(view.bundle)
        ),
        users: "Site staff and retention teams of the trial, with a person deciding about each call.".to_owned(),
        out_of_scope: vec![
            "Ending a patient’s participation, withholding care or a visit, or choosing whom to enrol.".to_owned(),
            "Efficacy or safety analyses of the trial, and imputation of its outcomes.".to_owned(),
            "Other trials, protocols or populations, without a new training and a new evaluation.".to_owned(),
        ],
    }
}

/// Limits and cautions.
pub(super) fn limits(view: &View<'_>) -> Vec<String> {
    let always = [
        "Risks describe who left in this trial so far; they do not say why, and not what would keep a patient.".to_owned(),
        "Calls change who leaves. Rows of patients who were called tell less about risk without a call.".to_owned(),
        "Metrics are means over patients held out of one trial; other sites and later months may differ, which drift monitoring watches.".to_owned(),
        "Groups of fewer than five patients are not shown; equal quality for them is not shown either.".to_owned(),
    ];
    let cautions = [few(view), raw(view), untrue(view), ungrouped(view)];
    always.into_iter().chain(cautions.into_iter().flatten()).collect()
}

fn few(view: &View<'_>) -> Option<String> {
    let found = view.report.rows.holdout.positive_patients;
    (found < FEW_DROPOUTS).then(|| {
        format!("Only {} patients held out dropped out; fewer than {FEW_DROPOUTS} leave wide intervals.", count(found))
    })
}

fn raw(view: &View<'_>) -> Option<String> {
    (view.bundle.calibration == Calibration::IDENTITY)
        .then(|| format!("Risks are not calibrated ({}).", view.report.candidate.calibration_reason))
}

fn untrue(view: &View<'_>) -> Option<String> {
    let Some(drawn) = &view.report.curves.candidate else {
        return Some("Calibration could not be measured: too few patients held out.".to_owned());
    };
    let found = &drawn.calibration;
    let is_bent = found.slope.is_none_or(|slope| !(0.85..=1.15).contains(&slope));
    let slope = found.slope.map_or_else(|| "unknown".to_owned(), |slope| decimal(slope, 2));
    (is_bent || found.ece10 > MOST_MISS).then(|| {
        format!(
            "Risks are off by {} on average, with a calibration slope of {slope} (1 is perfect): read them as a ranking rather than as probabilities.",
            percent(found.ece10, 1)
        )
    })
}

fn ungrouped(view: &View<'_>) -> Option<String> {
    view.slices.is_empty().then(|| "No groups of patients were compared; the gate names none.".to_owned())
}
