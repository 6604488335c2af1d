//! Reads a report of Evidently's and prints it as ours. It decides nothing.

use super::{Arguments, plain, print};
use crate::{
    evidently::{Imported, MAX_BYTES, read},
    failure::{Failure, bytes},
    report::ColumnReport,
};
use std::fmt::Write as _;

/// Lines of the help.
pub const HELP: &str = "REPORT.json [--format json|summary]
               reads a report, test suite or snapshot of Evidently 0.4 to 0.7 and prints it as our JSON (the default) or as
               a table; a report that does not say whether there is drift has the verdict Unknown";

/// Reads the file and prints it.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let shown = match arguments.optional("format") {
        None | Some("json") => json,
        Some("summary") => |read: &Imported| Ok(summary(read)),
        Some(_) => return Err(Failure::Usage("--format is json or summary".to_owned())),
    };
    let Some(file) = arguments.word(0) else {
        return Err(Failure::Usage("import needs the file of a report; --help shows how".to_owned()));
    };
    let read = read(&bytes(file, MAX_BYTES)?).map_err(|cause| Failure::Evidently { file: file.to_owned(), cause })?;
    print(&shown(&read)?)?;
    Ok(0)
}

fn json(read: &Imported) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(read).map_err(|error| Failure::Disk {
        what: "write",
        place: "the report as JSON".to_owned(),
        cause: error.into(),
    })?;
    Ok(text + "\n")
}

fn summary(read: &Imported) -> String {
    let report = &read.report;
    let version = report.engine.version.as_deref().unwrap_or("that the file does not say");
    let mut text = format!("{:?}\n{}, version {}\n", report.decision.verdict, read.format.name(), plain(version));
    for reason in &report.decision.reasons {
        let _ = writeln!(text, "{}", plain(reason));
    }
    let width = report.columns.iter().map(|column| plain(&column.name).chars().count()).max().unwrap_or(0).max(6);
    if !report.columns.is_empty() {
        let _ = writeln!(text, "\n{:<width$}  drifted  {:<12} {:<12} method", "column", "score", "limit");
    }
    for column in &report.columns {
        text += &line(column, width);
    }
    text
}

fn line(column: &ColumnReport, width: usize) -> String {
    let drifted = match column.drifted {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    };
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4e}"));
    let score = column.evidently.as_ref();
    let display = score.map_or("", |score| score.display.as_str());
    let notes = if column.notes.is_empty() { String::new() } else { format!("  ({})", column.notes.join("; ")) };
    format!(
        "{:<width$}  {drifted:<7}  {:<12} {:<12} {}{}\n",
        plain(&column.name),
        number(score.and_then(|score| score.score)),
        number(score.and_then(|score| score.threshold)),
        plain(display),
        plain(&notes),
    )
}
