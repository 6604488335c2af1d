//! What keeps a trigger that breached from asking for a training. Each limit is one function; the first that holds is told.

use super::{next::Next, observed::ModelSeen, sentence, task};
use crate::next::after;
use dropout_crds::{
    DropoutModelStatus, Reason,
    retrain_policy::{Action, Limits, RetrainPolicySpec, SkipReason, TriggerSpec, TriggerStatus},
    status::{JudgedOutcome, TrainingEntry, Trigger},
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// What keeps a trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// One word for why.
    pub reason: SkipReason,
    /// One sentence: until when, and what to do.
    pub message: String,
    /// When it ends by itself, if it does.
    pub until: Option<Timestamp>,
}

impl Kept {
    fn new(reason: SkipReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), until: None }
    }

    fn until(reason: SkipReason, message: impl Into<String>, until: Timestamp) -> Self {
        Self { reason, message: message.into(), until: Some(until) }
    }
}

/// What keeps a trigger from firing now, if anything does. Telling people is kept by `suspend` alone.
pub fn kept(next: &Next<'_>, model: &ModelSeen, trigger: &TriggerSpec) -> Option<Kept> {
    let spec = &next.observed.spec;
    if spec.is_suspended() {
        return Some(Kept::new(SkipReason::Suspended, "spec.suspend of the policy is set"));
    }
    if spec.action(trigger) == Action::Notify {
        return None;
    }
    let Some(status) = model.status.as_ref().filter(|status| status.production.is_some()) else {
        return Some(Kept::new(SkipReason::NoProduction, "no version is production yet"));
    };
    let limits = spec.limits();
    // What is about the trigger alone comes first: the others hold of all triggers, so they change for all at once.
    suspended(next, model, status)
        .or_else(|| few_new_labels(next, trigger, &limits))
        .or_else(|| making(next, status))
        .or_else(|| blackout(next))
        .or_else(|| cooldown(next, status, &limits))
        .or_else(|| backoff(next, status, &limits))
        .or_else(|| budget(next, status, &limits))
}

/// The model is suspended, or too many candidates in a row did not get through.
fn suspended(next: &Next<'_>, model: &ModelSeen, status: &DropoutModelStatus) -> Option<Kept> {
    if model.spec.is_suspended() {
        return Some(Kept::new(SkipReason::Suspended, "spec.suspend of the DropoutModel is set"));
    }
    let refusals = refusals(next, status);
    (refusals >= next.observed.spec.limits().refusals())
        .then(|| Kept::new(SkipReason::SuspendedAfterRefusals, sentence::refused(refusals, Some(status))))
}

/// A candidate is in the making, or a firing stands that the model has not taken yet.
fn making(next: &Next<'_>, status: &DropoutModelStatus) -> Option<Kept> {
    let sentence = |name: &str| format!("{name} is in the making; it waits until that one is promoted or given up");
    if let Some(candidate) = &status.candidate {
        return Some(Kept::new(SkipReason::CandidateInTheMaking, sentence(&candidate.name)));
    }
    let standing = next.status.triggers.iter().find(|trigger| stands(trigger, status))?;
    let message = format!("the firing of {} waits for the model to take it", standing.name);
    Some(Kept::new(SkipReason::CandidateInTheMaking, message))
}

/// Whether a trigger's firing asks for a training that was not started.
pub fn stands(trigger: &TriggerStatus, status: &DropoutModelStatus) -> bool {
    let is_taken = |id: &String| status.trainings.iter().any(|entry| entry.firing.as_ref() == Some(id));
    let fired = trigger.fired.as_ref().filter(|fired| fired.action == Action::Retrain && fired.version.is_none());
    fired.is_some_and(|fired| !is_taken(&fired.id))
}

fn blackout(next: &Next<'_>) -> Option<Kept> {
    let (name, _, end) = blackouts(&next.observed.spec)
        .into_iter()
        .filter(|(_, start, end)| *start <= next.now && next.now < *end)
        .max_by_key(|(_, _, end)| *end)?;
    let message = format!("blackout {} lasts until {end}", sentence::short(&name, 40));
    Some(Kept::until(SkipReason::Blackout, message, end))
}

/// The blackouts of a spec: name, start, end. A time that cannot be read keeps everything back.
pub fn blackouts(spec: &RetrainPolicySpec) -> Vec<(String, Timestamp, Timestamp)> {
    let one = |blackout: &dropout_crds::retrain_policy::Blackout| {
        let (start, end) = (blackout.start.parse::<Timestamp>(), blackout.end.parse::<Timestamp>());
        match (start, end) {
            (Ok(start), Ok(end)) => (blackout.name.clone(), start, end),
            (Err(_), _) | (_, Err(_)) => (blackout.name.clone(), Timestamp::MIN, Timestamp::MAX),
        }
    };
    spec.blackouts.iter().map(one).collect()
}

/// What is wrong with a blackout, if anything.
pub fn bad_blackout(spec: &RetrainPolicySpec) -> Option<(Reason, String)> {
    let bad = blackouts(spec).into_iter().find(|(_, start, _)| *start == Timestamp::MIN)?;
    let name = sentence::short(&bad.0, 40);
    Some((
        Reason::BadBlackout,
        format!(
            "blackout {name}: start or end is no time such as 2026-12-01T00:00:00Z; nothing fires until it is mended"
        ),
    ))
}

fn cooldown(next: &Next<'_>, status: &DropoutModelStatus, limits: &Limits) -> Option<Kept> {
    let last = status.trainings.iter().max_by_key(|entry| entry.time.0)?;
    let end = after(&last.time, limits.cooldown_seconds());
    let name = dropout_crds::status::version_name(last.version);
    let message = format!("{name} was begun at {}; limits.cooldown lasts until {end}", last.time.0);
    (next.now < end).then(|| Kept::until(SkipReason::Cooldown, message, end))
}

/// The wait after candidates that did not get through, counted from the last verdict.
fn backoff(next: &Next<'_>, status: &DropoutModelStatus, limits: &Limits) -> Option<Kept> {
    let refusals = refusals(next, status);
    let last = refused(next, status).next()?;
    let judged = status.judged.as_ref().filter(|judged| judged.version == last.version);
    let since = judged.map_or(&last.time, |judged| &judged.time);
    let end = after(since, limits.backoff_seconds(refusals));
    let message = format!("{refusals} candidates in a row did not get through; limits.backoff lasts until {end}");
    (next.now < end).then(|| Kept::until(SkipReason::Backoff, message, end))
}

fn budget(next: &Next<'_>, status: &DropoutModelStatus, limits: &Limits) -> Option<Kept> {
    let budget = limits.budget.as_ref()?;
    let runs = usize::try_from(budget.runs).unwrap_or(1).max(1);
    let length = SignedDuration::from_secs(i64::try_from(budget.per.as_seconds()).unwrap_or(i64::MAX));
    let since = next.now.checked_sub(length).unwrap_or(Timestamp::MIN);
    let mut times: Vec<&Time> =
        status.trainings.iter().map(|entry| &entry.time).filter(|time| time.0 > since).collect();
    times.sort_by_key(|time| time.0);
    let freed = times.len().checked_sub(runs).and_then(|at| times.get(at))?;
    let end = after(freed, budget.per.as_seconds());
    let message = format!(
        "{} trainings began within {}, limits.budget allows {runs}; the next may begin at {end}",
        times.len(),
        budget.per
    );
    Some(Kept::until(SkipReason::Budget, message, end))
}

/// Drift and worse performance are answered by new labels only. Where the monitor reads the model's own records, a number
/// that is not known is not enough; reports of others need not have it.
fn few_new_labels(next: &Next<'_>, trigger: &TriggerSpec, limits: &Limits) -> Option<Kept> {
    let is_asked = trigger.drift.is_some() || trigger.performance.is_some();
    let needed = Some(limits.new_labelled_patients()).filter(|needed| is_asked && *needed > 0)?;
    let last = next.status.monitor.as_ref().and_then(|monitor| monitor.last.as_ref());
    let keep = |message: String| Some(Kept::new(SkipReason::FewNewLabels, message));
    match last.and_then(|last| last.new_labelled_patients) {
        Some(patients) if patients >= needed => None,
        Some(patients) => keep(format!(
            "{patients} patients have a new label, limits.minNewLabelledPatients is {needed}; send outcomes"
        )),
        None if task::reads_predictions(next.observed) => {
            keep(format!("it is not known how many patients have a new label, {needed} are needed; send outcomes"))
        }
        None => None,
    }
}

/// Candidates of this policy in a row that did not get through, since specs were edited last.
pub fn refusals(next: &Next<'_>, status: &DropoutModelStatus) -> u32 {
    u32::try_from(refused(next, status).count()).unwrap_or(u32::MAX)
}

/// Those candidates, the newest first. One that was given up counts neither way, and any that got through ends the row.
fn refused<'a>(next: &'a Next<'_>, status: &'a DropoutModelStatus) -> impl Iterator<Item = &'a TrainingEntry> {
    let from = next.status.counted_from.as_ref().map_or(Timestamp::MIN, |from| from.0);
    let newest = status.trainings.iter().rev();
    let row = newest.take_while(|entry| entry.outcome != Some(JudgedOutcome::Passed));
    row.filter(move |entry| entry.outcome.is_some() && entry.time.0 >= from && is_policy(entry.trigger))
}

fn is_policy(trigger: Trigger) -> bool {
    match trigger {
        Trigger::Drift | Trigger::Performance | Trigger::Schedule | Trigger::NewData => true,
        Trigger::FirstModel | Trigger::SpecChanged | Trigger::GateChanged | Trigger::Command => false,
    }
}
