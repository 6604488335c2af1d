//! How a candidate is judged: the comparison that decides, how sure it must be, what may not get worse, and on which
//! patients. It judges nothing itself.

use super::Metric;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a candidate is judged against production on the holdout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// The metric on which the candidate must beat production. Left out: recall_at_capacity by more than 2 % of
    /// production's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Primary>,
    /// The patients whose rows decide. Left out: All.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluate: Option<EvidenceRows>,
    /// How sure the comparison must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What may not get worse, beside the primary metric; at most 16, one a metric. alert_rate (Relative 0.1), precision
    /// (Absolute 0.02) and brier (Absolute 0.01) are guarded unless a guardrail for the same metric stands here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub guardrails: Vec<Guardrail>,
    /// Groups of patients in which the candidate may not be worse, at most 16. Left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub slices: Vec<Slice>,
    /// Rows whose patient received an intervention inside the horizon. Left out: none are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interventions: Option<Interventions>,
    /// Fewest patients in the holdout. Left out: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_patients: Option<i32>,
    /// Fewest patients in the holdout who dropped out. Left out: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_positive_patients: Option<i32>,
    /// Values that a candidate must reach whatever production does; what the first model is judged on. At most 16.
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub floors: Vec<Floor>,
}

impl Gate {
    /// The primary comparison, the default filled in.
    pub fn primary(&self) -> Primary {
        self.primary.clone().unwrap_or_default()
    }

    /// Confidence level of intervals before alpha is spent, the default filled in.
    pub fn level(&self) -> f64 {
        self.confidence.as_ref().and_then(|confidence| confidence.level).unwrap_or(0.95)
    }

    /// Whether looks at one holdout spend alpha, the default filled in.
    pub fn spending(&self) -> Spending {
        self.confidence.as_ref().and_then(|confidence| confidence.spending).unwrap_or_default()
    }

    /// The patients whose rows decide, the default filled in.
    pub fn evidence_rows(&self) -> EvidenceRows {
        self.evaluate.unwrap_or_default()
    }

    /// Fewest patients, the default filled in.
    pub fn patients(&self) -> usize {
        self.min_patients.map_or(100, |n| usize::try_from(n).unwrap_or(0))
    }

    /// Fewest patients who dropped out, the default filled in.
    pub fn positive_patients(&self) -> usize {
        self.min_positive_patients.map_or(30, |n| usize::try_from(n).unwrap_or(0))
    }
}

/// The comparison that decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Primary {
    /// The metric.
    pub metric: Metric,
    /// Relative: the margin is a share of production's value. Absolute: the margin is in the metric's own unit. Left
    /// out: Relative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// By more than this the candidate must be better, 0 to 1. Left out: 0.02.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub margin: Option<f64>,
}

impl Default for Primary {
    fn default() -> Self {
        Self { metric: Metric::RecallAtCapacity, comparison: None, margin: None }
    }
}

impl Primary {
    /// The comparison, the default filled in.
    pub fn comparison(&self) -> Comparison {
        self.comparison.unwrap_or_default()
    }

    /// The margin, the default filled in.
    pub fn margin(&self) -> f64 {
        self.margin.unwrap_or(0.02)
    }
}

/// How a margin is read. Left out: Relative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Comparison {
    /// As a share of production's value.
    #[default]
    Relative,
    /// In the metric's own unit.
    Absolute,
}

/// The patients whose rows decide. Left out: All.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EvidenceRows {
    /// All patients of the holdout.
    #[default]
    All,
    /// Patients whose first row is after production's data cut-off: in the holdout, or, if they are too few there, all of
    /// them out of fold. On all patients of the holdout the candidate must not be worse. Needs `index`.
    Recent,
}

/// How sure the comparison must be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Confidence {
    /// How intervals are made. Left out: PairedBootstrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Level of the two-sided interval, 0.8 to 0.999. Left out: 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.8, max = 0.999))]
    pub level: Option<f64>,
    /// Whether repeated looks at one holdout share the error that the level allows. Left out: Looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spending: Option<Spending>,
}

/// How intervals are made. Left out: PairedBootstrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Method {
    /// Patients are drawn with all their rows; both models are scored on the same draws.
    #[default]
    PairedBootstrap,
}

/// Whether repeated looks at one holdout share the error that the level allows. Left out: Looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Spending {
    /// With alpha = 1 - level, the k-th look since the holdout's positive patients last grew by a quarter must show its gain
    /// at alpha / (k (k + 1)); all looks together err with at most alpha. Guardrails and slices stay at the level, so that
    /// no look lets more harm pass.
    #[default]
    Looks,
    /// Every look is made at the level itself; ten looks at one holdout then err up to ten times as often.
    None,
}

/// What may not get worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Guardrail {
    /// The metric.
    pub metric: Metric,
    /// Relative: the margin is a share of production's value. Absolute: the margin is in the metric's own unit. Left
    /// out: Absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// The candidate may be worse by at most this, 0 to 1; it is refused if the whole interval lies beyond.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub margin: f64,
    /// Enforce: a broken guardrail refuses the candidate. Report: it is only told. Left out: Enforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<Enforcement>,
}

/// Whether a rule decides or only tells. Left out: Enforce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Enforcement {
    /// A broken rule refuses the candidate.
    #[default]
    Enforce,
    /// A broken rule is told in the report.
    Report,
}

/// Groups of patients by a column, such as site or sex. A denied (blinded) column cannot be one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// The column, with at most 64 distinct values; each is a group.
    #[schemars(length(min = 1, max = 64))]
    pub column: String,
    /// The metric. Left out: recall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// The candidate may be worse than production by at most this in the metric's own unit, 0 to 1; it is refused if the
    /// whole interval of a group lies beyond. Left out: 0.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub margin: Option<f64>,
    /// Fewest patients of a group that is judged, 5 to 1,000,000; smaller groups are told, those below 5 patients not
    /// even that. Left out: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 1_000_000))]
    pub min_patients: Option<i32>,
    /// Enforce: a group that gets worse refuses the candidate. Report: it is only told. Left out: Enforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<Enforcement>,
}

/// Rows whose patient received an intervention inside the horizon: their outcome says little about the risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interventions {
    /// Column that is `1` for a row whose patient received an intervention inside the horizon, else `0` or empty.
    #[schemars(length(min = 1, max = 64))]
    pub column: String,
    /// Refuse: if more than 10 % of the judged rows, or of those that production flags, are touched, the evidence decides
    /// nothing. Accept: it decides all the same. Touched rows are reported apart either way. Left out: Refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<Touched>,
}

/// What more than 10 % of touched rows mean. Left out: Refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Touched {
    /// The evidence decides nothing.
    #[default]
    Refuse,
    /// The evidence decides.
    Accept,
}

/// A value that a candidate must reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    /// The metric.
    pub metric: Metric,
    /// At least this much; for brier, log_loss, alert_rate and the size of calibration_in_the_large at most this much. Unit: the
    /// metric's own.
    #[schemars(range(min = -10.0, max = 10.0))]
    pub value: f64,
}
