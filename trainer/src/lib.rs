//! The trainer: learns a dropout model from rows, judges it on the holdout, and answers a Job. The same code runs on a
//! laptop. It speaks no network and knows no Kubernetes.

mod account;
pub mod boosting;
pub mod calibrate;
pub mod card;
pub mod choice;
pub mod command;
pub mod curve;
pub mod curves;
pub mod design;
pub mod evaluation;
pub mod failure;
pub mod findings;
pub mod forest;
pub mod given;
pub mod golden;
pub mod import;
pub mod importance;
pub mod job;
pub mod logistic;
pub mod odds;
pub mod out_of_fold;
pub mod page;
pub mod parallel;
pub mod recipe;
pub mod reference;
pub mod report;
pub mod simulate;
pub mod spec;
pub mod training;
pub mod worlds;

pub use evaluation::{Contest, evaluate};
pub use failure::Failure;
pub use training::train;
