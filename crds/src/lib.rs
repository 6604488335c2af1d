//! The API: types, rules and print columns of `trialops.dev/v1alpha1`. It decides nothing.

pub mod command;
pub mod condition;
pub mod dropout_model;
mod identity;
pub mod pod;
pub mod retrain_policy;
pub mod schema;
pub mod status;
pub mod training;

pub use condition::{ConditionType, Reason};
pub use dropout_model::{DropoutModel, DropoutModelSpec};
pub use retrain_policy::{RetrainPolicy, RetrainPolicySpec, RetrainPolicyStatus};
pub use status::DropoutModelStatus;
