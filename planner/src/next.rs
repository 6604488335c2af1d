//! The state under decision: the status as it will stand, and what is told about it. It decides nothing by itself.

use crate::{Observed, plan::Announcement, sentence};
use dropout_crds::{
    DropoutModelStatus, Reason,
    status::{Candidate, Entry, MAX_HISTORY},
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// The state that a transition works on. `now` is in whole seconds, as times are in the API.
pub struct Next<'a> {
    /// What is known of the world.
    pub observed: &'a Observed,
    /// The time of this plan.
    pub now: Timestamp,
    /// The status as it will stand.
    pub status: DropoutModelStatus,
    /// What was decided, to be told as events.
    pub announcements: Vec<Announcement>,
    /// Identity of what the spec asks to be learned.
    pub training_hash: String,
    /// Identity of how the spec asks to judge.
    pub gate_hash: String,
    /// Whether a step is left over for the next plan.
    pub has_more: bool,
}

impl Next<'_> {
    /// The time of this plan, as the API writes it.
    pub fn time(&self) -> Time {
        Time(self.now)
    }

    /// Puts one decision down: an event to come and an entry of the history.
    pub fn tell(&mut self, reason: Reason, message: impl Into<String>) {
        let message = sentence::short(&message.into(), sentence::ENTRY);
        self.status.history.push(Entry { time: self.time(), reason: reason.name(), message: message.clone() });
        let surplus = self.status.history.len().saturating_sub(MAX_HISTORY);
        self.status.history.drain(..surplus);
        self.announcements.push(Announcement { is_warning: is_warning(reason), reason, message });
    }

    /// Changes the candidate, if there is one.
    pub fn change(&mut self, change: impl FnOnce(&mut Candidate)) {
        if let Some(candidate) = &mut self.status.candidate {
            change(candidate);
        }
    }

    /// Whether the fleet's limits leave room for a training.
    pub fn has_room(&self) -> bool {
        self.observed.fleet.trainings < self.observed.fleet.max_trainings
    }

    /// Whether a bundle is never to be served.
    pub fn is_quarantined(&self, digest: &str) -> bool {
        self.status.quarantined.iter().any(|bundle| bundle.digest == digest)
    }
}

/// A time and a number of seconds.
pub fn after(time: &Time, seconds: u64) -> Timestamp {
    let length = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    time.0.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// The time in whole seconds: what the API keeps of it.
pub fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Whether an event of this reason is a warning.
fn is_warning(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::TrainingRetried
            | Reason::TrainingFailed
            | Reason::AnswerLost
            | Reason::BadInput
            | Reason::GateFailed
            | Reason::GateInconclusive
            | Reason::Held
            | Reason::RolledBack
            | Reason::CommandRefused
            | Reason::ClaimNotFound
            | Reason::ClaimNotShared
            | Reason::NameConflict
            | Reason::StatusRestored
    )
}
