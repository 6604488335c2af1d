//! Every decision, pure: `plan(&Observed, now) -> Plan`. No client, no async, no clock, no random number, no error.

pub mod observed;
pub mod plan;

pub use observed::Observed;
pub use plan::{Intent, Plan};
