//! Condition types and reasons, and the one place where transition times are kept. It decides no condition.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The conditions of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// The desired production version is served.
    Ready,
    /// Serving pods are converging, or the first model is pending.
    Reconciling,
    /// A human is needed.
    Stalled,
    /// The last training's data kept the contract.
    DataAccepted,
    /// The last training made a model, or the bundle of `spec.training.source` took its place.
    Trained,
    /// The last candidate passed the gate.
    GatePassed,
    /// The last promoted candidate came into service.
    RolledOut,
}

impl ConditionType {
    /// The name in the API.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// One word for why: the reasons of conditions, events and history entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Pods of the production version answer.
    Serving,
    /// No version has been promoted yet.
    NoModel,
    /// Pods are coming or going.
    Converging,
    /// Fewer pods than asked for answer.
    Unavailable,
    /// Nothing to do.
    UpToDate,
    /// Nothing is wrong.
    NoError,
    /// Waits for the fleet's limits.
    Queued,
    /// A training was started.
    TrainingStarted,
    /// An attempt failed and is tried again.
    TrainingRetried,
    /// All attempts failed.
    TrainingFailed,
    /// The spec changed while a candidate was made.
    TrainingAbandoned,
    /// A finished Job left no answer; it is read from the store.
    AnswerLost,
    /// The candidate's number was taken in the store.
    VersionTaken,
    /// The data was accepted.
    Accepted,
    /// The data or manifest is bad.
    BadInput,
    /// A model was trained.
    Trained,
    /// The model is the bundle that `spec.training.source` names; nothing was trained.
    Imported,
    /// The gate let a candidate through.
    GatePassed,
    /// The gate refused a candidate.
    GateFailed,
    /// The gate could not decide.
    GateInconclusive,
    /// The candidate is the served bundle.
    Unchanged,
    /// A candidate's pods are coming.
    RollingOut,
    /// The environment keeps pods from service.
    Held,
    /// A version became production.
    Promoted,
    /// A candidate at fault was rolled back.
    RolledBack,
    /// A command was carried out.
    CommandDone,
    /// A command cannot be carried out.
    CommandRefused,
    /// A claim is not there.
    ClaimNotFound,
    /// The store's claim is for one node only.
    ClaimNotShared,
    /// A name is used by an object of somebody else.
    NameConflict,
    /// The status was lost and taken from the record.
    StatusRestored,
    /// `suspend` is set.
    Suspended,
    /// A blackout of the policy lasts.
    Blackout,
    /// The serving image was replaced by the operator's new one.
    ImageUpdated,
    /// Nothing has happened yet.
    Pending,
}

impl Reason {
    /// The word in the API.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// Sets a condition. The transition time moves only if the status changes.
pub fn set(conditions: &mut Vec<Condition>, mut new: Condition) {
    match conditions.iter_mut().find(|old| old.type_ == new.type_) {
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time = old.last_transition_time.clone();
            }
            *old = new;
        }
        None => conditions.push(new),
    }
}

/// A condition at a time. `status` is true, false or (None) unknown.
pub fn condition(
    kind: ConditionType,
    status: Option<bool>,
    because: (Reason, String),
    now: jiff::Timestamp,
) -> Condition {
    Condition {
        type_: kind.name(),
        status: match status {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        }
        .to_owned(),
        reason: because.0.name(),
        message: crate::status::cut(&because.1),
        last_transition_time: Time(now),
        observed_generation: None,
    }
}
