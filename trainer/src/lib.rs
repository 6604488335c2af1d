//! The trainer: learns a dropout model from rows, judges it on the holdout, and answers a Job. The same code runs on a
//! laptop. It speaks no network and knows no Kubernetes.

mod account;
pub mod calibrate;
pub mod command;
pub mod curve;
pub mod design;
pub mod evaluation;
pub mod failure;
pub mod fold;
pub mod golden;
pub mod import;
pub mod job;
pub mod logistic;
pub mod out_of_fold;
pub mod report;
pub mod simulate;
pub mod spec;
pub mod training;

pub use evaluation::{Contest, evaluate};
pub use failure::Failure;
pub use training::train;
