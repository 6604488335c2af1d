//! What a decision is: a status, intents, announcements and the time of the next look. It decides nothing.

use dropout_crds::{
    DropoutModelStatus, Reason,
    status::{CandidateWork, Record, Release},
};
use dropout_model::{policy::Policy, task::Task};
use jiff::Timestamp;

/// A decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is held true and decided now. Written first, and only if it differs.
    pub status: DropoutModelStatus,
    /// What is to be done, each safe to repeat and repeated until observed.
    pub intents: Vec<Intent>,
    /// One per decision, told after the status is written.
    pub announcements: Vec<Announcement>,
    /// When to look again if nothing happens; none means: only when something happens.
    pub wake: Option<Timestamp>,
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Start a Job.
    Launch(Box<Launch>),
    /// Let the Deployment and the Service serve a release.
    Serve(Box<Serve>),
    /// Scale our Deployment to no pods: there is no production, and the bundle of its template is quarantined.
    Withdraw,
    /// Delete Jobs that were answered or abandoned, by name.
    Prune(Vec<String>),
}

/// A Job to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Number of the version it is about.
    pub version: u32,
    /// What it does.
    pub work: CandidateWork,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The task.
    pub task: Task,
    /// Hash of the task that the answer must name: the task's own, or for a reading that of the lost answer.
    pub answers: String,
}

/// A release to be served.
#[derive(Clone, Debug, PartialEq)]
pub struct Serve {
    /// The release.
    pub release: Release,
    /// Its policy: the resolved threshold and the tiers of the spec.
    pub policy: Policy,
    /// Number of pods.
    pub replicas: i32,
    /// What is kept on the Deployment in case the status is lost.
    pub record: Record,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Whether it is a warning.
    pub is_warning: bool,
    /// The word, as in the condition.
    pub reason: Reason,
    /// The sentence.
    pub message: String,
}
