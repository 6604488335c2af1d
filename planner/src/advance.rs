//! The only transition: from what is known and what was decided before to what is decided now. Each arm is one call.

use crate::{Observed, command, image, next::Next, restore, rollout, training, trainings, trigger};
use dropout_crds::status::Stage;
use jiff::Timestamp;

/// Most steps of one plan. A step that is left over is taken by the next plan.
const STEPS: usize = 8;

/// The state that follows, with as many steps as the facts allow.
pub fn advance(observed: &Observed, now: Timestamp) -> Next<'_> {
    let mut next = restore::begin(observed, now);
    next.has_more = (0..STEPS).all(|_| step(&mut next));
    next
}

/// Takes one step; false if there is none to take.
fn step(next: &mut Next<'_>) -> bool {
    if command::obey(next) || image::finish(next) || trainings::answer(next) {
        return true;
    }
    match next.status.candidate.as_ref().map(|candidate| candidate.stage) {
        None => trigger::fire(next) || image::update(next),
        Some(Stage::Queued) => training::leave_queue(next),
        Some(Stage::Training) => training::progress(next),
        Some(Stage::RollingOut) => rollout::progress(next),
        Some(Stage::Held) => rollout::resume(next),
    }
}
