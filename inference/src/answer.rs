//! What the service answers. Nothing in it comes from the request but the names of imputed features and, where reasons are
//! asked for, the values of features.

use crate::reasons::Reason;
use dropout_model::{manifest::Feature, policy::Policy};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A prediction.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Prediction<'a> {
    /// 1 if the patient is predicted to drop out.
    #[schemars(range(min = 0, max = 1))]
    pub dropout_prediction: u8,
    /// Risk: calibrated probability of dropout within the horizon.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Name of the tier.
    pub risk_level: &'a str,
    /// What is done for the tier.
    pub intervention: &'a str,
    /// Name of the version that predicted.
    pub model_version: &'a str,
    /// Digest of its bundle.
    pub bundle_digest: &'a str,
    /// Identity of the policy that decided.
    pub policy_hash: &'a str,
    /// Identity of this prediction, 32 hex digits. Where records are kept it carries a keyed check of its patient; else it
    /// is made of nothing that was sent.
    pub prediction_id: String,
    /// Features that were missing and in whose place the training rows' value was put.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imputed: Vec<&'a str>,
    /// Why the risk is what it is, if that was asked for: the features that add most to it, the heaviest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Reason<'a>>")]
    pub reasons: Option<Vec<Reason<'a>>>,
}

/// Where a model comes from, as its bundle says.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ModelCard")]
pub struct Origin {
    /// How it learned: `Logistic` or `GradientBoosting`.
    pub algorithm: String,
    /// The program that trained it.
    pub code: String,
    /// Digest of the training data.
    pub data_digest: String,
    /// The data cut-off, `YYYY-MM-DD`, if labels had to mature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<String>,
    /// Share of patients that were held out from training.
    pub holdout_fraction: f64,
    /// Which algorithms were tried and why this one was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// How risks were calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<String>,
    /// What the threshold costs and brings, out of fold over the training rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_fold: Option<AtThreshold>,
}

/// What a threshold costs and brings.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AtThreshold {
    /// The nearest threshold, from the policy's up, that was measured.
    pub threshold: f64,
    /// Share of dropouts flagged.
    pub recall: f64,
    /// Share of rows flagged.
    pub alert_rate: f64,
}

/// What is served.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Model")]
pub struct Card<'a> {
    /// Name of the version.
    pub model_version: &'a str,
    /// Digest of its bundle.
    pub bundle_digest: &'a str,
    /// Identity of the policy.
    pub policy_hash: &'a str,
    /// Identifier of the trial.
    pub study: &'a str,
    /// Column of the label in the training data.
    pub label: &'a str,
    /// How far ahead risk is predicted, in seconds.
    pub horizon_seconds: u64,
    /// Metrics by name, on patients held out from training, when the version was judged; empty if it never was.
    pub metrics: &'a BTreeMap<String, f64>,
    /// Where the model comes from.
    pub card: &'a Origin,
    /// The fields of a request beside `patient_id`, with their bounds.
    pub features: &'a [Feature],
    /// A further field, which may be left out: the landmark's date, `YYYY-MM-DD`. Left out: the day of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<&'a str>,
    /// A further field, which may be left out unless it is a feature: the landmark day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landmark: Option<&'a str>,
    /// Threshold and tiers.
    pub policy: &'a Policy,
}
