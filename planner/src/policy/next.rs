//! The state under decision: the status as it will stand, what is told about it, and when it could move by itself. It
//! decides nothing.

use super::{
    observed::{ModelSeen, ObservedPolicy},
    sentence,
};
use crate::{observed::later, plan::Announcement};
use dropout_crds::{
    Reason, RetrainPolicyStatus,
    retrain_policy::{MonitorStatus, TriggerStatus},
};
use dropout_model::digest::{json_digest, short};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Hex digits of a firing's identity: enough that no two of a fleet are the same.
const IDENTITY: usize = 24;

/// The state that a decision works on. `now` is in whole seconds, as times are in the API.
pub struct Next<'a> {
    /// What is known of the world.
    pub observed: &'a ObservedPolicy,
    /// The time of this plan.
    pub now: Timestamp,
    /// The status as it will stand.
    pub status: RetrainPolicyStatus,
    /// What was decided, to be told as events.
    pub announcements: Vec<Announcement>,
    /// Why the policy is not accepted, if it is not.
    pub refused: Option<(Reason, String)>,
    /// Why no look is made, if none can be.
    pub blocked: Option<(Reason, String)>,
    /// What only a human can mend.
    pub faults: Vec<(Reason, String)>,
    /// Whether the policy's spec was edited since the last plan.
    pub is_edited: bool,
    /// Whether a Job that failed stands in the way of the look that is due.
    pub is_in_the_way: bool,
    /// Times at which the state could move by itself.
    moments: Vec<Timestamp>,
}

/// The state before the first decision.
pub fn begin(observed: &ObservedPolicy, now: Timestamp) -> Next<'_> {
    Next {
        observed,
        now,
        status: observed.status.clone().unwrap_or_default(),
        announcements: Vec::new(),
        refused: None,
        blocked: None,
        faults: Vec::new(),
        is_edited: false,
        is_in_the_way: false,
        moments: Vec::new(),
    }
}

impl Next<'_> {
    /// The time of this plan, as the API writes it.
    pub fn time(&self) -> Time {
        Time(self.now)
    }

    /// Tells one decision.
    pub fn tell(&mut self, reason: Reason, message: impl Into<String>) {
        let is_warning = matches!(
            reason,
            Reason::Breaching | Reason::Notified | Reason::Skipped | Reason::Withdrawn | Reason::SuspendedAfterRefusals
        );
        let message = sentence::short(&message.into(), sentence::EVENT);
        self.announcements.push(Announcement { is_warning, reason, message });
    }

    /// Notes a time at which the state could move by itself; one that has passed is none.
    pub fn moves_at(&mut self, at: Timestamp) {
        if at > self.now {
            self.moments.push(at);
        }
    }

    /// When to look again if nothing happens, at least a second ahead.
    pub fn wake(&self) -> Option<Timestamp> {
        self.moments.iter().min().map(|at| (*at).max(later(self.now, 1)))
    }

    /// The policy is not its model's: it watches nothing, and what it asked for is taken back.
    pub fn refuse(&mut self, reason: Reason, message: String) {
        self.status.monitor = None;
        self.status.triggers.clear();
        self.refused = Some((reason, message));
    }

    /// The monitor's part of the status.
    pub fn monitor(&mut self) -> &mut MonitorStatus {
        self.status.monitor.get_or_insert_default()
    }

    /// The identity of a firing: it is the same whenever the same trigger fires for the same report or time.
    pub fn firing_id(&self, trigger: &str, of: &str) -> String {
        short(&json_digest(&(&self.observed.identity.uid, trigger, of)), IDENTITY).to_owned()
    }

    /// Counts refusals anew once the spec of the policy or the model was edited; with another model of that name all is
    /// forgotten.
    pub fn recount(&mut self, model: &ModelSeen) {
        let generation = self.observed.identity.generation;
        let counted = format!("{generation}.{}.{}", model.identity.generation, model.identity.uid);
        let before = self.status.counted_generations.replace(counted.clone());
        let Some(before) = before else {
            self.status.counted_from = Some(Time(crate::next::whole_seconds(self.observed.created)));
            return;
        };
        if before == counted {
            return;
        }
        self.status.counted_from = Some(self.time());
        self.is_edited = !before.starts_with(&format!("{generation}."));
        if !before.ends_with(&format!(".{}", model.identity.uid)) {
            self.status.monitor = None;
            self.status.triggers.clear();
            self.status.skipped.clear();
        }
    }

    /// The trigger of that place.
    pub fn trigger_mut(&mut self, at: usize) -> Option<&mut TriggerStatus> {
        self.status.triggers.get_mut(at)
    }
}
