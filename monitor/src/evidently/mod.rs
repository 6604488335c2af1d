//! Evidently's reports, read as 0.4 to 0.7 write them, and ours in the shape of 0.4 to 0.6. What cannot be understood is an
//! error or the verdict Unknown, never a quiet one.

mod found;
mod json;
mod legacy;
mod place;
mod seven;
mod status;
mod suite;
mod unreadable;
mod write;

use crate::report::DriftReport;
use place::Placed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use json::{MAX_BYTES, MAX_DEPTH};
pub use unreadable::Unreadable;
pub use write::write_legacy;

/// A report of Evidently's, as ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The report, by Evidently's rule.
    #[serde(flatten)]
    pub report: DriftReport,
    /// The shape of the file.
    pub format: Format,
    /// Version of Evidently; only 0.4 to 0.6 write one. The same as the engine's in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Quality of the model, if the file has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
}

/// The shapes of Evidently's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// `Report.json()` and `as_dict()` of 0.4 to 0.6.
    #[serde(rename = "evidently-legacy-report")]
    LegacyReport,
    /// `TestSuite.json()` of 0.4 to 0.6.
    #[serde(rename = "evidently-legacy-testsuite")]
    LegacyTestSuite,
    /// `Report.save()` of 0.4 to 0.6.
    #[serde(rename = "evidently-legacy-snapshot")]
    LegacySnapshot,
    /// What a script cut out of a report of 0.4 to 0.6: results without names of metrics.
    #[serde(rename = "evidently-legacy-fragment")]
    LegacyFragment,
    /// `snapshot.json()`, `dict()` and `save_json` of 0.7.
    #[serde(rename = "evidently-0.7-report")]
    Report,
    /// `snapshot.dumps()` of 0.7.
    #[serde(rename = "evidently-0.7-snapshot")]
    Snapshot,
}

impl Format {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LegacyReport => "evidently-legacy-report",
            Self::LegacyTestSuite => "evidently-legacy-testsuite",
            Self::LegacySnapshot => "evidently-legacy-snapshot",
            Self::LegacyFragment => "evidently-legacy-fragment",
            Self::Report => "evidently-0.7-report",
            Self::Snapshot => "evidently-0.7-snapshot",
        }
    }
}

/// Numbers of a classification at the threshold 0.5: accuracy, precision, recall, f1, roc_auc, log_loss, tpr, tnr, fpr and
/// fnr, each where the file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Classification {
    /// Of the window.
    pub current: BTreeMap<String, f64>,
    /// Of the reference; only 0.4 to 0.6 write them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<BTreeMap<String, f64>>,
}

/// Reads a file of at most 8 MiB. Metrics that are not known are passed over; a file without a verdict on the data set has
/// the verdict Unknown, with the reason.
///
/// # Errors
/// The file is too large, too deep, ends early, is no JSON, has none of Evidently's shapes, or a known field of it has a
/// value that it cannot have. No error repeats what the file holds.
pub fn read(bytes: &[u8]) -> Result<Imported, Unreadable> {
    let value = json::value(bytes)?;
    let root = Placed::root(&value);
    let format = format(&root).ok_or(Unreadable::UnknownShape)?;
    let found = match format {
        Format::LegacyReport | Format::LegacyFragment => legacy::report(&root),
        Format::LegacyTestSuite => suite::read(&root),
        Format::LegacySnapshot => legacy::snapshot(&root),
        Format::Report => seven::report(&root),
        Format::Snapshot => seven::snapshot(&root),
    }?;
    let (version, classification) = (found.version.clone(), found.classification.clone());
    Ok(Imported { report: found.report(), format, version, classification })
}

/// The shape of a file, by the keys that only it has.
fn format(root: &Placed<'_>) -> Option<Format> {
    let has = |key: &str| root.sought(&[key]).is_some();
    if has("metric_results") {
        return Some(Format::Snapshot);
    }
    if has("suite") {
        return Some(Format::LegacySnapshot);
    }
    let entries = |key: &str| root.sought(&[key]).and_then(|list| list.list().ok()).unwrap_or_default();
    let any = |key: &str, path: &[&str]| entries(key).iter().any(|entry| entry.sought(path).is_some());
    if any("metrics", &["metric"]) {
        return Some(Format::LegacyReport);
    }
    if any("metrics", &["config", "type"]) || any("tests", &["metric_config"]) {
        return Some(Format::Report);
    }
    if any("tests", &["parameters"]) {
        return Some(Format::LegacyTestSuite);
    }
    any("metrics", &["result", "dataset_drift"]).then_some(Format::LegacyFragment)
}
