//! What a `RetrainPolicy` decides, pure: `plan_policy(&ObservedPolicy, now) -> PolicyPlan`. It starts no training: a firing
//! stands in its status until the model's own plan takes it.

pub mod observed;
pub mod plan;

use jiff::Timestamp;
use observed::ObservedPolicy;
use plan::PolicyPlan;

/// Decides. At rest the answer is the status as it stands and nothing new to do.
pub fn plan_policy(observed: &ObservedPolicy, _now: Timestamp) -> PolicyPlan {
    let status = observed.status.clone().unwrap_or_default();
    PolicyPlan { status, intents: Vec::new(), announcements: Vec::new(), wake: None }
}
