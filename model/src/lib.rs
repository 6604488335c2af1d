//! What a dropout model is: the manifest parts that Jobs need, rows, split, bundle, scoring, metrics, gate, policy and
//! the contract of a Job. It never reads a clock, a network or Kubernetes, and draws no random number without a seed.

pub mod bundle;
pub mod digest;
pub mod manifest;
pub mod period;
pub mod policy;
pub mod task;
