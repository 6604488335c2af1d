//! What a decision about a policy is. It decides nothing.

use crate::plan::Announcement;
use dropout_crds::RetrainPolicyStatus;
use dropout_model::monitoring::MonitorTask;
use jiff::Timestamp;

/// A decision about a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyPlan {
    /// What is held true and decided now. Written first, and only if it differs.
    pub status: RetrainPolicyStatus,
    /// What is to be done, each safe to repeat and repeated until observed.
    pub intents: Vec<PolicyIntent>,
    /// One per decision, told after the status is written.
    pub announcements: Vec<Announcement>,
    /// When to look again if nothing happens; none means: only when something happens.
    pub wake: Option<Timestamp>,
}

/// One thing to be done for a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyIntent {
    /// Start the monitor's Job for this task. Its name is a hash of the policy's uid and the task's hash.
    Look(Box<MonitorTask>),
    /// Delete Jobs that were answered or abandoned, by name.
    Prune(Vec<String>),
}
