//! Logistic regression behind linfa's traits: parameters are checked before use, `fit` finds the exact optimum, and
//! `predict` gives probabilities. It scales nothing and knows no features.

mod cholesky;
mod newton;
mod robust;

use crate::parallel;
use linfa::{
    DatasetBase, ParamGuard,
    traits::{Fit, PredictInplace},
};
use ndarray::{Array1, Array2, ArrayBase, Data, Ix2};
pub use robust::standard_errors;

/// Parameters that were not checked yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticParams(ValidLogisticParams);

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidLogisticParams {
    penalty: f64,
    positive_weight: f64,
    tolerance: f64,
    steps: usize,
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self(ValidLogisticParams { penalty: 1.0, positive_weight: 1.0, tolerance: 1e-10, steps: 100 })
    }
}

impl LogisticParams {
    /// The weight of half the squared length of the coefficients beside the summed log loss: scikit-learn's 1/C, linfa's
    /// alpha. The intercept is free. Default 1.
    pub fn penalty(self, penalty: f64) -> Self {
        Self(ValidLogisticParams { penalty, ..self.0 })
    }

    /// How often a row with a positive label counts beside one without. Default 1.
    pub fn positive_weight(self, positive_weight: f64) -> Self {
        Self(ValidLogisticParams { positive_weight, ..self.0 })
    }

    /// Largest component of the gradient, for each row, at which the fit is finished. Default 1e-10.
    pub fn tolerance(self, tolerance: f64) -> Self {
        Self(ValidLogisticParams { tolerance, ..self.0 })
    }

    /// Most Newton steps. Default 100; 5 to 7 are usual.
    pub fn steps(self, steps: usize) -> Self {
        Self(ValidLogisticParams { steps, ..self.0 })
    }
}

/// Why there is no fit.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// The penalty cannot be used.
    #[error("the penalty is {0}; it must be zero or a positive finite number")]
    Penalty(f64),
    /// The weight of positive rows cannot be used.
    #[error("the weight of positive rows is {0}; it must be a positive finite number")]
    PositiveWeight(f64),
    /// The tolerance cannot be used.
    #[error("the tolerance is {0}; it must be a positive finite number")]
    Tolerance(f64),
    /// There is only one label, or no row.
    #[error("both labels are needed, but {positives} of {rows} rows are positive")]
    OneClass {
        /// Rows with a positive label.
        positives: usize,
        /// All rows.
        rows: usize,
    },
    /// No optimum was found, for example because the labels are separable and there is no penalty.
    #[error("no optimum within {0} steps")]
    NotConverged(usize),
    /// A weight cannot be used.
    #[error("the weight of row {0} is no positive finite number")]
    Weight(usize),
    /// linfa says no.
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
}

impl ParamGuard for LogisticParams {
    type Checked = ValidLogisticParams;
    type Error = FitError;

    fn check_ref(&self) -> Result<&Self::Checked, FitError> {
        let ValidLogisticParams { penalty, positive_weight, tolerance, .. } = self.0;
        if !penalty.is_finite() || penalty < 0.0 {
            return Err(FitError::Penalty(penalty));
        }
        if !positive_weight.is_finite() || positive_weight <= 0.0 {
            return Err(FitError::PositiveWeight(positive_weight));
        }
        if !tolerance.is_finite() || tolerance <= 0.0 {
            return Err(FitError::Tolerance(tolerance));
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked, FitError> {
        self.check_ref().copied()
    }
}

/// A fitted model: probability = 1 / (1 + exp(-(intercept + coefficients . row))).
#[derive(Clone, Debug, PartialEq)]
pub struct FittedLogistic {
    /// Logit of a row of zeros.
    pub intercept: f64,
    /// Logits for each unit of a column.
    pub coefficients: Array1<f64>,
    /// Newton steps taken.
    pub steps: usize,
    /// Inverse of the penalised loss's Hessian, the intercept last: the covariance of the coefficients if rows are
    /// independent and weigh 1. Empty if it cannot be inverted.
    pub inverse_hessian: Array2<f64>,
}

impl<D: Data<Elem = f64>> Fit<ArrayBase<D, Ix2>, Array1<bool>, FitError> for ValidLogisticParams {
    type Object = FittedLogistic;

    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, Array1<bool>>) -> Result<FittedLogistic, FitError> {
        let rows = dataset.records.as_standard_layout();
        let (count, width) = rows.dim();
        if count != dataset.targets.len() {
            return Err(linfa::Error::MismatchedShapes(count, dataset.targets.len()).into());
        }
        let positives = dataset.targets.iter().filter(|label| **label).count();
        if positives == 0 || positives == count {
            return Err(FitError::OneClass { positives, rows: count });
        }
        let labels = dataset.targets.to_vec();
        let values = rows.as_slice().unwrap_or_default();
        let weights = weights(dataset.weights().unwrap_or_default(), &labels, self.positive_weight)?;
        let threads = parallel::available();
        let problem =
            newton::Problem { values, width, labels: &labels, weights: &weights, penalty: self.penalty, threads };
        let newton::Solution { mut point, steps, inverse_hessian } = problem.solve(self.tolerance, self.steps)?;
        let inverse_hessian = inverse_hessian.unwrap_or_default();
        let inverse_hessian = Array2::from_shape_vec((width + 1, width + 1), inverse_hessian).unwrap_or_default();
        let intercept = point.pop().unwrap_or_default();
        Ok(FittedLogistic { intercept, coefficients: Array1::from(point), steps, inverse_hessian })
    }
}

impl FittedLogistic {
    fn probability<'a>(&self, row: impl Iterator<Item = &'a f64>) -> f64 {
        let logit = row.zip(&self.coefficients).fold(self.intercept, |sum, (x, b)| sum + x * b);
        dropout_model::bundle::logistic(logit)
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for FittedLogistic {
    fn predict_inplace<'a>(&'a self, rows: &'a ArrayBase<D, Ix2>, risks: &mut Array1<f64>) {
        for (risk, row) in risks.iter_mut().zip(rows.rows()) {
            *risk = self.probability(row.iter());
        }
    }

    fn default_target(&self, rows: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(rows.nrows())
    }
}

/// How often each row counts: by its own weight (none means once) and by its label.
fn weights(own: &[f32], labels: &[bool], positive_weight: f64) -> Result<Vec<f64>, FitError> {
    if !own.is_empty() && own.len() != labels.len() {
        return Err(linfa::Error::MismatchedShapes(labels.len(), own.len()).into());
    }
    if let Some(row) = own.iter().position(|weight| !weight.is_finite() || *weight <= 0.0) {
        return Err(FitError::Weight(row + 1));
    }
    let weight = |(at, label): (usize, &bool)| {
        let own = own.get(at).copied().map_or(1.0, f64::from);
        if *label { own * positive_weight } else { own }
    };
    Ok(labels.iter().enumerate().map(weight).collect())
}

/// A dataset for [`LogisticParams`].
pub fn dataset(rows: Array2<f64>, labels: &[bool]) -> DatasetBase<Array2<f64>, Array1<bool>> {
    DatasetBase::new(rows, Array1::from(labels.to_vec()))
}
