//! Platt's calibration on out-of-fold logits. With few dropouts it would only add noise, so it is left out.

use crate::logistic::{FitError, FittedLogistic, LogisticParams, dataset};
use dropout_model::bundle::Calibration;
use linfa::traits::Fit;
use ndarray::Array2;

/// Fewest training patients who dropped out for a calibration.
pub const MIN_DROPOUT_PATIENTS: usize = 100;

/// The calibration (Platt 1999, without his smoothing of labels): logit P(dropout) = intercept + slope * logit, by
/// maximum likelihood. The identity if there are too few dropouts, no optimum, or a slope that would turn the order. And
/// why it is what it is, for the report.
pub fn calibrate(logits: &[f64], label: &[bool], dropout_patients: usize) -> (Calibration, String) {
    let calibration = fitted(logits, label, dropout_patients);
    (calibration, reason(calibration, dropout_patients))
}

fn fitted(logits: &[f64], label: &[bool], dropout_patients: usize) -> Calibration {
    if dropout_patients < MIN_DROPOUT_PATIENTS {
        return Calibration::IDENTITY;
    }
    let column = Array2::from_shape_fn((logits.len(), 1), |(row, _)| logits.get(row).copied().unwrap_or_default());
    let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().penalty(0.0).fit(&dataset(column, label));
    let Ok(fitted) = fitted else { return Calibration::IDENTITY };
    match fitted.coefficients.first() {
        Some(&slope) if slope > 0.0 => Calibration { intercept: fitted.intercept, slope },
        Some(_) | None => Calibration::IDENTITY,
    }
}

/// Why a calibration is what it is.
pub fn reason(calibration: Calibration, dropout_patients: usize) -> String {
    if calibration != Calibration::IDENTITY {
        return format!("Platt, on out-of-fold logits of {dropout_patients} training patients who dropped out");
    }
    if dropout_patients < MIN_DROPOUT_PATIENTS {
        return format!(
            "none: {dropout_patients} training patients dropped out, {MIN_DROPOUT_PATIENTS} are needed for a calibration"
        );
    }
    "none: the out-of-fold logits do not rise with dropout, or the model came without one".to_owned()
}
