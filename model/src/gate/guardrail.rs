//! Guardrails: what a candidate may not spoil while it wins. One fails only if the whole paired interval of the excess
//! over the allowance is on the bad side.

use super::{Findings, check, percent, range};
use crate::{
    manifest::{Gate, Metric},
    task::{Check, Verdict},
};

/// The alert rate may be at most 10 % above production's.
pub fn alert_rate(gate: &Gate, findings: &Findings) -> Check {
    let excess = |candidate: f64, production: f64| candidate - 1.1 * production;
    guardrail(gate, findings, (Metric::AlertRate, "at most 10 % above it", &excess))
}

/// Precision may be at most 0.02 lower.
pub fn precision(gate: &Gate, findings: &Findings) -> Check {
    let excess = |candidate: f64, production: f64| production - 0.02 - candidate;
    guardrail(gate, findings, (Metric::Precision, "at most 0.02 below it", &excess))
}

/// Brier's score may be at most 0.01 worse.
pub fn brier(gate: &Gate, findings: &Findings) -> Check {
    let excess = |candidate: f64, production: f64| candidate - production - 0.01;
    guardrail(gate, findings, (Metric::Brier, "at most 0.01 above it", &excess))
}

/// The metric, the allowance in words, and by how much the allowance is passed (positive is bad).
type Rule<'a> = (Metric, &'a str, &'a dyn Fn(f64, f64) -> f64);

fn guardrail(gate: &Gate, findings: &Findings, (metric, allowed, excess): Rule<'_>) -> Check {
    let name = format!("guardrail/{}", metric.name());
    let Some(compared) = findings.of(metric) else {
        return check(name, Verdict::Inconclusive, format!("{} was not measured", metric.name()));
    };
    let (candidate, production) = (compared.candidate, compared.production);
    let interval = compared.interval(gate.level(), excess);
    let message = format!(
        "{} {candidate:.3} against {production:.3}, {allowed} is allowed; excess {} at {}",
        metric.name(),
        range(interval),
        percent(gate.level())
    );
    let is_known = !(candidate.is_nan() || production.is_nan() || interval.low.is_nan());
    let verdict = match (is_known, interval.low > 0.0) {
        (false, _) => Verdict::Inconclusive,
        (true, true) => Verdict::Failed,
        (true, false) => Verdict::Passed,
    };
    check(name, verdict, message)
}
