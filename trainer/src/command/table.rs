//! Reports as tables for people.

use crate::report::{MetricReport, Report, SliceReport};
use dropout_model::metric::bootstrap::Interval;
use std::fmt::Write as _;

/// Every metric with intervals, groups of patients, then the verdict.
pub fn metrics(report: &Report) -> String {
    let mut text = head(report);
    let bootstrap = &report.bootstrap;
    text += &table("metric", &report.metrics);
    let _ = writeln!(text, "intervals: {} %, {} resamples of patients", bootstrap.level * 100.0, bootstrap.resamples);
    if !report.all.is_empty() {
        text += &table("all held out patients", &report.all);
    }
    if let Some(untouched) = &report.untouched {
        let _ = writeln!(text, "\ninterventions touched {} rows; without them:", untouched.touched_rows);
        text += &table("untouched rows", &untouched.metrics);
    }
    text += &report.slices.iter().map(slice).collect::<String>();
    text + "\n" + &checks(report)
}

fn table(name: &str, metrics: &[MetricReport]) -> String {
    let mut text =
        format!("\n{name:<26}{:<26}{:<26}{:<26}", "candidate", "production", "difference").trim_end().to_owned();
    for metric in metrics {
        text = text + "\n" + line(metric).trim_end();
    }
    text + "\n"
}

fn slice(slice: &SliceReport) -> String {
    let name = format!("{} by {}", slice.metric.name(), slice.column);
    let mut text = format!("\n{name:<40}{:<10}{:<11}{:<12}loss\n", "patients", "candidate", "production");
    for group in &slice.groups {
        let value = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let loss = group.loss.map_or("only told".to_owned(), |loss| format!("{:+.3} to {:+.3}", loss.low, loss.high));
        let (candidate, production) = (value(Some(group.candidate)), value(group.production));
        let _ = writeln!(text, "{:<40}{:<10}{candidate:<11}{production:<12}{loss}", group.name, group.patients);
    }
    if slice.suppressed > 0 {
        let _ = writeln!(text, "{} groups with fewer than 5 patients are not shown", slice.suppressed);
    }
    text
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
    let _ = writeln!(text, "evidence   {}", report.evidence.message);
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
