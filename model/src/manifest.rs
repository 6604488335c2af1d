//! The parts of a `DropoutModel` that decide what is learned and how it is judged: what a Job is handed, and what a
//! laptop reads from the same YAML. It never holds anything about pods.

mod gate;
mod learning;
mod metric;
mod source;

use crate::period::Period;
pub use gate::{
    Comparison, Confidence, Enforcement, EvidenceRows, Floor, Gate, Guardrail, Interventions, Method, Primary, Slice,
    Spending, Touched,
};
pub use learning::{Algorithm, ClassWeight, Learning, ModelSource};
pub use metric::Metric;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use source::{Claim, SecretRef, Source, is_in_bucket, place_rules};

/// What is learned and how it is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The trial.
    pub study: Study,
    /// Column of the patient's identifier.
    pub patient_id: String,
    /// Column of the landmark day, if rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmark: Option<String>,
    /// Column of the landmark's date, if rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The inputs of the model, in order.
    pub features: Vec<Feature>,
    /// Columns that may never be a feature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// What is predicted.
    pub label: Label,
    /// Where the rows are.
    pub data: Data,
    /// How a model is made.
    #[serde(default)]
    pub training: Learning,
    /// How a candidate is judged.
    #[serde(default)]
    pub gate: Gate,
    /// The decision threshold.
    #[serde(default)]
    pub threshold: Threshold,
    /// The tiers; none means the default three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
}

/// The trial whose patients are scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Study {
    /// Identifier of the trial, such as `ONC-302`. It seeds the split of patients into training and holdout, so it is
    /// immutable.
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    /// The key under which patients' identifiers become pseudonyms in records. Left out: no records are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym_key: Option<PseudonymKey>,
}

/// A key for pseudonyms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PseudonymKey {
    /// The Secret; its entry `key` is the key, at least 32 bytes. The operator never reads it; only pods mount it.
    pub secret_ref: SecretRef,
    /// What the key is called in records, such as `2026-01`. Pseudonyms under different keys are different patients.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    pub id: String,
}

/// One input of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// Column in the data and field of a prediction request.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Number, Integer or Category.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// Time marks a feature that advances with the trial by itself, such as the day in trial. Left out: Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Smallest accepted value, in the feature's own unit. Left out: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest accepted value, in the feature's own unit. Left out: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The accepted values of a Category, at most 64; required for one and refused for any other type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 64)))]
    pub values: Vec<String>,
    /// What a missing value means. Left out: Refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<OnMissing>,
    /// The risk may only rise (Increasing) or only fall (Decreasing) with the number, all else equal; not for a Category.
    /// Left out: it may do both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monotone: Option<Monotone>,
}

impl Feature {
    /// What a missing value means, the default filled in.
    pub fn when_missing(&self) -> OnMissing {
        self.on_missing.unwrap_or_default()
    }
}

/// The type of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FeatureType {
    /// A finite decimal number.
    Number,
    /// A whole number.
    Integer,
    /// One of a fixed set of texts.
    Category,
}

/// Time marks a feature that advances with the trial by itself, such as the day in trial. Left out: Value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// It advances with the trial by itself.
    Time,
    /// Anything else.
    #[default]
    Value,
}

/// The direction in which the risk may move with a number. Left out: both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Monotone {
    /// A larger number never lowers the risk.
    Increasing,
    /// A larger number never raises the risk.
    Decreasing,
}

/// What a missing value of a feature means. Left out: Refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnMissing {
    /// The row is refused, in training and in a prediction.
    #[default]
    Refuse,
    /// The training rows' median (of a Category: the most frequent value) takes its place.
    Impute,
    /// As Impute, and the model also learns that the value was missing.
    Indicate,
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Column of the label. It holds exactly two values.
    #[schemars(length(min = 1, max = 64))]
    pub column: String,
    /// The value that means dropout. Left out: `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub positive: Option<String>,
    /// How far ahead of the landmark dropout is predicted, such as `28d`.
    pub horizon: Period,
    /// How long after the landmark a label is known for certain. Left out: the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matures_after: Option<Period>,
    /// Column that is `1` for a row whose patient was not followed to the horizon; such rows are dropped and counted.
    /// Left out: no row is censored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub censor: Option<String>,
}

impl Label {
    /// The value that means dropout, the default filled in.
    pub fn positive_value(&self) -> &str {
        self.positive.as_deref().unwrap_or("1")
    }

    /// How long after the landmark a label is known for certain, the default filled in.
    pub fn maturity(&self) -> Period {
        self.matures_after.unwrap_or(self.horizon)
    }
}

/// Where the rows are and which of them count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The rows: one file, CSV with a header or Parquet; its content says which.
    pub training: Source,
    /// Date of the data cut-off, `YYYY-MM-DD`. A row counts only if its label was certain by then. Needed when
    /// `index` is set, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10), regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub cutoff: Option<String>,
    /// The patients that no training may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Holdout>,
    /// Whether rows made from records count beside those of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordRows>,
}

/// Append: rows made from the predictions and outcomes that the inference service recorded count beside those of the file;
/// they need serving.records, index and landmark, and count up to the start of a training. Ignore: only the file counts.
/// Left out: Ignore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecordRows {
    /// Only the file counts.
    #[default]
    Ignore,
    /// Records count beside the file.
    Append,
}

impl Data {
    /// Share of patients held out by their hash, the default filled in; 0 if the holdout is given as a file.
    pub fn holdout_fraction(&self) -> f64 {
        let Some(holdout) = &self.holdout else { return Holdout::FRACTION };
        holdout.fraction.unwrap_or(if holdout.source.is_some() { 0.0 } else { Holdout::FRACTION })
    }

    /// Whether rows made from records count.
    pub fn takes_records(&self) -> bool {
        self.records == Some(RecordRows::Append)
    }

    /// The file of a given holdout.
    pub fn holdout_source(&self) -> Option<&Source> {
        self.holdout.as_ref().and_then(|holdout| holdout.source.as_ref())
    }
}

/// The patients that no training may see, exactly one of the two; immutable. Left out: a fraction of 0.25.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holdout {
    /// Share of patients, 0.05 to 0.5, chosen by a hash of their identifier. Left out: the holdout is in `source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.05, max = 0.5))]
    pub fraction: Option<f64>,
    /// A file with the rows of other patients than those of the training file, its digest included; all patients of the
    /// training file are then trained on. Left out: the holdout is a `fraction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Holdout {
    /// The default share of patients in the holdout.
    pub const FRACTION: f64 = 0.25;
}

/// The decision threshold on risk: exactly one of the three. Left out: targetRecall 0.80.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Threshold {
    /// A fixed threshold, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub value: Option<f64>,
    /// The largest threshold that flags this share of dropouts out of fold, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub target_recall: Option<f64>,
    /// The smallest threshold that flags at most this share of rows out of fold, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_alert_rate: Option<f64>,
}

/// What the threshold is chosen by, the default filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A fixed threshold.
    Value(f64),
    /// Recall to be reached.
    Recall(f64),
    /// Alert rate not to be passed.
    AlertRate(f64),
}

impl Threshold {
    /// What the threshold is chosen by. With several set (the API refuses that) the fixed value counts first.
    pub fn target(&self) -> Target {
        match (self.value, self.target_recall, self.max_alert_rate) {
            (Some(value), _, _) => Target::Value(value),
            (None, Some(recall), _) => Target::Recall(recall),
            (None, None, Some(rate)) => Target::AlertRate(rate),
            (None, None, None) => Target::Recall(0.80),
        }
    }
}

/// A band of risk with what is done for its patients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// Name, answered as `risk_level`.
    #[schemars(length(min = 1, max = 32))]
    pub name: String,
    /// Smallest risk of the tier, 0 to 1. Left out (one tier may): at the decision threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub from: Option<f64>,
    /// What is done for the patient, such as `NurseCall`.
    #[schemars(length(min = 1, max = 64))]
    pub intervention: String,
}

impl Tier {
    /// The three tiers that a manifest without tiers has.
    pub fn defaults() -> Vec<Self> {
        let tier =
            |name: &str, from, intervention: &str| Self { name: name.into(), from, intervention: intervention.into() };
        vec![
            tier("Low", Some(0.0), "SMS"),
            tier("Medium", None, "NurseCall"),
            tier("Critical", Some(0.65), "OnSiteVisit"),
        ]
    }
}
