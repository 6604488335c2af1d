//! stub
#![allow(missing_docs)]
use dropout_model::trees::Ensemble;
use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::{Array1, Array2};
#[derive(Clone, Debug, Default)]
pub struct BoostingParams(Valid);
#[derive(Clone, Debug, Default)]
pub struct Valid;
#[derive(Debug, thiserror::Error)]
pub enum BoostingError {
    #[error("stub")]
    Stub,
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
}
impl BoostingParams {
    pub fn rounds(self, _: usize) -> Self {
        self
    }
    pub fn positive_weight(self, _: f64) -> Self {
        self
    }
    pub fn monotone(self, _: Vec<i8>) -> Self {
        self
    }
    pub fn columns(self, _: Vec<String>) -> Self {
        self
    }
    pub fn seed(self, _: u64) -> Self {
        self
    }
}
impl ParamGuard for BoostingParams {
    type Checked = Valid;
    type Error = BoostingError;
    fn check_ref(&self) -> Result<&Valid, BoostingError> {
        Ok(&self.0)
    }
    fn check(self) -> Result<Valid, BoostingError> {
        Ok(self.0)
    }
}
impl Fit<Array2<f64>, Array1<bool>, BoostingError> for Valid {
    type Object = Ensemble;
    fn fit(&self, _: &DatasetBase<Array2<f64>, Array1<bool>>) -> Result<Ensemble, BoostingError> {
        Err(BoostingError::Stub)
    }
}
impl Valid {
    pub fn fit_watched(
        &self,
        _: &DatasetBase<Array2<f64>, Array1<bool>>,
        _: Option<(&Array2<f64>, &[bool])>,
    ) -> Result<(Ensemble, Vec<f64>), BoostingError> {
        Err(BoostingError::Stub)
    }
}
