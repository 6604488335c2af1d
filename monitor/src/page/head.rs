//! What a reader sees first: what to do, which rule fired, why, and what was compared. It judges nothing anew.

use super::{
    number::{moment, share, whole},
    words,
};
use crate::report::{DriftReport, SchemaFinding, Side, Verdict};
use dropout_model::{digest::short, page::Html};

/// Reasons that are told.
const MOST_REASONS: usize = 5;

/// The verdict in words, why, and what was compared.
pub fn head(report: &DriftReport) -> Html {
    let over = Html::of(&over(report)).inside("p", "over");
    Html::element("header", &[], over.and(verdict(report)).and(why(report)).and(compared(report)))
}

/// The model's name and version; none without a model.
pub fn model(report: &DriftReport) -> Option<String> {
    let model = report.model.as_ref()?;
    Some(model.version.as_ref().map_or_else(|| model.name.clone(), |version| format!("{} {version}", model.name)))
}

fn over(report: &DriftReport) -> String {
    let window = dates(&report.window).map(|dates| format!("window {dates}"));
    let parts = [model(report), Some("drift report".to_owned()), window];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn verdict(report: &DriftReport) -> Html {
    let sign = words::advice(&report.decision);
    let glyph = Html::element("span", &[("class", "glyph"), ("aria-hidden", "true")], Html::of(sign.glyph));
    let heading = Html::element("h1", &[], glyph.and(Html::of(&format!(" {}", sign.words))));
    let meaning = Html::of(words::meaning(&report.decision)).inside("p", "lead");
    // Too few patients show large changes only: how large belongs to the first thing that is read.
    let is_small = report.decision.verdict == Verdict::InsufficientData && report.power.is_some();
    let power = is_small.then(|| super::settings::power(report));
    let lines: Html =
        [Some(found(report)), power, rules(report)].into_iter().flatten().map(|line| Html::tag("p", &line)).collect();
    heading.and(meaning).and(lines).inside("div", &format!("verdict {}", sign.class))
}

/// What this window says, with how many columns drifted.
fn found(report: &DriftReport) -> String {
    let dataset = &report.dataset;
    let says = words::verdict(report.decision.verdict).words;
    if report.decision.verdict == Verdict::Unknown || dataset.columns == 0 {
        return format!("This window: {says}. No column was compared.");
    }
    let (drifted, all) = (whole(dataset.drifted), whole(dataset.columns));
    let plain = dataset.share.map(|part| format!("{} of all", share(part)));
    let weighted = dataset.weighted_share.map(|part| format!("{} weighted by importance", share(part)));
    let limit = dataset.limit.map(|part| format!("limit {}", share(part)));
    let parts: Vec<String> = [plain, weighted, limit].into_iter().flatten().collect();
    let shares = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("This window: {says}. {drifted} of {all} features drifted{shares}.{}", lasted(report))
}

/// In how many of the last windows there was drift.
fn lasted(report: &DriftReport) -> String {
    let verdicts = super::history::verdicts(report);
    let of = report.settings.of as usize;
    if verdicts.len() < 2 || of < 2 {
        return String::new();
    }
    let last = verdicts.len().saturating_sub(of);
    let recent = verdicts.get(last..).unwrap_or_default();
    let drifted = recent.iter().filter(|verdict| **verdict == Verdict::Drift).count();
    let needed = report.settings.persistence;
    format!(" Drift in {drifted} of the last {} windows; {needed} of {of} are needed for retraining.", recent.len())
}

/// Which rules fired; the strongest one first.
fn rules(report: &DriftReport) -> Option<String> {
    let told: Vec<&str> = report.decision.rules.iter().map(|rule| words::rule(rule)).collect();
    let (first, others) = told.split_first()?;
    let others = if others.is_empty() { String::new() } else { format!("; also: {}", others.join("; ")) };
    Some(format!("Rule that fired: {first}{others}."))
}

/// The reasons of the report; without any, what is wrong with its columns.
fn why(report: &DriftReport) -> Html {
    let reasons = report.decision.reasons.iter().cloned();
    let finding = |found: &SchemaFinding| format!("{}: {}: {}", found.column, words::schema(found.kind), found.message);
    let findings = report.schema_findings.iter().filter(|_| report.decision.reasons.is_empty()).map(finding);
    let lines: Vec<String> = reasons.chain(findings).take(MOST_REASONS).collect();
    if lines.is_empty() {
        return Html::new();
    }
    let lines = lines.iter().map(|line| Html::tag("li", line)).collect();
    Html::tag("h2", "Why").and(Html::element("ul", &[], lines)).inside("div", "why")
}

fn dates(side: &Side) -> Option<String> {
    match (&side.from, &side.to) {
        (Some(from), Some(to)) => Some(format!("{} to {}", moment(from), moment(to))),
        (Some(from), None) => Some(format!("from {}", moment(from))),
        (None, Some(to)) => Some(format!("until {}", moment(to))),
        (None, None) => None,
    }
}

/// What was compared with what, by what.
fn compared(report: &DriftReport) -> Html {
    let engine = &report.engine;
    let version = engine.version.as_deref().map_or_else(|| ", version not known".to_owned(), |text| format!(" {text}"));
    let model = report.model.as_ref();
    let bundle = model.and_then(|model| model.bundle.as_deref()).map(|digest| format!("bundle {}", short(digest, 12)));
    let facts = [
        ("Model", self::model(report), bundle.into_iter().collect()),
        ("Reference", Some(size(&report.reference)), details(&report.reference)),
        ("Window", Some(size(&report.window)), details(&report.window)),
        (
            "Engine",
            Some(format!("{}{version}", engine.name)),
            vec![format!("decides by {}", words::engine_rule(engine.rule))],
        ),
    ];
    let fact = |(name, value, details): (&str, Option<String>, Vec<String>)| {
        let value = Html::of(&value?).and(details.iter().map(|text| Html::tag("small", text)).collect());
        Some(Html::element("div", &[], Html::tag("dt", name).and(Html::element("dd", &[], value))))
    };
    Html::element("dl", &[("class", "facts")], facts.into_iter().filter_map(fact).collect())
}

fn size(side: &Side) -> String {
    match (side.compared, side.rows) {
        (Some(patients), Some(rows)) if patients != rows => {
            format!("{} patients, {} rows", whole(patients), whole(rows))
        }
        (Some(rows), _) | (None, Some(rows)) => format!("{} rows", whole(rows)),
        (None, None) => "size not known".to_owned(),
    }
}

fn details(side: &Side) -> Vec<String> {
    const MOST_SOURCES: usize = 2;
    let rest = side.sources.len().saturating_sub(MOST_SOURCES);
    let more = if rest > 0 { Some(format!("and {rest} more")) } else { None };
    let sources: Vec<&str> =
        side.sources.iter().take(MOST_SOURCES).map(String::as_str).chain(more.as_deref()).collect();
    let digest = side.digest.as_deref().map(|digest| format!("digest {}", short(digest, 12)));
    let sources = if sources.is_empty() { None } else { Some(sources.join(", ")) };
    [dates(side), sources, digest].into_iter().flatten().collect()
}
