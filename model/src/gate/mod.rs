//! The gate: whether a candidate may be promoted. `find` makes numbers of risks; each rule is one pure function that
//! returns a verdict and a sentence with the numbers; `judge` adds nothing to them. What is not a number decides nothing.

mod enough;
mod evidence;
mod find;
mod floor;
mod guardrail;
mod look;
mod primary;
mod slice;

use crate::{
    manifest::{Enforcement, Gate, Metric},
    metric::bootstrap::{Compared, Interval},
    task::{Check, Outcome, Verdict},
};
pub use evidence::{Decided, Evidence, Patients};
pub use find::{Case, Risks, Subset, Touching, Untouched, find};
pub use guardrail::{guardrails, verdict as guardrail_verdict};
pub use look::{GROWTH, Look};
pub use primary::sentence;
pub use slice::{FEWEST_TOLD, Group, Sliced, margin as slice_margin, metric as slice_metric};

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Whose rows decide.
    pub evidence: Evidence,
    /// Every metric of both models on the rows that decide; on all of the holdout if nothing decides.
    pub compared: Vec<Compared>,
    /// Every metric on all patients of the holdout; empty if just they decide.
    pub all: Vec<Compared>,
    /// Whether there is a production model to compare with.
    pub has_production: bool,
    /// Which look this is.
    pub look: Look,
    /// Rows that interventions touched; none if no column says so.
    pub touched: Option<Touching>,
    /// The numbers without them; none if there are none.
    pub untouched: Option<Untouched>,
    /// The groups of patients.
    pub slices: Vec<Sliced>,
}

impl Findings {
    /// What was found on one metric.
    pub fn of(&self, metric: Metric) -> Option<&Compared> {
        self.compared.iter().find(|compared| compared.metric == metric)
    }
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What came out.
    pub outcome: Outcome,
    /// One word for what decided.
    pub reason: &'static str,
    /// The sentence of the rule that decided; empty for a candidate that passed.
    pub why: String,
    /// Every rule that was applied.
    pub checks: Vec<Check>,
    /// Which look at the holdout this was; none if nothing was looked at that could have promoted.
    pub look: Option<u32>,
}

/// A rule that was applied.
#[derive(Clone, Debug, PartialEq)]
struct Rule {
    check: Check,
    /// Whether it decides or is only told.
    decides: bool,
}

impl Rule {
    fn new(name: impl Into<String>, verdict: Verdict, message: String) -> Self {
        Self { check: Check { name: name.into(), verdict, message }, decides: true }
    }

    fn absent(name: impl Into<String>, metric: Metric) -> Self {
        Self::new(name, Verdict::Inconclusive, format!("{} was not measured", metric.name()))
    }

    fn enforced(mut self, enforcement: Enforcement) -> Self {
        self.decides = enforcement == Enforcement::Enforce;
        self
    }

    fn is(&self, name: &str, verdict: Verdict) -> bool {
        self.decides && self.check.name == name && self.check.verdict == verdict
    }
}

/// Judges a candidate. Evidence that is not enough decides before everything else, then a failed rule, then one that
/// decides nothing; only if all rules pass is the candidate passed. Rules that are only reported decide nothing.
pub fn judge(gate: &Gate, findings: &Findings) -> Judgement {
    let mut rules = enough::patients(gate, findings);
    rules.extend(enough::interventions(gate, findings));
    let is_enough = rules.iter().all(|rule| rule.check.verdict == Verdict::Passed);
    if findings.evidence.decided != Decided::Nothing {
        rules.extend(compared(gate, findings));
    }
    let any = |verdict| rules.iter().any(|rule| rule.decides && rule.check.verdict == verdict);
    let outcome = match (is_enough, any(Verdict::Failed), any(Verdict::Inconclusive)) {
        (false, _, _) => Outcome::Inconclusive,
        (true, true, _) => Outcome::Failed,
        (true, false, true) => Outcome::Inconclusive,
        (true, false, false) => Outcome::Passed,
    };
    Judgement {
        outcome,
        reason: reason(outcome, &rules),
        why: why(outcome, &rules),
        look: is_enough.then_some(findings.look.number),
        checks: rules.into_iter().map(|rule| rule.check).collect(),
    }
}

/// The rules that compare numbers.
fn compared(gate: &Gate, findings: &Findings) -> Vec<Rule> {
    let mut rules = Vec::new();
    if findings.has_production {
        rules.push(primary::primary(gate, findings));
        rules.push(primary::confidence(gate, findings));
        rules.extend(primary::capacity(gate, findings));
        rules.extend(guardrail::all_patients(gate, findings));
        rules.extend(guardrails(gate).iter().map(|guard| guardrail::guardrail(guard, findings)));
    } else {
        rules.push(floor::skill(findings));
    }
    rules.extend(findings.slices.iter().map(|sliced| slice::slice(sliced, findings)));
    rules.extend(gate.floors.iter().map(|floor| floor::floor(floor, findings)));
    rules
}

/// The sentence of the first rule that decided.
fn why(outcome: Outcome, rules: &[Rule]) -> String {
    let verdict = if outcome == Outcome::Failed { Verdict::Failed } else { Verdict::Inconclusive };
    let decided = rules.iter().find(|rule| rule.decides && rule.check.verdict == verdict);
    decided.map(|rule| rule.check.message.clone()).unwrap_or_default()
}

/// One word for a judgement: what decided.
fn reason(outcome: Outcome, rules: &[Rule]) -> &'static str {
    let is = |name: &str, verdict| rules.iter().any(|rule| rule.is(name, verdict));
    match outcome {
        Outcome::Passed if is("primary", Verdict::Passed) => "MarginAndConfidenceMet",
        Outcome::Passed => "FloorsMet",
        Outcome::Inconclusive if is("recent", Verdict::Inconclusive) => "NobodyRecentKnown",
        Outcome::Inconclusive if is("patients", Verdict::Inconclusive) => "TooFewPatients",
        Outcome::Inconclusive if is("positive_patients", Verdict::Inconclusive) => "TooFewDropouts",
        Outcome::Inconclusive if is("interventions", Verdict::Inconclusive) => "TouchedByInterventions",
        Outcome::Failed => refusal(rules),
        Outcome::Inconclusive | Outcome::Unchanged | Outcome::BadInput | Outcome::VersionTaken => "NotComparable",
    }
}

fn refusal(rules: &[Rule]) -> &'static str {
    let names = [
        ("primary", "MarginNotMet"),
        ("confidence", "NotConfident"),
        ("capacity", "ThresholdMoved"),
        ("skill", "NoSkill"),
        ("all_patients", "WorseOnAllPatients"),
        ("guardrail/", "GuardrailBroken"),
        ("slice/", "SliceBroken"),
    ];
    let is_broken = |rule: &&Rule| rule.decides && rule.check.verdict == Verdict::Failed;
    let broken = |prefix: &str| rules.iter().filter(is_broken).any(|rule| rule.check.name.starts_with(prefix));
    names.iter().find(|(prefix, _)| broken(prefix)).map_or("FloorNotMet", |(_, reason)| reason)
}

/// Passed or failed by a comparison that is only asked if all numbers are numbers.
fn verdict(numbers: &[f64], passed: bool) -> Verdict {
    match (numbers.iter().any(|number| number.is_nan()), passed) {
        (true, _) => Verdict::Inconclusive,
        (false, true) => Verdict::Passed,
        (false, false) => Verdict::Failed,
    }
}

/// A level in percent, with two digits of what it leaves out: 95 %, 99.17 %, 99.955 %.
fn percent(level: f64) -> String {
    let left = 100.0 * (1.0 - level);
    let digits = (1.0 - libm::log10(left).floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{:.digits$}", 100.0 * level);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

fn range(interval: Interval) -> String {
    format!("{:+.3} to {:+.3}", interval.low, interval.high)
}

#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod tests;
