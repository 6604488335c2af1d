//! Records: what the inference service keeps of its predictions and of the outcomes it is told, as lines of JSON in
//! compressed batches. A patient is in them only as a pseudonym. It reads and writes no file.

#[cfg(feature = "records")]
pub mod assemble;
#[cfg(feature = "records")]
pub mod batch;
#[cfg(feature = "records")]
pub mod table;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The contract that this code speaks.
pub const CONTRACT: &str = "trialops.dev/records/v1alpha1";

/// Folder of batches of predictions in the model's folder of the store; below it a folder a day.
pub const PREDICTIONS: &str = "records";
/// Folder of batches of outcomes in the model's folder of the store; below it a folder a day.
pub const OUTCOMES: &str = "outcomes";

/// Most lines of a batch, the head not counted.
pub const MAX_LINES: usize = 10_000;
/// Most bytes of a batch, uncompressed.
pub const MAX_BYTES: usize = 16 << 20;

/// The first line of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Always [`CONTRACT`].
    pub contract: String,
    /// What the lines are.
    pub kind: Kind,
    /// Identifier of the trial.
    pub study: String,
    /// Identifier of the key that pseudonyms were made with.
    pub key: String,
    /// Share of patients held out by their hash; 0 if the holdout is given as a file.
    pub holdout_fraction: f64,
    /// Random identity of the process that wrote it.
    pub writer: String,
    /// Number of the batch among those of its writer and kind, from 0. A gap is a lost batch.
    pub sequence: u64,
    /// Lines that the writer has lost since its start, this batch not counted: the queue was full or the store was down.
    pub dropped: u64,
    /// Lines that follow.
    pub lines: u64,
}

/// What the lines of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// [`Prediction`].
    Predictions,
    /// [`Outcome`].
    Outcomes,
}

/// A prediction that was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Its identity, as in the answer.
    pub id: String,
    /// When it was answered, RFC 3339 with milliseconds, UTC.
    pub time: String,
    /// Pseudonym of the patient: HMAC-SHA-256 under the study's key, 64 hex digits.
    pub patient: String,
    /// Whether the patient is held out: by the hash of the identifier, which leaves the process nowhere else.
    pub side: Side,
    /// The landmark's date, `YYYY-MM-DD`: as the client gave it in the field of `spec.index`, else the day of `time`.
    pub date: String,
    /// The landmark day, as the client gave it in the field of `spec.landmark`; none if rows have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmark: Option<String>,
    /// The features that the version takes, as they were given; a missing one is `null`.
    pub features: BTreeMap<String, serde_json::Value>,
    /// Calibrated risk, 0 to 1.
    pub risk: f64,
    /// Name of the version.
    pub version: String,
    /// Digest of the bundle.
    pub bundle: String,
    /// Whether the risk reached the threshold.
    pub is_dropout: bool,
    /// The tier that was answered.
    pub tier: String,
}

/// The side of the split that a patient is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Models are trained on this patient.
    Training,
    /// No training sees this patient.
    Holdout,
}

/// What became of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Digest of patient, event and date: the same event sent twice is one.
    pub id: String,
    /// When it was told, RFC 3339 with milliseconds, UTC.
    pub time: String,
    /// Pseudonym of the patient.
    pub patient: String,
    /// What happened.
    pub event: Event,
    /// When it happened, `YYYY-MM-DD`.
    pub date: String,
}

/// What can happen to a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Event {
    /// Left the trial early.
    Dropout,
    /// Finished the trial.
    Completed,
    /// Not followed any longer, for a reason that says nothing about dropout.
    Censored,
    /// Was still in the trial on that day.
    Seen,
}
