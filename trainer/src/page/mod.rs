//! The evaluation report as one page: words first, then what they rest on. It has no script, names no other file, and
//! tells of no group of fewer than five patients, no time, host, path or patient.

mod comparison;
mod drawings;
mod origin;
mod terms;
mod view;
pub mod words;

use dropout_model::page::{Html, document, section};
pub use view::{SliceRow, View};

/// The page of a judged candidate.
pub fn html(view: &View<'_>) -> String {
    let title = format!("{}: dropout model, evaluation report", view.report.study);
    let sections = [
        comparison::section(view),
        drawings::ranking(view),
        drawings::calibration(view),
        drawings::decision(view),
        origin::tiers(view),
        origin::slices(view),
        terms::choice(view),
        terms::section(view),
        comparison::checks(view),
        origin::rows(view),
        origin::provenance(view),
    ];
    let head = Html::element("header", &[], head(view));
    document(&title, &Html::element("main", &[], head.and(sections.into_iter().collect())))
}

fn head(view: &View<'_>) -> Html {
    let report = view.report;
    let over = format!("{} · evaluation report · candidate {}", report.study, words::short(&report.candidate.digest));
    let (class, headline) = words::verdict(report);
    let lead = words::primary(report).map_or_else(Html::new, |text| Html::tag("p", &text).inside("div", "lead"));
    let why = Html::tag("p", &words::why(report)).inside("div", "note");
    let verdict = Html::tag("h1", headline).and(lead).and(why).inside("div", &format!("verdict {class}"));
    Html::of(&over).inside("p", "over").and(verdict).and(nurses(view))
}

fn nurses(view: &View<'_>) -> Html {
    let sentences = words::calls(view);
    if sentences.is_empty() {
        return Html::new();
    }
    let lines = sentences.iter().map(|sentence| Html::tag("p", sentence)).collect();
    section("calls", "What it means for those who call", lines)
}
