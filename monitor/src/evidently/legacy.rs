//! The metrics of Evidently 0.4 to 0.6: reports, snapshots and what scripts cut out of them. Whether the data set drifted
//! is never read from DataDriftTable, which ignores the share that its author chose (evidently#676).

use super::{
    Classification,
    found::{Found, Said, column, contradiction, score_notes},
    place::Placed,
    unreadable::Unreadable,
    write::DECIDED_BY,
};
use crate::{
    method::Method,
    report::{ColumnKind, ColumnReport, Dataset, EvidentlyScore},
};
use std::collections::BTreeMap;

/// Numbers of a classification, by Evidently's names.
const QUALITY: [&str; 10] =
    ["accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "tpr", "tnr", "fpr", "fnr"];

/// `Report.json()` and `as_dict()`; an entry without a name, left by a script, is known by its fields.
pub fn report(root: &Placed<'_>) -> Result<Found, Unreadable> {
    let mut found = Found { version: version(root)?, ..Found::default() };
    for entry in root.needed("metrics")?.list()? {
        match entry.optional("metric")? {
            Some(name) => metric(&mut found, name.text()?, || entry.needed("result"))?,
            None => nameless(&mut found, &entry)?,
        }
    }
    Ok(found)
}

/// `Report.save()`.
pub fn snapshot(root: &Placed<'_>) -> Result<Found, Unreadable> {
    let mut found = Found::default();
    for result in root.needed("suite")?.needed("metric_results")?.list()? {
        let kind = result.needed("type")?.text()?;
        let name = kind.rsplit(':').next().unwrap_or(kind);
        let name = match name {
            "DatasetDriftMetricResults" => "DatasetDriftMetric",
            "DataDriftTableResults" => "DataDriftTable",
            "ColumnDataDriftMetrics" => "ColumnDriftMetric",
            "ClassificationQualityMetricResult" => "ClassificationQualityMetric",
            other => other,
        };
        metric(&mut found, name, || Ok(result.clone()))?;
    }
    Ok(found)
}

/// The version, if the file has one.
pub fn version(root: &Placed<'_>) -> Result<Option<String>, Unreadable> {
    match root.optional("version")?.filter(|version| !version.is_null()) {
        Some(version) => Ok(Some(version.name()?.to_owned())),
        None => Ok(None),
    }
}

/// A metric that is not known here is passed over.
fn metric<'a>(
    found: &mut Found,
    name: &str,
    result: impl Fn() -> Result<Placed<'a>, Unreadable>,
) -> Result<(), Unreadable> {
    match name {
        "DatasetDriftMetric" => found.said.push(said(&result()?)?),
        "DataDriftTable" => table(found, &result()?)?,
        "ColumnDriftMetric" => found.add(named(&result()?)?),
        "ClassificationQualityMetric" => found.classification = Some(classification(&result()?)?),
        _ => {}
    }
    Ok(())
}

fn nameless(found: &mut Found, entry: &Placed<'_>) -> Result<(), Unreadable> {
    let Some(result) = entry.optional("result")? else { return Ok(()) };
    if result.sought(&["drift_by_columns"]).is_some() {
        return table(found, &result);
    }
    if result.sought(&["dataset_drift"]).is_some() {
        found.said.push(said(&result)?);
    }
    Ok(())
}

fn said(result: &Placed<'_>) -> Result<Said, Unreadable> {
    let numbers = Numbers::read(result)?;
    let drift = result.needed("dataset_drift")?.flag()?;
    let is_ours = result.sought(&[DECIDED_BY]).is_some();
    Ok(match (drift, numbers.doubt(drift, is_ours)) {
        (Some(drift), None) => Said::plain(numbers.dataset, drift),
        (_, Some(why)) => Said::unknown(numbers.dataset, why),
        (None, None) => Said::unknown(numbers.dataset, "dataset_drift is null: it is not known whether there is drift"),
    })
}

/// The numbers of DatasetDriftMetric; a script may have cut off any of them.
struct Numbers {
    dataset: Dataset,
    has_counts: bool,
    /// One of them is there, but null or NaN.
    is_blank: bool,
}

impl Numbers {
    fn read(result: &Placed<'_>) -> Result<Self, Unreadable> {
        let fields = ["number_of_columns", "number_of_drifted_columns", "share_of_drifted_columns", "drift_share"]
            .map(|key| result.optional(key));
        let [columns, drifted, share, limit] = fields;
        let (columns, drifted, share, limit) = (columns?, drifted?, share?, limit?);
        let is_blank = [&columns, &drifted, &share, &limit].into_iter().flatten().any(Placed::is_null);
        let count = |field: Option<Placed<'_>>| field.map_or(Ok(None), |field| field.count());
        let fraction = |field: Option<Placed<'_>>| field.map_or(Ok(None), |field| field.share());
        let (columns, drifted) = (count(columns)?, count(drifted)?);
        let dataset = Dataset {
            columns: columns.unwrap_or(0),
            drifted: drifted.unwrap_or(0),
            share: fraction(share)?,
            weighted_share: None,
            limit: fraction(limit)?,
        };
        Ok(Self { dataset, has_counts: columns.is_some() && drifted.is_some(), is_blank })
    }

    /// Why these cannot be the numbers behind a verdict. Evidently's own verdict is that of the share.
    fn doubt(&self, drift: Option<bool>, is_ours: bool) -> Option<&'static str> {
        if self.is_blank {
            return Some("a number of the data set is null or NaN, so its verdict means nothing");
        }
        let by_share = self.dataset.share.zip(self.dataset.limit).map(|(share, limit)| share >= limit);
        if !is_ours && drift.is_some() && by_share.is_some() && by_share != drift {
            return Some("dataset_drift contradicts the share of drifted columns and its limit");
        }
        contradiction(&self.dataset).filter(|_| self.has_counts)
    }
}

fn table(found: &mut Found, result: &Placed<'_>) -> Result<(), Unreadable> {
    let Some(columns) = result.optional("drift_by_columns")? else { return Ok(()) };
    for (name, fields) in columns.entries()? {
        found.add(drift(fields.fits(name)?, &fields)?);
    }
    Ok(())
}

fn named(fields: &Placed<'_>) -> Result<ColumnReport, Unreadable> {
    drift(fields.needed("column_name")?.name()?, fields)
}

fn drift(name: &str, fields: &Placed<'_>) -> Result<ColumnReport, Unreadable> {
    let kind = match fields.optional("column_type")? {
        Some(kind) => kind_of(kind.name()?),
        None => ColumnKind::Unknown,
    };
    let keys = ["stattest_name", "drift_score", "stattest_threshold", "drift_detected"];
    let score = score(fields, keys)?;
    let notes = score_notes(&score);
    Ok(column(name, kind, score, notes))
}

fn kind_of(name: &str) -> ColumnKind {
    match name {
        "num" => ColumnKind::Num,
        "cat" => ColumnKind::Cat,
        _ => ColumnKind::Unknown,
    }
}

/// A score by the keys of its method, score, limit and verdict; the file itself says whether it is drift.
pub fn score(fields: &Placed<'_>, keys: [&str; 4]) -> Result<EvidentlyScore, Unreadable> {
    let [name, score, threshold, detected] = keys;
    let display = fields.optional(name)?.map_or(Ok(""), |name| name.name())?;
    Ok(EvidentlyScore {
        method: Method::from_name(display),
        display: display.to_owned(),
        score: fields.optional(score)?.map_or(Ok(None), |score| score.number())?,
        threshold: fields.optional(threshold)?.map_or(Ok(None), |threshold| threshold.number())?,
        drifted: fields.optional(detected)?.map_or(Ok(None), |detected| detected.flag())?,
    })
}

fn classification(result: &Placed<'_>) -> Result<Classification, Unreadable> {
    let reference = result.optional("reference")?.filter(|side| !side.is_null());
    Ok(Classification {
        current: quality(&result.needed("current")?)?,
        reference: reference.map(|side| quality(&side)).transpose()?,
    })
}

fn quality(side: &Placed<'_>) -> Result<BTreeMap<String, f64>, Unreadable> {
    let mut numbers = BTreeMap::new();
    for name in QUALITY {
        if let Some(number) = side.optional(name)?.map_or(Ok(None), |field| field.number())? {
            numbers.insert(name.to_owned(), number);
        }
    }
    Ok(numbers)
}
