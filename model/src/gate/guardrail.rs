//! Guardrails: what a candidate may not spoil while it wins. One is broken only if the whole paired interval of the excess
//! over the allowance is on the bad side.

use super::{Findings, Rule, percent, range};
use crate::{
    manifest::{Comparison, Enforcement, Gate, Guardrail, Metric},
    metric::{
        bootstrap::{Compared, Interval},
        gain,
    },
    task::Verdict,
};

/// The guardrails of a gate: the three defaults unless the manifest has its own for the metric, then its others.
pub fn guardrails(gate: &Gate) -> Vec<Guardrail> {
    let own = |metric| gate.guardrails.iter().find(|guardrail| guardrail.metric == metric).cloned();
    let guard =
        |metric, comparison, margin| Guardrail { metric, comparison: Some(comparison), margin, enforcement: None };
    let defaults = [
        guard(Metric::AlertRate, Comparison::Relative, 0.1),
        guard(Metric::Precision, Comparison::Absolute, 0.02),
        guard(Metric::Brier, Comparison::Absolute, 0.01),
    ];
    let is_default = |metric| defaults.iter().any(|default| default.metric == metric);
    let others = gate.guardrails.iter().filter(|guardrail| !is_default(guardrail.metric)).cloned();
    defaults.iter().map(|default| own(default.metric).unwrap_or_else(|| default.clone())).chain(others).collect()
}

/// By how much the candidate is worse than the margin allows: positive is bad. NaN for a share of nothing.
pub fn excess(guardrail: &Guardrail, candidate: f64, production: f64) -> f64 {
    -gain(guardrail.metric, candidate, production) - allowance(guardrail, production)
}

fn comparison(guardrail: &Guardrail) -> Comparison {
    guardrail.comparison.unwrap_or(Comparison::Absolute)
}

fn allowance(guardrail: &Guardrail, production: f64) -> f64 {
    match comparison(guardrail) {
        Comparison::Absolute => guardrail.margin,
        Comparison::Relative => guardrail.margin * production.abs(),
    }
}

/// What a guardrail says: the excess over the allowance, its interval, and the verdict.
pub fn verdict(guardrail: &Guardrail, compared: &Compared, level: f64) -> (Interval, Verdict) {
    let interval = compared.interval(level, |candidate, production| excess(guardrail, candidate, production));
    let is_share_of_nothing = comparison(guardrail) == Comparison::Relative && compared.production == 0.0;
    let is_known = !(excess(guardrail, compared.candidate, compared.production).is_nan() || interval.low.is_nan());
    let verdict = match (is_known && !is_share_of_nothing, interval.low > 0.0) {
        (false, _) => Verdict::Inconclusive,
        (true, true) => Verdict::Failed,
        (true, false) => Verdict::Passed,
    };
    (interval, verdict)
}

/// Applies a guardrail. It is made at the plain level: a spent one would let more harm pass with every look.
pub fn guardrail(guardrail: &Guardrail, findings: &Findings) -> Rule {
    let metric = guardrail.metric;
    let name = format!("guardrail/{}", metric.name());
    let enforcement = guardrail.enforcement.unwrap_or_default();
    let Some(compared) = findings.of(metric) else {
        return Rule::absent(name, metric).enforced(enforcement);
    };
    let (interval, verdict) = verdict(guardrail, compared, findings.look.level);
    let message = format!(
        "{} {:.3} against {:.3}, {} is allowed; excess {} at {}{}",
        metric.name(),
        compared.candidate,
        compared.production,
        allowed(guardrail),
        range(interval),
        percent(findings.look.level),
        if enforcement == Enforcement::Report { "; reported only" } else { "" }
    );
    Rule::new(name, verdict, message).enforced(enforcement)
}

/// The allowance in words.
fn allowed(guardrail: &Guardrail) -> String {
    let margin = match comparison(guardrail) {
        Comparison::Absolute => guardrail.margin.to_string(),
        Comparison::Relative => format!("{} %", (guardrail.margin * 1e4).round() / 1e2),
    };
    let side = match (guardrail.metric, guardrail.metric.is_better_when_larger()) {
        (Metric::CalibrationInTheLarge, _) => "farther from 0 than it",
        (_, true) => "below it",
        (_, false) => "above it",
    };
    format!("at most {margin} {side}")
}

/// With other evidence than all patients of the holdout, the primary metric on all of them may not be surely worse by
/// more than its margin: a gain on recent patients must not be paid for by the others.
pub fn all_patients(gate: &Gate, findings: &Findings) -> Option<Rule> {
    let primary = gate.primary();
    let compared = findings.all.iter().find(|compared| compared.metric == primary.metric)?;
    let margin = primary.margin();
    let guard = Guardrail { metric: primary.metric, comparison: Some(primary.comparison()), margin, enforcement: None };
    let (interval, verdict) = verdict(&guard, compared, findings.look.level);
    let message = format!(
        "on all patients of the holdout {} {:.3} against {:.3}, {} is allowed; excess {} at {}",
        primary.metric.name(),
        compared.candidate,
        compared.production,
        allowed(&guard),
        range(interval),
        percent(findings.look.level)
    );
    Some(Rule::new("all_patients", verdict, message))
}
