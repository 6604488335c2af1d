//! Platt's calibration on out-of-fold logits. With few dropouts it would only add noise, so it is left out.

use crate::logistic::{FitError, FittedLogistic, LogisticParams, dataset};
use dropout_model::bundle::Calibration;
use linfa::{DatasetBase, traits::Fit};
use ndarray::{Array1, Array2};

/// Fewest training patients who dropped out for a calibration.
pub const MIN_DROPOUT_PATIENTS: usize = 100;

/// The calibration (Platt, Advances in Large Margin Classifiers 1999): logit P(dropout) = intercept + slope * logit, by
/// maximum likelihood with his smoothed labels, (n1 + 1) / (n1 + 2) for each of n1 dropouts and 1 / (n0 + 2) for each other
/// row, so that logits which separate the labels still give a finite slope. The identity if there are too few dropouts, no
/// optimum, or a slope that would turn the order. And why it is what it is, for the report.
pub fn calibrate(logits: &[f64], label: &[bool], dropout_patients: usize) -> (Calibration, String) {
    let calibration = fitted(logits, label, dropout_patients);
    (calibration, reason(calibration, dropout_patients))
}

fn fitted(logits: &[f64], label: &[bool], dropout_patients: usize) -> Calibration {
    if dropout_patients < MIN_DROPOUT_PATIENTS {
        return Calibration::IDENTITY;
    }
    let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().penalty(0.0).fit(&smoothed(logits, label));
    let Ok(fitted) = fitted else { return Calibration::IDENTITY };
    match fitted.coefficients.first() {
        Some(&slope) if slope > 0.0 => Calibration { intercept: fitted.intercept, slope },
        Some(_) | None => Calibration::IDENTITY,
    }
}

/// Every row twice: as a dropout with the weight of its smoothed label, and as no dropout with the rest.
fn smoothed(logits: &[f64], label: &[bool]) -> DatasetBase<Array2<f64>, Array1<bool>> {
    let count = logits.len();
    let column = Array2::from_shape_fn((2 * count, 1), |(row, _)| logits.get(row % count).copied().unwrap_or_default());
    let labels: Vec<bool> = (0..2 * count).map(|row| row < count).collect();
    let dropouts = label.iter().filter(|label| **label).count() as f64;
    let others = count as f64 - dropouts;
    let share = |label: &bool| if *label { (dropouts + 1.0) / (dropouts + 2.0) } else { 1.0 / (others + 2.0) };
    let weights = label.iter().map(share).chain(label.iter().map(|label| 1.0 - share(label)));
    dataset(column, &labels).with_weights(weights.map(|weight| weight as f32).collect())
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
