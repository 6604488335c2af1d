//! Every check from both sides, and what is not a number.

use super::*;
use crate::{
    manifest::{Comparison, Confidence, Floor, Guardrail, Interventions, Primary, Slice, Spending, Touched},
    task::Looked,
};

/// A metric whose resamples lie evenly within `spread` of the estimate, both models moving apart.
fn compared(metric: Metric, candidate: f64, production: f64, spread: f64) -> Compared {
    let at = |n: i32| f64::from(n) / 1_000.0 * spread;
    let draws = (-1_000..=1_000).map(|n| (candidate + at(n), production - at(n) / 2.0)).collect();
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
    Findings {
        evidence: Evidence::all(vec![0], Patients { all: 200, positive: 60 }),
        compared,
        all: Vec::new(),
        has_production: true,
        look: Look::new(&Gate::default(), None, 60),
        touched: None,
        untouched: None,
        slices: Vec::new(),
    }
}

fn outcome(gate: &Gate, findings: &Findings) -> (Outcome, &'static str) {
    let judgement = judge(gate, findings);
    (judgement.outcome, judgement.reason)
}

fn message(gate: &Gate, findings: &Findings, name: &str) -> String {
    judge(gate, findings).checks.into_iter().find(|check| check.name == name).unwrap().message
}

fn with(metric: Metric, candidate: f64, production: f64, spread: f64) -> Findings {
    let mut findings = findings();
    findings.compared.retain(|compared| compared.metric != metric);
    findings.compared.push(compared(metric, candidate, production, spread));
    findings
}

fn verdict_of(findings: &Findings, name: &str) -> (Outcome, Verdict) {
    verdict_by(&Gate::default(), findings, name)
}

fn verdict_by(gate: &Gate, findings: &Findings, name: &str) -> (Outcome, Verdict) {
    let judgement = judge(gate, findings);
    (judgement.outcome, judgement.checks.iter().find(|check| check.name == name).unwrap().verdict)
}

#[test]
fn gate_passes_a_better_candidate_and_says_the_numbers() {
    let gate = Gate::default();
    assert_eq!(outcome(&gate, &findings()), (Outcome::Passed, "MarginAndConfidenceMet"));
    let said = "recall_at_capacity 0.660 against 0.600 (+0.060, 97.5 % interval +0.031 to +0.089), better by more than 0.012 is needed";
    assert_eq!(message(&gate, &findings(), "primary"), said);
    let said = "gain in recall_at_capacity is +0.031 to +0.089 at 97.5 % by patients (look 1; all looks share 95 %), the lower bound must be above 0";
    assert_eq!(message(&gate, &findings(), "confidence"), said);
    assert_eq!(judge(&gate, &findings()).look, Some(1));
}

#[test]
fn gate_refuses_a_candidate_that_only_equals_the_margin() {
    let gate = Gate {
        primary: Some(Primary { metric: Metric::RocAuc, comparison: Some(Comparison::Absolute), margin: Some(0.25) }),
        ..Gate::default()
    };
    assert_eq!(outcome(&gate, &with(Metric::RocAuc, 0.75, 0.5, 0.01)), (Outcome::Failed, "MarginNotMet"));
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
    let few = Findings { evidence: Evidence::all(vec![0], Patients { all: 59, positive: 29 }), ..worse };
    let gate = Gate::default();
    assert_eq!(outcome(&gate, &few), (Outcome::Inconclusive, "TooFewPatients"));
    let said = "too few patients: 59 patients in the holdout, 100 are needed";
    assert_eq!((message(&gate, &few, "patients").as_str(), judge(&gate, &few).look), (said, None));
}

#[test]
fn first_model_needs_skill_and_its_floors() {
    let gate = Gate { floors: vec![Floor { metric: Metric::RocAuc, value: 0.6 }], ..Gate::default() };
    let first = |auc, spread| Findings { has_production: false, ..with(Metric::RocAuc, auc, f64::NAN, spread) };
    assert_eq!(outcome(&gate, &first(0.75, 0.1)).0, Outcome::Passed);
    assert_eq!(outcome(&gate, &first(0.59, 0.01)).0, Outcome::Failed);
    assert_eq!(outcome(&gate, &first(0.61, 0.2)).0, Outcome::Failed);
    assert_eq!(outcome(&gate, &first(f64::NAN, 0.0)).0, Outcome::Inconclusive);
}

#[test]
fn floors_of_metrics_that_are_better_when_smaller_are_ceilings() {
    let gate = |value| Gate { floors: vec![Floor { metric: Metric::Brier, value }], ..Gate::default() };
    assert_eq!(outcome(&gate(0.15), &findings()).0, Outcome::Passed);
    assert_eq!(outcome(&gate(0.14), &findings()).0, Outcome::Failed);
}

#[test]
fn a_later_look_needs_a_surer_gain_and_no_laxer_guardrail() {
    let at = |looks| {
        let look = Look::new(&Gate::default(), Some(Looked { looks, positive_patients: 60 }), 60);
        Findings { look, ..with(Metric::RecallAtCapacity, 0.66, 0.60, 0.041) }
    };
    assert_eq!(outcome(&Gate::default(), &at(0)), (Outcome::Passed, "MarginAndConfidenceMet"));
    assert_eq!(outcome(&Gate::default(), &at(9)), (Outcome::Failed, "NotConfident"));
    let confidence = Confidence { spending: Some(Spending::None), ..Confidence::default() };
    let gate = Gate { confidence: Some(confidence), ..Gate::default() };
    let look = Look::new(&gate, Some(Looked { looks: 9, positive_patients: 60 }), 60);
    let judgement = judge(&gate, &Findings { look, ..at(9) });
    assert_eq!((judgement.outcome, judgement.look), (Outcome::Passed, Some(10)));
    let spoilt = Findings { look: at(9).look, ..with(Metric::Brier, 0.175, 0.16, 0.003_4) };
    assert_eq!(verdict_of(&spoilt, "guardrail/brier").1, Verdict::Failed);
}

fn guard(metric: Metric, comparison: Comparison, margin: f64) -> Guardrail {
    Guardrail { metric, comparison: Some(comparison), margin, enforcement: None }
}

fn guarded(guardrails: Vec<Guardrail>) -> Gate {
    Gate { guardrails, ..Gate::default() }
}

#[test]
fn the_manifests_guardrails_take_the_place_of_the_defaults_of_their_metric() {
    let gate = guarded(vec![
        guard(Metric::RocAuc, Comparison::Absolute, 0.01),
        guard(Metric::Brier, Comparison::Relative, 0.5),
    ]);
    let expected = [
        guard(Metric::AlertRate, Comparison::Relative, 0.1),
        guard(Metric::Precision, Comparison::Absolute, 0.02),
        guard(Metric::Brier, Comparison::Relative, 0.5),
        guard(Metric::RocAuc, Comparison::Absolute, 0.01),
    ];
    assert_eq!(guardrails(&gate), expected);
}

#[test]
fn a_guardrail_of_any_metric_breaks_on_its_bad_side_only() {
    let cases = [
        (Metric::RocAuc, 0.60, 0.80),
        (Metric::F1, 0.40, 0.50),
        (Metric::LogLoss, 0.60, 0.40),
        (Metric::CalibrationInTheLarge, -0.50, 0.10),
        (Metric::RecallAtCapacity, 0.50, 0.60),
    ];
    for (metric, bad, production) in cases {
        let name = format!("guardrail/{}", metric.name());
        let gate = guarded(vec![guard(metric, Comparison::Absolute, 0.05)]);
        assert_eq!(verdict_by(&gate, &with(metric, bad, production, 0.001), &name).1, Verdict::Failed, "{metric:?}");
        assert_eq!(verdict_by(&gate, &with(metric, production, bad, 0.001), &name).1, Verdict::Passed, "{metric:?}");
        assert_eq!(verdict_by(&gate, &with(metric, bad, production, 0.5), &name).1, Verdict::Passed, "{metric:?}");
        let relative = guarded(vec![guard(metric, Comparison::Relative, 0.05)]);
        let nothing = (Outcome::Inconclusive, Verdict::Inconclusive);
        let (found, verdict) = verdict_by(&relative, &with(metric, bad, 0.0, 0.001), &name);
        assert_eq!(verdict, Verdict::Inconclusive);
        assert!(metric == Metric::RecallAtCapacity || found == nothing.0);
    }
}

#[test]
fn a_reported_guardrail_is_told_and_decides_nothing() {
    let mut report = guard(Metric::Brier, Comparison::Absolute, 0.01);
    report.enforcement = Some(Enforcement::Report);
    let gate = guarded(vec![report]);
    for (bad, verdict) in [(0.175, Verdict::Failed), (f64::NAN, Verdict::Inconclusive)] {
        let findings = with(Metric::Brier, bad, 0.16, 0.001);
        assert_eq!(verdict_by(&gate, &findings, "guardrail/brier"), (Outcome::Passed, verdict));
        assert_eq!(judge(&gate, &findings).why, "");
        assert!(message(&gate, &findings, "guardrail/brier").ends_with("reported only"));
    }
}

#[test]
fn f1_recall_precision_and_alert_rate_need_a_gain_at_production_s_capacity() {
    for metric in [Metric::F1, Metric::Recall, Metric::Precision, Metric::AlertRate] {
        let gate = Gate { primary: Some(Primary { metric, comparison: None, margin: None }), ..Gate::default() };
        let larger = if metric.is_better_when_larger() { (0.7, 0.5) } else { (0.5, 0.7) };
        let mut findings = with(metric, larger.0, larger.1, 0.01);
        findings.compared.retain(|found| found.metric != Metric::RecallAtCapacity);
        findings.compared.push(compared(Metric::RecallAtCapacity, 0.6, 0.6, 0.01));
        assert_eq!(outcome(&gate, &findings), (Outcome::Failed, "ThresholdMoved"), "{metric:?}");
    }
}

#[test]
fn a_gain_on_recent_patients_may_not_be_paid_for_by_all() {
    let evidence = Evidence { decided: Decided::Recent, ..findings().evidence };
    let recent = |all| Findings { evidence: evidence.clone(), all: vec![all], ..findings() };
    let all = |candidate, spread| compared(Metric::RecallAtCapacity, candidate, 0.60, spread);
    let gate = Gate::default();
    assert_eq!(outcome(&gate, &recent(all(0.58, 0.001))), (Outcome::Failed, "WorseOnAllPatients"));
    assert_eq!(outcome(&gate, &recent(all(0.59, 0.001))).0, Outcome::Passed);
    assert_eq!(outcome(&gate, &recent(all(0.58, 0.1))).0, Outcome::Passed);
    assert_eq!(outcome(&gate, &recent(all(f64::NAN, 0.1))).0, Outcome::Inconclusive);
}

#[test]
fn evidence_that_is_not_there_is_told_with_both_counts_and_compares_nothing() {
    let held = Patients { all: 40, positive: 12 };
    let nothing = |pooled, unknown| Findings {
        evidence: Evidence { decided: Decided::Nothing, places: Vec::new(), held, pooled, unknown },
        ..findings()
    };
    let gate = Gate::default();
    let pooled = nothing(Some(Patients { all: 160, positive: 29 }), None);
    assert_eq!(outcome(&gate, &pooled), (Outcome::Inconclusive, "TooFewDropouts"));
    let said =
        "too few patients: 12 recent patients who dropped out in the holdout, 29 with those out of fold, 30 are needed";
    assert_eq!((message(&gate, &pooled, "positive_patients").as_str(), judge(&gate, &pooled).checks.len()), (said, 2));
    let alone = nothing(None, None);
    assert_eq!(outcome(&gate, &alone), (Outcome::Inconclusive, "TooFewPatients"));
    assert!(message(&gate, &alone, "patients").contains("no out-of-fold risks"));
    let unknown = nothing(None, Some("nobody knows"));
    assert_eq!(outcome(&gate, &unknown), (Outcome::Inconclusive, "NobodyRecentKnown"));
    assert_eq!(judge(&gate, &unknown).look, None);
}

#[test]
fn rows_that_interventions_touched_decide_nothing_unless_that_is_accepted() {
    let asked =
        |touched| Gate { interventions: Some(Interventions { column: "called".into(), touched }), ..Gate::default() };
    let touched = |all, flagged| Findings { touched: Some(Touching { all, flagged }), ..findings() };
    let (few, many) = (touched((10, 100), (2, 20)), touched((11, 100), (2, 20)));
    assert_eq!(outcome(&asked(None), &few).0, Outcome::Passed);
    assert_eq!(outcome(&asked(None), &many), (Outcome::Inconclusive, "TouchedByInterventions"));
    assert_eq!(judge(&asked(None), &many).look, None);
    assert_eq!(outcome(&asked(Some(Touched::Accept)), &many).0, Outcome::Passed);
    let targeted = touched((4, 100), (4, 8));
    assert_eq!(outcome(&asked(None), &targeted), (Outcome::Inconclusive, "TouchedByInterventions"));
    assert_eq!(outcome(&asked(None), &findings()), (Outcome::Inconclusive, "TouchedByInterventions"));
    assert_eq!(outcome(&Gate::default(), &many).0, Outcome::Passed);
}

fn group(name: &str, patients: usize, judged: Option<(f64, Verdict)>) -> Group {
    let judged = judged.map(|(low, verdict)| (Interval { low, high: low + 0.1 }, verdict));
    Group { name: name.into(), patients, positive_patients: 5, candidate: 0.4, production: 0.6, judged }
}

fn sliced(groups: Vec<Group>, enforcement: Option<Enforcement>) -> Findings {
    let slice = Slice { column: "site".into(), metric: None, margin: None, min_patients: None, enforcement };
    Findings { slices: vec![Sliced { slice, level: 0.975, groups, suppressed: 1 }], ..findings() }
}

#[test]
fn a_slice_says_its_worst_group_and_only_an_enforced_one_refuses() {
    let groups =
        || vec![group("S1", 40, Some((-0.02, Verdict::Passed))), group("S2", 30, Some((0.06, Verdict::Failed)))];
    let gate = Gate::default();
    let broken = sliced(groups(), None);
    assert_eq!(outcome(&gate, &broken), (Outcome::Failed, "SliceBroken"));
    let said = "worst in 'S2' (30 patients): recall 0.400 against 0.600, loss +0.060 to +0.160 at 97.5 %, at most 0.05 is allowed; 2 judged, 0 only told, 1 with fewer than 5 patients not shown";
    assert_eq!(message(&gate, &broken, "slice/site"), said);
    let reported = sliced(groups(), Some(Enforcement::Report));
    assert_eq!(verdict_by(&gate, &reported, "slice/site"), (Outcome::Passed, Verdict::Failed));
    assert!(message(&gate, &reported, "slice/site").ends_with("reported only"));
}

#[test]
fn a_slice_without_a_judged_group_passes_only_if_no_group_has_patients_enough() {
    let gate = Gate::default();
    assert_eq!(outcome(&gate, &sliced(vec![group("S1", 19, None)], None)).0, Outcome::Passed);
    let undefined = sliced(vec![group("S1", 20, None), group("S2", 7, None)], None);
    assert_eq!(verdict_by(&gate, &undefined, "slice/site"), (Outcome::Inconclusive, Verdict::Inconclusive));
    let mut one = sliced(vec![group("S1", 200, Some((-0.1, Verdict::Passed)))], None);
    one.slices[0].suppressed = 0;
    assert!(message(&gate, &one, "slice/site").contains("the column has one group, all patients"));
    one.slices[0].groups.clear();
    assert_eq!(outcome(&gate, &one).0, Outcome::Inconclusive);
}

#[test]
fn levels_are_written_with_two_digits_of_what_they_leave_out() {
    let levels = [0.8, 0.95, 0.975, 1.0 - 0.05 / 6.0, 1.0 - 0.05 / 110.0];
    assert_eq!(levels.map(percent), ["80 %", "95 %", "97.5 %", "99.17 %", "99.955 %"]);
}
