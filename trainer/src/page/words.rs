//! What a report says in words: verdict, reason, and what it means for those who call patients. Numbers are those of the
//! report, rounded.

use super::View;
use crate::report::{MetricReport, Report};
use dropout_model::{
    bundle::{Bundle, Model, Part},
    manifest::Metric,
    page::number::{decimal, percent, range, signed},
    task::{Outcome, Verdict},
};

/// The class of the verdict in the style, and the verdict as a sentence.
pub fn verdict(report: &Report) -> (&'static str, &'static str) {
    match (report.outcome, report.production.is_some()) {
        (Outcome::Passed, true) => ("passed", "Passed: the candidate is better than the model that is served."),
        (Outcome::Passed, false) => ("passed", "Passed: this first model may be served."),
        (Outcome::Failed, true) => ("failed", "Refused: the model that is served stays."),
        (Outcome::Failed, false) => ("failed", "Refused: this first model is not good enough to be served."),
        (Outcome::Inconclusive, true) => {
            ("open", "Undecided: the evidence is not enough, the model that is served stays.")
        }
        (Outcome::Inconclusive, false) => ("open", "Undecided: the evidence is not enough for a first model."),
        (Outcome::Unchanged, _) => ("open", "Unchanged: the candidate is the model that is served already."),
        (Outcome::BadInput | Outcome::VersionTaken, _) => ("open", "Not judged."),
    }
}

/// The primary comparison; none if its metric is not there.
pub fn primary(report: &Report) -> Option<String> {
    let found = report.metrics.iter().find(|found| found.metric == report.primary)?;
    let name = metric(found.metric, report.production.is_some());
    let level = percent(report.bootstrap.level, 0);
    let number = |value: f64| decimal(value, 3);
    let Some((production, difference)) = found.production.zip(found.difference) else {
        let interval = range(found.candidate_interval, number);
        return Some(format!("{name} is {} ({level} interval {interval}).", number(found.candidate)));
    };
    let interval = range(found.difference_interval, |value| signed(value, 3));
    Some(format!(
        "{name} is {} against production’s {}: a difference of {} ({level} interval {interval}).",
        number(found.candidate),
        number(production),
        signed(difference, 3)
    ))
}

/// The sentence of the gate.
pub fn why(report: &Report) -> String {
    let mut letters = report.message.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("The gate’s own words ({}): {first}{}.", report.reason, letters.as_str().trim_end_matches('.'))
}

/// What the threshold means for those who call, in whole patients; empty if it is not known or would tell of too few.
pub fn calls(view: &View<'_>) -> Vec<String> {
    let share = view.report.curves.dropout_share;
    let Some(flagged) = view.threshold().and_then(|cut| cut.flagged) else { return Vec::new() };
    if !share.is_finite() || share <= 0.0 {
        return Vec::new();
    }
    let base = if share >= 0.05 { 100.0 } else { 1_000.0 };
    let of = |share: f64| decimal(share * base, 0);
    let (leave, found) = ((share * base).round(), (share * base * flagged.recall).round());
    let first = format!(
        "Of {base} patients looked at on a landmark day, {} are called. About {leave} of the {base} leave within {}; {found} of these {leave} are among the called.",
        of(flagged.alert_rate),
        horizon(view.bundle)
    );
    let second = flagged.needed_to_call.map(|calls| {
        let calls = if calls < 10.0 { decimal(calls, 1) } else { decimal(calls, 0) };
        format!("It takes {calls} calls to reach one patient who would leave.")
    });
    let cut = format!("A patient is called from a risk of {} on.", percent(view.report.candidate.threshold, 1));
    let third = production_calls(view, base);
    std::iter::once(first).chain(second.map(|second| format!("{second} {cut}"))).chain(third).collect()
}

fn production_calls(view: &View<'_>, base: f64) -> Option<String> {
    let share = view.report.curves.dropout_share;
    let rate = view.metric(Metric::AlertRate)?.production?;
    let recall = view.metric(Metric::Recall)?.production?;
    Some(format!(
        "The model that is served calls {} of {base}, and {} of the {} who leave are among them.",
        decimal(rate * base, 0),
        decimal(share * base * recall, 0),
        decimal(share * base, 0)
    ))
}

/// How far ahead risk is predicted.
pub fn horizon(bundle: &Bundle) -> String {
    let seconds = bundle.horizon_seconds;
    match (seconds % 86_400, seconds / 86_400) {
        (0, 1) => "1 day".to_owned(),
        (0, days) => format!("{days} days"),
        _ => format!("{} hours", decimal(seconds as f64 / 3_600.0, 0)),
    }
}

/// A metric's name for people.
pub fn metric(metric: Metric, has_production: bool) -> &'static str {
    match metric {
        Metric::RocAuc => "ROC AUC",
        Metric::RocAucWithinLandmark => "ROC AUC within a landmark day",
        Metric::RecallAtCapacity if has_production => "Recall at production’s alert rate",
        Metric::RecallAtCapacity => "Recall at its own alert rate",
        Metric::Recall => "Recall at its own threshold",
        Metric::Precision => "Precision at its own threshold",
        Metric::AlertRate => "Alert rate at its own threshold",
        Metric::F1 => "F1 at its own threshold",
        Metric::PrAuc => "Average precision",
        Metric::Brier => "Brier score",
        Metric::LogLoss => "Log loss, nats",
        Metric::CalibrationInTheLarge => "Calibration in the large, logits",
    }
}

/// What its interval says about a difference, in a word or two.
pub fn difference(found: &MetricReport) -> &'static str {
    let Some(interval) = found.difference_interval else { return "" };
    let is_clear = interval.low > 0.0 || interval.high < 0.0;
    if found.metric == Metric::CalibrationInTheLarge {
        return if is_clear { "moved" } else { "no clear difference" };
    }
    let (better, worse) = match found.metric {
        Metric::AlertRate => ("fewer calls", "more calls"),
        _ => ("better", "worse"),
    };
    match (is_clear, (interval.low > 0.0) == found.metric.is_better_when_larger()) {
        (false, _) => "no clear difference",
        (true, true) => better,
        (true, false) => worse,
    }
}

/// What the gate's rule says, with its class in the style.
pub fn judged(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("passed", "passed"),
        Verdict::Failed => ("failed", "failed"),
        Verdict::Inconclusive => ("open", "undecided"),
    }
}

/// The kind of a bundle's model.
pub fn kind(bundle: &Bundle) -> String {
    match &bundle.model {
        Model::Logistic(model) => format!("logistic regression, {} terms", model.terms.len()),
        Model::Trees(trees) => format!("boosted trees, {} trees", trees.xgboost.trees.len()),
    }
}

/// A term's name.
pub fn term(feature: &str, part: &Part) -> String {
    match part {
        Part::Value => feature.to_owned(),
        Part::Is(level) => format!("{feature} is {level}"),
        Part::Missing => format!("{feature} is missing"),
    }
}

/// The first letters of a digest, enough to tell bundles apart.
pub fn short(digest: &str) -> &str {
    dropout_model::digest::short(digest, 12)
}

/// A count that may be hidden.
pub fn hidden(count: Option<usize>) -> String {
    count.map_or_else(|| "1 to 4".to_owned(), dropout_model::page::number::count)
}
