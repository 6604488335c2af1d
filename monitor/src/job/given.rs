//! A look at a report that somebody else made: ours or Evidently's JSON, in a ConfigMap or at a source. What it is about must
//! be said; a report that does not say it is Unknown, never quiet.

use super::{Found, Look, Pod, window::verdict};
use crate::{
    evidently::{self, MAX_BYTES},
    failure::{Failure, bytes},
    report::{DriftReport, KIND},
};
use dropout_model::{
    manifest::Source,
    monitoring::{MonitorTask, REPORT, REPORT_KEYS, ReportOrigin},
};
use dropout_store::Store;
use jiff::{SignedDuration, Timestamp};
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
        model: origin.model.as_deref(),
        version: origin.version.as_deref(),
        end: origin.window_end.as_deref(),
    };
    Ok(read(task, &content, &about))
}

/// The report at a source. A report of ours says itself what it is about; one of Evidently's is about the served version, and
/// its window's end is not known.
pub fn source(pod: &Pod, task: &MonitorTask, source: &Source) -> Result<Look, Failure> {
    let uri = source.uri.as_str();
    let (folder, name) = uri.rsplit_once('/').unwrap_or((uri, ""));
    let keys = Some(pod.at(REPORT_KEYS)).filter(|folder| folder.is_dir());
    let store = Store::open_with(folder, &pod.at(REPORT), keys.as_deref())?;
    let Some(content) = store.get_at_most(name, MAX_BYTES as u64)? else {
        return Ok(Look::unknown("ReportMissing", format!("{uri} is not there; write the report, or check the path")));
    };
    Ok(read(task, &content, &About { name: uri, model: None, version: None, end: None }))
}

/// What is said about a report beside the report.
struct About<'a> {
    name: &'a str,
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
    if let Some(look) = misplaced(task, about.name, (model.as_deref(), version.as_deref(), end.as_deref())) {
        return look;
    }
    report.window.to = end.clone();
    let Ok(bytes) = serde_json::to_vec_pretty(&report) else {
        return Look::unknown("ReportNotUnderstood", format!("{} holds numbers that are none", about.name));
    };
    let (reason, message) = words(&report);
    let found = Found { window_end: end, ..Found::default() };
    Look { verdict: verdict(report.decision.verdict), reason, message, report: Some((report, bytes)), found }
}

/// Why a report is not about the served version's last window, if it is not.
fn misplaced(
    task: &MonitorTask,
    name: &str,
    (model, version, end): (Option<&str>, Option<&str>, Option<&str>),
) -> Option<Look> {
    let unknown = |reason: &str, what: String| Some(Look::unknown(reason, format!("{name} {what}")));
    let missing = |annotation: &str| {
        unknown("NotAnnotated", format!("does not say what it is about: set the annotation trialops.dev/{annotation}"))
    };
    let Some(model) = model else { return missing("model") };
    if model != task.name {
        return unknown("OtherModel", format!("is about another model than {}", task.name));
    }
    let Some(version) = version else { return missing("version") };
    if version != task.version {
        return unknown("OtherVersion", format!("is about another version than {}, which is served", task.version));
    }
    let Some(end) = end else { return missing("window-end") };
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
    let reason = decision.rules.first().map_or_else(
        || format!("{:?}", decision.verdict),
        |rule| {
            let mut letters = rule.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        },
    );
    let reasons: Vec<&str> = decision.reasons.iter().take(3).map(String::as_str).collect();
    (reason, reasons.join("; "))
}
