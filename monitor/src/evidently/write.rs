//! A report in the shape of Evidently 0.4 to 0.6, so that a script that reads those goes on working. Cells of few
//! patients stay suppressed.

use crate::report::{
    CategoryShape, ColumnKind, ColumnReport, DriftReport, EvidentlyScore, NumberShape, Pair, Rule, Shape, Verdict,
};
use serde_json::{Map, Value, json};

/// The field that says that another rule than Evidently's share decided.
pub const DECIDED_BY: &str = "decided_by";
/// Version of the shape; it is told where the numbers are not Evidently's own.
const SHAPE_VERSION: &str = "0.6.7";

/// The report as DatasetDriftMetric and DataDriftTable. `dataset_drift` is null unless the verdict is drift or no drift,
/// and so is `drift_detected` of a column of which nothing can be said: scripts take null for false, but see it.
pub fn write_legacy(report: &DriftReport) -> Value {
    let mut all = Map::new();
    if let Some(limit) = report.dataset.limit {
        all.insert("drift_share".to_owned(), json!(limit));
    }
    if report.dataset.columns > 0 || report.dataset.share.is_some() {
        all.insert("number_of_columns".to_owned(), json!(report.dataset.columns));
        all.insert("number_of_drifted_columns".to_owned(), json!(report.dataset.drifted));
    }
    if let Some(share) = report.dataset.share {
        all.insert("share_of_drifted_columns".to_owned(), json!(share));
    }
    all.insert("dataset_drift".to_owned(), json!(drift(report.decision.verdict)));
    if report.engine.rule == Rule::Default {
        all.insert(DECIDED_BY.to_owned(), json!("default"));
    }
    let mut table = all.clone();
    table.remove("drift_share");
    let columns: Map<String, Value> = report.columns.iter().map(|of| (of.name.clone(), column(of))).collect();
    table.insert("drift_by_columns".to_owned(), Value::Object(columns));
    let metrics = json!([
        { "metric": "DatasetDriftMetric", "result": all },
        { "metric": "DataDriftTable", "result": table },
    ]);
    let mut root = json!({ "version": version(report), "metrics": metrics });
    if let (Some(end), Some(root)) = (&report.window.to, root.as_object_mut()) {
        root.insert("timestamp".to_owned(), json!(end));
    }
    root
}

const fn drift(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Drift => Some(true),
        Verdict::NoDrift => Some(false),
        Verdict::InsufficientData | Verdict::SchemaBreach | Verdict::Unknown => None,
    }
}

fn version(report: &DriftReport) -> Option<&str> {
    match report.engine.name.as_str() {
        "evidently" => report.engine.version.as_deref(),
        _ => Some(SHAPE_VERSION),
    }
}

fn column(column: &ColumnReport) -> Value {
    let kind = match column.kind {
        ColumnKind::Num => Some("num"),
        ColumnKind::Cat => Some("cat"),
        ColumnKind::Unknown => None,
    };
    let score = score(column);
    let mut fields = json!({
        "column_name": column.name,
        "stattest_name": score.display,
        "stattest_threshold": score.threshold,
        "drift_score": score.score,
        "drift_detected": column.drifted,
    });
    let Some(entries) = fields.as_object_mut() else { return fields };
    if let Some(kind) = kind {
        entries.insert("column_type".to_owned(), json!(kind));
    }
    if let Some(shape) = column.shape.as_ref().and_then(distribution) {
        for (side, value) in [("reference", shape.reference), ("current", shape.window)] {
            entries.insert(side.to_owned(), json!({ "small_distribution": value }));
        }
    }
    fields
}

/// Evidently's score, or else the size of the change with its limit, or else nothing but the verdict.
fn score(column: &ColumnReport) -> EvidentlyScore {
    if let Some(score) = &column.evidently {
        return score.clone();
    }
    EvidentlyScore {
        method: None,
        display: column.effect.as_ref().map_or_else(String::new, |effect| effect.metric.clone()),
        score: column.effect.as_ref().map(|effect| effect.value),
        threshold: column.effect.as_ref().map(|effect| effect.threshold),
        drifted: column.drifted,
    }
}

/// Edges and densities of numbers, labels and counts of categories; none if a shape does not fit itself.
fn distribution(shape: &Shape) -> Option<Pair<Value>> {
    match shape {
        Shape::Numbers(shape) => densities(shape),
        Shape::Categories(categories) => Some(Pair {
            reference: counts(categories, |count| count.reference),
            window: counts(categories, |count| count.window),
        }),
    }
}

fn densities(shape: &NumberShape) -> Option<Pair<Value>> {
    let widths: Vec<f64> = shape.edges.windows(2).filter_map(|edge| Some(edge.get(1)? - edge.first()?)).collect();
    let fits = |bins: &[f64]| bins.len() == widths.len() && !bins.is_empty();
    if !fits(&shape.bins.reference) || !fits(&shape.bins.window) || widths.iter().any(|width| *width <= 0.0) {
        return None;
    }
    let side = |bins: &[f64]| {
        let heights: Vec<f64> = bins.iter().zip(&widths).map(|(share, width)| share / width).collect();
        json!({ "x": shape.edges, "y": heights })
    };
    Some(Pair { reference: side(&shape.bins.reference), window: side(&shape.bins.window) })
}

fn counts(categories: &[CategoryShape], side: impl Fn(&Pair<Option<u64>>) -> Option<u64>) -> Value {
    let told = categories.iter().filter_map(|category| Some((category.name.as_str(), side(&category.count)?)));
    let (labels, counts): (Vec<&str>, Vec<u64>) = told.unzip();
    json!({ "x": labels, "y": counts })
}
