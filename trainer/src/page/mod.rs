//! The evaluation report as one page: words first, then what they rest on. It has no script, names no other file, and
//! tells of no group of fewer than five patients, no time, host, path or patient.

mod comparison;
mod drawings;
mod origin;
mod terms;
mod view;
pub mod words;

use dropout_model::page::{Crowd, Html, Mark, document, figure, section};
pub use view::{SliceRow, View};
use words::Calls;

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

/// What it means for those who call, in words and as people.
fn nurses(view: &View<'_>) -> Html {
    let lines: Html = words::calls(view).iter().map(|sentence| Html::tag("p", sentence)).collect();
    let Some(calls) = Calls::candidate(view) else { return Html::new() };
    let candidate = figure(crowd("crowd", "candidate", calls).svg(), &legend("With the candidate", calls));
    let production = Calls::production(view);
    let production = production
        .map(|calls| figure(crowd("crowd-production", "production", calls).svg(), &legend("With production", calls)));
    let drawn = candidate.and(production.unwrap_or_default()).inside("div", "pair");
    section("calls", "What it means for those who call", lines.and(drawn))
}

fn people(calls: Calls) -> [(usize, Mark); 4] {
    let Calls { base, called, leave, found } = calls;
    let (missed, others) = (leave - found, called - found);
    let rest = base.saturating_sub(found + missed + others);
    [(found, Mark::Full), (missed, Mark::Hollow), (others, Mark::Disc), (rest, Mark::Dot)]
}

fn crowd(id: &'static str, who: &str, calls: Calls) -> Crowd {
    let people = people(calls).to_vec();
    let wide = if calls.base > 100 { 50 } else { 20 };
    Crowd { id, title: format!("{} patients with the {who}", calls.base), description: legend("", calls), wide, people }
}

fn legend(who: &str, calls: Calls) -> String {
    let says = ["leave and are called", "leave and are not called", "are called and stay", "are not called and stay"];
    let parts = people(calls).into_iter().zip(says);
    let parts: Vec<String> = parts.map(|((count, mark), says)| format!("{} {count} {says}", mark.letter())).collect();
    format!("{who}{}{}.", if who.is_empty() { "" } else { ": " }, parts.join(",  "))
}
