//! The model's own risk on both sides, and how well the model does: estimated without labels, realised with them. It says
//! what the estimate rests on and what it cannot see.

use super::{
    number::{cell, effect, near, p, share, told},
    words,
};
use crate::report::{ColumnReport, DriftReport, Estimate, NumberShape, Pair, Performance, Shape};
use dropout_model::page::{
    Axis, Chart, Forest, Html, Ink, Layer, Line, Shape as Drawn, Table, Text, Unit, figure, section,
};

/// Estimates that are drawn.
const MOST_LINES: usize = 10;

/// The section; empty if nothing is known of risk and performance.
pub fn section_of(report: &DriftReport) -> Html {
    let risk = report.prediction.as_ref().map(|column| risk(column, report));
    let (drawn, told) = report.performance.as_ref().map(performance).unwrap_or_default();
    let inner = match (risk, &report.performance) {
        (None, None) => return Html::new(),
        (None, Some(_)) => Html::tag("p", "There is no risk score in this report.").and(pair(drawn, told)),
        (Some(risk), None) => {
            pair(risk, Html::tag("p", "How well the model does is not known: no labels, no estimate."))
        }
        (Some(risk), Some(_)) => pair(risk, drawn.and(told)),
    };
    section("prediction", "Prediction", inner)
}

fn pair(left: Html, right: Html) -> Html {
    Html::element("div", &[], left).and(Html::element("div", &[], right)).inside("div", "pair")
}

fn risk(column: &ColumnReport, report: &DriftReport) -> Html {
    let sentence = Html::tag("p", &sentence(column));
    let Some(Shape::Numbers(shape)) = &column.shape else { return sentence };
    let Some(chart) = overlay(shape) else { return sentence };
    let n = column.n;
    let Pair { reference, window } = shape.outside;
    let beyond = |[below, above]: [f64; 2], n: Option<u64>| told(below.max(0.0) + above.max(0.0), n);
    let caption = format!(
        "Risk by patient, {} reference (filled) and window (line). Outside the drawing: {} of the reference, {} of the window.",
        if report.reference.compared.is_some() { "one row a patient," } else { "" },
        beyond(reference, n.map(|n| n.reference)),
        beyond(window, n.map(|n| n.window))
    );
    sentence.and(figure(chart.svg(), &caption.replace(",  ", ", ").replace("  ", " ")))
}

fn sentence(column: &ColumnReport) -> String {
    let sign = words::column(column);
    let mut parts = Vec::new();
    if let Some(Shape::Numbers(shape)) = &column.shape {
        let Pair { reference: [_, before, _], window: [_, now, _] } = shape.quartiles;
        parts.push(format!("median {} → {}", share(before), share(now)));
    }
    parts.extend(column.effect.as_ref().map(|size| format!("effect {}", effect(size))));
    parts.extend(column.test.as_ref().map(|test| format!("p {}", p(test.p))));
    let tail = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("Risk score {} {}{tail}.", sign.glyph, sign.words)
}

fn overlay(shape: &NumberShape) -> Option<Chart> {
    let (low, high) = (*shape.edges.first()?, *shape.edges.last()?);
    let bins = shape.edges.len() - 1;
    let is_whole = [&shape.bins.reference, &shape.bins.window].iter().all(|side| side.len() == bins);
    if !is_whole || high.partial_cmp(&low) != Some(std::cmp::Ordering::Greater) || high - low > 10.0 {
        return None;
    }
    let spans = || shape.edges.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
    // One area instead of a bar a bin: the line of the window stays readable on it.
    let area = spans().zip(&shape.bins.reference).flat_map(|((from, to), part)| [(from, 0.0, *part), (to, 0.0, *part)]);
    let mut line = vec![(low, 0.0)];
    line.extend(spans().zip(&shape.bins.window).map(|((from, _), part)| (from, *part)));
    line.push((high, 0.0));
    let shares = shape.bins.reference.iter().chain(&shape.bins.window).copied();
    let most = shares.filter(|part| part.is_finite()).fold(0.01, f64::max).min(1.0);
    let layer = |shape, ink, name: &str| Layer { shape, ink, name: Some(name.to_owned()) };
    Some(Chart {
        id: "risk",
        title: "Risk score, reference and window".into(),
        description: "How the predicted risks are spread; the sentence above has the numbers.".into(),
        x: Axis::shares("predicted risk of dropout", low.max(0.0).min(high), high),
        y: Axis::shares("share of patients", 0.0, most * 1.08),
        layers: vec![
            layer(Drawn::Band(area.collect()), Ink::Guide, "reference"),
            layer(Drawn::Step(line), Ink::First, "window"),
        ],
    })
}

/// Performance as a drawing, and as a table with words.
fn performance(performance: &Performance) -> (Html, Html) {
    let drawn = forest(performance);
    let caption = "● estimated without labels, □ realised with the labels that have arrived, each with its interval; the upright bar is the reference.";
    let plot = if drawn.lines.is_empty() { Html::new() } else { figure(drawn.svg(), caption) };
    let labels: Html = labels(performance).iter().map(|line| Html::tag("p", line)).collect();
    (plot, table(performance).and(labels))
}

fn labels(performance: &Performance) -> Vec<String> {
    let coverage = performance.label_coverage.map(share);
    let patients = performance.labelled_patients.map(|patients| cell(Some(patients)));
    let known = match (coverage, patients) {
        (Some(part), Some(patients)) => {
            Some(format!("Labels are known for {part} of the window’s rows ({patients} patients)."))
        }
        (Some(part), None) => Some(format!("Labels are known for {part} of the window’s rows.")),
        (None, Some(patients)) => Some(format!("Labels are known for {patients} patients.")),
        (None, None) => None,
    };
    let assumption = performance.assumption.as_ref().map(|text| format!("What the estimate rests on: {text}"));
    known.into_iter().chain(assumption).collect()
}

fn all(performance: &Performance) -> impl Iterator<Item = (&'static str, &Estimate)> {
    let estimated = performance.estimated.iter().map(|one| ("estimated", one));
    estimated.chain(performance.realised.iter().map(|one| ("realised", one)))
}

/// Metrics that are shares; others stand in the table only.
fn forest(performance: &Performance) -> Forest {
    let is_share = |one: &Estimate| [one.value, one.low, one.high].iter().all(|number| (0.0..=1.0).contains(number));
    let shares = all(performance).filter(|(_, one)| is_share(one)).take(MOST_LINES);
    let lines: Vec<Line> = shares.map(|(how, one)| line(how, one)).collect();
    let says: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.name, line.text)).collect();
    Forest {
        id: "performance",
        title: "Performance with intervals".into(),
        description: format!("{}.", says.join("; ")),
        label: "value".into(),
        unit: Unit::Number,
        neutral: None,
        lines,
    }
}

fn line(how: &str, one: &Estimate) -> Line {
    Line {
        name: format!("{} {how}", words::metric(&one.metric)),
        text: interval(one),
        value: one.value,
        interval: Some((one.low, one.high)),
        bar: one.reference.filter(|reference| (0.0..=1.0).contains(reference)),
        ink: if how == "estimated" { Ink::First } else { Ink::Guide },
    }
}

fn interval(one: &Estimate) -> String {
    format!("{} ({} to {})", near(one.value), near(one.low), near(one.high))
}

fn table(performance: &Performance) -> Html {
    let columns = [("value (interval)", Text::Numbers), ("reference", Text::Numbers), ("reading", Text::Words)];
    let mut table = Table::new("Performance on this window.", "metric", &columns);
    for (how, one) in all(performance) {
        let name = Html::of(words::metric(&one.metric)).and(Html::tag("small", how));
        let reference = one.reference.map_or_else(|| near(f64::NAN), near);
        let (class, reading) = match one.alert {
            Some(true) => ("failed", "▲ outside the expected"),
            Some(false) => ("passed", "· as expected"),
            None => ("open", "○ not judged"),
        };
        let reading = Html::tag("b", reading).inside("span", class);
        table = table.row(vec![name, Html::of(&interval(one)), Html::of(&reference), reading]);
    }
    if table.rows.is_empty() { Html::new() } else { table.html() }
}
