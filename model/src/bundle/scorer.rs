//! A model made ready for scoring and explaining. It reads nothing and keeps nothing of a row.

use super::{Bundle, BundleError, Calibration, Cell, Logistic, Model, Part, Term, logistic};
use crate::{
    manifest::{Feature, FeatureType},
    trees::{Ensemble, Forest},
};

/// Columns up to which a row of trees is scored without an allocation.
const FEW: usize = 64;

/// A bundle made ready for scoring.
#[derive(Clone, Debug)]
pub struct Scorer {
    calibration: Calibration,
    imputed: Vec<Option<Cell>>,
    kind: Kind,
}

/// A model with its features resolved to positions.
#[derive(Clone, Debug)]
enum Kind {
    Logistic { intercept: f64, terms: Vec<(usize, Term)> },
    Trees { forest: Forest, ensemble: Ensemble, columns: Vec<(usize, Part)> },
}

/// Why a row has its risk: calibrated logit = expected + the sum of `by_feature`, within rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// Calibrated logit before anything is known of the row: of the mean terms for a logistic model, the mean over the
    /// training rows by cover for trees.
    pub expected: f64,
    /// What each feature adds, in calibrated logits and in the order of the bundle's features.
    pub by_feature: Vec<f64>,
}

impl Scorer {
    /// Resolves the names of features to positions once.
    pub fn new(bundle: &Bundle) -> Result<Self, BundleError> {
        Self::of(&bundle.features, &bundle.model, bundle.calibration)
    }

    /// A scorer of a model that is in no bundle yet. Fails if a term or column is made from no feature, or if trees do not
    /// pass [`Ensemble::check`].
    pub fn of(features: &[Feature], model: &Model, calibration: Calibration) -> Result<Self, BundleError> {
        let (kind, imputed) = match model {
            Model::Logistic(logistic) => (Kind::logistic(features, logistic)?, &logistic.imputed),
            Model::Trees(trees) => (Kind::trees(features, &trees.xgboost)?, &trees.imputed),
        };
        let imputed = features.iter().map(|feature| imputed.get(&feature.name).cloned()).collect();
        Ok(Self { calibration, imputed, kind })
    }

    /// The logit before calibration. `row` is in the order of the bundle's features; a cell that is not there counts
    /// as missing.
    pub fn logit(&self, row: &[Cell]) -> f64 {
        match &self.kind {
            Kind::Logistic { intercept, terms } => {
                terms.iter().fold(*intercept, |sum, (at, term)| sum + self.deviation(row, *at, term))
            }
            Kind::Trees { forest, columns, .. } if columns.len() <= FEW => {
                let mut values = [f32::NAN; FEW];
                let pairs = values.iter_mut().zip(columns);
                pairs.for_each(|(value, (at, part))| *value = self.value(row, *at, part));
                forest.logit(&values)
            }
            Kind::Trees { forest, columns, .. } => forest.logit(&self.values(row, columns)),
        }
    }

    /// Calibrated risk in 0..1. `row` is in the order of the bundle's features.
    pub fn risk(&self, row: &[Cell]) -> f64 {
        logistic(self.calibration.intercept + self.calibration.slope * self.logit(row))
    }

    /// What each feature adds to the calibrated logit of a row: coefficient * (x - mean) / scale summed over the feature's
    /// terms, or TreeSHAP ([`Ensemble::contributions`]) summed over its columns, times the calibration's slope. `row` is in
    /// the order of the bundle's features.
    pub fn contributions(&self, row: &[Cell]) -> Contributions {
        let (expected, parts): (f64, Vec<(usize, f64)>) = match &self.kind {
            Kind::Logistic { intercept, terms } => {
                (*intercept, terms.iter().map(|(at, term)| (*at, self.deviation(row, *at, term))).collect())
            }
            Kind::Trees { ensemble, columns, .. } => {
                let (by_column, expected) = ensemble.contributions(&self.values(row, columns));
                (expected, columns.iter().map(|(at, _)| *at).zip(by_column).collect())
            }
        };
        let mut by_feature = vec![0.0; self.imputed.len()];
        for (at, logits) in parts {
            by_feature.get_mut(at).into_iter().for_each(|sum| *sum += self.calibration.slope * logits);
        }
        Contributions { expected: self.calibration.intercept + self.calibration.slope * expected, by_feature }
    }

    /// What a term adds to the logit.
    fn deviation(&self, row: &[Cell], at: usize, term: &Term) -> f64 {
        let (cell, raw) = self.cell(row, at);
        term.coefficient * ((term.part.number(cell, raw) - term.mean) / term.scale)
    }

    /// The numbers of an ensemble's columns.
    fn values(&self, row: &[Cell], columns: &[(usize, Part)]) -> Vec<f32> {
        columns.iter().map(|(at, part)| self.value(row, *at, part)).collect()
    }

    /// The number of an ensemble's column; NaN if it is missing.
    fn value(&self, row: &[Cell], at: usize, part: &Part) -> f32 {
        match self.cell(row, at) {
            (Cell::Missing, _) => f32::NAN,
            (cell @ (Cell::Number(_) | Cell::Category(_)), raw) => part.number(cell, raw) as f32,
        }
    }

    /// A cell, imputed if that is how a missing value of its feature is met, and as it came.
    fn cell<'a>(&'a self, row: &'a [Cell], at: usize) -> (&'a Cell, &'a Cell) {
        let raw = row.get(at).unwrap_or(&Cell::Missing);
        let filled = self.imputed.get(at).and_then(Option::as_ref).filter(|_| *raw == Cell::Missing);
        (filled.unwrap_or(raw), raw)
    }
}

impl Kind {
    fn logistic(features: &[Feature], model: &Logistic) -> Result<Self, BundleError> {
        let place = |term: &Term| {
            let at = features.iter().position(|feature| feature.name == term.feature);
            at.map(|at| (at, term.clone())).ok_or_else(|| BundleError::Unusable(format!("term of {}", term.feature)))
        };
        let terms = model.terms.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self::Logistic { intercept: model.intercept, terms })
    }

    fn trees(features: &[Feature], ensemble: &Ensemble) -> Result<Self, BundleError> {
        let forest = Forest::of(ensemble).map_err(|_| BundleError::Unusable("model".into()))?;
        let columns = ensemble.columns.iter().map(|name| column(features, name)).collect::<Result<_, _>>()?;
        Ok(Self::Trees { forest, ensemble: ensemble.clone(), columns })
    }
}

/// The feature and part that a column of an ensemble is made from: a number's feature by its name, a level of a category
/// as `feature=value`.
fn column(features: &[Feature], name: &str) -> Result<(usize, Part), BundleError> {
    let part = |feature: &Feature| match feature.kind {
        FeatureType::Number | FeatureType::Integer => (feature.name == name).then_some(Part::Value),
        FeatureType::Category => {
            let level = name.strip_prefix(feature.name.as_str())?.strip_prefix('=')?;
            feature.values.iter().any(|value| value == level).then(|| Part::Is(level.to_owned()))
        }
    };
    let found = features.iter().enumerate().find_map(|(at, feature)| part(feature).map(|part| (at, part)));
    found.ok_or_else(|| BundleError::Unusable(format!("column {}", name.chars().take(64).collect::<String>())))
}
