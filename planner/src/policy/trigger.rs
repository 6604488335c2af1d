//! How each trigger stands: what became of its last firing, what it sees now, and whether it fires.

use super::{
    count,
    count::{Counted, forget},
    fire::{Due, fire, keep},
    limits,
    limits::Kept,
    next::Next,
    observed::ModelSeen,
    report,
    schedule::Schedule,
    sentence,
    sight::{self, Finding, Sight},
};
use crate::{next::after, observed::later};
use dropout_crds::{
    Reason,
    retrain_policy::{Action, LastReport, ScheduleTrigger, SkipReason, TriggerSpec, TriggerState, TriggerStatus},
    status::version_name,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Weighs all triggers in the order of the spec.
pub fn weigh(next: &mut Next<'_>, model: &ModelSeen) {
    next.faults.extend(limits::bad_blackout(&next.observed.spec));
    arrange(next);
    note_taken(next, model);
    if is_of_another_version(next, model) {
        begin_anew(next, model);
    }
    withdraw(next, model);
    let seen = report::report(next, model).cloned();
    if let Some(end) = seen.as_ref().ok().and_then(|last| last.window_end.clone()) {
        let stale = report::stale_at(next, end.0);
        next.moves_at(stale);
    }
    let observed = next.observed;
    for (at, trigger) in observed.spec.triggers.iter().enumerate() {
        match &trigger.schedule {
            Some(schedule) => weigh_schedule(next, model, (at, trigger), schedule),
            None => weigh_report(next, model, (at, trigger), seen.as_ref()),
        }
    }
}

/// The triggers' parts of the status, one for each of the spec and in its order.
fn arrange(next: &mut Next<'_>) {
    let mut old = std::mem::take(&mut next.status.triggers);
    for trigger in &next.observed.spec.triggers {
        let known = old.iter().position(|status| status.name == trigger.name).map(|at| old.swap_remove(at));
        let mut status = known.unwrap_or_else(|| new(trigger));
        if trigger.schedule.is_some() {
            (status.consecutive, status.of, status.last_report, status.last_window_end) = (None, None, None, None);
            (status.value, status.threshold) = (None, None);
        } else {
            (status.next_time, status.last_schedule) = (None, None);
            status.of = Some(trigger.consecutive());
        }
        next.status.triggers.push(status);
    }
}

fn new(trigger: &TriggerSpec) -> TriggerStatus {
    TriggerStatus {
        name: trigger.name.clone(),
        state: TriggerState::Unknown,
        message: String::new(),
        value: None,
        threshold: None,
        consecutive: None,
        of: None,
        last_report: None,
        last_window_end: None,
        next_time: None,
        last_schedule: None,
        fired: None,
    }
}

/// Names the version that the model made of a firing, once it did.
fn note_taken(next: &mut Next<'_>, model: &ModelSeen) {
    let Some(status) = &model.status else { return };
    for fired in next.status.triggers.iter_mut().filter_map(|trigger| trigger.fired.as_mut()) {
        let entry = status.trainings.iter().rev().find(|entry| entry.firing.as_ref() == Some(&fired.id));
        if let Some(entry) = entry {
            fired.version = Some(version_name(entry.version));
        }
    }
}

/// Whether the last report is about another version than the one that is served.
fn is_of_another_version(next: &Next<'_>, model: &ModelSeen) -> bool {
    let last = next.status.monitor.as_ref().and_then(|monitor| monitor.last.as_ref());
    last.is_none_or(|last| last.version.as_ref() != Some(&report::served(model)))
}

/// Another version is production: what was counted about the one before says nothing about it.
fn begin_anew(next: &mut Next<'_>, model: &ModelSeen) {
    let spec = &next.observed.spec;
    let names: Vec<String> =
        spec.triggers.iter().filter(|trigger| trigger.schedule.is_none()).map(|trigger| trigger.name.clone()).collect();
    for (at, name) in next.status.triggers.iter().map(|status| status.name.clone()).enumerate().collect::<Vec<_>>() {
        if !names.contains(&name) {
            continue;
        }
        if let Some(trigger) = next.trigger_mut(at) {
            forget(trigger);
            trigger.threshold = None;
        }
        take_back(next, model, at, "another version is production");
    }
}

/// Takes back firings that are not asked for any more and that no training has taken.
fn withdraw(next: &mut Next<'_>, model: &ModelSeen) {
    let spec = &next.observed.spec;
    for (at, trigger) in spec.triggers.iter().enumerate() {
        if spec.is_suspended() {
            take_back(next, model, at, "the policy is suspended");
        } else if spec.action(trigger) == Action::Notify {
            take_back(next, model, at, "its action is Notify now");
        }
    }
}

fn take_back(next: &mut Next<'_>, model: &ModelSeen, at: usize, why: &str) {
    let Some(status) = model.status.as_ref() else { return };
    let is_queued =
        |id: &String| status.candidate.as_ref().is_some_and(|candidate| candidate.firing.as_ref() == Some(id));
    let Some(trigger) = next.trigger_mut(at) else { return };
    let is_free = trigger.fired.as_ref().is_some_and(|fired| !is_queued(&fired.id));
    if !is_free || !limits::stands(trigger, status) {
        return;
    }
    trigger.fired = None;
    let name = trigger.name.clone();
    next.tell(Reason::Withdrawn, format!("the firing of {name} is taken back: {why}"));
}

/// A trigger that reads reports.
fn weigh_report(
    next: &mut Next<'_>,
    model: &ModelSeen,
    place: (usize, &TriggerSpec),
    seen: Result<&LastReport, &report::Because>,
) {
    let (at, trigger) = place;
    let report = match seen {
        Ok(report) => report,
        Err((_, why)) => return stand(next, at, &Sight::unknown(why.clone())),
    };
    if is_fired_for(next, place, report) {
        return;
    }
    let sight = look(next, place, report);
    let window = next.observed.spec.monitor.clone().unwrap_or_default().window().as_seconds();
    let Some(status) = next.trigger_mut(at) else { return };
    let counted = count::count(status, &sight, report, window);
    let (count, of) = (status.consecutive.unwrap_or(0), trigger.consecutive());
    // New labels are counted by patient and not by report, so it is the report that shows them that fires.
    let digest = if trigger.new_data.is_some() { &report.digest } else { &status.last_report };
    let (digest, fired) = (digest.clone(), status.fired.as_ref().map(|fired| fired.id.clone()));
    if sight.finding != Finding::Breach {
        return stand(next, at, &sight);
    }
    let row = match count > of {
        true => format!("{count} reports in a row, {of} are enough"),
        false => format!("{count} of {of} reports in a row"),
    };
    let message = format!("{}; {row}", sight.message);
    if counted == Counted::More && count < of {
        next.tell(Reason::Breaching, format!("{} breaches: {message}", trigger.name));
    }
    let id = digest.map(|digest| next.firing_id(&trigger.name, &digest)).filter(|_| count >= of);
    let has_fired = id.is_some() && id == fired;
    stand(next, at, &Sight { message: message.clone(), ..sight.clone() });
    if let Some(id) = id.filter(|_| !has_fired)
        && fire(next, model, place, Due { id, message })
    {
        after_firing(next, place, &sight);
    } else if has_fired && let Some(status) = next.trigger_mut(at) {
        status.state = TriggerState::Fired;
    }
}

/// Whether the trigger fired for the new labels of this very report: it asks for more by now, and stands as it did when it
/// fired until another report comes.
fn is_fired_for(next: &mut Next<'_>, (at, trigger): (usize, &TriggerSpec), report: &LastReport) -> bool {
    let is_asked = trigger.new_data.is_some() && !next.is_edited;
    let Some(digest) = report.digest.as_ref().filter(|_| is_asked) else { return false };
    let id = next.firing_id(&trigger.name, digest);
    let Some(status) = next.trigger_mut(at).filter(|status| status.threshold.is_some()) else { return false };
    let is_fired = status.fired.as_ref().is_some_and(|fired| fired.id == id);
    if is_fired {
        status.state = TriggerState::Fired;
    }
    is_fired
}

/// After it fired a count begins anew; its windows stay used. New labels are counted on from those that it fired for.
fn after_firing(next: &mut Next<'_>, (at, trigger): (usize, &TriggerSpec), sight: &Sight) {
    let Some(status) = next.trigger_mut(at) else { return };
    if let (Some(new_data), Some(seen)) = (&trigger.new_data, sight.value) {
        status.threshold = Some(seen + f64::from(new_data.min_labelled_patients));
    }
}

/// What the trigger sees in the report.
fn look(next: &mut Next<'_>, (at, trigger): (usize, &TriggerSpec), report: &LastReport) -> Sight {
    if let Some(drift) = &trigger.drift {
        return sight::drift(drift, report);
    }
    if let Some(performance) = &trigger.performance {
        if performance.below.is_some() == performance.above.is_some() {
            let message = format!("trigger {}: set exactly one of performance.below and above", trigger.name);
            next.faults.push((Reason::BadTrigger, message));
        }
        return sight::performance(performance, report);
    }
    let Some(new_data) = &trigger.new_data else {
        let message = format!("trigger {}: set exactly one of drift, performance, schedule and newData", trigger.name);
        next.faults.push((Reason::BadTrigger, message.clone()));
        return Sight::unknown(message);
    };
    let is_edited = next.is_edited;
    let floor = next.trigger_mut(at).and_then(|status| status.threshold).filter(|_| !is_edited);
    sight::new_data(new_data, report, floor)
}

/// Puts down what a trigger sees. What is not known keeps its last count.
fn stand(next: &mut Next<'_>, at: usize, sight: &Sight) {
    let room = sentence::room(next.status.triggers.len());
    let Some(status) = next.trigger_mut(at) else { return };
    status.message = sentence::short(&sight.message, room);
    if sight.finding == Finding::Unknown {
        status.state = TriggerState::Unknown;
        return;
    }
    status.value = sight.value;
    status.threshold = sight.threshold;
}

/// A trigger that comes at times: of several that were missed only the last may still fire.
fn weigh_schedule(next: &mut Next<'_>, model: &ModelSeen, place: (usize, &TriggerSpec), spec: &ScheduleTrigger) {
    let (at, trigger) = place;
    let schedule = match Schedule::read(spec, next.now) {
        Ok(schedule) => schedule,
        Err(why) => return bad_schedule(next, place, &why),
    };
    let (now, coming) = (next.time(), schedule.next(next.now));
    let room = sentence::room(next.status.triggers.len());
    let Some(status) = next.trigger_mut(at) else { return };
    let is_moved = status.next_time.as_ref().is_some_and(|time| !schedule.comes_at(time.0));
    let since = status.last_schedule.clone().filter(|_| !is_moved).unwrap_or(now);
    status.last_schedule = Some(since.clone());
    status.next_time = coming.map(Time);
    status.state = TriggerState::Quiet;
    let when = coming.map_or_else(String::new, |coming| format!("next at {coming}"));
    status.message = sentence::short(&when, room);
    let fired = status.fired.as_ref().map(|fired| fired.id.clone());
    if !next.observed.spec.is_suspended() {
        coming.into_iter().for_each(|coming| next.moves_at(coming));
    }
    match schedule.last(since.0, next.now) {
        Some(time) => come(next, model, place, (spec, Time(time))),
        None if fired.as_ref() == Some(&next.firing_id(&trigger.name, &since.0.to_string())) => {
            next.trigger_mut(at).into_iter().for_each(|status| status.state = TriggerState::Fired);
        }
        None => {}
    }
}

/// A time of a schedule has come.
fn come(next: &mut Next<'_>, model: &ModelSeen, place: (usize, &TriggerSpec), (spec, time): (&ScheduleTrigger, Time)) {
    let (at, trigger) = place;
    let deadline = after(&time, spec.starting_deadline_seconds());
    let settle = |next: &mut Next<'_>| {
        next.trigger_mut(at).into_iter().for_each(|status| status.last_schedule = Some(time.clone()))
    };
    if next.now > deadline {
        settle(next);
        let message = format!("{} was missed by more than startingDeadline", time.0);
        return keep(next, &trigger.name, &Kept { reason: SkipReason::Missed, message, until: None });
    }
    let message = format!("{} has come", time.0);
    next.trigger_mut(at).into_iter().for_each(|status| status.state = TriggerState::Breaching);
    let id = next.firing_id(&trigger.name, &time.0.to_string());
    if fire(next, model, place, Due { id, message }) {
        return settle(next);
    }
    if !next.observed.spec.is_suspended() {
        next.moves_at(later(deadline, 1));
    }
}

fn bad_schedule(next: &mut Next<'_>, (at, trigger): (usize, &TriggerSpec), why: &str) {
    next.faults.push((Reason::BadSchedule, format!("trigger {}: {why}", trigger.name)));
    stand(next, at, &Sight::unknown(why));
    if let Some(status) = next.trigger_mut(at) {
        status.next_time = None;
    }
}
