//! Reports in a row that breach: each of another digest, of windows that do not overlap, of the same version. What is not
//! known leaves the count as it is.

use super::sight::{Finding, Sight};
use crate::next::after;
use dropout_crds::retrain_policy::{LastReport, TriggerState, TriggerStatus};

/// What a report does to a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The count stands where it stood.
    Same,
    /// It grew by this report.
    More,
}

/// Counts a report, and lets the trigger stand as it sees it. `id` is what the report would fire as.
pub fn count(trigger: &mut TriggerStatus, sight: &Sight, report: &LastReport, window: u64) -> Counted {
    let before = trigger.consecutive.unwrap_or(0);
    match sight.finding {
        Finding::Unknown => {
            trigger.state = TriggerState::Unknown;
            Counted::Same
        }
        Finding::Quiet => {
            trigger.state = TriggerState::Quiet;
            forget(trigger);
            Counted::Same
        }
        Finding::Breach => {
            trigger.state = TriggerState::Breaching;
            if !is_another(trigger, report, window) {
                return Counted::Same;
            }
            trigger.consecutive = Some(before.saturating_add(1));
            trigger.last_report.clone_from(&report.digest);
            trigger.last_window_end.clone_from(&report.window_end);
            Counted::More
        }
    }
}

/// Begins the count anew.
pub fn forget(trigger: &mut TriggerStatus) {
    trigger.consecutive = Some(0);
    trigger.last_report = None;
    trigger.last_window_end = None;
}

/// Whether a report may be counted beside the one that was counted last.
fn is_another(trigger: &TriggerStatus, report: &LastReport, window: u64) -> bool {
    let is_later = match (&trigger.last_window_end, &report.window_end) {
        (Some(last), Some(end)) => end.0 >= after(last, window),
        (None, Some(_)) => true,
        (_, None) => false,
    };
    report.digest.is_some() && report.digest != trigger.last_report && is_later
}
