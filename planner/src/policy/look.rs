//! The monitor's Jobs: when a look is due, what the one that runs says, and when one that failed is made again. One at a
//! time, and each answer is taken once.

use super::{
    next::Next,
    observed::{ModelSeen, MonitorPhase, ReportFact},
    report, sentence, task,
};
use crate::{
    backoff::backoff,
    next::after,
    observed::{ClaimFact, later},
    sentence::{claim_not_found, foreign_run, no_answer},
};
use dropout_crds::{
    Reason,
    retrain_policy::{LastReport, MeasureStatus, MonitorRun},
    status::Release,
};
use dropout_model::{
    monitoring::{MAX_MEASURES, MonitorAnswer},
    task::NoAnswer,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Seconds until a Job that was asked for is looked for again.
const SOON: i64 = 15;
/// Seconds between two looks at a claim that is missing.
const CLAIM: i64 = 30;
/// Seconds between two looks at what only the outside can move.
const SLOW: i64 = 60;

/// Takes what the running look says, and begins the next if it is due.
pub fn progress(next: &mut Next<'_>, model: &ModelSeen) {
    next.blocked = blocked(next, model);
    let production = model.status.as_ref().and_then(|status| status.production.as_ref());
    let Some(production) = production.filter(|_| next.blocked.is_none()) else { return stop(next) };
    let subject = Subject { model, production };
    if let Some(run) = next.monitor().run.clone() {
        go_on(next, &subject, &run);
    }
    if next.monitor().run.is_none() {
        begin(next, &subject);
    }
    wait(next);
}

/// What is looked at.
struct Subject<'a> {
    model: &'a ModelSeen,
    production: &'a Release,
}

impl Subject<'_> {
    fn hash(&self, next: &Next<'_>, until: Timestamp) -> String {
        task::task(next.observed, self.model, self.production, until).hash()
    }
}

/// Why no look can be made.
fn blocked(next: &Next<'_>, model: &ModelSeen) -> Option<(Reason, String)> {
    let observed = next.observed;
    let monitor = observed.spec.monitor.as_ref();
    let Some(_) = monitor else {
        return Some((Reason::NotMonitored, "spec.monitor is left out: only schedules fire".to_owned()));
    };
    if observed.spec.is_suspended() {
        return Some((Reason::Suspended, "spec.suspend is set: nothing is looked at".to_owned()));
    }
    if model.status.as_ref().is_none_or(|status| status.production.is_none()) {
        return Some((Reason::NoProduction, "no version is production yet".to_owned()));
    }
    if task::reads_predictions(observed) && model.spec.serving.records.is_none() {
        return Some((Reason::NoRecords, "the model keeps no records to look at: set serving.records in the DropoutModel, or name another spec.monitor.source".to_owned()));
    }
    if let Some(ClaimFact::Absent(name)) = &observed.store_claim {
        return Some((Reason::ClaimNotFound, claim_not_found(name, "store")));
    }
    missing_report(next, model)
}

/// What is wrong with the ConfigMap that the spec names, if it names one.
fn missing_report(next: &Next<'_>, model: &ModelSeen) -> Option<(Reason, String)> {
    let name = &task::source(next.observed)?.config_map.as_ref()?.name;
    let label = &model.identity.name;
    match &next.observed.report {
        ReportFact::NotAsked | ReportFact::Absent(_) => {
            Some((Reason::ReportMissing, format!("ConfigMap {name} with the report is not there")))
        }
        ReportFact::Unlabelled(_) => Some((
            Reason::ReportNotLabelled,
            format!("ConfigMap {name}: set the label trialops.dev/drift-report: {label}"),
        )),
        ReportFact::Present(origin) => report::trouble(origin, model, next.now),
    }
}

/// No look is made: one that runs is given up.
fn stop(next: &mut Next<'_>) {
    if let Some(monitor) = &mut next.status.monitor {
        monitor.run = None;
    }
    match next.blocked.as_ref().map(|(reason, _)| *reason) {
        Some(Reason::ClaimNotFound) => next.moves_at(later(next.now, CLAIM)),
        Some(Reason::FromTheFuture) => report::comes_true_at(next).into_iter().for_each(|at| next.moves_at(at)),
        Some(_) | None => {}
    }
    if let Some((Reason::NoRecords, message)) = next.blocked.clone() {
        next.faults.push((Reason::NoRecords, message));
    }
}

/// Takes what the Job of the running look says. One that is about another version, spec or state of the report counts for
/// nothing, and another is made.
fn go_on(next: &mut Next<'_>, subject: &Subject<'_>, run: &MonitorRun) {
    if run.bundle != subject.production.digest || subject.hash(next, run.until.0) != run.task {
        next.monitor().run = None;
        next.monitor().next_time = None;
        return;
    }
    let fact = next.observed.runs.iter().find(|fact| fact.task == run.task);
    match fact.map(|fact| &fact.phase) {
        None | Some(MonitorPhase::Pending(_) | MonitorPhase::Running) => {}
        Some(MonitorPhase::Foreign(owner)) => next.faults.push((Reason::NameConflict, foreign_run(owner))),
        Some(MonitorPhase::Finished(Ok(answer))) if answer.task == run.task => take(next, subject, (run, answer)),
        Some(MonitorPhase::Finished(Ok(_))) => failed(next, Some(no_answer(&NoAnswer::Foreign))),
        Some(MonitorPhase::Finished(Err(none))) => failed(next, Some(no_answer(none))),
        Some(MonitorPhase::AnswerGone) => failed(next, None),
        Some(MonitorPhase::Failed(why)) => failed(next, Some(why.clone())),
    }
}

/// Takes an answer.
fn take(next: &mut Next<'_>, subject: &Subject<'_>, (run, answer): (&MonitorRun, &MonitorAnswer)) {
    let last = last(next, subject, (run, answer));
    let state = task::origin(next.observed).map(|origin| origin.state.clone());
    let due = slot_after(next);
    let monitor = next.monitor();
    monitor.last = Some(last);
    (monitor.run, monitor.failures, monitor.failure) = (None, None, None);
    monitor.state = state;
    monitor.next_time = Some(Time(due));
}

/// What is kept of an answer.
fn last(next: &Next<'_>, subject: &Subject<'_>, (run, answer): (&MonitorRun, &MonitorAnswer)) -> LastReport {
    let said = task::origin(next.observed).and_then(|origin| origin.window_end.clone());
    let end = answer.window_end.clone().or(said).and_then(|end| end.parse::<Timestamp>().ok());
    let end = end.or_else(|| task::reads_predictions(next.observed).then_some(run.until.0));
    let cut = |text: &Option<String>, bytes| text.as_deref().map(|text| sentence::short(text, bytes));
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    LastReport {
        time: next.time(),
        verdict: answer.verdict,
        reason: sentence::short(&answer.reason, 40),
        message: sentence::short(&answer.message, sentence::REPORT),
        digest: cut(&answer.report, 80),
        folder: cut(&answer.folder, 120),
        version: Some(subject.production.name.clone()),
        window_end: end.map(|end| Time(crate::next::whole_seconds(end))),
        patients: answer.patients.map(count),
        share: answer.share,
        performance: answer.performance.iter().take(MAX_MEASURES).map(MeasureStatus::from).collect(),
        new_labelled_patients: answer.new_labelled_patients.map(count),
        lost: (answer.lost > 0).then(|| count(answer.lost)),
    }
}

/// A look failed, or its answer is gone with its pod: it is made again after a wait, at the next regular look at the latest.
fn failed(next: &mut Next<'_>, why: Option<String>) {
    let failures = next.monitor().failures.unwrap_or(0).saturating_add(1);
    let due = later(next.now, backoff(failures).as_secs()).min(slot_after(next));
    let monitor = next.monitor();
    monitor.run = None;
    monitor.failures = Some(failures);
    monitor.failure = why.map(|why| sentence::short(&why, sentence::REPORT));
    monitor.next_time = Some(Time(due));
}

/// Begins a look if one is due. A Job of the same task that was answered has to leave first.
fn begin(next: &mut Next<'_>, subject: &Subject<'_>) {
    let state = task::origin(next.observed).map(|origin| origin.state.clone());
    let is_new = state.is_some() && state != next.monitor().state && next.monitor().failures.is_none();
    let is_due = due_at(next) <= next.now;
    if !is_new && !is_due {
        return;
    }
    let until = if is_due { slot(next) } else { next.now };
    let task = subject.hash(next, until);
    next.is_in_the_way = next.observed.runs.iter().any(|run| run.task == task);
    if next.is_in_the_way {
        return next.moves_at(later(next.now, SOON));
    }
    let (since, due, bundle) = (next.time(), slot_after(next), subject.production.digest.clone());
    let monitor = next.monitor();
    monitor.run = Some(MonitorRun { task, until: Time(until), bundle, since });
    monitor.next_time = Some(Time(due));
}

/// Notes when the look could move by itself.
fn wait(next: &mut Next<'_>) {
    let Some(run) = next.monitor().run.clone() else {
        let due = due_at(next);
        return next.moves_at(due);
    };
    let is_there = next.observed.runs.iter().any(|fact| fact.task == run.task);
    let limit = next.observed.spec.monitor.clone().unwrap_or_default().active_deadline().as_seconds();
    let end = after(&run.since, limit.saturating_add(60));
    let at = if is_there { end.max(later(next.now, SLOW)) } else { later(next.now, SOON) };
    next.moves_at(at);
}

/// When the next look is due: as it was decided, but never later than the spec's interval asks.
fn due_at(next: &Next<'_>) -> Timestamp {
    let decided = next.status.monitor.as_ref().and_then(|monitor| monitor.next_time.as_ref());
    decided.map_or(next.now, |at| at.0.min(slot_after(next)))
}

/// The last regular time of a look: the policy's creation and whole intervals after it.
fn slot(next: &Next<'_>) -> Timestamp {
    let every = every(next);
    let created = next.observed.created.as_second();
    let whole = (next.now.as_second() - created).div_euclid(every).max(0);
    let at = Timestamp::from_second(created.saturating_add(whole.saturating_mul(every))).unwrap_or(next.now);
    at.min(next.now)
}

/// The next regular time of a look.
fn slot_after(next: &Next<'_>) -> Timestamp {
    later(slot(next), every(next)).max(later(next.now, 1))
}

fn every(next: &Next<'_>) -> i64 {
    let seconds = next.observed.spec.monitor.clone().unwrap_or_default().every().as_seconds();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
