//! The metrics and tests of Evidently 0.7: reports and snapshots. Without tests no field of theirs says what drifted; then
//! the method's rule and the share say it.

use super::{
    Classification,
    found::{Found, Said, column, ruled, score_notes},
    place::Placed,
    status::Status,
    unreadable::Unreadable,
};
use crate::report::{ColumnKind, Dataset};
use std::collections::{BTreeMap, BTreeSet};

/// The count is the share times a whole number of columns, to this; Evidently writes both with all digits.
const WHOLE: f64 = 1e-6;
/// Conditions that a small number of drifted columns breaks: a failure of these is not drift.
const NOT_UPPER: [&str; 5] = ["gt", "gte", "not_eq", "is_in", "not_in"];

/// A metric, from either shape.
struct Metric<'a> {
    id: &'a str,
    config: Placed<'a>,
    kind: &'a str,
    /// None in a snapshot's entry that has neither value nor count.
    value: Option<Placed<'a>>,
    /// In a snapshot: the object that has count and share, each with a value.
    is_snapshot: bool,
}

/// A test, from either shape.
struct Test<'a> {
    metric: &'a str,
    kind: &'a str,
    column: Option<&'a str>,
    status: Status,
    /// Condition, such as `lt`.
    id: &'a str,
    /// Share of a condition "below"; none for counts and other conditions.
    below: Option<f64>,
}

/// `snapshot.json()`, `dict()` and `save_json`.
pub fn report(root: &Placed<'_>) -> Result<Found, Unreadable> {
    let mut metrics = Vec::new();
    for entry in root.needed("metrics")?.list()? {
        let Some(config) = entry.optional("config")?.filter(Placed::is_container) else { continue };
        let Some(kind) = config.optional("type")? else { continue };
        let id = entry.optional("id")?.map_or(Ok(""), |id| id.name())?;
        metrics.push(Metric {
            id,
            kind: last(kind.text()?),
            config,
            value: entry.optional("value")?,
            is_snapshot: false,
        });
    }
    let tests = match root.optional("tests")? {
        Some(tests) => tests.list()?.iter().map(test).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    found(&metrics, &tests)
}

/// `snapshot.dumps()` and the files of a workspace.
pub fn snapshot(root: &Placed<'_>) -> Result<Found, Unreadable> {
    let (mut metrics, mut tests) = (Vec::new(), Vec::new());
    for (id, result) in root.needed("metric_results")?.entries()? {
        let Some(config) = result.sought(&["metric_value_location", "metric", "params"]) else { continue };
        let Some(kind) = config.sought(&["type"]) else { continue };
        for place in [[].as_slice(), &["count"], &["share"]] {
            let Some(found) = result.sought(place).and_then(|result| result.sought(&["tests"])) else { continue };
            for entry in found.list()? {
                tests.push(Test { metric: id, ..test(&entry)? });
            }
        }
        let is_counted = result.sought(&["count"]).is_some();
        let value = if is_counted { Some(result.clone()) } else { result.optional("value")? };
        metrics.push(Metric { id, kind: last(kind.text()?), config, value, is_snapshot: true });
    }
    found(&metrics, &tests)
}

/// The last part of `evidently:metric_v2:ValueDrift`.
fn last(kind: &str) -> &str {
    kind.rsplit(':').next().unwrap_or(kind)
}

fn test<'a>(entry: &Placed<'a>) -> Result<Test<'a>, Unreadable> {
    let config = entry.needed("metric_config")?;
    let params = config.needed("params")?;
    let id = entry.optional("id")?.map_or(Ok(""), |id| id.name())?;
    let is_count = entry.sought(&["bound_test", "is_count"]).map_or(Ok(None), |flag| flag.flag())?;
    let threshold = entry.sought(&["test_config", "threshold"]).filter(|limit| !limit.is_container());
    let is_share = id == "lt" && is_count == Some(false);
    Ok(Test {
        metric: config.optional("metric_id")?.map_or(Ok(""), |metric| metric.name())?,
        kind: last(params.needed("type")?.text()?),
        column: params.optional("column")?.map(|column| column.name()).transpose()?,
        status: Status::read(entry)?,
        id,
        below: threshold.filter(|_| is_share).map_or(Ok(None), |limit| limit.number())?,
    })
}

fn found(metrics: &[Metric<'_>], tests: &[Test<'_>]) -> Result<Found, Unreadable> {
    let known: BTreeSet<&str> = metrics.iter().map(|metric| metric.id).collect();
    let columns = metrics.iter().filter(|metric| metric.kind == "ValueDrift").count() as u64;
    let mut found = Found::default();
    for metric in metrics {
        let is_of =
            |test: &&Test<'_>| test.kind == metric.kind && (test.metric == metric.id || !known.contains(test.metric));
        let tests: Vec<&Test<'_>> = tests.iter().filter(is_of).collect();
        match metric.kind {
            "DriftedColumnsCount" => found.said.push(whole(metric, &tests, columns)?),
            "ValueDrift" => single(&mut found, metric, &tests)?,
            _ => quality(&mut found, metric)?,
        }
    }
    if found.said.is_empty() {
        let tests: Vec<&Test<'_>> = tests.iter().filter(|test| test.kind == "DriftedColumnsCount").collect();
        found.said.extend(judged(Dataset::default(), &tests));
    }
    Ok(found)
}

/// The statement of one DriftedColumnsCount with its tests; `listed` columns have a ValueDrift of their own.
fn whole(metric: &Metric<'_>, tests: &[&Test<'_>], listed: u64) -> Result<Said, Unreadable> {
    let limit = metric.config.optional("drift_share")?.map_or(Ok(None), |limit| limit.share())?;
    let empty = Dataset { limit, ..Dataset::default() };
    let (drifted, share) = counted(metric)?;
    let (Some(drifted), Some(share)) = (drifted, share) else {
        return Ok(Said::unknown(empty, "the number or the share of drifted columns is null or NaN"));
    };
    let columns = if share > 0.0 { drifted as f64 / share } else { listed as f64 };
    if (share > 0.0) != (drifted > 0) || (columns - columns.round()).abs() > WHOLE * columns.max(1.0) {
        return Ok(Said::unknown(empty, "the share of drifted columns is not their number over all columns"));
    }
    let dataset = Dataset { columns: columns.round() as u64, drifted, share: Some(share), weighted_share: None, limit };
    if let Some(said) = judged(dataset.clone(), tests) {
        return Ok(said);
    }
    Ok(match limit {
        Some(limit) => Said::plain(dataset, share >= limit),
        None => Said::unknown(dataset, "drift_share is missing, so the share of drifted columns has no limit"),
    })
}

/// Count and share of drifted columns.
fn counted(metric: &Metric<'_>) -> Result<(Option<u64>, Option<f64>), Unreadable> {
    let Some(value) = metric.value.as_ref().filter(|value| !value.is_null()) else { return Ok((None, None)) };
    let field = |key| {
        let field = value.needed(key)?;
        if metric.is_snapshot { field.needed("value") } else { Ok(field) }
    };
    Ok((field("count")?.count()?, field("share")?.share()?))
}

/// What tests of the data set say; the loudest counts; none without tests.
fn judged(dataset: Dataset, tests: &[&Test<'_>]) -> Option<Said> {
    let loudest = tests.iter().max_by_key(|test| test.status)?;
    if tests.iter().any(|test| NOT_UPPER.contains(&test.id)) {
        return Some(Said::unknown(dataset, "a test of the drifted columns has no upper limit"));
    }
    if tests.iter().any(|test| !test.status.agrees(&dataset, test.below)) {
        return Some(Said::unknown(dataset, "a test of the drifted columns contradicts their share"));
    }
    let mut said = Said::tested(dataset, loudest.status);
    if let Some(below) = loudest.below.filter(|below| said.dataset.limit != Some(*below)) {
        said.reason += &format!("; its test asks for a share below {:.1} %", below * 100.0);
    }
    Some(said)
}

fn single(found: &mut Found, metric: &Metric<'_>, tests: &[&Test<'_>]) -> Result<(), Unreadable> {
    let name = metric.config.needed("column")?.name()?;
    let display = metric.config.optional("method")?.map_or(Ok(""), |method| method.name())?;
    let threshold = metric.config.optional("threshold")?.map_or(Ok(None), |limit| limit.number())?;
    let value = metric.value.as_ref().map_or(Ok(None), Placed::number)?;
    let mut score = ruled(display, value, threshold);
    let status = tests.iter().filter(|test| test.column == Some(name)).map(|test| test.status).max();
    if let Some(status) = status {
        score = status.over(score);
    }
    let mut notes = score_notes(&score);
    notes.extend(status.and_then(Status::note));
    found.add(column(name, ColumnKind::Unknown, score, notes));
    Ok(())
}

/// A number of a classification, by the name that Evidently had for it before.
fn quality(found: &mut Found, metric: &Metric<'_>) -> Result<(), Unreadable> {
    let name = match metric.kind {
        "Accuracy" => "accuracy",
        "Precision" => "precision",
        "Recall" => "recall",
        "F1Score" => "f1",
        "RocAuc" => "roc_auc",
        "LogLoss" => "log_loss",
        "TPR" => "tpr",
        "TNR" => "tnr",
        "FPR" => "fpr",
        "FNR" => "fnr",
        _ => return Ok(()),
    };
    let Some(number) = metric.value.as_ref().map_or(Ok(None), Placed::number)? else { return Ok(()) };
    let empty = || Classification { current: BTreeMap::new(), reference: None };
    found.classification.get_or_insert_with(empty).current.insert(name.to_owned(), number);
    Ok(())
}
