//! The conditions of a policy, as they follow from the state. A report that is stale or missing leaves it ready: the policy
//! works, and says what it does not know.

use super::{
    limits,
    next::Next,
    observed::{ModelFact, ModelSeen, MonitorPhase},
    report, sentence,
};
use crate::plan::Announcement;
use dropout_crds::{
    ConditionType, Reason,
    condition::{condition, set},
    retrain_policy::MonitorStatus,
};

/// A condition's status with its reason and sentence.
type Said = (Option<bool>, Reason, String);

/// Writes all conditions and the observed generation, and tells what turned bad.
pub fn write(next: &mut Next<'_>) {
    let said = [
        (ConditionType::Accepted, accepted(next)),
        (ConditionType::Ready, ready(next)),
        (ConditionType::Reconciling, reconciling(next)),
        (ConditionType::Stalled, stalled(next)),
        (ConditionType::MonitoringFresh, fresh(next)),
    ];
    let generation = Some(next.observed.identity.generation);
    for (kind, (status, reason, message)) in said {
        let message = sentence::short(&message, sentence::CONDITION);
        let mut new = condition(kind, status, (reason, message.clone()), next.now);
        new.observed_generation = generation;
        let is_new = !next
            .status
            .conditions
            .iter()
            .any(|old| (&old.type_, &old.status, &old.reason) == (&new.type_, &new.status, &new.reason));
        set(&mut next.status.conditions, new);
        if is_new && is_bad(kind, status, reason) {
            next.announcements.push(Announcement { is_warning: true, reason, message });
        }
    }
    next.status.observed_generation = generation;
}

/// Whether a condition that turns so is worth an event. What a skipped firing told already is not told again.
fn is_bad(kind: ConditionType, status: Option<bool>, reason: Reason) -> bool {
    let is_waiting = matches!(
        reason,
        Reason::NeverChecked
            | Reason::NoProduction
            | Reason::Suspended
            | Reason::NoRecords
            | Reason::SuspendedAfterRefusals
    ) || (kind == ConditionType::Stalled && reason == Reason::Conflicted);
    match (kind, status) {
        (ConditionType::Accepted | ConditionType::MonitoringFresh, Some(false)) => !is_waiting,
        (ConditionType::Stalled, Some(true)) => !is_waiting || reason == Reason::NoRecords,
        (_, _) => false,
    }
}

fn accepted(next: &Next<'_>) -> Said {
    match &next.refused {
        Some((reason, message)) => (Some(false), *reason, message.clone()),
        None => {
            (Some(true), Reason::Accepted, format!("DropoutModel {} listens to it", next.observed.spec.model_ref.name))
        }
    }
}

fn ready(next: &Next<'_>) -> Said {
    if let Some((reason, message)) = next.refused.clone().or_else(|| human(next)) {
        return (Some(false), reason, message);
    }
    if next.observed.spec.is_suspended() {
        return (
            Some(true),
            Reason::Suspended,
            "spec.suspend is set: nothing is looked at and nothing fires".to_owned(),
        );
    }
    let n = next.status.triggers.len();
    (
        Some(true),
        Reason::Watching,
        format!("{n} trigger{} of DropoutModel {}", if n == 1 { "" } else { "s" }, next.observed.spec.model_ref.name),
    )
}

/// A policy whose model is not there yet is at work: it is accepted once the model comes.
fn reconciling(next: &Next<'_>) -> Said {
    match &next.refused {
        Some((Reason::ModelNotFound, message)) => (Some(true), Reason::ModelNotFound, message.clone()),
        Some((reason, _)) => (Some(false), *reason, "it waits for a human: see Stalled".to_owned()),
        None => (Some(false), Reason::UpToDate, "all that is known was taken in".to_owned()),
    }
}

fn stalled(next: &Next<'_>) -> Said {
    let refused = next.refused.clone().filter(|(reason, _)| *reason != Reason::ModelNotFound);
    match refused.or_else(|| human(next)) {
        Some((reason, message)) => (Some(true), reason, message),
        None => (Some(false), Reason::NoError, "no human is needed".to_owned()),
    }
}

/// What only a human can mend.
fn human(next: &Next<'_>) -> Option<(Reason, String)> {
    next.faults.first().cloned().or_else(|| too_many_refusals(next))
}

fn too_many_refusals(next: &Next<'_>) -> Option<(Reason, String)> {
    let status = model(next)?.status.as_ref()?;
    let refusals = limits::refusals(next, status);
    (refusals >= next.observed.spec.limits().refusals())
        .then(|| (Reason::SuspendedAfterRefusals, sentence::refused(refusals, Some(status))))
}

fn model<'a>(next: &Next<'a>) -> Option<&'a ModelSeen> {
    match &next.observed.model {
        ModelFact::Present(model) if next.refused.is_none() => Some(model),
        ModelFact::Present(_) | ModelFact::Absent | ModelFact::Leaving => None,
    }
}

fn fresh(next: &Next<'_>) -> Said {
    let Some(model) = model(next) else {
        return (
            None,
            next.refused.as_ref().map_or(Reason::Pending, |(reason, _)| *reason),
            "nothing is looked at: see Accepted".to_owned(),
        );
    };
    let failure = next.status.monitor.as_ref().and_then(failure);
    match (report::report(next, model), failure) {
        (Err((Reason::NotMonitored, message)), _) => (None, Reason::NotMonitored, message),
        (Err((Reason::NeverChecked, message)), Some(failure)) => {
            (Some(false), Reason::MonitorFailed, format!("{message}: {failure}"))
        }
        (Err((Reason::NeverChecked, message)), None) => (Some(false), Reason::NeverChecked, waiting(next, message)),
        (Err((reason, message)), Some(failure)) => (Some(false), reason, format!("{message}: {failure}")),
        (Err((reason, message)), None) => (Some(false), reason, message),
        (Ok(_), Some(failure)) => (Some(false), Reason::MonitorFailed, failure),
        (Ok(last), None) => match last.lost {
            Some(lost) => (
                Some(false),
                Reason::RecordsLost,
                format!(
                    "{lost} records of the window were lost before they were written; the verdict rests on the others"
                ),
            ),
            None => (Some(true), Reason::Fresh, format!("{:?}: {}", last.verdict, last.message)),
        },
    }
}

/// Why the last look failed, if it did.
fn failure(monitor: &MonitorStatus) -> Option<String> {
    let failure = monitor.failure.as_ref()?;
    Some(format!("{} look(s) in a row failed: {failure}", monitor.failures.unwrap_or(1)))
}

/// What keeps the first look, if that is known.
fn waiting(next: &Next<'_>, message: String) -> String {
    let run = next.status.monitor.as_ref().and_then(|monitor| monitor.run.as_ref());
    let fact = run.and_then(|run| next.observed.runs.iter().find(|fact| fact.task == run.task));
    match fact.map(|fact| &fact.phase) {
        Some(MonitorPhase::Pending(Some(why))) => format!("{message}: its pod waits: {why}"),
        _ => message,
    }
}
