//! The drift report as one page: what to do first, then why, then everything it rests on, and the same report as JSON. It
//! has no script that runs, names no other file, judges nothing anew and shows no cell of fewer than five patients.

mod detail;
mod fit;
mod head;
mod history;
mod number;
mod pen;
mod plot;
mod risk;
mod settings;
mod table;
mod words;

use crate::report::DriftReport;
use dropout_model::page::{Html, sealed_document};
pub use fit::fit;

/// A page of 50 features is smaller than this, in bytes, if its report was [`fit`].
pub const MOST_BYTES: usize = 200_000;
/// Bytes that drawings get however large everything else is.
const LEAST_ROOM: usize = 12_000;

/// The report as JSON: the bytes of the file beside the page, and what the page embeds.
pub fn json(report: &DriftReport) -> String {
    // Names of fields are texts and numbers that are none become null, so nothing can go wrong; if it does, the page says so.
    serde_json::to_string(report).unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string()))
}

/// The page of a report. Give it a report that was [`fit`], and write [`json`] of the same report beside it.
pub fn html(report: &DriftReport) -> String {
    let head = head::head(report);
    let above = [risk::section_of(report), history::section_of(report), table::section_of(report)];
    let below = [settings::schema(report), settings::section_of(report), Html::json("report", &json(report))];
    let page = |details: Html| {
        let parts = above.iter().cloned().chain([details]).chain(below.iter().cloned());
        let title =
            head::model(report).map_or_else(|| "Drift report".to_owned(), |model| format!("{model}: drift report"));
        let main = Html::element("main", &[], head.clone().and(parts.collect()));
        sealed_document(&title, include_str!("style.css"), &main)
    };
    let used = page(detail::section_of(report, 0)).len();
    let room = MOST_BYTES.saturating_sub(used).saturating_sub(200).max(LEAST_ROOM);
    page(detail::section_of(report, room))
}
