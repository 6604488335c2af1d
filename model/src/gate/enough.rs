//! Whether the holdout has patients enough to decide anything.

use super::{Findings, check};
use crate::{
    manifest::Gate,
    task::{Check, Verdict},
};

/// Patients in the holdout against the minimum.
pub fn patients(gate: &Gate, findings: &Findings) -> Check {
    minimum(("patients", "patients"), findings.patients, gate.patients())
}

/// Patients in the holdout who dropped out against the minimum.
pub fn positive_patients(gate: &Gate, findings: &Findings) -> Check {
    minimum(("positive_patients", "patients who dropped out"), findings.positive_patients, gate.positive_patients())
}

fn minimum((name, what): (&str, &str), found: usize, needed: usize) -> Check {
    if found >= needed {
        return check(name, Verdict::Passed, format!("{found} {what} in the holdout, {needed} are needed"));
    }
    let message = format!("too few patients: {found} {what} in the holdout, {needed} are needed");
    check(name, Verdict::Inconclusive, message)
}
