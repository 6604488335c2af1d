//! What a report says in words: verdict, reason, and what it means for those who call patients. Numbers are those of the
//! report, rounded.

use super::{SliceRow, View};
use crate::report::{MetricReport, RecordReport, Report};
use dropout_model::{
    bundle::{Bundle, Model, Part},
    manifest::Metric,
    page::number::{self, count, decimal, percent, range, signed},
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

/// What a threshold does with a round number of patients, in whole patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// The patients: 100, or 1,000 where dropouts are rare.
    pub base: usize,
    /// Who are called.
    pub called: usize,
    /// Who leave.
    pub leave: usize,
    /// Who leave and are called.
    pub found: usize,
}

impl Calls {
    fn of(share: f64, alert_rate: f64, recall: f64) -> Option<Self> {
        if ![share, alert_rate, recall].iter().all(|number| (0.0..=1.0).contains(number)) || share == 0.0 {
            return None;
        }
        let base = if share >= 0.05 { 100 } else { 1_000 };
        let of = |share: f64| (share * base as f64).round() as usize;
        let (called, leave) = (of(alert_rate), of(share));
        Some(Self { base, called, leave, found: of(share * recall).min(called).min(leave) })
    }

    /// The candidate's calls; none if they are not known or would tell of too few.
    pub fn candidate(view: &View<'_>) -> Option<Self> {
        let flagged = view.threshold()?.flagged?;
        Self::of(view.report.curves.dropout_share, flagged.alert_rate, flagged.recall)
    }

    /// Production's calls at its own threshold.
    pub fn production(view: &View<'_>) -> Option<Self> {
        let of = |metric| view.metric(metric)?.production;
        Self::of(view.report.curves.dropout_share, of(Metric::AlertRate)?, of(Metric::Recall)?)
    }
}

/// What the threshold means for those who call; empty if it is not known.
pub fn calls(view: &View<'_>) -> Vec<String> {
    let Some(Calls { base, called, leave, found }) = Calls::candidate(view) else { return Vec::new() };
    let first = format!(
        "Of {base} patients looked at on a landmark day, {called} are called. About {leave} of the {base} leave within {}; {found} of these {leave} are among the called.",
        horizon(view.bundle)
    );
    let second = view.threshold().and_then(|cut| cut.flagged?.needed_to_call).map(|calls| {
        let calls = decimal(calls, if calls < 10.0 { 1 } else { 0 });
        let cut = percent(view.report.candidate.threshold, 1);
        format!(
            "It takes {calls} calls to reach one patient who would leave. A patient is called from a risk of {cut} on."
        )
    });
    let third = Calls::production(view).map(|Calls { called, leave, found, .. }| {
        format!("The model that is served calls {called} of {base}; {found} of the {leave} who leave are among them.")
    });
    std::iter::once(first).chain(second).chain(third).collect()
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
    let is_rate = found.metric == Metric::AlertRate;
    let (better, worse) = if is_rate { ("fewer calls", "more calls") } else { ("better", "worse") };
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

/// What the gate says of a group, with its class in the style.
pub fn told(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    verdict.map_or(("open", "told only"), judged)
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

/// How many patients a group has and how many of them dropped out, as far as that may be told.
pub fn sizes(row: &SliceRow) -> [String; 2] {
    let told = |count: Option<usize>| count.map_or_else(|| "1 to 4".to_owned(), number::count);
    let positive = row.patients.map_or_else(|| number::NONE.to_owned(), |_| told(row.positive_patients));
    [told(row.patients), positive]
}

/// What came of the records.
pub fn records(records: &RecordReport) -> String {
    let counts = records.counts;
    let count = |number: u64| count(usize::try_from(number).unwrap_or(usize::MAX));
    format!(
        "Of these, {} rows were made from {} recorded predictions and {} outcomes. Left out: {} repeated on a day, {} not certain at the cut-off, {} censored, {} of which nothing says what became of the patient, {} contradicted, {} after the patient had left, {} that no longer keep the manifest. {} records were lost before they were written.",
        count(counts.labelled),
        count(counts.predictions),
        count(counts.outcomes),
        count(counts.repeated),
        count(counts.immature),
        count(counts.censored),
        count(counts.unlabelled),
        count(counts.contradictory),
        count(counts.late),
        count(records.unfit as u64),
        count(records.lost)
    )
}
