//! Reports as tables for people.

use crate::report::{MetricReport, Report};
use dropout_model::metric::bootstrap::Interval;
use std::fmt::Write as _;

/// Every metric with intervals, then the verdict.
pub fn metrics(report: &Report) -> String {
    let mut text = head(report);
    let level = report.bootstrap.level * 100.0;
    let _ = writeln!(text, "\n{:<26}{:<26}{:<26}{:<26}", "metric", "candidate", "production", "difference");
    for metric in &report.metrics {
        let _ = writeln!(text, "{}", line(metric).trim_end());
    }
    let _ = writeln!(text, "intervals: {level} %, {} resamples of patients\n", report.bootstrap.resamples);
    text + &checks(report)
}

/// Every check, then the verdict.
pub fn checks(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let verdict = format!("{:?}", check.verdict);
        let _ = writeln!(text, "{verdict:<14}{:<24}{}", check.name, check.message);
    }
    let _ = writeln!(text, "{:?} ({}): {}", report.outcome, report.reason, report.message);
    text
}

fn head(report: &Report) -> String {
    let mut text = String::new();
    let rows = &report.rows;
    let _ = writeln!(text, "candidate  {}", report.candidate.digest);
    if let Some(production) = &report.production {
        let _ = writeln!(text, "production {} at threshold {:.4}", production.digest, production.threshold);
    }
    for (name, side) in [("training", rows.training), ("holdout", rows.holdout)] {
        let _ = writeln!(
            text,
            "{name:<11}{} patients, {} of them dropped out; {} rows, {} labelled dropout",
            side.patients, side.positive_patients, side.rows, side.positive_rows
        );
    }
    let candidate = &report.candidate;
    let _ = writeln!(text, "threshold  {:.4}, {}", candidate.threshold, candidate.threshold_target);
    let _ = writeln!(text, "calibration {}", candidate.calibration_reason);
    text
}

fn line(metric: &MetricReport) -> String {
    let candidate = number(Some(metric.candidate), metric.candidate_interval);
    let production = number(metric.production, metric.production_interval);
    let difference = number(metric.difference, metric.difference_interval);
    format!("{:<26}{candidate:<26}{production:<26}{difference:<26}", metric.metric.name())
}

fn number(value: Option<f64>, interval: Option<Interval>) -> String {
    match (value, interval) {
        (Some(value), Some(Interval { low, high })) => format!("{value:.3} ({low:.3} to {high:.3})"),
        (Some(value), None) => format!("{value:.3}"),
        (None, _) => "-".to_owned(),
    }
}
