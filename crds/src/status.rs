//! The status of a `DropoutModel`: facts and decisions, written only by the operator, at most 16 KiB.

use dropout_model::{
    manifest::Metric,
    task::{Check, Verdict},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Most bytes of a status as JSON.
pub const MAX_STATUS: usize = 16 * 1024;
/// Most bytes of the record that is kept on the serving Deployment.
pub const MAX_RECORD: usize = 8 * 1024;
/// Entries of `history` that are kept.
pub const MAX_HISTORY: usize = 20;
/// Entries of `quarantined` that are kept.
pub const MAX_QUARANTINED: usize = 20;
/// Entries of `trainings` that are kept.
pub const MAX_TRAININGS: usize = 20;
/// Longest message kept in a status, in characters.
pub const MAX_MESSAGE: usize = 320;

/// What the operator holds true and has decided about a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DropoutModelStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// For people: Idle, Queued, Training, RollingOut or Held. Programs read the conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Conditions as kstatus reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The version that is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<Release>,
    /// Where a rollback goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Release>,
    /// The version in the making; at most one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// Number of the next version; never goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int32"))]
    pub next_version: Option<u32>,
    /// What was judged last. A trigger fires when its input differs from this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The holdout and how often it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<HoldoutLooks>,
    /// Trainings that were started, newest last; 20 entries. Policies count them for cooldown and budget, and a firing that
    /// stands here is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub trainings: Vec<TrainingEntry>,
    /// Why production's threshold was not resolved under the spec's gate and target, if an evaluation of its bundle
    /// ended without one. It is not repeated for the same bundle and gate before another training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<Unresolved>,
    /// The operator's inference image that production's pods move to, until all of them are available on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updating: Option<String>,
    /// Commands that were carried out: name and token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 8))]
    pub handled: BTreeMap<String, String>,
    /// Bundles that are never served again unless released; newest 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub quarantined: Vec<Quarantined>,
    /// The last failure, kept until a version is promoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// What happened, newest last; 20 entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub history: Vec<Entry>,
}

/// A version that is or was served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Number of the version.
    #[schemars(extend("format" = "int32"))]
    pub version: u32,
    /// Name of the version, such as `v3`.
    pub name: String,
    /// Digest of the bundle.
    pub digest: String,
    /// Digest of the training data.
    pub data_digest: String,
    /// Digest of the evaluation report in the store.
    pub report_digest: String,
    /// Identity of what it learned.
    pub training_hash: String,
    /// Resolved decision threshold, 0 to 1.
    pub threshold: f64,
    /// Identity of the gate and the threshold's target under which the threshold was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_hash: Option<String>,
    /// Inference image it is served by, frozen until the operator's default changes.
    pub image: String,
    /// When it became production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Metrics on the holdout when it was judged, at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub metrics: Vec<Measured>,
}

/// A metric's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// The metric.
    pub name: Metric,
    /// Its value.
    pub value: f64,
}

/// A version in the making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Number of the version.
    #[schemars(extend("format" = "int32"))]
    pub version: u32,
    /// Name of the version, such as `v3`.
    pub name: String,
    /// Where it stands.
    pub stage: Stage,
    /// When it came to where it stands.
    pub since: Time,
    /// Why it was started.
    pub trigger: Trigger,
    /// Identity of what it learns.
    pub training_hash: String,
    /// Identity of how it is judged.
    pub gate_hash: String,
    /// What is running for it: a training, an evaluation alone, or the reading of a lost answer.
    pub work: CandidateWork,
    /// Attempts made, from 1.
    #[schemars(extend("format" = "int32"))]
    pub attempt: u32,
    /// The firing of a policy that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing: Option<String>,
    /// Earliest time of the next attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Time>,
    /// Hash of the task that must be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The date up to which records count in its task, `YYYY-MM-DD`: that of its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<String>,
    /// Digest of the bundle that an evaluation alone is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// What rolls out, once judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// Since when all its pods have been available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_since: Option<Time>,
}

/// Where a candidate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Stage {
    /// Waits for the fleet's limits.
    Queued,
    /// Its Job runs, or waits for the next attempt.
    Training,
    /// Its pods are coming into service.
    RollingOut,
    /// The environment keeps its pods from service; the old ones serve.
    Held,
}

/// What runs for a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CandidateWork {
    /// Prepare, train, evaluate.
    Train,
    /// Evaluate a bundle that is in the store.
    Evaluate,
    /// Read an answer that was lost.
    Read,
}

/// Why a candidate was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Trigger {
    /// There is no model yet.
    FirstModel,
    /// The spec asks for something else to be learned, or names other data.
    SpecChanged,
    /// The gate or the threshold's target was edited.
    GateChanged,
    /// The command `retrain`.
    Command,
    /// A policy: the inputs moved.
    Drift,
    /// A policy: production does worse than it may.
    Performance,
    /// A policy: a time has come.
    Schedule,
    /// A policy: enough new labels have arrived.
    NewData,
}

/// What was judged last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// Number of the version.
    #[schemars(extend("format" = "int32"))]
    pub version: u32,
    /// Identity of what was learned.
    pub training_hash: String,
    /// Identity of how it was judged.
    pub gate_hash: String,
    /// Digest of the data, if it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_digest: Option<String>,
    /// Digest of the bundle, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// What came out.
    pub outcome: JudgedOutcome,
    /// One sentence with the numbers.
    pub message: String,
    /// The checks, failed ones first, at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub checks: Vec<JudgedCheck>,
    /// When.
    pub time: Time,
}

/// The holdout and how often candidates were compared with production on it. Each look is a chance to err, so the gate
/// asks for more at each; when the dropout patients have grown by a quarter, looks are counted from 1 again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldoutLooks {
    /// Patients in the holdout at the first of these looks.
    #[schemars(extend("format" = "int32"))]
    pub patients: u32,
    /// Patients in the holdout at the first of these looks who dropped out.
    #[schemars(extend("format" = "int32"))]
    pub positive_patients: u32,
    /// Looks since then, from 1.
    #[schemars(extend("format" = "int32"))]
    pub looks: u32,
}

/// A training that was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainingEntry {
    /// Number of the version.
    #[schemars(extend("format" = "int32"))]
    pub version: u32,
    /// Why.
    pub trigger: Trigger,
    /// When.
    pub time: Time,
    /// The firing of a policy that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing: Option<String>,
    /// What came out, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<JudgedOutcome>,
}

/// What came out of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum JudgedOutcome {
    /// The gate let it through.
    Passed,
    /// The gate refused it.
    Failed,
    /// The evidence decided nothing.
    Inconclusive,
    /// It was the served bundle, byte for byte.
    Unchanged,
    /// The data or the manifest was bad.
    BadInput,
    /// The training itself failed.
    TrainingFailed,
    /// It was rolled back.
    RolledBack,
}

/// A check of the gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JudgedCheck {
    /// Which rule.
    pub name: String,
    /// Passed, Failed or Inconclusive.
    pub verdict: String,
    /// The sentence with the numbers.
    pub message: String,
}

impl From<&Check> for JudgedCheck {
    fn from(check: &Check) -> Self {
        let verdict = match check.verdict {
            Verdict::Passed => "Passed",
            Verdict::Failed => "Failed",
            Verdict::Inconclusive => "Inconclusive",
        };
        Self { name: check.name.clone(), verdict: verdict.to_owned(), message: cut(&check.message) }
    }
}

/// A bundle that is not served again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quarantined {
    /// Name of the version.
    pub name: String,
    /// Digest of the bundle.
    pub digest: String,
    /// One word for why.
    pub reason: String,
    /// When.
    pub time: Time,
}

/// An evaluation of production's bundle that left its threshold as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unresolved {
    /// Digest of the bundle.
    pub bundle: String,
    /// Identity of the gate and the threshold's target that were asked for.
    pub gate_hash: String,
    /// What came out instead.
    pub outcome: JudgedOutcome,
    /// One sentence: what, where, what to do.
    pub message: String,
    /// When.
    pub time: Time,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// One word for it.
    pub reason: String,
    /// One sentence: what, where, what to do.
    pub message: String,
    /// Attempts made.
    #[schemars(extend("format" = "int32"))]
    pub attempt: u32,
    /// When.
    pub time: Time,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When.
    pub time: Time,
    /// One word for it, as in the event.
    pub reason: String,
    /// One sentence.
    pub message: String,
}

/// What must survive the loss of a status: kept as one annotation on the serving Deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The version that is served or coming into service.
    pub production: Option<Release>,
    /// Where a rollback goes.
    pub previous: Option<Release>,
    /// Number of the next version.
    pub next_version: Option<u32>,
    /// What was judged last, without its checks.
    pub judged: Option<Judged>,
    /// Bundles that are never served again.
    pub quarantined: Vec<Quarantined>,
    /// The holdout and how often it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<HoldoutLooks>,
    /// Trainings that were started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trainings: Vec<TrainingEntry>,
}

/// Name of a version.
pub fn version_name(version: u32) -> String {
    format!("v{version}")
}

/// A message cut to what a status may hold.
pub fn cut(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(MAX_MESSAGE - 3).chain("...".chars()).collect()
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}
