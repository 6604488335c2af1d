//! The sentences that people read: what, where and what to do. They hold no time that passes, so a plan at rest says
//! the same again.

use crate::{
    observed::{Fleet, Observed, RunFailure},
    rollout::is_placed,
    task::work,
};
use dropout_crds::{
    DropoutModelSpec,
    command::CommandName,
    status::{Candidate, CandidateWork, Judged, JudgedCheck, Release, Trigger, Unresolved, version_name},
};
use dropout_model::{
    digest::short as short_digest,
    task::{Evidence, NoAnswer},
};

/// Longest sentence of a condition or failure, in bytes.
pub const CONDITION: usize = 320;
/// Longest sentence of the history, in bytes.
pub const ENTRY: usize = 220;
/// Longest sentence of a verdict, in bytes.
pub const VERDICT: usize = 320;
/// Longest sentence of one check, in bytes.
const CHECK: usize = 160;
/// What takes a training's place.
const BUNDLE: &str = "bundle named in spec.training.source";

/// A text cut to a number of bytes.
pub fn short(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes.saturating_sub(3)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", text.get(..end).unwrap_or_default())
}

/// A sentence about a version, which it begins with.
pub fn about(name: &str, what: &str) -> String {
    if what.starts_with(&format!("{name} ")) { what.to_owned() } else { format!("{name}: {what}") }
}

/// A Job's failure: one word and a sentence.
pub fn failure(failure: &RunFailure, spec: &DropoutModelSpec) -> (&'static str, String) {
    match failure {
        RunFailure::BadInput(answer) => ("BadInput", answer.message.clone()),
        RunFailure::Deadline(waited) => ("Deadline", deadline(waited.as_deref(), spec)),
        RunFailure::OutOfMemory { container } => ("OutOfMemory", out_of_memory(container)),
        RunFailure::Evicted(why) => ("Evicted", format!("the pod was evicted or its node lost: {why}")),
        RunFailure::Exit { container, code, message } => ("Exit", exit(container, *code, message)),
        RunFailure::Unknown(why) => ("Unknown", format!("the Job failed and left no reason: {why}")),
    }
}

fn deadline(waited: Option<&str>, spec: &DropoutModelSpec) -> String {
    let limit = spec.active_deadline();
    match waited {
        Some(waited) => format!("the Job passed spec.training.activeDeadline ({limit}) while it waited: {waited}"),
        None => format!("the Job passed spec.training.activeDeadline ({limit}): raise it or give the pod more CPU"),
    }
}

fn out_of_memory(container: &str) -> String {
    format!("container {container} was ended for want of memory: raise spec.training.pod.resources.limits.memory")
}

fn exit(container: &str, code: i32, message: &str) -> String {
    if message.is_empty() {
        return format!("container {container} ended with code {code}: see its log");
    }
    format!("container {container} ended with code {code}: {message}")
}

/// A Job that ended well without an answer that can be used.
pub fn no_answer(no_answer: &NoAnswer) -> String {
    match no_answer {
        NoAnswer::Empty => "the Job ended well, but left no answer".to_owned(),
        NoAnswer::Malformed(why) => {
            format!("the Job ended well, but its answer is not readable: {why}; its image does not keep the contract")
        }
        NoAnswer::Foreign => {
            "the Job ended well, but its answer is to another task; its image does not keep the contract".to_owned()
        }
    }
}

/// An answer that names nothing it found.
pub fn without_evidence() -> String {
    "the Job ended well, but its answer has no evidence; its image does not keep the contract".to_owned()
}

/// A sentence about a failed attempt, with its number.
pub fn attempt(what: &str, candidate: &Candidate, retries: u32) -> String {
    let place = format!("{} attempt {} of {}: ", candidate.name, candidate.attempt, retries.saturating_add(1));
    format!("{place}{}", short(what, CONDITION.saturating_sub(place.len() + 24)))
}

/// The answer of a finished Job is gone.
pub fn answer_lost(candidate: &Candidate) -> String {
    format!("the Job of {} ended, but its answer is gone; it is read from the store", candidate.name)
}

/// The answer is in the store neither.
pub fn answer_not_in_store(candidate: &Candidate) -> String {
    format!("the answer of {} is gone and the store has none", candidate.name)
}

/// What runs for a candidate.
pub fn making(candidate: &Candidate, spec: &DropoutModelSpec) -> String {
    let name = &candidate.name;
    let what = match candidate.work {
        CandidateWork::Train if spec.source().is_some() => {
            format!("{name} is being made of the {BUNDLE}")
        }
        CandidateWork::Train => format!("{name} is being trained"),
        CandidateWork::Evaluate => format!("{name} is being evaluated"),
        CandidateWork::Read => format!("the answer of {name} is being read from the store"),
    };
    if candidate.attempt > 1 { format!("{what}, attempt {}", candidate.attempt) } else { what }
}

/// A version that was trained elsewhere.
pub fn imported(name: &str) -> String {
    format!("{name} is the {BUNDLE}")
}

/// A version that did not come to be, because the input was bad.
pub fn not_made(judged: &Judged, spec: &DropoutModelSpec) -> String {
    let name = version_name(judged.version);
    match spec.source() {
        Some(_) => format!("{name} was not made of the {BUNDLE}: {}", judged.message),
        None => format!("{name} was not trained: {}", judged.message),
    }
}

/// A candidate was started.
pub fn started(candidate: &Candidate, observed: &Observed) -> String {
    let spec = &observed.spec;
    let why = match candidate.trigger {
        Trigger::FirstModel => "there is no model yet",
        Trigger::SpecChanged if spec.source().is_some() => {
            "the spec names another bundle, other data or other features"
        }
        Trigger::SpecChanged => "the spec asks for another training",
        Trigger::GateChanged => "the gate or the threshold was edited",
        Trigger::Command => "the command retrain was given",
        Trigger::Drift => "its inputs moved",
        Trigger::Performance => "production does worse than it may",
        Trigger::Schedule => "its time has come",
        Trigger::NewData => "enough new labels have arrived",
    };
    let said = fired(candidate, observed).map(|said| format!(": {said}")).unwrap_or_default();
    format!("{}: {why}{said}", making(candidate, spec))
}

/// What the policy says of the firing that a candidate was started for.
fn fired<'a>(candidate: &Candidate, observed: &'a Observed) -> Option<&'a str> {
    let id = candidate.firing.as_ref()?;
    let firing = observed.policy.as_ref()?.firings.iter().find(|firing| firing.id == *id)?;
    (firing.trigger == candidate.trigger).then_some(firing.message.as_str())
}

/// A candidate waits for the fleet.
pub fn queued(candidate: &Candidate, fleet: Fleet) -> String {
    format!("{} waits: {} of {} trainings of all models run", candidate.name, fleet.trainings, fleet.max_trainings)
}

/// A candidate was given up because something else is asked for.
pub fn abandoned(candidate: &Candidate) -> String {
    let what = match (candidate.release.is_some(), work(candidate)) {
        (true, _) => "its rollout",
        (false, CandidateWork::Train | CandidateWork::Read) => "its training",
        (false, CandidateWork::Evaluate) => "its evaluation",
    };
    format!("{}: {what} was given up, because the spec or production changed", candidate.name)
}

/// Production's threshold could not be resolved.
pub fn unresolved(left: &Unresolved) -> String {
    format!("production keeps its threshold, which is not resolved under the spec's gate: {}", left.message)
}

/// A candidate's bundle is judged under another gate.
pub fn judged_anew(candidate: &Candidate) -> String {
    let what = if candidate.release.is_some() { "verdict" } else { "evaluation" };
    format!(
        "{}: its {what} was given up, because the gate or the threshold was edited; it is judged anew",
        candidate.name
    )
}

/// A command whose value cannot be read. The value is not repeated: it may be anything.
pub fn malformed(name: CommandName) -> String {
    let example = match name {
        CommandName::Retrain => "now",
        CommandName::RollbackTo => "previous",
        CommandName::ReleaseQuarantine => "all",
    };
    let name = name.name();
    format!("{name}: its value cannot be read; a command is ARGUMENT@TIME, such as {example}@2026-11-20T09:00:00Z")
}

/// The number was taken in the store.
pub fn version_taken(old: &Candidate, version: u32) -> String {
    format!("{} is in the store already; the candidate goes on as {}", old.name, version_name(version))
}

/// Too many numbers were taken.
pub fn numbers_taken(candidate: &Candidate) -> String {
    format!(
        "{} and all numbers tried before it are in the store already: set another spec.store.uri in a new model",
        candidate.name
    )
}

/// A bundle that passed, but is quarantined.
pub fn quarantined(bundle: &str) -> String {
    format!(
        "the gate passed, but bundle {} is quarantined: the command release-quarantine lets it be served again",
        short_digest(bundle, 12)
    )
}

/// A claim that is not there.
pub fn claim_not_found(name: &str, what: &str) -> String {
    format!("PersistentVolumeClaim {name} of the {what} is not there: create it in the model's namespace")
}

/// A claim for one node only.
pub fn claim_not_shared(name: &str) -> String {
    format!(
        "PersistentVolumeClaim {name} of the store is not ReadWriteMany: use one that is, or set spec.store.singleNode: Allow"
    )
}

/// A Deployment of somebody else.
pub fn foreign_deployment(owner: &str) -> String {
    owner.to_owned()
}

/// A Job of somebody else.
pub fn foreign_run(owner: &str) -> String {
    owner.to_owned()
}

/// A version became production.
pub fn promoted(name: &str, previous: Option<&Release>) -> String {
    match previous {
        Some(previous) => format!("{name} is production; {} is where a rollback goes", previous.name),
        None => format!("{name} is production, the first of this model"),
    }
}

/// A version was rolled back. What serves comes first: the end of a long reason is cut.
pub fn rolled_back(name: &str, production: Option<&Release>, why: &str) -> String {
    let served = match production {
        Some(production) => format!("{} serves", production.name),
        None => "there is nothing to go back to (edit the spec or give the command retrain)".to_owned(),
    };
    format!("{name} was rolled back, {served}: {}", short(why, 240))
}

/// A rollout past its deadline.
pub fn overdue(observed: &Observed) -> String {
    let deadline = observed.spec.progress_deadline();
    format!("its pods were not available within spec.rollout.progressDeadline ({deadline})")
}

/// How many pods of a release are there, and how many of an earlier template still serve.
pub fn pods(observed: &Observed, release: &Release) -> String {
    let deployed = observed.deployed();
    let updated =
        deployed.filter(|deployed| is_placed(deployed, release)).map_or(0, |deployed| deployed.updated_available);
    let earlier = deployed.map_or(0, |deployed| deployed.available) - updated;
    let pods = format!("{updated} of {} pods are available", observed.spec.replicas());
    if earlier > 0 { format!("{pods}; {earlier} of an earlier template still serve") } else { pods }
}

/// The checks of an evidence, failed ones first, at most eight.
pub fn checks(evidence: &Evidence) -> Vec<JudgedCheck> {
    let mut checks: Vec<_> = evidence.checks.iter().collect();
    checks.sort_by_key(|check| check.verdict.rank());
    let cut = |check: JudgedCheck| JudgedCheck {
        name: short(&check.name, 64),
        message: short(&check.message, CHECK),
        ..check
    };
    checks.into_iter().take(8).map(JudgedCheck::from).map(cut).collect()
}
