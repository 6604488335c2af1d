//! What a candidate must reach whatever production does, and what a first model is judged on.

use super::{Findings, Rule, percent, verdict};
use crate::manifest::{Floor, Metric};

/// Whether a first model orders patients at all: the lower bound of its area under the ROC curve is above 0.5.
pub fn skill(findings: &Findings) -> Rule {
    let Some(compared) = findings.of(Metric::RocAuc) else {
        return Rule::absent("skill", Metric::RocAuc);
    };
    let interval = compared.interval(findings.look.spent, |candidate, _| candidate);
    let message = format!(
        "roc_auc {:.3} ({} interval {:.3} to {:.3}), the lower bound must be above 0.5",
        compared.candidate,
        percent(findings.look.spent),
        interval.low,
        interval.high
    );
    Rule::new("skill", verdict(&[compared.candidate, interval.low], interval.low > 0.5), message)
}

/// Whether the candidate's own value reaches a floor; for metrics that are better when smaller, stays below it.
pub fn floor(floor: &Floor, findings: &Findings) -> Rule {
    let name = format!("floor/{}", floor.metric.name());
    let Some(compared) = findings.of(floor.metric) else {
        return Rule::absent(name, floor.metric);
    };
    let found = compared.candidate;
    let (is_met, needed) = match floor.metric.is_better_when_larger() {
        true => (found >= floor.value, "at least"),
        false => (found.abs() <= floor.value, "at most"),
    };
    let message = format!("{} {found:.3}, {needed} {} is needed", floor.metric.name(), floor.value);
    Rule::new(name, verdict(&[found, floor.value], is_met), message)
}
