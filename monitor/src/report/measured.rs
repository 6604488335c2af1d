//! How well the model does and what a window can show, as a report tells it.

use serde::{Deserialize, Serialize};

/// Sampling errors between an estimate without labels and each of its bounds.
pub const RANGE: f64 = 3.0;
/// The smallest fall that counts, whatever the sampling error.
const LEAST_FALL: f64 = 0.02;

/// How well the model does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Performance {
    /// Without labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub estimated: Vec<Estimate>,
    /// With the labels that have arrived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub realised: Vec<Estimate>,
    /// Share of the rows whose label is known, 0 to 1; none if no labels were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_coverage: Option<f64>,
    /// Patients with a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled_patients: Option<u64>,
    /// What must hold for the estimate to mean anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumption: Option<String>,
}

/// A metric with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Name of the metric, as in the gate: `roc_auc`, `recall`, `precision`, `brier`, ...
    pub metric: String,
    /// The value.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// The value on the reference; none if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// Whether it is outside what the reference lets expect; none if that cannot be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<bool>,
}

impl Estimate {
    /// The smallest fall that an estimate without labels can show: two sampling errors, and at least 0.02.
    pub fn least_fall(&self) -> f64 {
        let error = (self.high - self.value).max(self.value - self.low) / RANGE;
        (2.0 * error).max(LEAST_FALL)
    }

    /// Whether an estimate without labels is below the reference's value by more than [`Self::least_fall`].
    pub fn has_fallen(&self) -> bool {
        self.reference.is_some_and(|reference| reference - self.value > self.least_fall())
    }
}

/// What a window of this size can show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Power {
    /// Smallest shift of a mean that is found in 80 % of windows, in standard deviations.
    pub mean_shift: f64,
    /// Smallest change of a share of one half that is found in 80 % of windows, 0 to 1.
    pub share_change: f64,
}
