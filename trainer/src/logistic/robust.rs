//! Standard errors that hold although rows of one patient resemble each other.

use super::FittedLogistic;
use dropout_model::bundle::logistic;
use ndarray::{Array1, Array2};

/// Standard errors of the coefficients, the intercept last: the roots of the diagonal of H^-1 (sum over patients of g g')
/// H^-1, with H the Hessian of the penalised loss and g the gradient of a patient's rows (the cluster sandwich; Liang and
/// Zeger, Biometrika 1986, without a correction for few patients). `patient` numbers the rows' patients from 0. None if H
/// cannot be inverted.
pub fn standard_errors(
    fitted: &FittedLogistic,
    rows: &Array2<f64>,
    labels: &[bool],
    (patient, positive_weight): (&[u32], f64),
) -> Option<Array1<f64>> {
    if fitted.inverse_hessian.is_empty() {
        return None;
    }
    let patients = patient.iter().max().map_or(0, |most| *most as usize + 1);
    let mut gradients = Array2::zeros((patients, rows.ncols() + 1));
    for ((row, label), patient) in rows.rows().into_iter().zip(labels).zip(patient) {
        let logit = row.iter().zip(&fitted.coefficients).fold(fitted.intercept, |sum, (x, b)| sum + x * b);
        let weight = if *label { positive_weight } else { 1.0 };
        let miss = weight * (logistic(logit) - f64::from(u8::from(*label)));
        let mut gradient = gradients.row_mut(*patient as usize);
        for (slot, x) in gradient.iter_mut().zip(row.iter().chain([&1.0])) {
            *slot += miss * x;
        }
    }
    Some(roots(&gradients, &fitted.inverse_hessian))
}

/// The lengths of the columns of gradients * inverse, in fixed order.
fn roots(gradients: &Array2<f64>, inverse: &Array2<f64>) -> Array1<f64> {
    let mut squares = Array1::zeros(inverse.ncols());
    for gradient in gradients.rows() {
        for (slot, column) in squares.iter_mut().zip(inverse.columns()) {
            let part = gradient.iter().zip(column).fold(0.0, |sum, (g, h)| sum + g * h);
            *slot += part * part;
        }
    }
    squares.mapv_into(libm::sqrt)
}
