//! What a report means: schema first, then whether there are enough rows, then the rules in the order of their evidence
//! (labels, risk, inputs, estimate), then how many windows said so.

use super::{RISK, column::DISTANCE};
use crate::report::{
    Advice, ColumnReport, Decision, Direction, DriftReport, Estimate, PastWindow, Rule, Shape, Verdict,
};
use std::collections::BTreeMap;

/// Most sentences of a decision.
const REASONS: usize = 5;
/// The rule that notifies and never retrains alone: an estimate rests on an assumption.
const ESTIMATED: &str = "estimatedPerformance";
/// What sums of importances may lack of a limit that they reach.
const ROUNDING: f64 = 1e-9;
/// Windows that a report shows.
const WINDOWS: usize = 12;

/// A decision that is not made yet.
pub fn undecided() -> Decision {
    Decision { verdict: Verdict::Unknown, advice: Advice::WaitForData, rules: Vec::new(), reasons: Vec::new() }
}

/// Worst first: drifted before others, then by importance times effect.
pub fn sort(columns: &mut [ColumnReport]) {
    let weight = |column: &ColumnReport| {
        let effect = column.effect.as_ref().map_or(0.0, |effect| effect.value);
        effect * column.importance.unwrap_or(1.0)
    };
    let rank = |column: &ColumnReport| match column.drifted {
        Some(true) => 0,
        Some(false) => 1,
        None => 2,
    };
    columns
        .sort_by(|a, b| rank(a).cmp(&rank(b)).then(weight(b).total_cmp(&weight(a))).then_with(|| a.name.cmp(&b.name)));
}

/// Decides, and puts this window behind the earlier ones.
pub fn decide(report: &mut DriftReport, (history, unmatched): (&[PastWindow], usize)) {
    let rules = rules(report);
    let verdict = verdict(report, (&rules, unmatched));
    let now = PastWindow { to: report.window.to.clone(), verdict, columns: effects(report) };
    let mut reasons = reasons(report, verdict);
    if unmatched > 0 {
        reasons.push(format!("{unmatched} patients at landmark days that the reference hardly has were not compared"));
    }
    reasons.truncate(REASONS);
    let is_estimate = rules.iter().all(|rule| rule == ESTIMATED);
    let advice = advice(report, verdict, (history, &now));
    let advice = if is_estimate && advice == Advice::Retrain { Advice::Watch } else { advice };
    report.decision = Decision { verdict, advice, rules, reasons };
    report.history = history.iter().rev().take(WINDOWS - 1).rev().cloned().chain([now]).collect();
}

fn verdict(report: &DriftReport, (rules, unmatched): (&[String], usize)) -> Verdict {
    if report.schema_findings.iter().any(|finding| finding.breaks) {
        return Verdict::SchemaBreach;
    }
    if is_small(report, unmatched as u64) {
        return Verdict::InsufficientData;
    }
    if rules.is_empty() { Verdict::NoDrift } else { Verdict::Drift }
}

/// Whether a side has too few patients. Those of a window who cannot be compared, since nobody in the reference was ever that
/// long in the trial, count for its size, but at least half must be comparable.
fn is_small(report: &DriftReport, unmatched: u64) -> bool {
    let count = |compared: Option<u64>| compared.unwrap_or(0);
    let (reference, window) = (count(report.reference.compared), count(report.window.compared));
    let least = report.settings.min_rows;
    reference < least.max(1) || window + unmatched < least || window < least.div_ceil(2).max(1) || window < unmatched
}

/// The rules that fire, the strongest evidence first.
fn rules(report: &DriftReport) -> Vec<String> {
    let dataset = &report.dataset;
    let is_over = |share: Option<f64>| share.is_some_and(|share| share >= report.settings.drift_share - ROUNDING);
    if report.engine.rule == Rule::Evidently {
        return is_over(dataset.share).then(|| "share".to_owned()).into_iter().collect();
    }
    let performance = report.performance.as_ref();
    let alerts = |estimates: &[Estimate]| estimates.iter().any(|estimate| estimate.alert == Some(true));
    let inputs = match dataset.weighted_share {
        Some(share) => ("weightedShare", is_over(Some(share))),
        None => ("share", is_over(dataset.share)),
    };
    let rules = [
        ("performance", performance.is_some_and(|performance| alerts(&performance.realised))),
        (ESTIMATED, performance.is_some_and(|performance| performance.estimated.iter().any(has_fallen))),
        ("prediction", report.prediction.as_ref().is_some_and(|risk| risk.drifted == Some(true))),
        inputs,
    ];
    rules.into_iter().filter(|(_, fires)| *fires).map(|(name, _)| name.to_owned()).collect()
}

/// Whether the estimated AUC fell; other estimates move with the mix of patients alone.
fn has_fallen(estimate: &Estimate) -> bool {
    estimate.metric == "roc_auc" && estimate.has_fallen()
}

/// The effect of each column, below zero if it moved down, and whether it drifted; a Time feature never does alone.
fn effects(report: &DriftReport) -> BTreeMap<String, (f64, bool)> {
    let signed = |column: &ColumnReport| {
        let effect = column.effect.as_ref()?;
        let sign = if column.direction == Some(Direction::Down) { -1.0 } else { 1.0 };
        let drifted = column.drifted == Some(true) && !column.is_time;
        Some((column.name.clone(), (sign * effect.value, drifted)))
    };
    let risk = report.prediction.as_ref().and_then(signed).map(|(_, effect)| (RISK.to_owned(), effect));
    report.columns.iter().filter_map(signed).chain(risk).collect()
}

/// Retrain if this window drifted and enough of the last ones, this one among them, moved the same way.
fn advice(report: &DriftReport, verdict: Verdict, (history, now): (&[PastWindow], &PastWindow)) -> Advice {
    match verdict {
        Verdict::SchemaBreach => Advice::MendData,
        Verdict::InsufficientData | Verdict::Unknown => Advice::WaitForData,
        Verdict::NoDrift => Advice::Nothing,
        Verdict::Drift => {
            let before = history.iter().rev().take(report.settings.of.saturating_sub(1) as usize);
            let alike = before.filter(|past| is_alike(past, now)).count();
            if alike + 1 >= report.settings.persistence as usize { Advice::Retrain } else { Advice::Watch }
        }
    }
}

/// Whether an earlier window says the same. One with drift does if any column drifted in both the same way; one without does
/// if half of the columns that drift now did so then, the same way: it is the columns that persist, whether or not they were
/// enough by themselves. Windows with drift whose columns did not drift at all, such as those of a performance that fell, are
/// alike.
fn is_alike(past: &PastWindow, now: &PastWindow) -> bool {
    let drifted = |window: &PastWindow| window.columns.values().filter(|(_, drifted)| *drifted).count();
    let is_again = |(name, (effect, drifted)): (&String, &(f64, bool))| {
        let then = past.columns.get(name);
        *drifted && then.is_some_and(|(other, drifted)| *drifted && other.signum() == effect.signum())
    };
    let again = now.columns.iter().filter(|column| is_again(*column)).count();
    match past.verdict {
        Verdict::Drift => again > 0 || drifted(past) + drifted(now) == 0,
        Verdict::NoDrift => again > 0 && 2 * again >= drifted(now),
        Verdict::InsufficientData | Verdict::SchemaBreach | Verdict::Unknown => false,
    }
}

fn reasons(report: &DriftReport, verdict: Verdict) -> Vec<String> {
    let breaches = report.schema_findings.iter().filter(|finding| finding.breaks);
    let mut reasons: Vec<String> = breaches.map(|finding| finding.message.clone()).collect();
    if verdict == Verdict::InsufficientData {
        reasons.push(few(report));
    }
    let performance = report.performance.iter().flat_map(|performance| {
        let told = |word: &'static str| move |estimate: &Estimate| alert(word, estimate);
        let realised = performance.realised.iter().filter_map(told("realised"));
        realised.chain(performance.estimated.iter().filter_map(told("estimated"))).collect::<Vec<_>>()
    });
    reasons.extend(performance);
    let drifted = report.prediction.iter().chain(&report.columns).filter(|column| column.drifted == Some(true));
    reasons.extend(drifted.map(moved));
    if reasons.is_empty() {
        reasons.push(quiet(report));
    }
    reasons
}

fn few(report: &DriftReport) -> String {
    let count = |compared: Option<u64>| compared.unwrap_or(0);
    let sizes = format!(
        "{} patients in the window and {} in the reference, {} on each side are needed",
        count(report.window.compared),
        count(report.reference.compared),
        report.settings.min_rows
    );
    match report.power {
        Some(power) => format!(
            "{sizes}; a shift of a mean below {:.2} standard deviations would mostly be missed",
            power.mean_shift
        ),
        None => sizes,
    }
}

fn alert(word: &str, estimate: &Estimate) -> Option<String> {
    let was = estimate.reference.map_or(String::new(), |reference| format!(", {reference:.3} in the reference"));
    let is_told = if word == "estimated" { has_fallen(estimate) } else { estimate.alert == Some(true) };
    is_told.then(|| {
        format!("{word} {}: {:.3} ({:.3} to {:.3}){was}", estimate.metric, estimate.value, estimate.low, estimate.high)
    })
}

fn moved(column: &ColumnReport) -> String {
    let name = if column.name == RISK { "the predicted risk" } else { &column.name };
    let effect = column.effect.as_ref().map_or(0.0, |effect| effect.value);
    let p = column.test.as_ref().and_then(|test| test.p_adjusted).unwrap_or(1.0);
    let p = if p < 0.001 { "adjusted p < 0.001".to_owned() } else { format!("adjusted p {p:.3}") };
    match &column.shape {
        Some(Shape::Numbers(shape)) if column.effect.as_ref().is_some_and(|effect| effect.metric == DISTANCE) => {
            let verb = if column.direction == Some(Direction::Down) { "fell" } else { "rose" };
            let (was, is) = (shape.quartiles.reference[1], shape.quartiles.window[1]);
            format!("{name} {verb}: median {was:.3} to {is:.3}, moved by {effect:.2} sd, {p}")
        }
        Some(Shape::Numbers(_) | Shape::Categories(_)) | None => {
            format!("{name}: its values are shared out otherwise, distance {effect:.2} of 1, {p}")
        }
    }
}

fn quiet(report: &DriftReport) -> String {
    let dataset = &report.dataset;
    format!("{} of {} columns drifted", dataset.drifted, dataset.columns)
}
