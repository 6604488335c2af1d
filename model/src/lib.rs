//! What a dropout model is: the manifest parts that Jobs need, rows, split, bundle, scoring, metrics, gate, policy and
//! the contract of a Job. It never reads a clock, a network or Kubernetes, and draws no random number without a seed.

pub mod bundle;
pub mod contract;
pub mod digest;
pub mod gate;
pub mod input;
pub mod manifest;
pub mod metric;
pub mod monitoring;
pub mod page;
pub mod period;
pub mod policy;
pub mod pseudonym;
pub mod random;
pub mod record;
pub mod rows;
#[cfg(feature = "spec")]
pub mod spec;
pub mod split;
pub mod task;
pub mod trees;
