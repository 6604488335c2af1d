//! Every decision, pure: `plan(&Observed, now) -> Plan`. No client, no async, no clock, no random number, no error.
//!
//! ```text
//!              trigger                answer in, gate passed          all pods available, soaked
//!  idle ──▶ Queued ──▶ Training ──────────────────────▶ RollingOut ───────────────────────────▶ production
//!    ▲  (fleet, claims)   │ failed / refused / inconclusive │ candidate's fault: rolled back, quarantined
//!    └────────────────────┴──────────── backoff ◀───────────┘ environment's fault: Held, resumes by itself
//! ```
//!
//! A Moore machine: `advance` is the only transition; intents, conditions and wake follow from the state it returns.

mod advance;
mod backoff;
mod claim;
mod command;
mod conditions;
mod fleet;
mod freeze;
mod image;
mod intents;
mod judge;
mod look;
mod next;
pub mod observed;
pub mod plan;
pub mod policy;
mod ready;
mod restore;
mod rollout;
mod sentence;
mod size;
mod task;
mod threshold;
mod training;
mod trainings;
mod trigger;
mod wake;

pub use backoff::backoff;
pub use fleet::{FleetShare, fleet_share};
pub use observed::Observed;
pub use plan::{Intent, Plan};
pub use policy::plan_policy;

/// Decides. It always has an answer, and at rest that answer is the status as it stands and nothing new to do.
pub fn plan(observed: &Observed, now: jiff::Timestamp) -> Plan {
    let mut next = advance::advance(observed, next::whole_seconds(now));
    conditions::write(&mut next);
    if observed.status.as_ref() != Some(&next.status) {
        size::fit(&mut next.status);
    }
    let (intents, wake) = (intents::intents(&next), wake::wake(&next));
    Plan { status: next.status, intents, announcements: next.announcements, wake }
}
