//! Every check from both sides, and what is not a number.

use super::*;
use crate::manifest::{Comparison, Confidence, Floor, Primary};

/// A metric whose resamples lie evenly within `spread` of the estimate, both models moving apart.
fn compared(metric: Metric, candidate: f64, production: f64, spread: f64) -> Compared {
    let at = |n: i32| f64::from(n) / 100.0 * spread;
    let draws = (-100..=100).map(|n| (candidate + at(n), production - at(n) / 2.0)).collect();
    Compared { metric, candidate, production, draws }
}

fn findings() -> Findings {
    let compared = vec![
        compared(Metric::RecallAtCapacity, 0.66, 0.60, 0.02),
        compared(Metric::RocAuc, 0.75, 0.70, 0.02),
        compared(Metric::AlertRate, 0.41, 0.40, 0.01),
        compared(Metric::Precision, 0.45, 0.44, 0.01),
        compared(Metric::Brier, 0.15, 0.16, 0.002),
    ];
    Findings { patients: 200, positive_patients: 60, compared, has_production: true }
}

fn with(metric: Metric, candidate: f64, production: f64, spread: f64) -> Findings {
    let mut findings = findings();
    findings.compared.retain(|compared| compared.metric != metric);
    findings.compared.push(compared(metric, candidate, production, spread));
    findings
}

fn verdict_of(findings: &Findings, name: &str) -> (Outcome, Verdict) {
    let (outcome, checks) = judge(&Gate::default(), findings);
    (outcome, checks.iter().find(|check| check.name == name).unwrap().verdict)
}

#[test]
fn gate_passes_a_better_candidate_and_says_the_numbers() {
    let (outcome, checks) = judge(&Gate::default(), &findings());
    assert_eq!((outcome, reason(outcome, &checks)), (Outcome::Passed, "MarginAndConfidenceMet"));
    let primary = checks.iter().find(|check| check.name == "primary").unwrap();
    let said = "recall_at_capacity 0.660 against 0.600 (+0.060, 95 % interval +0.032 to +0.089), better by more than 0.012 is needed";
    assert_eq!(primary.message, said);
}

#[test]
fn gate_refuses_a_candidate_that_only_equals_the_margin() {
    let gate = Gate {
        primary: Some(Primary { metric: Metric::RocAuc, comparison: Some(Comparison::Absolute), margin: Some(0.25) }),
        ..Gate::default()
    };
    let (outcome, checks) = judge(&gate, &with(Metric::RocAuc, 0.75, 0.5, 0.01));
    assert_eq!((outcome, reason(outcome, &checks)), (Outcome::Failed, "MarginNotMet"));
}

#[test]
fn gate_refuses_an_uncertain_gain() {
    let findings = with(Metric::RecallAtCapacity, 0.66, 0.60, 0.1);
    assert_eq!(verdict_of(&findings, "primary").1, Verdict::Passed);
    assert_eq!(verdict_of(&findings, "confidence"), (Outcome::Failed, Verdict::Failed));
}

#[test]
fn gate_refuses_more_alerts_less_precision_and_worse_brier_when_that_is_certain() {
    for (metric, bad, production) in
        [(Metric::AlertRate, 0.46, 0.40), (Metric::Precision, 0.41, 0.44), (Metric::Brier, 0.175, 0.16)]
    {
        let name = format!("guardrail/{}", metric.name());
        assert_eq!(verdict_of(&with(metric, bad, production, 0.001), &name), (Outcome::Failed, Verdict::Failed));
        assert_eq!(verdict_of(&with(metric, bad, production, 0.2), &name), (Outcome::Passed, Verdict::Passed));
        let nothing = (Outcome::Inconclusive, Verdict::Inconclusive);
        assert_eq!(verdict_of(&with(metric, f64::NAN, production, 0.0), &name), nothing);
        assert_eq!(verdict_of(&with(metric, bad, f64::NAN, 0.0), &name), nothing);
    }
}

#[test]
fn gate_decides_nothing_without_a_base() {
    for production in [0.0, f64::NAN] {
        let findings = with(Metric::RecallAtCapacity, 0.66, production, 0.0);
        assert_eq!(verdict_of(&findings, "primary"), (Outcome::Inconclusive, Verdict::Inconclusive));
    }
}

#[test]
fn too_few_patients_decide_before_a_failed_check() {
    let worse = with(Metric::RecallAtCapacity, 0.5, 0.6, 0.01);
    let few = Findings { patients: 59, positive_patients: 29, ..worse };
    let (outcome, checks) = judge(&Gate::default(), &few);
    assert_eq!((outcome, reason(outcome, &checks)), (Outcome::Inconclusive, "TooFewPatients"));
    assert_eq!(checks[0].message, "too few patients: 59 patients in the holdout, 100 are needed");
}

#[test]
fn first_model_needs_skill_and_its_floors() {
    let gate = Gate { floors: vec![Floor { metric: Metric::RocAuc, value: 0.6 }], ..Gate::default() };
    let first = |auc, spread| Findings { has_production: false, ..with(Metric::RocAuc, auc, f64::NAN, spread) };
    assert_eq!(judge(&gate, &first(0.75, 0.1)).0, Outcome::Passed);
    assert_eq!(judge(&gate, &first(0.59, 0.01)).0, Outcome::Failed);
    assert_eq!(judge(&gate, &first(0.61, 0.2)).0, Outcome::Failed);
    assert_eq!(judge(&gate, &first(f64::NAN, 0.0)).0, Outcome::Inconclusive);
}

#[test]
fn floors_of_metrics_that_are_better_when_smaller_are_ceilings() {
    let gate = |value| Gate { floors: vec![Floor { metric: Metric::Brier, value }], ..Gate::default() };
    assert_eq!(judge(&gate(0.15), &findings()).0, Outcome::Passed);
    assert_eq!(judge(&gate(0.14), &findings()).0, Outcome::Failed);
    let level = Gate { confidence: Some(Confidence { level: Some(0.8), ..Confidence::default() }), ..gate(0.2) };
    assert!(judge(&level, &findings()).1.iter().any(|check| check.message.contains("80 % interval")));
}
