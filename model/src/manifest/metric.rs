//! The names of the numbers that say how good a model is. It computes none of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number that says how good a model is. Left out, where it may be: recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Area under the ROC curve over all rows.
    RocAuc,
    /// Area under the ROC curve within one landmark day, weighted by dropouts.
    RocAucWithinLandmark,
    /// Share of dropouts flagged when as many rows are flagged as production flags at its threshold.
    RecallAtCapacity,
    /// Share of dropouts flagged at the model's own threshold.
    Recall,
    /// Share of flagged rows that are dropouts, at the model's own threshold.
    Precision,
    /// Share of rows flagged at the model's own threshold.
    AlertRate,
    /// Harmonic mean of recall and precision, at the model's own threshold.
    F1,
    /// Area under the precision-recall curve, as average precision.
    PrAuc,
    /// Mean squared difference of risk and outcome.
    Brier,
    /// Mean negative log likelihood of the outcome, in nats.
    LogLoss,
    /// Intercept of the outcome on the logit of risk, slope held at 1; 0 is perfect.
    CalibrationInTheLarge,
}

impl Metric {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RocAuc => "roc_auc",
            Self::RocAucWithinLandmark => "roc_auc_within_landmark",
            Self::RecallAtCapacity => "recall_at_capacity",
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::AlertRate => "alert_rate",
            Self::F1 => "f1",
            Self::PrAuc => "pr_auc",
            Self::Brier => "brier",
            Self::LogLoss => "log_loss",
            Self::CalibrationInTheLarge => "calibration_in_the_large",
        }
    }

    /// Whether a larger value is the better one.
    pub const fn is_better_when_larger(self) -> bool {
        match self {
            Self::RocAuc
            | Self::RocAucWithinLandmark
            | Self::RecallAtCapacity
            | Self::Recall
            | Self::Precision
            | Self::F1
            | Self::PrAuc => true,
            Self::AlertRate | Self::Brier | Self::LogLoss | Self::CalibrationInTheLarge => false,
        }
    }
}
