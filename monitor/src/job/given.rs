//! A look at a report that somebody else made: ours or Evidently's JSON, in a ConfigMap or at a source. What it is about must
//! be said; a report that does not say it is Unknown, never quiet.

use super::{Found, Look, Pod};
use crate::{
    evidently::{self, MAX_BYTES},
    failure::{Failure, bytes},
    report::{DriftReport, KIND, Verdict},
};
use dropout_model::{
    manifest::Source,
    monitoring::{MonitorTask, REPORT, REPORT_KEYS, ReportOrigin},
};
use dropout_store::Store;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::fs;

/// How far a window's end may be ahead: clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The report in the ConfigMap that is mounted.
pub fn config_map(pod: &Pod, task: &MonitorTask, origin: &ReportOrigin) -> Result<Look, Failure> {
    let name = format!("ConfigMap {}", origin.config_map);
    let folder = pod.at(REPORT);
    let listed = fs::read_dir(&folder).map_err(|cause| Failure::Disk { what: "list", place: REPORT.into(), cause })?;
    // Kubernetes puts links beside the entries; their names begin with two dots.
    let entries = listed.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut entries: Vec<String> = entries.filter(|entry| !entry.starts_with("..")).collect();
    entries.sort();
    let [entry] = entries.as_slice() else {
        let message = format!("{name} has {} entries; put the report, and nothing else, into one", entries.len());
        return Ok(Look::unknown("NoReport", message));
    };
    let content = bytes(&folder.join(entry).display().to_string(), MAX_BYTES)?;
    let about = About {
        name: &name,
        beside: None,
        model: origin.model.as_deref(),
        version: origin.version.as_deref(),
        end: origin.window_end.as_deref(),
    };
    Ok(read(task, &content, &about))
}

/// The report at a source, with what a small file beside it says it is about: of `latest.json` that is `latest.about.json`. A
/// report of ours says it itself; one of Evidently's cannot.
pub fn source(pod: &Pod, task: &MonitorTask, source: &Source) -> Result<Look, Failure> {
    let uri = source.uri.as_str();
    let keys = Some(pod.at(REPORT_KEYS)).filter(|folder| folder.is_dir());
    let (store, name) = Store::holding(uri, &pod.at(REPORT), keys.as_deref())?;
    let beside = format!("{}.about.json", name.strip_suffix(".json").unwrap_or(name));
    // What is said first: a writer that puts the report first is at worst read with what it said about the one before.
    let said = match store.get_at_most(&beside, MAX_ABOUT)? {
        Some(bytes) => match serde_json::from_slice(&bytes) {
            Ok(said) => said,
            Err(error) => return Ok(Look::unknown("NotAnnotated", format!("{beside} beside {uri}: {error}"))),
        },
        None => Said::default(),
    };
    let Some(content) = store.get_at_most(name, MAX_BYTES as u64)? else {
        return Ok(Look::unknown("ReportMissing", format!("{uri} is not there; write the report, or check the path")));
    };
    let about = About {
        name: uri,
        beside: Some(&beside),
        model: said.model.as_deref(),
        version: said.version.as_deref(),
        end: said.window_end.as_deref(),
    };
    Ok(read(task, &content, &about))
}

/// Largest file that says what a report is about, in bytes.
const MAX_ABOUT: u64 = 4_096;

/// The file beside a report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Said {
    model: Option<String>,
    version: Option<String>,
    window_end: Option<String>,
}

/// What is said about a report beside the report.
struct About<'a> {
    name: &'a str,
    /// The file that says it; of a ConfigMap its annotations do.
    beside: Option<&'a str>,
    model: Option<&'a str>,
    version: Option<&'a str>,
    end: Option<&'a str>,
}

fn read(task: &MonitorTask, content: &[u8], about: &About<'_>) -> Look {
    let own: Option<DriftReport> =
        serde_json::from_slice(content).ok().filter(|report: &DriftReport| report.kind == KIND);
    let mut report = match own {
        Some(report) => report,
        None => match evidently::read(content) {
            Ok(imported) => imported.report,
            Err(error) => return Look::unknown("ReportNotUnderstood", format!("{}: {error}", about.name)),
        },
    };
    let said = report.model.clone();
    let model = about.model.map(str::to_owned).or(said.as_ref().map(|model| model.name.clone()));
    let version = about.version.map(str::to_owned).or(said.and_then(|model| model.version));
    let end = about.end.map(str::to_owned).or(report.window.to.clone());
    if let Some(look) = misplaced(task, about, (model.as_deref(), version.as_deref(), end.as_deref())) {
        return look;
    }
    report.window.to = end.clone();
    let Ok(bytes) = serde_json::to_vec_pretty(&report) else {
        return Look::unknown("ReportNotUnderstood", format!("{} holds numbers that are none", about.name));
    };
    let (reason, message) = words(&report);
    let found = Found { window_end: end, ..Found::default() };
    Look { verdict: report.decision.verdict, reason, message, report: Some((report, bytes)), found }
}

/// Why a report is not about the served version's last window, if it is not.
fn misplaced(
    task: &MonitorTask,
    about: &About<'_>,
    (model, version, end): (Option<&str>, Option<&str>, Option<&str>),
) -> Option<Look> {
    let unknown = |reason: &str, what: String| Some(Look::unknown(reason, format!("{} {what}", about.name)));
    let missing = |annotation: &str, field: &str| {
        let how = match about.beside {
            Some(file) => format!("say {field} in {file} beside it"),
            None => format!("set the annotation trialops.dev/{annotation}"),
        };
        unknown("NotAnnotated", format!("does not say what it is about: {how}"))
    };
    let Some(model) = model else { return missing("model", "model") };
    if model != task.name {
        return unknown("OtherModel", format!("is about another model than {}", task.name));
    }
    let Some(version) = version else { return missing("version", "version") };
    if version != task.version {
        return unknown("OtherVersion", format!("is about another version than {}, which is served", task.version));
    }
    let Some(end) = end else { return missing("window-end", "windowEnd") };
    let (Ok(end), Ok(until)) = (end.parse::<Timestamp>(), task.until.parse::<Timestamp>()) else {
        return unknown("NotAnnotated", "has a window end that is no time; write it as RFC 3339".to_owned());
    };
    if end > until.checked_add(SKEW).unwrap_or(until) {
        return unknown("Future", "has a window that ends in the future; check the clock of who wrote it".to_owned());
    }
    None
}

/// One word and one sentence for a report's decision.
pub fn words(report: &DriftReport) -> (String, String) {
    let decision = &report.decision;
    let rule = match decision.verdict {
        // A rule may hold of the rest of broken or scarce data; it is not why.
        Verdict::SchemaBreach => {
            let breach = report.schema_findings.iter().find(|finding| finding.breaks);
            breach.map(|finding| format!("{:?}", finding.kind))
        }
        Verdict::InsufficientData => None,
        Verdict::Drift | Verdict::NoDrift | Verdict::Unknown => decision.rules.first().map(|rule| capitalised(rule)),
    };
    let reason = rule.unwrap_or_else(|| format!("{:?}", decision.verdict));
    let reasons: Vec<&str> = decision.reasons.iter().take(3).map(String::as_str).collect();
    (reason, reasons.join("; "))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
