//! The tests of Evidently 0.4 to 0.6 (`TestSuite.json()`). Their scores are rounded to 3 decimals.

use super::{
    found::{Found, Said, column, score_notes},
    legacy,
    place::Placed,
    status::Status,
    unreadable::Unreadable,
};
use crate::report::{ColumnKind, ColumnReport, Dataset};

const ROUNDED: &str = "score rounded to 3 decimals by Evidently";
const SHARE: &str = "Share of Drifted Columns";
const NUMBER: &str = "Number of Drifted Features";
const COLUMN: &str = "Drift per Column";

/// What a file says.
pub fn read(root: &Placed<'_>) -> Result<Found, Unreadable> {
    let mut found = Found { version: legacy::version(root)?, ..Found::default() };
    let mut told = Vec::new();
    for test in root.needed("tests")?.list()? {
        let name = test.needed("name")?;
        match name.text()? {
            SHARE => told.push(whole(&mut found, &test, true)?),
            NUMBER => told.push(whole(&mut found, &test, false)?),
            COLUMN => single(&mut found, &test)?,
            _ => {}
        }
    }
    found.said.extend(loudest(told));
    Ok(found)
}

/// Tests of a suite are different limits of one data set: the loudest counts.
fn loudest(told: Vec<(Status, Said)>) -> Option<Said> {
    told.into_iter().reduce(|first, next| if next.0 > first.0 { next } else { first }).map(|(_, said)| said)
}

/// A test of all columns: what it says, and the columns that it tells.
fn whole(found: &mut Found, test: &Placed<'_>, is_share: bool) -> Result<(Status, Said), Unreadable> {
    let status = Status::read(test)?;
    let mut dataset = features(found, test)?;
    let Some(condition) = test.sought(&["parameters", "condition"]) else {
        return Ok((status, Said::tested(dataset, status)));
    };
    if is_share && let Some(below) = condition.optional("lt")? {
        dataset.limit = below.share()?;
    }
    if !is_upper(&condition) {
        return Ok((Status::Error, Said::unknown(dataset, "Evidently's test of the data set has no upper limit")));
    }
    if !status.agrees(&dataset, dataset.limit) {
        return Ok((Status::Error, Said::unknown(dataset, "Evidently's test contradicts its own numbers")));
    }
    Ok((status, Said::tested(dataset, status)))
}

/// Adds the columns of a test of all, and counts them.
fn features(found: &mut Found, test: &Placed<'_>) -> Result<Dataset, Unreadable> {
    let mut dataset = Dataset::default();
    let Some(features) = test.sought(&["parameters", "features"]) else { return Ok(dataset) };
    for (name, fields) in features.entries()? {
        let column = tested(fields.fits(name)?, &fields)?;
        dataset.columns += 1;
        dataset.drifted += u64::from(column.drifted == Some(true));
        found.add(column);
    }
    dataset.share = (dataset.columns > 0).then(|| dataset.drifted as f64 / dataset.columns as f64);
    Ok(dataset)
}

fn is_upper(condition: &Placed<'_>) -> bool {
    ["lt", "lte", "eq"].iter().any(|key| condition.sought(&[key]).is_some_and(|limit| !limit.is_null()))
}

fn single(found: &mut Found, test: &Placed<'_>) -> Result<(), Unreadable> {
    let status = Status::read(test)?;
    let Some(parameters) = test.optional("parameters")?.filter(Placed::is_container) else { return Ok(()) };
    let Some(name) = parameters.optional("column_name")? else { return Ok(()) };
    let mut column = tested(name.name()?, &parameters)?;
    if let Some(note) = status.note() {
        column.notes.push(note);
        column.drifted = status.drifted();
        column.evidently = column.evidently.map(|score| status.over(score));
    }
    found.add(column);
    Ok(())
}

fn tested(name: &str, fields: &Placed<'_>) -> Result<ColumnReport, Unreadable> {
    let score = legacy::score(fields, ["stattest", "score", "threshold", "detected"])?;
    let mut notes = score_notes(&score);
    notes.extend(score.score.map(|_| ROUNDED.to_owned()));
    Ok(column(name, ColumnKind::Unknown, score, notes))
}
