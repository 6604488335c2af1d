//! The contract of a monitor's Job: the task it is handed as a file and the answer it gives in its termination message. It
//! knows no Kubernetes and decides nothing about training.

use crate::{
    digest::json_digest,
    manifest::{Manifest, Metric, Source},
    task::{NoAnswer, Served},
};
use serde::{Deserialize, Serialize};

/// The contract that this code speaks.
pub const CONTRACT: &str = "trialops.dev/monitor/v1alpha1";

/// Most metrics of an answer: all that are realised and all that are estimated.
pub const MAX_MEASURES: usize = 11;

/// Folder of drift reports in the model's folder of the store; below it a folder a window, named by its end.
pub const DRIFT: &str = "drift";
/// Where the monitor finds the ConfigMap with a report, read only. Its one entry is the report.
pub const REPORT: &str = "/report";
/// Where it finds the keys of the bucket that a report is in, an entry of the Secret a file.
pub const REPORT_KEYS: &str = "/credentials/report";

/// What a monitor is asked: the content of one immutable ConfigMap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MonitorTask {
    /// Always [`CONTRACT`].
    pub contract: String,
    /// Namespace of the model and the policy.
    pub namespace: String,
    /// Name of the model.
    pub name: String,
    /// Name of the policy that asks.
    pub policy: String,
    /// Name of the served version, such as `v3`.
    pub version: String,
    /// The served bundle.
    pub production: Served,
    /// URI of the store.
    pub store: String,
    /// What the model is.
    pub manifest: Manifest,
    /// End of the window, exclusive, RFC 3339 UTC in whole seconds.
    pub until: String,
    /// Length of the window in seconds.
    pub window_seconds: u64,
    /// Fewest patients in a window.
    pub min_rows: u32,
    /// The rule that judges.
    pub rule: RuleName,
    /// What is read.
    pub reads: Reads,
    /// How long records are kept, in seconds; older ones are removed. None: they are not kept by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_seconds: Option<u64>,
}

/// The rule that judges a window. Default: a change must be evident, relevant and last. Evidently: the tests and limits of
/// that library, number for number. Left out: Default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RuleName {
    /// Evidence, relevance and persistence.
    #[default]
    Default,
    /// Evidently's tests, limits and share of columns.
    Evidently,
}

/// What a monitor reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reads {
    /// The records of the window.
    Predictions,
    /// A report that somebody else made, in the ConfigMap mounted at [`REPORT`].
    ConfigMap(ReportOrigin),
    /// A report that somebody else made, at a source.
    Source(Source),
}

/// What the annotations of a report's ConfigMap say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportOrigin {
    /// Name of the ConfigMap.
    pub config_map: String,
    /// Which state of it: uid and resourceVersion.
    pub state: String,
    /// Annotation `trialops.dev/model`: name of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Annotation `trialops.dev/version`: name of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Annotation `trialops.dev/window-end`: end of the window, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end: Option<String>,
}

impl MonitorTask {
    /// Identity of the task; an answer must name it.
    pub fn hash(&self) -> String {
        json_digest(self)
    }
}

/// What a monitor answers: one JSON document of at most [`crate::task::MAX_ANSWER`] bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MonitorAnswer {
    /// Always [`CONTRACT`].
    pub contract: String,
    /// Hash of the task that is answered.
    pub task: String,
    /// What the window says.
    pub verdict: WindowVerdict,
    /// One word for why, such as `WeightedShare`, `InsufficientData`, `MissingColumn` or `OtherModel`.
    pub reason: String,
    /// One sentence with the numbers, without a patient.
    pub message: String,
    /// Digest of the report's content; a report with the same digest is the same report. None if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Name of the report's folder in the model's folder of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// End of the window that the report is about, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end: Option<String>,
    /// Patients compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<u64>,
    /// Share of drifted columns, weighted by importance where that is known, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Metrics with labels that have arrived, and metrics estimated without labels; at most [`MAX_MEASURES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub performance: Vec<Measure>,
    /// Patients with a certain label since production's data cut-off; none if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_labelled_patients: Option<u64>,
    /// Records of the window that were lost before they were written.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
}

/// What one window says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum WindowVerdict {
    /// The inputs, the risk or the performance moved.
    Drift,
    /// Nothing of relevance moved.
    NoDrift,
    /// Too few rows: neither drift nor no drift.
    InsufficientData,
    /// Columns are broken; nothing may be retrained on them.
    SchemaBreach,
    /// The report is missing, stale, of another model, of the future, or cannot be understood.
    Unknown,
}

/// A metric of production in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measure {
    /// The metric.
    pub metric: Metric,
    /// Whether labels have arrived for it or it was estimated without.
    pub source: PerformanceSource,
    /// The value. It and its bounds have 5 decimals, since an answer is short.
    pub value: f64,
    /// Lower bound of its interval.
    pub low: f64,
    /// Upper bound of its interval.
    pub high: f64,
    /// Patients with a label; of an estimate the patients compared.
    pub patients: u64,
}

/// Realised: from labels that have arrived. Estimated: without labels, which sees no change of the relation between features
/// and dropout. Left out: Realised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PerformanceSource {
    /// From labels that have arrived.
    #[default]
    Realised,
    /// Without labels.
    Estimated,
}

impl PerformanceSource {
    /// The metrics that a look at records measures, where enough labels have arrived, or estimates.
    pub const fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Realised => &[
                Metric::RocAuc,
                Metric::Recall,
                Metric::Precision,
                Metric::F1,
                Metric::AlertRate,
                Metric::Brier,
                Metric::CalibrationInTheLarge,
            ],
            Self::Estimated => &[Metric::RocAuc, Metric::F1, Metric::Precision, Metric::Recall],
        }
    }
}

impl MonitorAnswer {
    /// Reads the answer to the task of hash `task` from a termination message.
    pub fn read(text: &str, task: &str) -> Result<Self, NoAnswer> {
        if text.trim().is_empty() {
            return Err(NoAnswer::Empty);
        }
        let answer: Self = serde_json::from_str(text).map_err(|error| NoAnswer::malformed(&error))?;
        if answer.contract != CONTRACT || answer.task != task {
            return Err(NoAnswer::Foreign);
        }
        Ok(answer)
    }

    /// The answer as JSON of at most [`crate::task::MAX_ANSWER`] bytes: the sentence is cut as needed.
    pub fn to_message(&self) -> Result<String, serde_json::Error> {
        let mut answer = self.clone();
        loop {
            let text = serde_json::to_string(&answer)?;
            let length = answer.message.chars().count();
            if text.len() <= crate::task::MAX_ANSWER || length <= 64 {
                return Ok(text);
            }
            answer.message = answer.message.chars().take(length * 3 / 4).chain("...".chars()).collect();
        }
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_every_measure_keeps_its_numbers_and_most_of_its_sentence() {
        let measures = |source: PerformanceSource| {
            let measure = move |metric: &Metric| Measure {
                metric: *metric,
                source,
                value: -0.12345,
                low: -0.98765,
                high: -0.12345,
                patients: 100_000,
            };
            source.metrics().iter().map(measure)
        };
        let performance: Vec<Measure> =
            measures(PerformanceSource::Realised).chain(measures(PerformanceSource::Estimated)).collect();
        assert_eq!(performance.len(), MAX_MEASURES);
        let digest = format!("sha256:{}", "a".repeat(64));
        let answer = MonitorAnswer {
            contract: CONTRACT.into(),
            task: digest.clone(),
            verdict: WindowVerdict::NoDrift,
            reason: "WeightedShare".into(),
            message: "a sentence ".repeat(100),
            report: Some(digest.clone()),
            folder: Some(format!("{DRIFT}/2026-11-25T00:00:00Z")),
            window_end: Some("2026-11-25T00:00:00Z".into()),
            patients: Some(100_000),
            share: Some(0.123_456_789_012_345_6),
            performance,
            new_labelled_patients: Some(100_000),
            lost: 100_000,
        };
        let text = answer.to_message().unwrap();
        assert!(text.len() <= crate::task::MAX_ANSWER, "{} bytes", text.len());
        let read = MonitorAnswer::read(&text, &digest).unwrap();
        assert_eq!(read.performance, answer.performance);
        assert!(read.message.len() > 150, "{}", read.message);
    }
}
