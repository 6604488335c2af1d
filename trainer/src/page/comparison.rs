//! The comparison: the primary metric and its like as a forest plot, every metric as a table, every rule of the gate.

use super::{View, words};
use crate::report::MetricReport;
use dropout_model::{
    manifest::Metric,
    metric::bootstrap::Interval,
    page::{
        Forest, Html, Ink, Line, Table, Text, Unit, figure,
        number::{NONE, decimal, range, signed},
        section as made,
    },
};

/// The comparison with production, or a first model's metrics.
pub fn section(view: &View<'_>) -> Html {
    let heading = if view.is_compared() { "Candidate against production" } else { "How good it is" };
    let level = dropout_model::page::number::percent(view.report.bootstrap.level, 0);
    let caption = if view.is_compared() {
        format!(
            "Differences, candidate less production, with {level} intervals; the metric in bold decides. The upright bar is what its difference has to pass, the dotted line is no difference."
        )
    } else {
        format!("Metrics on patients held out, with {level} intervals; the one in bold decides.")
    };
    let drawn = forest(view);
    let plot = if drawn.lines.is_empty() { Html::new() } else { figure(drawn.svg(), &caption) };
    made("comparison", heading, plot.and(metrics(view)))
}

/// Metrics that are shares and better when larger, the primary one first; a primary of another kind stands alone.
fn shown<'a>(view: &View<'a>) -> Vec<&'a MetricReport> {
    const SHARES: [Metric; 7] = [
        Metric::RecallAtCapacity,
        Metric::RocAuc,
        Metric::RocAucWithinLandmark,
        Metric::PrAuc,
        Metric::Recall,
        Metric::Precision,
        Metric::F1,
    ];
    let primary = view.report.primary;
    let others: &[Metric] = if SHARES.contains(&primary) { &SHARES } else { &[] };
    let wanted = std::iter::once(primary).chain(others.iter().copied().filter(|metric| *metric != primary));
    wanted.filter_map(|metric| view.metric(metric)).filter(|found| found.candidate.is_finite()).collect()
}

fn forest(view: &View<'_>) -> Forest {
    let is_compared = view.is_compared();
    let lines: Vec<Line> = shown(view).into_iter().filter_map(|found| line(view, found)).collect();
    let says = lines.iter().map(|line| format!("{}: {}", line.name, line.text)).collect::<Vec<_>>().join("; ");
    let is_share = view.report.primary.is_better_when_larger();
    Forest {
        id: "forest",
        title: if is_compared { "Differences with intervals".into() } else { "Metrics with intervals".into() },
        description: format!("{says}."),
        label: match (is_compared, is_share) {
            (true, true) => "candidate less production".into(),
            (true, false) => "candidate less production (to the left is better)".into(),
            (false, _) => "value".into(),
        },
        unit: Unit::Number,
        neutral: is_compared.then_some(0.0),
        lines,
    }
}

fn line(view: &View<'_>, found: &MetricReport) -> Option<Line> {
    let is_primary = found.metric == view.report.primary;
    let is_compared = view.is_compared();
    let (value, interval) = if is_compared {
        (found.difference?, found.difference_interval)
    } else {
        (found.candidate, found.candidate_interval)
    };
    let write = |number: f64| if is_compared { signed(number, 3) } else { decimal(number, 3) };
    let text = interval.map_or_else(|| write(value), |_| format!("{} ({})", write(value), range(interval, write)));
    let name = words::metric(found.metric, is_compared);
    Some(Line {
        name: name.to_owned(),
        text,
        value,
        interval: interval.map(|Interval { low, high }| (low, high)),
        bar: view.bar.filter(|_| is_primary),
        ink: if is_primary { Ink::First } else { Ink::Guide },
    })
}

fn metrics(view: &View<'_>) -> Html {
    let is_compared = view.is_compared();
    let report = view.report;
    let level = dropout_model::page::number::percent(report.bootstrap.level, 0);
    let caption = match report.bootstrap.resamples {
        0 => "Every metric; nothing was compared, so there are no intervals.".to_owned(),
        resamples => format!(
            "Every metric on {} patients held out ({} dropped out), with {level} intervals from {} resamples of patients.",
            dropout_model::page::number::count(report.rows.holdout.patients),
            dropout_model::page::number::count(report.rows.holdout.positive_patients),
            dropout_model::page::number::count(resamples)
        ),
    };
    let numbers = |name| (name, Text::Numbers);
    let columns = [numbers("candidate"), numbers("production"), numbers("difference"), ("reading", Text::Words)];
    let columns = if is_compared { &columns[..] } else { &columns[..1] };
    let mut table = Table::new(&caption, "metric", columns);
    for found in &report.metrics {
        table = table.row(row(found, is_compared));
        if let Some(row) = table.rows.last_mut() {
            row.is_main = found.metric == report.primary;
        }
    }
    table.html()
}

fn row(found: &MetricReport, is_compared: bool) -> Vec<Html> {
    let number = |value: f64| decimal(value, 3);
    let change = |value: f64| signed(value, 3);
    let reading = words::difference(found);
    vec![
        Html::of(words::metric(found.metric, is_compared)),
        cell(Some(found.candidate), found.candidate_interval, number),
        cell(found.production, found.production_interval, number),
        cell(found.difference, found.difference_interval, change),
        Html::of(reading),
    ]
}

/// A number above its interval.
fn cell(value: Option<f64>, interval: Option<Interval>, write: impl Fn(f64) -> String) -> Html {
    let number = Html::of(&value.map_or_else(|| NONE.to_owned(), &write));
    if interval.is_none() { number } else { number.and(Html::tag("small", &range(interval, write))) }
}

/// Every rule of the gate.
pub fn checks(view: &View<'_>) -> Html {
    let mut checks: Vec<_> = view.report.checks.iter().collect();
    checks.sort_by_key(|check| check.verdict.rank());
    let mut table = Table::new(
        "Every rule of the gate; all enforced ones must pass.",
        "rule",
        &[("verdict", Text::Words), ("why", Text::Words)],
    );
    for check in checks {
        let (class, word) = words::judged(check.verdict);
        let word = Html::tag("b", word).inside("span", class);
        table = table.row(vec![Html::of(&check.name), word, Html::of(&check.message)]);
    }
    let table = if table.rows.is_empty() { Html::tag("p", "No rule was applied.") } else { table.html() };
    made("gate", "The gate, rule by rule", table)
}
