//! Firing, or saying what keeps a trigger from it. A kept firing is one entry for as long as the same reason keeps it.

use super::{limits, limits::Kept, next::Next, observed::ModelSeen, sentence};
use dropout_crds::{
    Reason,
    retrain_policy::{Action, Firing, MAX_SKIPPED, SkipReason, Skipped, TriggerSpec, TriggerState},
};

/// A firing that is due.
pub struct Due {
    /// Its identity.
    pub id: String,
    /// Why, in one sentence.
    pub message: String,
}

/// Fires the trigger of that place, unless a limit keeps it; true if it fired.
pub fn fire(next: &mut Next<'_>, model: &ModelSeen, (at, trigger): (usize, &TriggerSpec), due: Due) -> bool {
    if let Some(kept) = limits::kept(next, model, trigger) {
        keep(next, &trigger.name, &kept);
        return false;
    }
    let action = next.observed.spec.action(trigger);
    let message = sentence::short(&due.message, sentence::room(next.status.triggers.len()));
    let (time, name) = (next.time(), trigger.name.clone());
    if let Some(status) = next.trigger_mut(at) {
        status.state = TriggerState::Fired;
        status.fired = Some(Firing { id: due.id, time, action, message, version: None });
    }
    let what = match action {
        Action::Retrain => "asks for a training",
        Action::Notify => "tells you",
    };
    next.tell(action.reason(), format!("{name} {what}: {}", due.message));
    true
}

/// Puts down what keeps a trigger, and notes when it ends. The same reason again, without a firing in between, is the same
/// entry.
pub fn keep(next: &mut Next<'_>, trigger: &str, kept: &Kept) {
    if let Some(until) = kept.until {
        next.moves_at(until);
    }
    let fired = next.status.triggers.iter().find(|status| status.name == trigger);
    let fired = fired.and_then(|status| status.fired.as_ref()).map(|fired| fired.time.0);
    let message = sentence::short(&kept.message, sentence::room(next.status.triggers.len()));
    let is_same = |entry: &&mut Skipped| {
        let is_since = fired.is_none_or(|fired| entry.time.0 >= fired);
        entry.trigger == trigger && entry.reason == kept.reason && is_since
    };
    if let Some(entry) = next.status.skipped.iter_mut().rev().find(is_same) {
        entry.message = message;
        return;
    }
    next.status.skipped.push(Skipped { trigger: trigger.to_owned(), reason: kept.reason, message, time: next.time() });
    let most = room(next.status.triggers.len());
    let surplus = next.status.skipped.len().saturating_sub(most);
    next.status.skipped.drain(..surplus);
    let word = match kept.reason {
        SkipReason::SuspendedAfterRefusals => Reason::SuspendedAfterRefusals,
        SkipReason::Cooldown
        | SkipReason::Budget
        | SkipReason::Blackout
        | SkipReason::FewNewLabels
        | SkipReason::Backoff
        | SkipReason::CandidateInTheMaking
        | SkipReason::Suspended
        | SkipReason::NoProduction
        | SkipReason::Missed => Reason::Skipped,
    };
    next.tell(word, format!("{trigger} does not fire ({:?}): {}", kept.reason, kept.message));
}

/// Entries that a status with so many triggers has room for; never fewer than triggers.
const fn room(triggers: usize) -> usize {
    if triggers > MAX_SKIPPED { triggers } else { MAX_SKIPPED }
}
