//! When to look again if nothing happens: the earliest time at which the state could move by itself.

use crate::{
    claim, freeze,
    intents::{has_to_withdraw, is_due},
    next::{Next, after},
    observed::{RunPhase, later},
    ready::is_settled,
    restore::is_rolling,
    rollout::deadline,
    task::current_run,
};
use dropout_crds::status::{Candidate, Stage};
use jiff::Timestamp;

/// Seconds between two looks at the fleet's limits or a Job that was asked for.
const SOON: i64 = 15;
/// Seconds between two looks at claims that are missing.
const CLAIM: i64 = 30;
/// Seconds between two looks at what only the outside can move.
const SLOW: i64 = 60;

/// The time of the next look, at least a second ahead; none if only an event can move the state.
pub fn wake(next: &Next<'_>) -> Option<Timestamp> {
    let candidate = next.status.candidate.as_ref();
    let more = next.has_more.then_some(next.now);
    let looks =
        [more, candidate.and_then(|candidate| look(next, candidate)), serving(next), image(next), freeze::thaw(next)];
    looks.into_iter().flatten().min().map(|at| at.max(later(next.now, 1)))
}

fn look(next: &Next<'_>, candidate: &Candidate) -> Option<Timestamp> {
    match candidate.stage {
        Stage::Queued => queued(next),
        Stage::Training => training(next, candidate),
        Stage::RollingOut => rolling_out(next, candidate),
        Stage::Held => Some(later(next.now, SLOW)),
    }
}

fn queued(next: &Next<'_>) -> Option<Timestamp> {
    (!freeze::is_frozen(next)).then(|| waiting(next))
}

/// A wait for claims or for room.
fn waiting(next: &Next<'_>) -> Timestamp {
    later(next.now, if claim::missing(next).is_some() { CLAIM } else { SOON })
}

fn training(next: &Next<'_>, candidate: &Candidate) -> Option<Timestamp> {
    if let Some(at) = &candidate.retry_at {
        return (!freeze::is_frozen(next)).then(|| if at.0 > next.now { at.0 } else { waiting(next) });
    }
    match current_run(next.observed, &next.status).map(|run| &run.phase) {
        Some(RunPhase::Foreign(_)) => Some(later(next.now, SLOW)),
        Some(_) => {
            let limit = next.observed.spec.active_deadline().as_seconds();
            let end = after(&candidate.since, limit.saturating_add(60));
            Some(if end > next.now { end } else { later(next.now, SLOW) })
        }
        None => is_due(next, candidate).then(|| waiting(next)),
    }
}

fn rolling_out(next: &Next<'_>, candidate: &Candidate) -> Option<Timestamp> {
    let soaked = |since| after(since, next.observed.spec.soak().as_seconds());
    let at = candidate.available_since.as_ref().map_or_else(|| deadline(next.observed, candidate), soaked);
    let is_stopped = candidate.available_since.is_some() && freeze::is_frozen(next);
    let is_past = at <= next.now;
    (!is_stopped).then(|| if is_past { later(next.now, SLOW) } else { at })
}

/// Pods of production are not all there yet, or pods of a quarantined bundle still are.
fn serving(next: &Next<'_>) -> Option<Timestamp> {
    if has_to_withdraw(next) {
        return Some(later(next.now, SLOW));
    }
    let is_rolling = next.status.candidate.as_ref().is_some_and(is_rolling);
    let release = next.status.production.as_ref().filter(|_| !is_rolling)?;
    (!is_settled(next, release)).then(|| later(next.now, SLOW))
}

/// Production waits for its turn to take the operator's new image.
fn image(next: &Next<'_>) -> Option<Timestamp> {
    let is_old = |image: &String| next.status.candidate.is_none() && *image != next.observed.inference_image;
    next.status.production.as_ref().filter(|release| is_old(&release.image)).map(|_| later(next.now, SOON))
}
