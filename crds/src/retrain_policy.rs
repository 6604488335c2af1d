//! `RetrainPolicy`: when a model is trained anew. The spec is only ever written by users; it holds every threshold.

mod defaults;
mod status;

use crate::{Reason, pod::Pod};
use dropout_model::{
    manifest::{Metric, Source},
    monitoring::{PerformanceSource, RuleName},
    period::Period,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use status::{
    Firing, LastReport, MAX_SKIPPED, MeasureStatus, MonitorRun, MonitorStatus, RetrainPolicyStatus, SkipReason,
    Skipped, TriggerState, TriggerStatus,
};

/// When a DropoutModel is watched and trained anew. Every trigger only asks; the model's gate decides what is served.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "trialops.dev",
    version = "v1alpha1",
    kind = "RetrainPolicy",
    plural = "retrainpolicies",
    namespaced,
    shortname = "rp",
    category = "trialops",
    status = "RetrainPolicyStatus",
    derive = "PartialEq",
    printcolumn(name = "Model", type_ = "string", json_path = ".spec.modelRef.name"),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Fresh", type_ = "string", json_path = r#".status.conditions[?(@.type=="MonitoringFresh")].status"#),
    printcolumn(name = "Verdict", type_ = "string", json_path = ".status.monitor.last.verdict"),
    printcolumn(name = "Checked", type_ = "date", json_path = ".status.monitor.last.time"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')")
        .message("metadata.name: at most 40 lower-case letters, digits and dashes, beginning with a letter")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.modelRef.name == oldSelf.modelRef.name").message("modelRef is immutable; make another RetrainPolicy"),
    validation = Rule::new("self.triggers.all(t, self.triggers.exists_one(u, u.name == t.name))").message("triggers: two triggers have the same name"),
    validation = Rule::new("self.triggers.all(t, [has(t.drift), has(t.performance), has(t.schedule), has(t.newData)].filter(x, x).size() == 1)").message("triggers: set exactly one of drift, performance, schedule and newData"),
    validation = Rule::new("has(self.monitor) || !self.triggers.exists(t, has(t.drift) || has(t.performance) || has(t.newData))").message("monitor is needed by triggers of drift, performance and newData"),
    validation = Rule::new("!self.triggers.exists(t, has(t.consecutive) && (has(t.schedule) || has(t.newData)))").message("triggers: consecutive belongs to drift and performance"),
    validation = Rule::new("self.triggers.all(t, !has(t.performance) || has(t.performance.below) != has(t.performance.above))").message("triggers: performance sets exactly one of below and above"),
    validation = Rule::new(measured()).message("triggers: performance is realised as roc_auc, recall, precision, f1, alert_rate, brier or calibration_in_the_large, and estimated as roc_auc, f1, precision or recall"),
    validation = Rule::new("!has(self.blackouts) || self.blackouts.all(b, b.start < b.end)").message("blackouts: start is not before end"),
    validation = Rule::new("!has(self.monitor) || !has(self.monitor.source) || [has(self.monitor.source.predictions), has(self.monitor.source.configMap), has(self.monitor.source.report)].filter(x, x).size() == 1").message("monitor.source: set exactly one of predictions, configMap and report")
)]
pub struct RetrainPolicySpec {
    /// The model, in the same namespace; immutable. At most one policy of a model is accepted: the oldest.
    pub model_ref: ModelRef,
    /// How the model is watched. Left out: it is not, and only schedules fire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Monitor>,
    /// Reasons to train anew, 1 to 16. Any one of them is enough.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub triggers: Vec<TriggerSpec>,
    /// What keeps trainings apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Times in which no training, rollout step or promotion begins; rolling back always works. At most 32. Left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub blackouts: Vec<Blackout>,
    /// What a trigger that fires does. Left out: Retrain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Stops monitoring and firing. Left out: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// A DropoutModel of the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelRef {
    /// Name of the model.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
}

/// How a model is watched: a Job at a time, in the model's namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Monitor {
    /// Time between two looks, at least 5 s. Left out: 1d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// Length of a window. Windows of a trigger's `consecutive` do not overlap. Left out: 28d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Period>,
    /// Fewest patients in a window; with fewer the verdict is InsufficientData. Left out: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_rows: Option<i32>,
    /// Default: a change must be evident, relevant and last. Evidently: the tests and limits of that library, number for
    /// number. Left out: Default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<RuleName>,
    /// What is read. Left out: the model's own predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<MonitorSource>,
    /// Age of the newest window's end from which its report is stale, and its triggers Unknown. Left out: twice `every`
    /// and at least 1h more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
    /// Longest time of a Job. Left out: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_deadline: Option<Period>,
    /// What is said about the Job's pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Pod>,
}

/// What a monitor reads: exactly one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitorSource {
    /// The predictions that the inference service recorded. Left out: a report is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictions: Option<Predictions>,
    /// A report in a ConfigMap. Left out: another source is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ReportConfigMap>,
    /// A report at a source, such as `s3://reports/onc-302/latest.json`; ours or Evidently's JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Source>,
}

/// The predictions that the inference service recorded. It has no fields. Left out: a report is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Predictions {}

/// A ConfigMap with one entry, a report: ours or Evidently's JSON. It carries the label `trialops.dev/drift-report` with the
/// model's name as value, and the annotations `trialops.dev/model`, `trialops.dev/version` and `trialops.dev/window-end`
/// (RFC 3339); without them its triggers are Unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportConfigMap {
    /// Name of the ConfigMap.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// A reason to train anew: a name and exactly one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerSpec {
    /// Name, unique in the policy.
    #[schemars(length(min = 1, max = 40), regex(pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// The inputs moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftTrigger>,
    /// Production does worse than it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance: Option<PerformanceTrigger>,
    /// A time has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleTrigger>,
    /// Enough new labels have arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_data: Option<NewDataTrigger>,
    /// Reports in a row that must breach, each with a digest of its own, of windows that do not overlap. Left out: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 12))]
    pub consecutive: Option<i32>,
    /// What this trigger does. Left out: the policy's action; of estimated performance Notify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// The inputs moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftTrigger {
    /// Share of drifted columns (weighted by importance where that is known) from which a report breaches, 0 to 1. Left out:
    /// the report's own verdict decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: Option<f64>,
}

/// Refuses a metric that no look ever measures: its trigger would wait for ever.
fn measured() -> String {
    let names = |source: PerformanceSource| {
        let names: Vec<String> = source.metrics().iter().map(|metric| format!("'{}'", metric.name())).collect();
        names.join(", ")
    };
    format!(
        "self.triggers.all(t, !has(t.performance) || t.performance.metric in (has(t.performance.source) && \
         t.performance.source == 'Estimated' ? [{}] : [{}]))",
        names(PerformanceSource::Estimated),
        names(PerformanceSource::Realised)
    )
}

/// Production does worse than it may: the whole interval of the metric is on the bad side of a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceTrigger {
    /// The metric: realised roc_auc, recall, precision, f1, alert_rate, brier or calibration_in_the_large; estimated roc_auc,
    /// f1, precision or recall.
    pub metric: Metric,
    /// The smallest value that is accepted; exactly one of `below` and `above` is set. Left out: `above` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// The largest value that is accepted, for metrics of which less is better. Left out: `below` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Where the metric comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PerformanceSource>,
    /// Fewest patients with a label. Left out: 80.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_labelled: Option<i32>,
}

/// A time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleTrigger {
    /// Five fields: minute, hour, day of month, month, day of week, of numbers, names such as MON or JAN, `*`, `,`, `-` and
    /// `/`. With one minute and one hour a local time that the clock skips fires at the end of the gap, and one that comes
    /// twice fires the first time only; with several minutes or hours skipped times are left out, and repeated ones fire twice.
    #[schemars(length(min = 9, max = 100))]
    pub cron: String,
    /// IANA time zone. Left out: Etc/UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: Option<String>,
    /// How late a missed time may still fire; of several missed times only the last does. Left out: 6h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<Period>,
}

/// Enough new labels have arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewDataTrigger {
    /// Patients whose label became certain after production's data cut-off.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub min_labelled_patients: i32,
}

/// What keeps trainings apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Time after the start of a training, of whatever trigger, in which no trigger fires. Left out: 7d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Period>,
    /// Trainings within a time, of whatever trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Waits after candidates that did not get through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// Candidates of this policy in a row that did not get through, after which it stops by itself until its spec or the
    /// model's is edited. Left out: 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub suspend_after_refusals: Option<i32>,
    /// Patients whose label became certain after production's data cut-off that a training needs; asked of drift and
    /// performance triggers, where the monitor can count them. Left out: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000_000))]
    pub min_new_labelled_patients: Option<i32>,
}

/// Trainings within a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Most trainings.
    #[schemars(range(min = 1, max = 20))]
    pub runs: i32,
    /// Within this time.
    pub per: Period,
}

/// Waits after candidates that did not get through: the first wait, doubled each time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    /// The first wait. Left out: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<Period>,
    /// The longest wait. Left out: 24h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Period>,
}

/// A time in which nothing begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blackout {
    /// Name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// First moment, RFC 3339.
    #[schemars(length(min = 20, max = 35), extend("format" = "date-time"))]
    pub start: String,
    /// End, exclusive, RFC 3339.
    #[schemars(length(min = 20, max = 35), extend("format" = "date-time"))]
    pub end: String,
    /// Why, for people. Left out: no reason is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
}

/// Retrain: a training is asked for. Notify: an event and a condition, nothing more. Left out: see the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Action {
    /// A training is asked for.
    #[default]
    Retrain,
    /// People are told.
    Notify,
}

impl Action {
    /// The word for a trigger that fired so.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Retrain => Reason::Fired,
            Self::Notify => Reason::Notified,
        }
    }
}
