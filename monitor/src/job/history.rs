//! Earlier reports of the same bundle, from the store. One that cannot be read is passed over: it is for the eye and for
//! persistence, and the policy counts by itself.

use super::REPORT;
use crate::{
    failure::Failure,
    report::{DriftReport, PastWindow},
};
use dropout_model::monitoring::{DRIFT, MonitorTask};
use dropout_store::Store;

/// Largest report that is read, in bytes.
const MAX_REPORT: u64 = 8 << 20;
/// Most earlier windows.
const WINDOWS: usize = 11;

/// Earlier windows that end at or before the start of this one and do not overlap each other, oldest first.
pub fn earlier(task: &MonitorTask, store: &Store, start: &str) -> Result<Vec<PastWindow>, Failure> {
    let reports = store.list(DRIFT)?.into_iter().filter(|object| object.name.ends_with(REPORT));
    let mut names: Vec<String> = reports.map(|object| object.name).collect();
    names.sort();
    let (mut windows, mut before) = (Vec::new(), start.to_owned());
    for name in names.iter().rev() {
        let Some(bytes) = store.get_at_most(name, MAX_REPORT)? else { continue };
        let Ok(report) = serde_json::from_slice::<DriftReport>(&bytes) else { continue };
        let is_own = report.model.as_ref().and_then(|model| model.bundle.as_ref()) == Some(&task.production.digest);
        let (Some(from), Some(to)) = (&report.window.from, &report.window.to) else { continue };
        if is_own && *to <= before {
            windows.extend(report.history.last().cloned());
            before.clone_from(from);
        }
        if windows.len() == WINDOWS {
            break;
        }
    }
    windows.reverse();
    Ok(windows)
}
