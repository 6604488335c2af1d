//! Every fact a decision may use. A missing fact is a variant here, never an error and never a default.

use dropout_crds::{
    DropoutModelSpec, DropoutModelStatus,
    command::{Command, Malformed},
    status::{CandidateWork, Record, Release, Trigger},
};
use dropout_model::task::{Answer, NoAnswer};
use jiff::Timestamp;

/// The world as one model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Who it is.
    pub identity: Identity,
    /// What is asked for.
    pub spec: DropoutModelSpec,
    /// What was decided before; none if the object is new or its status was lost.
    pub status: Option<DropoutModelStatus>,
    /// Commands present as annotations.
    pub commands: Vec<Command>,
    /// Annotations of commands that cannot be read. Where the admission policy is in force there are none.
    pub malformed: Vec<Malformed>,
    /// Our Jobs, whatever they do.
    pub runs: Vec<Run>,
    /// The serving Deployment.
    pub serving: ServingFact,
    /// The claim of the training data; none if they are in a bucket.
    pub data_claim: Option<ClaimFact>,
    /// The claim of the store; none if it is in a bucket.
    pub store_claim: Option<ClaimFact>,
    /// The claim of the bundle that `spec.training.source` names; none if the model is trained or the bundle in a bucket.
    pub bundle_claim: Option<ClaimFact>,
    /// The claim of the holdout that `spec.data.holdout.source` names; none if patients are held out by their hash or the
    /// holdout is in a bucket.
    pub holdout_claim: Option<ClaimFact>,
    /// What the accepted policy asks for and forbids; none if there is no accepted policy.
    pub policy: Option<PolicyFact>,
    /// What the rest of the fleet does.
    pub fleet: Fleet,
    /// The operator's default inference image.
    pub inference_image: String,
}

/// What the accepted policy of a model asks for and forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyFact {
    /// Name of the policy.
    pub name: String,
    /// Firings that stand in its status with the action Retrain, oldest first; the model takes each identity once.
    pub firings: Vec<FiringFact>,
    /// Times in which no training, rollout or promotion begins: start and end, exclusive.
    pub blackouts: Vec<(String, Timestamp, Timestamp)>,
}

/// A firing of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiringFact {
    /// Its identity.
    pub id: String,
    /// The kind of trigger that fired.
    pub trigger: Trigger,
    /// Why, in one sentence.
    pub message: String,
}

/// Who a model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// Generation of the spec.
    pub generation: i64,
}

/// A Job of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Name of the Job.
    pub name: String,
    /// Number of the version it is about.
    pub version: u32,
    /// What it does.
    pub work: CandidateWork,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// Hash of its task.
    pub task: String,
    /// Where it stands.
    pub phase: RunPhase,
}

/// Where a Job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunPhase {
    /// No container has started. The sentence says what keeps it, if anything is known.
    Pending(Option<String>),
    /// Its containers run.
    Running {
        /// `prepare` is done: the data was accepted.
        is_prepared: bool,
        /// `train` is done.
        is_trained: bool,
    },
    /// It ended well and left an answer, or something that is none.
    Finished(Result<Answer, NoAnswer>),
    /// It ended well, but its pod is gone, and the answer with it.
    AnswerGone,
    /// It failed.
    Failed(RunFailure),
    /// An object of that name belongs to somebody else. The sentence names the owner.
    Foreign(String),
}

/// Why a Job failed.
#[derive(Clone, Debug, PartialEq)]
pub enum RunFailure {
    /// The input was bad; trying again changes nothing.
    BadInput(Answer),
    /// It ran past its deadline. The sentence says what it waited for, if known.
    Deadline(Option<String>),
    /// A container was ended by the kernel for want of memory.
    OutOfMemory {
        /// Name of the container.
        container: String,
    },
    /// Its pod was evicted or its node lost.
    Evicted(String),
    /// A container ended with a code that is none of the contract.
    Exit {
        /// Name of the container.
        container: String,
        /// The code.
        code: i32,
        /// The last line it left, without anything of a patient.
        message: String,
    },
    /// It failed and nothing is left to say why.
    Unknown(String),
}

/// The serving Deployment.
#[derive(Clone, Debug, PartialEq)]
pub enum ServingFact {
    /// There is none.
    Absent,
    /// There is one of that name, of somebody else. The sentence names the owner.
    Foreign(String),
    /// It is ours.
    Ours(Box<Deployed>),
}

/// Our serving Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// What its template serves, as its record says; none if the record is unreadable.
    pub record: Option<Record>,
    /// Name of the version in its template.
    pub version: String,
    /// Digest of the bundle in its template.
    pub digest: String,
    /// Hash of everything in its template that we decide: bundle, policy, image, pod.
    pub template: String,
    /// Pods that are asked for.
    pub replicas: i32,
    /// Pods of the template that are available. Zero until the Deployment's controller has seen the template.
    pub updated_available: i32,
    /// Available pods of any template.
    pub available: i32,
    /// Pods of any template that exist.
    pub total: i32,
    /// What is wrong with the pods of the template, if anything.
    pub fault: Option<ServingFault>,
}

/// What keeps a template's pods from service.
#[derive(Clone, Debug, PartialEq)]
pub enum ServingFault {
    /// The candidate is to blame: its bundle is refused, or its process ends after the load.
    Candidate(String),
    /// The environment is to blame: image pull, quota, scheduling, mount, missing Secret, store down.
    Environment(String),
}

/// A volume claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimFact {
    /// There is none of that name. The name.
    Absent(String),
    /// It is there.
    Present {
        /// Its name.
        name: String,
        /// Whether pods on several nodes may mount it.
        is_shared: bool,
    },
}

/// What the rest of the fleet does, this model left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Trainings of other models.
    pub trainings: u32,
    /// Most trainings at a time.
    pub max_trainings: u32,
    /// Rollouts of a new default image at other models.
    pub rollouts: u32,
    /// Most of those at a time.
    pub max_rollouts: u32,
}

impl Observed {
    /// The run of a candidate's version, work, attempt and task.
    pub fn run(&self, version: u32, work: CandidateWork, attempt: u32) -> Option<&Run> {
        self.runs.iter().find(|run| run.version == version && run.work == work && run.attempt == attempt)
    }

    /// The Deployment, if it is ours.
    pub fn deployed(&self) -> Option<&Deployed> {
        match &self.serving {
            ServingFact::Ours(deployed) => Some(deployed),
            ServingFact::Absent | ServingFact::Foreign(_) => None,
        }
    }

    /// The release that a status calls production.
    pub fn production(&self) -> Option<&Release> {
        self.status.as_ref().and_then(|status| status.production.as_ref())
    }
}

/// A time far enough ahead to mean "unless something happens".
pub fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
