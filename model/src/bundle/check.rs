//! Whether a bundle that was read can be scored with. It changes nothing.

use super::{Bundle, BundleError, Cell, GOLDEN_TOLERANCE, Logistic, Model, OperatingPoint, Scorer};
use crate::manifest::{Feature, FeatureType, OnMissing};

impl Bundle {
    /// Checks numbers, names, imputed values and golden rows.
    pub(super) fn check(&self) -> Result<(), BundleError> {
        match &self.model {
            Model::Logistic(logistic) if !is_usable(logistic) => return Err(BundleError::Unusable("model".into())),
            // The scorer checks trees.
            Model::Logistic(_) | Model::Trees(_) => {}
        }
        if !self.calibration.slope.is_finite() || !self.calibration.intercept.is_finite() {
            return Err(BundleError::Unusable("calibration".into()));
        }
        if !are_points(&self.thresholds) {
            return Err(BundleError::Unusable("thresholds".into()));
        }
        if self.golden.is_empty() {
            return Err(BundleError::Unusable("empty list of golden rows".into()));
        }
        let scorer = Scorer::new(self)?;
        self.check_imputed()?;
        self.check_golden(&scorer)
    }

    /// What is imputed is of its feature's own kind. A logistic model needs something for every feature that may miss a
    /// value: without it, the scorer would take 0 for the number. Trees say themselves where a missing value goes, so for
    /// them it may be left out: a model that was trained elsewhere never imputes.
    fn check_imputed(&self) -> Result<(), BundleError> {
        let (imputed, is_logistic) = match &self.model {
            Model::Logistic(logistic) => (&logistic.imputed, true),
            Model::Trees(trees) => (&trees.imputed, false),
        };
        let can_lack = |feature: &Feature| !is_logistic || feature.when_missing() == OnMissing::Refuse;
        let fits = |feature: &Feature| match imputed.get(&feature.name) {
            Some(cell) => is_of_kind(cell, feature),
            None => can_lack(feature),
        };
        let unfit = self.features.iter().find(|feature| !fits(feature));
        unfit.map_or(Ok(()), |feature| Err(BundleError::Unusable(format!("imputed value of {}", feature.name))))
    }

    fn check_golden(&self, scorer: &Scorer) -> Result<(), BundleError> {
        for (row, golden) in self.golden.iter().enumerate() {
            let found = scorer.risk(&golden.cells);
            let agrees = golden.cells.len() == self.features.len() && (found - golden.risk).abs() <= GOLDEN_TOLERANCE;
            if !agrees {
                return Err(BundleError::Golden { row: row + 1, wanted: golden.risk, found });
            }
        }
        Ok(())
    }
}

/// Whether a cell can be a value of a feature: a finite number, or one of its categories.
fn is_of_kind(cell: &Cell, feature: &Feature) -> bool {
    match (feature.kind, cell) {
        (FeatureType::Number | FeatureType::Integer, Cell::Number(number)) => number.is_finite(),
        (FeatureType::Category, Cell::Category(category)) => feature.values.contains(category),
        (FeatureType::Number | FeatureType::Integer, Cell::Category(_) | Cell::Missing)
        | (FeatureType::Category, Cell::Number(_) | Cell::Missing) => false,
    }
}

/// Whether all numbers of a logistic model are numbers.
fn is_usable(logistic: &Logistic) -> bool {
    let is_term =
        |t: &super::Term| t.mean.is_finite() && t.scale.is_finite() && t.scale != 0.0 && t.coefficient.is_finite();
    logistic.intercept.is_finite() && logistic.terms.iter().all(is_term)
}

/// Whether a threshold can be chosen from points: there is one, they rise, and all their numbers are in 0..1. What is not
/// finite is in no range.
fn are_points(points: &[OperatingPoint]) -> bool {
    let is_share = |number: f64| (0.0..=1.0).contains(&number);
    let are_shares =
        points.iter().all(|point| [point.threshold, point.recall, point.alert_rate].into_iter().all(is_share));
    let rise = points.iter().zip(points.iter().skip(1)).all(|(point, next)| point.threshold < next.threshold);
    !points.is_empty() && are_shares && rise
}
