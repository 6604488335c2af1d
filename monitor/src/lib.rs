//! Drift of what a model is asked about, and how well it does: statistics, Evidently's reports in and out, performance
//! with and without labels, and one page that a person reads. It decides nothing about training.

pub mod command;
pub mod engine;
pub mod evidently;
pub mod failure;
pub mod frame;
pub mod history;
mod importance;
pub mod job;
pub mod method;
pub mod page;
pub mod performance;
pub mod records;
pub mod report;
pub mod spec;
