//! The two checks that decide a promotion: the candidate is better by more than the margin, and surely better.

use super::{Findings, Rule, percent, range, verdict};
use crate::{
    manifest::{Comparison, Gate, Metric, Spending},
    metric::{bootstrap::Compared, gain},
};

/// Whether the candidate's primary metric is better than production's by strictly more than the margin.
pub fn primary(gate: &Gate, findings: &Findings) -> Rule {
    let primary = gate.primary();
    let Some(compared) = findings.of(primary.metric) else { return Rule::absent("primary", primary.metric) };
    let (candidate, production) = (compared.candidate, compared.production);
    let margin = match primary.comparison() {
        Comparison::Relative if production == 0.0 => f64::NAN,
        Comparison::Relative => primary.margin() * production.abs(),
        Comparison::Absolute => primary.margin(),
    };
    let gain = gain(primary.metric, candidate, production);
    let message = format!("{}, better by more than {margin:.3} is needed", sentence(compared, findings.look.spent));
    Rule::new("primary", verdict(&[gain, margin], gain > margin), message)
}

/// Whether the lower bound of the paired bootstrap interval of the gain is above zero.
pub fn confidence(gate: &Gate, findings: &Findings) -> Rule {
    let metric = gate.primary().metric;
    let Some(compared) = findings.of(metric) else { return Rule::absent("confidence", metric) };
    let interval = compared.interval(findings.look.spent, |candidate, production| gain(metric, candidate, production));
    let message = format!(
        "gain in {} is {} at {} by patients ({}), the lower bound must be above 0",
        metric.name(),
        range(interval),
        percent(findings.look.spent),
        looks(gate, findings)
    );
    Rule::new("confidence", verdict(&[interval.low], interval.low > 0.0), message)
}

/// Whether a gain in a metric of flagged rows is more than a moved threshold: for a primary recall, precision, alert
/// rate or F1 (a threshold chosen for recall is not the best one for F1), the paired lower bound of the gain in recall at
/// production's capacity must be above zero. None for other metrics, which no shift of all risks can buy.
pub fn capacity(gate: &Gate, findings: &Findings) -> Option<Rule> {
    let primary = gate.primary().metric;
    if !is_moved_by_threshold(primary) {
        return None;
    }
    let metric = Metric::RecallAtCapacity;
    let Some(compared) = findings.of(metric) else { return Some(Rule::absent("capacity", metric)) };
    let interval = compared.interval(findings.look.spent, |candidate, production| gain(metric, candidate, production));
    let message = format!(
        "a moved threshold alone can buy {}; at production's alert rate the gain in recall is {} at {}, the lower bound must be above 0",
        primary.name(),
        range(interval),
        percent(findings.look.spent)
    );
    Some(Rule::new("capacity", verdict(&[interval.low], interval.low > 0.0), message))
}

/// Whether a moved threshold alone can improve a metric.
pub const fn is_moved_by_threshold(metric: Metric) -> bool {
    matches!(metric, Metric::Recall | Metric::Precision | Metric::AlertRate | Metric::F1)
}

/// The primary numbers: `roc_auc 0.772 against 0.704 (+0.068, 97.5 % interval +0.031 to +0.104)`.
pub fn sentence(compared: &Compared, level: f64) -> String {
    let (candidate, production) = (compared.candidate, compared.production);
    let interval = compared.interval(level, |candidate, production| candidate - production);
    format!(
        "{} {candidate:.3} against {production:.3} ({:+.3}, {} interval {})",
        compared.metric.name(),
        candidate - production,
        percent(level),
        range(interval)
    )
}

fn looks(gate: &Gate, findings: &Findings) -> String {
    let number = findings.look.number;
    match gate.spending() {
        Spending::Looks => format!("look {number}; all looks share {}", percent(gate.level())),
        Spending::None => format!("look {number}; looks share nothing"),
    }
}
