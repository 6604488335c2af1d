//! What the service answers. Nothing in it comes from the request but the names of imputed features and, where reasons are
//! asked for, the values of features.

use crate::reasons::Reason;
use dropout_model::{manifest::Feature, policy::Policy};
use schemars::JsonSchema;
use serde::Serialize;

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
