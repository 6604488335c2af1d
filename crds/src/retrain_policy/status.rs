//! The status of a `RetrainPolicy`: what was seen, how each trigger stands, and why a training was or was not asked for.

use dropout_model::monitoring::{Measure, WindowVerdict};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Entries of `skipped` that are kept.
pub const MAX_SKIPPED: usize = 20;

/// What the operator holds true and has decided about a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetrainPolicyStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions as kstatus reads them: Accepted, Ready, Reconciling, Stalled, MonitoringFresh.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The monitor's Job and what it said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<MonitorStatus>,
    /// How each trigger stands, in the order of the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub triggers: Vec<TriggerStatus>,
    /// Why triggers that breached did not fire, newest last; 20 entries. The same reason again is the same entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub skipped: Vec<Skipped>,
    /// Since when refusals are counted: the last edit of the policy's or the model's spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<Time>,
    /// What `countedFrom` was set for: generation of the policy, and generation and uid of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_generations: Option<String>,
}

/// The monitor's Job and what it said last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitorStatus {
    /// The Job that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<MonitorRun>,
    /// The last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastReport>,
    /// State of the ConfigMap that was read last: uid and resourceVersion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When the next look is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_time: Option<Time>,
    /// Looks in a row that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int32"))]
    pub failures: Option<u32>,
    /// Why the last look failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A look that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitorRun {
    /// Hash of its task.
    pub task: String,
    /// End of its window.
    pub until: Time,
    /// Bundle of the version that it watches.
    pub bundle: String,
    /// When it was started.
    pub since: Time,
}

/// What the monitor said last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastReport {
    /// When it was taken in.
    pub time: Time,
    /// What the window says.
    pub verdict: WindowVerdict,
    /// One word for why.
    pub reason: String,
    /// One sentence with the numbers.
    pub message: String,
    /// Digest of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its folder in the model's folder of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Version that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// End of its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end: Option<Time>,
    /// Patients compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<i64>,
    /// Share of drifted columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Metrics of production in the window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 11))]
    pub performance: Vec<MeasureStatus>,
    /// Patients with a certain label since production's data cut-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_labelled_patients: Option<i64>,
    /// Records of the window that were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<i64>,
}

/// A metric of production in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureStatus {
    /// Its name.
    pub metric: String,
    /// Realised or Estimated.
    pub source: String,
    /// The value.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Patients with a label; of an estimate the patients compared.
    pub patients: i64,
}

impl From<&Measure> for MeasureStatus {
    fn from(measure: &Measure) -> Self {
        Self {
            metric: measure.metric.name().to_owned(),
            source: format!("{:?}", measure.source),
            value: measure.value,
            low: measure.low,
            high: measure.high,
            patients: i64::try_from(measure.patients).unwrap_or(i64::MAX),
        }
    }
}

/// How a trigger stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerStatus {
    /// Its name.
    pub name: String,
    /// Quiet, Breaching, Fired or Unknown.
    pub state: TriggerState,
    /// One sentence with the numbers.
    pub message: String,
    /// What was seen, such as the share of drifted columns or the value of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Reports in a row that breached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int32"))]
    pub consecutive: Option<u32>,
    /// Reports in a row that are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int32"))]
    pub of: Option<u32>,
    /// Digest of the report that was counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_report: Option<String>,
    /// End of the window that was counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_window_end: Option<Time>,
    /// Next time of a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_time: Option<Time>,
    /// A time of a schedule up to which all was fired or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_schedule: Option<Time>,
    /// The last firing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<Firing>,
}

/// How a trigger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TriggerState {
    /// Nothing to do.
    Quiet,
    /// It breaches, but not often enough yet, or something keeps it.
    Breaching,
    /// It has asked for a training, or told people.
    Fired,
    /// What it needs to know is missing, stale or not understood.
    Unknown,
}

/// A firing: the model takes each identity once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// Hash of the policy's uid, the trigger and the report's digest or the schedule's time.
    pub id: String,
    /// When it fired.
    pub time: Time,
    /// Retrain or Notify.
    pub action: super::Action,
    /// One sentence: why.
    pub message: String,
    /// Name of the version that the model made of it, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Why a trigger that breached did not fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The trigger.
    pub trigger: String,
    /// One word for why.
    pub reason: SkipReason,
    /// One sentence: until when, and what to do.
    pub message: String,
    /// When it was kept first.
    pub time: Time,
}

/// What can keep a trigger that breached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SkipReason {
    /// A training began too recently.
    Cooldown,
    /// The budget is used up.
    Budget,
    /// A blackout.
    Blackout,
    /// Too few new labels.
    FewNewLabels,
    /// The wait after a candidate that did not get through.
    Backoff,
    /// Too many candidates in a row did not get through.
    SuspendedAfterRefusals,
    /// A candidate is in the making.
    CandidateInTheMaking,
    /// The model or the policy is suspended.
    Suspended,
    /// There is no production to compare with.
    NoProduction,
    /// A time of a schedule was missed by more than its deadline.
    Missed,
}
