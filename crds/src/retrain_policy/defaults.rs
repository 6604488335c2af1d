//! What a policy means where it says nothing: the defaults of its fields, each as its field's documentation tells.

use super::{Action, Limits, Monitor, RetrainPolicySpec, ScheduleTrigger, TriggerSpec};
use dropout_model::{monitoring::PerformanceSource, period::Period};

impl Monitor {
    /// Time between two looks, the default filled in.
    pub fn every(&self) -> Period {
        let every = self.every.unwrap_or(Period::days(1));
        if every.as_seconds() < 5 { Period::seconds(5) } else { every }
    }

    /// Length of a window, the default filled in.
    pub fn window(&self) -> Period {
        self.window.unwrap_or(Period::days(28))
    }

    /// Fewest patients in a window, the default filled in.
    pub fn min_rows(&self) -> u32 {
        self.min_rows.map_or(100, |rows| u32::try_from(rows).unwrap_or(1))
    }

    /// Seconds after which a report is stale, the default filled in.
    pub fn max_age_seconds(&self) -> u64 {
        let default = || self.every().as_seconds().saturating_mul(2).saturating_add(3_600);
        self.max_age.map_or_else(default, Period::as_seconds)
    }

    /// Longest time of a Job, the default filled in.
    pub fn active_deadline(&self) -> Period {
        self.active_deadline.unwrap_or(Period::minutes(10))
    }
}

impl Limits {
    /// Seconds after the start of a training in which no trigger fires, the default filled in.
    pub fn cooldown_seconds(&self) -> u64 {
        self.cooldown.unwrap_or(Period::days(7)).as_seconds()
    }

    /// Seconds to wait after so many candidates in a row that did not get through: the first wait doubled each time, the
    /// defaults filled in.
    pub fn backoff_seconds(&self, refusals: u32) -> u64 {
        let backoff = self.backoff.clone().unwrap_or_default();
        let first = backoff.initial.unwrap_or(Period::minutes(10)).as_seconds();
        let longest = backoff.max.unwrap_or(Period::hours(24)).as_seconds();
        let doubled = 2_u64.checked_pow(refusals.saturating_sub(1)).unwrap_or(u64::MAX);
        if refusals == 0 { 0 } else { first.saturating_mul(doubled).min(longest) }
    }

    /// Candidates in a row that may not get through, the default filled in; at least 1.
    pub fn refusals(&self) -> u32 {
        self.suspend_after_refusals.map_or(4, |n| u32::try_from(n).unwrap_or(1).max(1))
    }

    /// Patients with a new label that a training needs, the default filled in.
    pub fn new_labelled_patients(&self) -> i64 {
        self.min_new_labelled_patients.map_or(50, i64::from)
    }
}

impl ScheduleTrigger {
    /// Seconds by which a time may be missed, the default filled in.
    pub fn starting_deadline_seconds(&self) -> u64 {
        self.starting_deadline.unwrap_or(Period::hours(6)).as_seconds()
    }

    /// Name of the time zone, the default filled in.
    pub fn zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or("Etc/UTC")
    }
}

impl TriggerSpec {
    /// Reports in a row that must breach, the default filled in; of new labels one is enough.
    pub fn consecutive(&self) -> u32 {
        if self.new_data.is_some() {
            return 1;
        }
        self.consecutive.map_or(2, |n| u32::try_from(n).unwrap_or(1).max(1))
    }
}

impl RetrainPolicySpec {
    /// What a trigger does, the defaults filled in: estimated performance tells people unless its trigger says otherwise.
    pub fn action(&self, trigger: &TriggerSpec) -> Action {
        let source = trigger.performance.as_ref().map(|performance| performance.source.unwrap_or_default());
        let is_estimated = source == Some(PerformanceSource::Estimated);
        let default = if is_estimated { Action::Notify } else { self.action.unwrap_or_default() };
        trigger.action.unwrap_or(default)
    }

    /// What keeps trainings apart, as far as it is said.
    pub fn limits(&self) -> Limits {
        self.limits.clone().unwrap_or_default()
    }

    /// Whether monitoring and firing are stopped.
    pub fn is_suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }
}
