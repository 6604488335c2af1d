//! The page that a person reads. It judges nothing.

use crate::report::DriftReport;

/// One HTML file of a report.
pub fn html(report: &DriftReport) -> String {
    // The seam: the page itself is made in its own part.
    format!("<!doctype html><title>{:?}</title>", report.decision.verdict)
}
