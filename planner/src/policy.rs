//! What a `RetrainPolicy` decides, pure: `plan_policy(&ObservedPolicy, now) -> PolicyPlan`. It starts no training: a firing
//! stands in its status until the model's own plan takes it.
//!
//! ```text
//!            due, production, room            answer taken once            breaches often enough
//!  waiting ──────────────────────▶ looking ──────────────────▶ counting ──────────────────────▶ limits ──▶ fired
//!     ▲                               │ failed: backoff            │ unknown: holds                │ kept: skipped[]
//!     └───────────────────────────────┴────────────────────────────┴───────────────────────────────┘
//! ```

mod accept;
mod conditions;
mod count;
mod fact;
mod fire;
mod intents;
mod limits;
mod look;
mod next;
pub mod observed;
pub mod plan;
mod report;
mod schedule;
mod sentence;
mod sight;
mod task;
mod trigger;

pub use fact::policy_fact;

use jiff::Timestamp;
use observed::ObservedPolicy;
use plan::PolicyPlan;

/// Decides. At rest the answer is the status as it stands and nothing new to do.
pub fn plan_policy(observed: &ObservedPolicy, now: Timestamp) -> PolicyPlan {
    let mut next = next::begin(observed, crate::next::whole_seconds(now));
    match accept::accept(observed) {
        Ok(model) => watch(&mut next, model),
        Err((reason, message)) => next.refuse(reason, message),
    }
    conditions::write(&mut next);
    let (intents, wake) = (intents::intents(&next), next.wake());
    PolicyPlan { status: next.status, intents, announcements: next.announcements, wake }
}

/// Watches the model: first what its Jobs answered, then what each trigger makes of it.
fn watch<'a>(next: &mut next::Next<'a>, model: &'a observed::ModelSeen) {
    next.recount(model);
    look::progress(next, model);
    trigger::weigh(next, model);
}
