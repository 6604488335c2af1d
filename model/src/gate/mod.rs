//! The gate: whether a candidate may be promoted. Each check is one pure function that returns a verdict and a sentence
//! with the numbers; the gate adds nothing to them. What is not a number decides nothing.

mod enough;
mod floor;
mod guardrail;
mod primary;

use crate::{
    manifest::{Gate, Metric},
    metric::bootstrap::{Compared, Interval},
    task::{Check, Outcome, Verdict},
};
pub use primary::sentence;

/// What was found on the holdout.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Patients in the holdout.
    pub patients: usize,
    /// Patients in the holdout who dropped out.
    pub positive_patients: usize,
    /// Every metric of both models.
    pub compared: Vec<Compared>,
    /// Whether there is a production model to compare with.
    pub has_production: bool,
}

impl Findings {
    /// What was found on one metric.
    pub fn of(&self, metric: Metric) -> Option<&Compared> {
        self.compared.iter().find(|compared| compared.metric == metric)
    }
}

/// Judges a candidate. Too few patients decide before everything else, then a failed check, then one that decides
/// nothing; only if all checks pass is the candidate passed.
pub fn judge(gate: &Gate, findings: &Findings) -> (Outcome, Vec<Check>) {
    let mut checks = vec![enough::patients(gate, findings), enough::positive_patients(gate, findings)];
    let is_enough = checks.iter().all(|check| check.verdict == Verdict::Passed);
    if findings.has_production {
        checks.push(primary::primary(gate, findings));
        checks.push(primary::confidence(gate, findings));
        checks.extend(primary::capacity(gate, findings));
        checks.push(guardrail::alert_rate(gate, findings));
        checks.push(guardrail::precision(gate, findings));
        checks.push(guardrail::brier(gate, findings));
    } else {
        checks.push(floor::skill(gate, findings));
    }
    checks.extend(gate.floors.iter().map(|floor| floor::floor(floor, findings)));
    let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
    let outcome = match (is_enough, any(Verdict::Failed), any(Verdict::Inconclusive)) {
        (false, _, _) => Outcome::Inconclusive,
        (true, true, _) => Outcome::Failed,
        (true, false, true) => Outcome::Inconclusive,
        (true, false, false) => Outcome::Passed,
    };
    (outcome, checks)
}

/// One word for a judgement: what decided.
pub fn reason(outcome: Outcome, checks: &[Check]) -> &'static str {
    let is = |name: &str, verdict| checks.iter().any(|check| check.name == name && check.verdict == verdict);
    match outcome {
        Outcome::Passed if is("primary", Verdict::Passed) => "MarginAndConfidenceMet",
        Outcome::Passed => "FloorsMet",
        Outcome::Inconclusive if is("patients", Verdict::Inconclusive) => "TooFewPatients",
        Outcome::Inconclusive if is("positive_patients", Verdict::Inconclusive) => "TooFewDropouts",
        Outcome::Inconclusive => "NotComparable",
        Outcome::Failed if is("primary", Verdict::Failed) => "MarginNotMet",
        Outcome::Failed if is("confidence", Verdict::Failed) => "NotConfident",
        Outcome::Failed if is("capacity", Verdict::Failed) => "ThresholdMoved",
        Outcome::Failed if is("skill", Verdict::Failed) => "NoSkill",
        Outcome::Failed if checks.iter().any(|c| c.name.starts_with("guardrail/") && c.verdict == Verdict::Failed) => {
            "GuardrailBroken"
        }
        Outcome::Failed => "FloorNotMet",
        Outcome::Unchanged => "SameBundle",
        Outcome::BadInput => "BadInput",
        Outcome::VersionTaken => "VersionTaken",
    }
}

fn check(name: impl Into<String>, verdict: Verdict, message: String) -> Check {
    Check { name: name.into(), verdict, message }
}

/// Passed or failed by a comparison that is only asked if all numbers are numbers.
fn verdict(numbers: &[f64], passed: bool) -> Verdict {
    match (numbers.iter().any(|number| number.is_nan()), passed) {
        (true, _) => Verdict::Inconclusive,
        (false, true) => Verdict::Passed,
        (false, false) => Verdict::Failed,
    }
}

fn percent(level: f64) -> String {
    format!("{} %", (level * 1000.0).round() / 10.0)
}

fn range(interval: Interval) -> String {
    format!("{:+.3} to {:+.3}", interval.low, interval.high)
}

#[cfg(test)]
mod tests;
