//! What is wrong with the columns themselves, before anything is compared. A column that is missing, empty, of another type,
//! stuck at one value, coded otherwise or in another unit breaks the data: nothing may be retrained on it. Single unseen
//! categories and values out of range, missing values and new columns are told.

use super::{Comparison, RISK};
use crate::{
    frame::{ColumnSpec, Frame, MISSING, Values},
    method::two_proportions,
    report::{ColumnKind, SMALLEST_CELL, SchemaFinding, SchemaKind},
};
use std::collections::BTreeSet;

/// Share of filled cells of another type, unseen or out of range from which a column is of another type, coded otherwise or in
/// another unit.
const OTHER_TYPE: f64 = 0.05;
/// Chance of a column with one value, by the shares of the reference, below which it is stuck.
const STUCK: f64 = 1e-6;

/// The findings, breaches first, then in the order of the columns.
pub fn findings(asked: &Comparison<'_>) -> Vec<SchemaFinding> {
    let mut findings: Vec<SchemaFinding> = Vec::new();
    for spec in asked.schema {
        let (reference, window) = (asked.reference.column(&spec.name), asked.window.column(&spec.name));
        match (reference, window) {
            (Some(_), None) => findings.push(missing_column(spec, "window")),
            (None, _) => findings.push(missing_column(spec, "reference")),
            (Some(reference), Some(window)) => findings.extend(of_column(spec, reference, window)),
        }
    }
    let known: BTreeSet<&String> = asked.reference.others.iter().collect();
    let new = asked.window.others.iter().filter(|name| !known.contains(name));
    let message =
        |name: &String| format!("column '{name}' is in the window and not in the reference; it is not compared");
    findings.extend(new.map(|name| finding(SchemaKind::NewColumn, name, message(name), false)));
    findings.extend(risk(asked));
    findings.sort_by_key(|finding| !finding.breaks);
    findings
}

/// Risks that only one side has, where rows say that there should be some.
fn risk(asked: &Comparison<'_>) -> Option<SchemaFinding> {
    let is_known = |frame: &Frame| frame.risk.iter().any(|risk| risk.is_finite());
    let (reference, window) = (asked.reference, asked.window);
    let side = match (is_known(reference), is_known(window)) {
        (true, false) if window.rows > 0 => "window",
        (false, true) if reference.rows > 0 => "reference",
        (true | false, true | false) => return None,
    };
    let message = format!("the {side} has no risk of the model, so the prediction cannot be compared");
    Some(finding(SchemaKind::AllMissing, RISK, message, true))
}

fn missing_column(spec: &ColumnSpec, side: &str) -> SchemaFinding {
    let message = format!("the {side} has no column '{}'; give it, or take it out of the features", spec.name);
    finding(SchemaKind::MissingColumn, &spec.name, message, true)
}

fn finding(kind: SchemaKind, column: &str, message: String, breaks: bool) -> SchemaFinding {
    SchemaFinding { kind, column: column.to_owned(), message, breaks }
}

fn of_column(spec: &ColumnSpec, reference: &Values, window: &Values) -> Vec<SchemaFinding> {
    let (left, right) = (Filled::of(reference), Filled::of(window));
    let broken = |kind, message: String| vec![finding(kind, &spec.name, message, true)];
    if right.rows > 0 && right.filled + right.texts == 0 && left.filled > 0 {
        let message = format!("all {} values of '{}' are missing in the window", right.rows, spec.name);
        return broken(SchemaKind::AllMissing, message);
    }
    if right.texts as f64 > OTHER_TYPE * (right.filled + right.texts) as f64 {
        let message =
            format!("{} of {} values of '{}' are no numbers", right.texts, right.filled + right.texts, spec.name);
        return broken(SchemaKind::OtherType, message);
    }
    let (was, is) = (left.missing_share(), right.missing_share());
    let p = two_proportions((left.rows - left.filled, left.rows), (right.rows - right.filled, right.rows));
    let missingness = (p <= 0.01 && is - was >= 0.05).then(|| {
        let (was, is) = (was * 100.0, is * 100.0);
        let message = format!("{is:.1} % of '{}' are missing, {was:.1} % in the reference", spec.name);
        finding(SchemaKind::Missingness, &spec.name, message, false)
    });
    let others = [
        missingness,
        constant(spec, (reference, &left), (window, &right)),
        out_of_range(spec, window, right.filled),
        unseen(spec, (reference, window), right.filled),
    ];
    others.into_iter().flatten().collect()
}

/// A column that has one value and had several. A rare value may be absent by chance; a Time feature has one value where all
/// rows are of one landmark day.
fn constant(
    spec: &ColumnSpec,
    (reference, left): (&Values, &Filled),
    (window, right): (&Values, &Filled),
) -> Option<SchemaFinding> {
    if left.different < 2 || right.different != 1 || right.filled < 30 {
        return None;
    }
    let share = rows_with_the_one_value(reference, window)? as f64 / left.filled as f64;
    let breaks = !spec.is_time && share.powf(right.filled as f64) < STUCK;
    let message = format!("'{}' has one value in the window and had several", spec.name);
    Some(finding(SchemaKind::Constant, &spec.name, message, breaks))
}

/// Rows of the reference with the value that a window has in all rows.
fn rows_with_the_one_value(reference: &Values, window: &Values) -> Option<u64> {
    if let (Values::Numbers { numbers: left, .. }, Values::Numbers { numbers: right, .. }) = (reference, window) {
        let value = right.iter().find(|number| !number.is_nan())?;
        return Some(left.iter().filter(|number| *number == value).count() as u64);
    }
    let (value, _) = *used(window).first()?;
    Some(used(reference).into_iter().filter(|(name, _)| *name == value).map(|(_, count)| count).sum())
}

/// Whether so many rows break a column.
fn are_many(rows: u64, filled: u64) -> bool {
    rows >= SMALLEST_CELL && rows as f64 > OTHER_TYPE * filled as f64
}

fn out_of_range(spec: &ColumnSpec, window: &Values, filled: u64) -> Option<SchemaFinding> {
    let Values::Numbers { numbers, .. } = window else { return None };
    let is_out =
        |number: &&f64| spec.min.is_some_and(|min| **number < min) || spec.max.is_some_and(|max| **number > max);
    let count = numbers.iter().filter(is_out).count();
    let message = || format!("{count} of {} values of '{}' are outside the feature's bounds", numbers.len(), spec.name);
    let breaks = are_many(count as u64, filled);
    (count > 0).then(|| finding(SchemaKind::OutOfRange, &spec.name, message(), breaks))
}

fn unseen(spec: &ColumnSpec, (reference, window): (&Values, &Values), filled: u64) -> Option<SchemaFinding> {
    if spec.kind == ColumnKind::Num {
        return None;
    }
    let known: BTreeSet<&str> = used(reference).into_iter().map(|(name, _)| name).collect();
    let unseen: Vec<(&str, u64)> = used(window).into_iter().filter(|(name, _)| !known.contains(name)).collect();
    let (categories, rows) = (unseen.len(), unseen.iter().map(|(_, count)| count).sum::<u64>());
    let breaks = are_many(rows, filled);
    let rows = if rows < SMALLEST_CELL { format!("fewer than {SMALLEST_CELL}") } else { rows.to_string() };
    let message = || {
        let noun = if categories == 1 { "category" } else { "categories" };
        format!("'{}' has {categories} {noun} that the reference does not have, in {rows} rows", spec.name)
    };
    (categories > 0).then(|| finding(SchemaKind::UnseenCategory, &spec.name, message(), breaks))
}

/// The categories that occur, with their counts.
fn used(values: &Values) -> Vec<(&str, u64)> {
    let Values::Categories { names, codes } = values else { return Vec::new() };
    let mut counts = vec![0_u64; names.len()];
    let codes = codes.iter().filter(|code| **code != MISSING);
    codes.for_each(|code| counts.iter_mut().skip(*code as usize).take(1).for_each(|count| *count += 1));
    names.iter().map(String::as_str).zip(counts).filter(|(_, count)| *count > 0).collect()
}

/// How a column is filled.
struct Filled {
    rows: u64,
    filled: u64,
    texts: u64,
    /// Different values: one, or two for several.
    different: u8,
}

impl Filled {
    fn of(values: &Values) -> Self {
        match values {
            Values::Numbers { numbers, texts } => {
                let filled = || numbers.iter().filter(|number| !number.is_nan());
                let (count, first) = (filled().count(), filled().next());
                let different = u8::from(count > 0) + u8::from(filled().any(|number| Some(number) != first));
                Self { rows: numbers.len() as u64, filled: count as u64, texts: *texts, different }
            }
            Values::Categories { codes, .. } => {
                let used = used(values);
                let filled = used.iter().map(|(_, count)| count).sum();
                Self { rows: codes.len() as u64, filled, texts: 0, different: used.len().min(2) as u8 }
            }
        }
    }

    fn missing_share(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { (self.rows - self.filled) as f64 / self.rows as f64 }
    }
}
