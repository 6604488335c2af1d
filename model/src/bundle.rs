//! The bundle: one JSON file that is a trained model, and its scoring. Its SHA-256 is its identity. It holds no version
//! number, time, host or path, and no code.

mod check;
mod error;
mod scorer;
mod text;

use crate::{
    digest::digest,
    manifest::{Algorithm, Feature, FeatureType, OnMissing},
    trees::Trees,
};
pub use error::BundleError;
pub use scorer::{Contributions, Scorer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only schema this code reads and writes.
pub const SCHEMA: &str = "trialops.dev/bundle/v1alpha1";

/// Largest difference between a golden row's stored and computed risk.
pub const GOLDEN_TOLERANCE: f64 = 1e-9;

/// Largest bundle that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// A trained model with everything needed to score with it and to check that scoring is right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Version of the code that trained it.
    pub code: String,
    /// Identifier of the trial.
    pub study: String,
    /// Column of the label and the horizon in seconds.
    pub label: String,
    /// How far ahead of the landmark risk is predicted, in seconds.
    pub horizon_seconds: u64,
    /// The inputs, in the order of the manifest.
    pub features: Vec<Feature>,
    /// The model itself.
    pub model: Model,
    /// From the model's logit to a calibrated one.
    pub calibration: Calibration,
    /// Out-of-fold recall and alert rate at thresholds in rising order: the suggested thresholds.
    pub thresholds: Vec<OperatingPoint>,
    /// The 0, 5, 10, ... 100 % quantiles of out-of-fold risk: what later scores are compared with.
    pub reference: Vec<f64>,
    /// How the calibration was made, in words; none if the trainer does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_reason: Option<String>,
    /// What was tried and why this model was taken; none if only one algorithm was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// Digest of the training data.
    pub data_digest: String,
    /// The data cut-off, `YYYY-MM-DD`: patients whose first row is later were unknown to the training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<String>,
    /// Seed of the training.
    pub seed: i64,
    /// Share of patients held out.
    pub holdout_fraction: f64,
    /// Synthetic rows with their risks.
    pub golden: Vec<Golden>,
}

/// The kinds of models a bundle can hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Model {
    /// Logistic regression.
    Logistic(Logistic),
    /// Boosted trees.
    Trees(Trees),
}

/// Logistic regression on standardised terms: logit = intercept + sum of coefficient * (x - mean) / scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Logistic {
    /// Logit of a row whose terms are all at their means.
    pub intercept: f64,
    /// The terms, in fixed order.
    pub terms: Vec<Term>,
    /// What takes the place of a missing value, by feature, for features that are imputed.
    pub imputed: BTreeMap<String, Cell>,
}

/// One column of the design matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Term {
    /// The feature it is made from.
    pub feature: String,
    /// What is taken from the feature.
    pub part: Part,
    /// Mean over the training rows.
    pub mean: f64,
    /// Standard deviation over the training rows, 1 for a constant column.
    pub scale: f64,
    /// Log odds per standard deviation.
    pub coefficient: f64,
    /// Its standard error, from the inverse of the penalised log likelihood's Hessian; none if the trainer does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
}

/// What was tried in repeated, patient-grouped cross-validation, and why one model was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    /// Repeats of the cross-validation, each with other folds.
    pub repeats: u32,
    /// What was tried, the simpler first.
    pub tried: Vec<Tried>,
    /// Difference of the challenger's roc_auc to the simpler algorithm's, with its interval by patients.
    pub difference: f64,
    /// Lower bound of the difference.
    pub low: f64,
    /// Upper bound of the difference.
    pub high: f64,
    /// Level of the interval.
    pub level: f64,
    /// What was taken and why, in one sentence.
    pub message: String,
}

/// An algorithm in cross-validation: means over the repeats of its out-of-fold numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tried {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Area under the ROC curve.
    pub roc_auc: f64,
    /// The same within landmark days; none if rows have no landmark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roc_auc_within_landmark: Option<f64>,
    /// Mean negative log likelihood, in nats.
    pub log_loss: f64,
    /// Mean squared difference of risk and outcome.
    pub brier: f64,
}

/// What a term takes from its feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// The number itself.
    Value,
    /// 1 if the category is this one.
    Is(String),
    /// 1 if the value is missing.
    Missing,
}

impl Part {
    /// The term's number for a cell that was already imputed (`cell`) and as it came (`raw`).
    pub fn number(&self, cell: &Cell, raw: &Cell) -> f64 {
        match (self, cell) {
            (Self::Value, Cell::Number(number)) => *number,
            (Self::Is(level), Cell::Category(category)) => f64::from(u8::from(level == category)),
            (Self::Missing, _) => f64::from(u8::from(*raw == Cell::Missing)),
            (Self::Value | Self::Is(_), _) => 0.0,
        }
    }
}

/// The terms a feature gives, in fixed order.
pub fn parts(feature: &Feature) -> Vec<Part> {
    let mut parts = match feature.kind {
        FeatureType::Number | FeatureType::Integer => vec![Part::Value],
        FeatureType::Category => feature.values.iter().cloned().map(Part::Is).collect(),
    };
    if feature.when_missing() == OnMissing::Indicate {
        parts.push(Part::Missing);
    }
    parts
}

/// One value of a row: a number, a category, or nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A finite number.
    Number(f64),
    /// A category.
    Category(String),
    /// Nothing.
    Missing,
}

/// Platt's map on the logit: calibrated logit = intercept + slope * logit. (0, 1) leaves it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calibration {
    /// Intercept, in logits.
    pub intercept: f64,
    /// Slope.
    pub slope: f64,
}

impl Calibration {
    /// The map that changes nothing.
    pub const IDENTITY: Self = Self { intercept: 0.0, slope: 1.0 };
}

/// What a threshold costs and brings, out of fold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatingPoint {
    /// Threshold on calibrated risk; a row is flagged if its risk is at least this.
    pub threshold: f64,
    /// Share of dropouts flagged.
    pub recall: f64,
    /// Share of rows flagged.
    pub alert_rate: f64,
}

/// A synthetic row and the risk that every scorer must compute for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Golden {
    /// The cells, in the order of the bundle's features.
    pub cells: Vec<Cell>,
    /// The risk.
    pub risk: f64,
}

impl Bundle {
    /// Reads and checks a bundle: digest (if one is asked for), schema, numbers and golden rows.
    pub fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BYTES {
            return Err(BundleError::TooLarge(bytes.len()));
        }
        if let Some(wanted) = wanted {
            let found = digest(bytes);
            if found != wanted {
                return Err(BundleError::WrongDigest { wanted: wanted.to_owned(), found });
            }
        }
        let bundle: Self = serde_json::from_slice(bytes)?;
        if bundle.schema != SCHEMA {
            return Err(BundleError::Schema(bundle.schema.chars().take(64).collect()));
        }
        bundle.check()?;
        Ok(bundle)
    }

    /// The bytes of the bundle, the same for equal bundles.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        let mut bytes = match self.model {
            Model::Logistic(_) => serde_json::to_vec_pretty(self)?,
            Model::Trees(_) => text::with_arrays_in_lines(self)?,
        };
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// 1 / (1 + e^-x), by pure-Rust libm so that every processor gives the same bits.
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        return 1.0 / (1.0 + libm::exp(-x));
    }
    let odds = libm::exp(x);
    odds / (1.0 + odds)
}
