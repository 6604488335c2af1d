//! Every fact that a decision about a policy may use. A missing fact is a variant here, never an error and never a default.

use crate::observed::{ClaimFact, Identity};
use dropout_crds::{DropoutModelSpec, DropoutModelStatus, RetrainPolicySpec, RetrainPolicyStatus};
use dropout_model::{
    monitoring::{MonitorAnswer, ReportOrigin},
    task::NoAnswer,
};
use jiff::Timestamp;

/// The world as one policy sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedPolicy {
    /// Who it is.
    pub identity: Identity,
    /// When it was created.
    pub created: Timestamp,
    /// What is asked for.
    pub spec: RetrainPolicySpec,
    /// What was decided before; none if the object is new or its status was lost.
    pub status: Option<RetrainPolicyStatus>,
    /// The model that it names.
    pub model: ModelFact,
    /// The other policies that name the same model.
    pub rivals: Vec<Rival>,
    /// Our Jobs for this policy, whatever they do.
    pub runs: Vec<MonitorRunFact>,
    /// The ConfigMap with a report, if the spec names one.
    pub report: ReportFact,
    /// The claim of the store; none if the store is a bucket or the model is absent.
    pub store_claim: Option<ClaimFact>,
}

/// The model that a policy names.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelFact {
    /// There is none of that name.
    Absent,
    /// It is being deleted.
    Leaving,
    /// It is there.
    Present(Box<ModelSeen>),
}

/// A model, as its policy sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSeen {
    /// Who it is.
    pub identity: Identity,
    /// What is asked for.
    pub spec: DropoutModelSpec,
    /// What was decided about it; none if nothing was yet.
    pub status: Option<DropoutModelStatus>,
}

/// Another policy of the same model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rival {
    /// When it was created.
    pub created: Timestamp,
    /// Its name; of two that were created in the same second the lesser name is the older.
    pub name: String,
}

/// A Job of ours for this policy.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorRunFact {
    /// Name of the Job.
    pub name: String,
    /// Hash of its task.
    pub task: String,
    /// Where it stands.
    pub phase: MonitorPhase,
}

/// Where a monitor's Job stands.
#[allow(clippy::large_enum_variant, reason = "a policy has one or two")]
#[derive(Clone, Debug, PartialEq)]
pub enum MonitorPhase {
    /// No container has started. The sentence says what keeps it, if anything is known.
    Pending(Option<String>),
    /// Its container runs.
    Running,
    /// It ended well and left an answer, or something that is none.
    Finished(Result<MonitorAnswer, NoAnswer>),
    /// It ended well, but its pod is gone, and the answer with it.
    AnswerGone,
    /// It failed. The sentence says why, without anything of a patient.
    Failed(String),
    /// An object of that name belongs to somebody else. The sentence names the owner.
    Foreign(String),
}

/// The ConfigMap with a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportFact {
    /// The spec names none.
    NotAsked,
    /// There is none of that name. The name.
    Absent(String),
    /// There is one, but it does not carry the label with the model's name. The name.
    Unlabelled(String),
    /// It is there.
    Present(ReportOrigin),
}
