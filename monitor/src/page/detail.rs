//! A feature in detail, folded: its drawing, its numbers, its remarks. What there is no room for is said, not drawn.

use super::{
    number::{self, effect, p, plain, share},
    pen::{drawing, level, stroke, words as text},
    plot, table, words,
};
use crate::report::{ColumnReport, DriftReport, Missing, Shape};
use dropout_model::page::{Html, section};

/// Drifted features that are unfolded from the start.
const MOST_OPEN: usize = 5;

/// The section, in at most `room` bytes of drawings; the features that matter most are drawn first.
pub fn section_of(report: &DriftReport, room: usize) -> Html {
    if report.columns.is_empty() {
        return Html::new();
    }
    let mut left = room;
    let mut undrawn = 0;
    let mut inner = Vec::new();
    for (nth, column) in report.columns.iter().enumerate() {
        let is_open = nth < MOST_OPEN && column.drifted == Some(true);
        let drawn = drawn(column);
        let fits = drawn.as_ref().is_some_and(|drawn| drawn.as_str().len() <= left);
        undrawn += usize::from(drawn.is_some() && !fits);
        let drawn = drawn.filter(|_| fits);
        left -= drawn.as_ref().map_or(0, |drawn| drawn.as_str().len());
        inner.push(feature(column, (drawn, is_open)));
    }
    let cut = format!(
        "{undrawn} features are not drawn here, so that the page stays small; their shapes are in the JSON report."
    );
    let cut = if undrawn > 0 { Html::tag("p", &cut) } else { Html::new() };
    section("details", "Feature by feature", legend(report).and(cut).and(inner.into_iter().collect()))
}

fn legend(report: &DriftReport) -> Html {
    if report.columns.iter().all(|column| column.shape.is_none()) {
        return Html::new();
    }
    let text = "Filled or thick grey: reference. Thin dark line: window. Above: how values are spread; ◂ and ▸ are shares outside the drawing. Below: share of patients at or below a value, with the widest gap. Arrows lead from reference to window.";
    Html::of(text).inside("p", "note")
}

fn drawn(column: &ColumnReport) -> Option<Html> {
    match column.shape.as_ref()? {
        Shape::Numbers(shape) => plot::numbers(shape, column.n),
        Shape::Categories(all) => plot::categories(all),
    }
}

fn feature(column: &ColumnReport, (drawn, is_open): (Option<Html>, bool)) -> Html {
    let sign = words::column(column);
    let size = column.effect.as_ref().map_or_else(String::new, |size| format!(", {}", effect(size)));
    let summary = format!(" {} {}{size}", sign.glyph, sign.words);
    let summary = Html::element("summary", &[], Html::tag("b", &column.name).and(Html::of(&summary)));
    let inner = drawn.unwrap_or_default().and(facts(column));
    let attributes: &[_] = if is_open { &[("open", "")] } else { &[] };
    Html::element("details", attributes, summary.and(inner.inside("div", "fold")))
}

fn facts(column: &ColumnReport) -> Html {
    let facts = [
        ("Test", column.test.as_ref().map(|_| Html::of(&test(column)))),
        ("Evidently", column.evidently.as_ref().map(|_| Html::of(&evidently(column)))),
        ("Missing", column.missing.and_then(|missing| self::missing(&missing))),
        ("Unseen", Some(table::unseen(column)).filter(|text| !text.is_empty()).map(|text| Html::of(&text))),
        ("Notes", Some(column.notes.join("; ")).filter(|text| !text.is_empty()).map(|text| Html::of(&text))),
    ];
    let fact = |(name, value): (&str, Option<Html>)| Some(Html::tag("dt", name).and(Html::element("dd", &[], value?)));
    Html::element("dl", &[], facts.into_iter().filter_map(fact).collect())
}

fn test(column: &ColumnReport) -> String {
    let Some(test) = &column.test else { return String::new() };
    let statistic = test.statistic.map_or_else(String::new, |statistic| format!(" {}", plain(statistic)));
    format!("{}{statistic}, p {} ({})", words::test(&test.name), p(test.p), test.p_method)
}

fn evidently(column: &ColumnReport) -> String {
    let Some(score) = &column.evidently else { return String::new() };
    let says = match score.drifted {
        Some(true) => "drift",
        Some(false) => "no drift",
        None => "not said",
    };
    let number = number::score(score);
    let limit = score.threshold.map_or_else(String::new, |limit| format!(", limit {}", plain(limit)));
    format!("{} {number}{limit}: {says}", words::method(score))
}

/// Shares in words and as two bars; none where so little is missing that the table says enough.
fn missing(missing: &Missing) -> Option<Html> {
    const WORTH: f64 = 0.05;
    let (before, now) = (missing.share.reference, missing.share.window);
    if before.max(now) < WORTH && !missing.drifted {
        return None;
    }
    let drift = if missing.drifted { ", ◇ differs" } else { "" };
    let words = format!("{} → {} (p {}){drift}", share(before), share(now), p(missing.p));
    Some(Html::of(&words).and(bars(before, now)))
}

fn bars(before: f64, now: f64) -> Html {
    let bar = |part: f64, y: f64| level((0.0, y), part.clamp(0.0, 1.0) * 120.0);
    let inner = stroke("bar all", &level((0.0, 8.0), 120.0))
        .and(stroke("bar old", &bar(before, 4.0)))
        .and(stroke("bar win", &bar(now, 12.0)));
    let inner = inner.and(text((124.0, 12.0), "", "of all"));
    drawing("lost", (160, 16), ("missing shares, reference above window", inner))
}
