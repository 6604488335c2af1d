//! What looks wrong in the training rows but refuses nothing: a column that says nothing, one that says too much, one that
//! is mostly not there, a value that never comes. It never names a patient or shows a cell.

use crate::evaluation::{Contest, risks};
use dropout_model::{
    input::BadInput,
    manifest::{Feature, Manifest},
    rows::{Column, Rows},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// Above this area under the ROC curve a single feature is suspected to know the label. The best single feature of the
/// trials we know stays below 0.85.
const LEAK: f64 = 0.98;
/// Fewest rows labelled dropout, with the feature known, for such a suspicion.
const FEWEST_POSITIVES: usize = 20;
/// Levels with fewer rows than this are taken together, since the rate of a few rows always fits them.
const RARE: usize = 5;

/// Something that a person should look at before trusting a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// One word for it.
    pub reason: FindingReason,
    /// The feature.
    pub feature: String,
    /// One sentence: what, and what to do.
    pub message: String,
}

/// One word for a finding; it prints as it is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FindingReason {
    /// All known values of the feature are the same.
    Constant,
    /// The feature alone tells the label: it may be written after the outcome.
    LeakSuspected,
    /// More than half of the values are missing.
    MostlyMissing,
    /// A declared value of a Category is in no training row.
    UnseenLevel,
    /// The model tells every training row's label without a mistake: it knows too much, or the rows are too few.
    PerfectSeparation,
}

impl fmt::Display for FindingReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

/// What looks wrong in training rows, in the order of the features.
pub fn findings(manifest: &Manifest, rows: &Rows) -> Vec<Finding> {
    let columns = manifest.features.iter().zip(&rows.columns);
    columns.flat_map(|(feature, column)| of_feature(feature, column, rows)).collect()
}

/// What looks wrong in a contest's training rows, and in how its candidate fits them.
pub fn of_training(contest: &Contest<'_>, training: &[usize]) -> Result<Vec<Finding>, BadInput> {
    let rows = contest.table.rows.pick(training);
    let bundle = contest.candidate.0;
    let risk = risks(bundle, &bundle.features, &rows.columns)?;
    let mut findings = findings(contest.manifest, &rows);
    findings.extend(separation(&risk, &rows.label));
    Ok(findings)
}

/// Whether every dropout's risk is above every other row's.
fn separation(risk: &[f64], label: &[bool]) -> Option<Finding> {
    let of = |wanted: bool| risk.iter().zip(label).filter(move |(_, label)| **label == wanted).map(|(risk, _)| *risk);
    let (least, most) = (of(true).fold(f64::INFINITY, f64::min), of(false).fold(f64::NEG_INFINITY, f64::max));
    let is_separated = least.is_finite() && most.is_finite() && least > most;
    is_separated.then(|| Finding {
        reason: FindingReason::PerfectSeparation,
        feature: String::new(),
        message: "the model tells every training row's label without a mistake; look for a feature that is written after the outcome, or wait for more patients".to_owned(),
    })
}

fn of_feature(feature: &Feature, column: &Column, rows: &Rows) -> Vec<Finding> {
    let known = known(column, &rows.label);
    let found = [missing(known.len(), rows.len()), constant(&known), leak(column, &known), unseen(feature, column)];
    let name = &feature.name;
    let finding = |(reason, what): (FindingReason, String)| Finding {
        reason,
        feature: name.clone(),
        message: format!("feature '{name}' {what}"),
    };
    found.into_iter().flatten().map(finding).collect()
}

/// What is found, as a word and the rest of a sentence that begins with the feature.
type Found = Option<(FindingReason, String)>;

/// Value and label of the rows whose value is known; of a Category the position of the level.
fn known(column: &Column, label: &[bool]) -> Vec<(f64, bool)> {
    let with_label = |values: Vec<Option<f64>>| {
        values.into_iter().zip(label).filter_map(|(value, label)| Some((value?, *label))).collect()
    };
    match column {
        Column::Numbers(numbers) => {
            with_label(numbers.iter().map(|number| Some(*number).filter(|n| !n.is_nan())).collect())
        }
        Column::Levels(levels) => with_label(
            levels.iter().map(|level| Some(*level).filter(|level| *level != Column::MISSING).map(f64::from)).collect(),
        ),
    }
}

fn missing(known: usize, rows: usize) -> Found {
    let missing = rows - known;
    (2 * missing > rows).then(|| {
        let what = format!("is missing in {missing} of {rows} training rows; a model learns little from it, check why");
        (FindingReason::MostlyMissing, what)
    })
}

fn constant(known: &[(f64, bool)]) -> Found {
    let (first, _) = known.first()?;
    known.iter().all(|(value, _)| value == first).then(|| {
        let what =
            format!("has the same value in all {} training rows where it is known; it says nothing", known.len());
        (FindingReason::Constant, what)
    })
}

fn leak(column: &Column, known: &[(f64, bool)]) -> Found {
    let positives = known.iter().filter(|(_, label)| *label).count();
    if positives < FEWEST_POSITIVES {
        return None;
    }
    let area = match column {
        Column::Numbers(_) => area(known.to_vec()),
        Column::Levels(_) => area(by_rate(known)),
    };
    // A number may tell the label by being small.
    let area = area.max(1.0 - area);
    (area > LEAK).then(|| {
        let what = format!(
            "alone ranks dropouts with an AUC of {area:.3}, which no honest measurement does: is it written after the outcome? Take it out of spec.features if it is"
        );
        (FindingReason::LeakSuspected, what)
    })
}

fn unseen(feature: &Feature, column: &Column) -> Found {
    let Column::Levels(levels) = column else { return None };
    let is_unseen = |(at, _): &(u16, &String)| !levels.contains(at);
    let unseen: Vec<String> =
        (0..).zip(&feature.values).filter(is_unseen).map(|(_, value)| format!("'{value}'")).collect();
    if unseen.is_empty() {
        return None;
    }
    let what = format!(
        "declares {} in no training row; the model knows nothing about it, remove it or add rows",
        unseen.join(", ")
    );
    Some((FindingReason::UnseenLevel, what))
}

/// The rows with the dropout rate of their level instead of the level.
fn by_rate(known: &[(f64, bool)]) -> Vec<(f64, bool)> {
    let mut rows: BTreeMap<u64, usize> = BTreeMap::new();
    for (level, _) in known {
        *rows.entry(level.to_bits()).or_default() += 1;
    }
    let group = |level: f64| Some(level.to_bits()).filter(|bits| rows.get(bits).is_some_and(|count| *count >= RARE));
    let mut rates: BTreeMap<Option<u64>, (f64, f64)> = BTreeMap::new();
    for (level, label) in known {
        let (positive, all) = rates.entry(group(*level)).or_default();
        *positive += f64::from(u8::from(*label));
        *all += 1.0;
    }
    let rate = |level| rates.get(&group(level)).map_or(0.0, |(positive, all)| positive / all);
    known.iter().map(|(level, label)| (rate(*level), *label)).collect()
}

/// The probability that a dropout's value exceeds another's, ties counted half (Hanley and McNeil, Radiology 1982); NaN
/// without both labels.
fn area(mut known: Vec<(f64, bool)>) -> f64 {
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut area, mut negative, mut positive) = (0.0, 0.0, 0.0);
    for tied in known.chunk_by(|a, b| a.0 == b.0) {
        let positives = tied.iter().filter(|(_, label)| *label).count() as f64;
        let negatives = tied.len() as f64 - positives;
        area += positives * (negative + 0.5 * negatives);
        negative += negatives;
        positive += positives;
    }
    area / (positive * negative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use FindingReason::{Constant, LeakSuspected, MostlyMissing, UnseenLevel};
    use serde_json::json;

    /// The words of what is found in one feature.
    fn words(values: &[&str], column: Column, label: Vec<bool>) -> Vec<FindingReason> {
        let kind = if values.is_empty() { "Number" } else { "Category" };
        let manifest: Manifest = serde_json::from_value(json!({
            "study": {"id": "S"}, "patientId": "p", "label": {"column": "y", "horizon": "28d"},
            "features": [{"name": "x", "type": kind, "values": values}],
            "data": {"training": {"uri": "file:///t.csv", "persistentVolumeClaim": {"claimName": "c"}}},
        }))
        .unwrap();
        let rows = Rows { patient: vec![0; label.len()], label, columns: vec![column], ..Rows::default() };
        let found = findings(&manifest, &rows);
        assert!(found.iter().all(|finding| finding.feature == "x" && finding.message.starts_with("feature 'x' ")));
        found.into_iter().map(|finding| finding.reason).collect()
    }

    /// 100 rows of which the first `positives` are labelled dropout.
    fn label(positives: usize) -> Vec<bool> {
        (0..100).map(|row| row < positives).collect()
    }

    fn numbers(number: impl Fn(usize) -> f64) -> Column {
        Column::Numbers((0..100).map(number).collect())
    }

    #[test]
    fn a_number_that_tells_the_label_is_named_in_either_direction_and_from_twenty_dropouts_on() {
        let falling = || numbers(|row| -(row as f64));
        let rising = || numbers(|row| row as f64);
        assert_eq!(words(&[], falling(), label(20)), [LeakSuspected]);
        assert_eq!(words(&[], rising(), label(20)), [LeakSuspected]);
        assert_eq!(words(&[], rising(), label(19)), []);
        // 20 dropouts, 80 others: three others above all dropouts leave an AUC of 0.9625, one leaves 0.9875.
        let with = |wrong: usize| {
            numbers(move |row| {
                if row < 20 {
                    1.0
                } else if row < 20 + wrong {
                    2.0
                } else {
                    0.0
                }
            })
        };
        assert_eq!(words(&[], with(1), label(20)), [LeakSuspected]);
        assert_eq!(words(&[], with(3), label(20)), []);
    }

    #[test]
    fn a_category_is_ranked_by_its_rate_and_rare_levels_are_taken_together() {
        let levels = |level: fn(usize) -> u16| Column::Levels((0..100).map(level).collect());
        assert_eq!(
            words(&["a", "b", "c"], levels(|row| if row < 30 { 1 } else { 2 * (row as u16 % 2) }), label(30)),
            [LeakSuspected]
        );
        assert_eq!(words(&["a", "b"], levels(|row| row as u16 % 2), label(30)), []);
        let many: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(words(&many, levels(|row| row as u16 / 2), label(30)), []);
    }

    #[test]
    fn missing_rows_say_nothing_about_a_leak() {
        let column = numbers(|row| if row % 3 == 0 { f64::NAN } else { row as f64 });
        assert_eq!(words(&[], column, label(40)), [LeakSuspected]);
        let column = numbers(|row| if row < 50 { f64::NAN } else { (row % 7) as f64 });
        assert_eq!(words(&[], column, label(60)), []);
    }

    #[test]
    fn a_constant_and_a_mostly_missing_column_are_told() {
        assert_eq!(words(&[], numbers(|_| 3.0), label(30)), [Constant]);
        assert_eq!(words(&[], numbers(|row| if row < 51 { f64::NAN } else { row as f64 }), label(60)), [MostlyMissing]);
        assert_eq!(words(&[], numbers(|row| if row < 50 { f64::NAN } else { (row % 5) as f64 }), label(60)), []);
        assert_eq!(words(&[], numbers(|_| f64::NAN), label(30)), [MostlyMissing]);
    }

    #[test]
    fn a_declared_level_that_never_comes_is_named() {
        let column = Column::Levels((0..100).map(|row| if row == 7 { Column::MISSING } else { row % 2 }).collect());
        assert_eq!(words(&["a", "b"], column.clone(), label(30)), []);
        assert_eq!(words(&["a", "b", "c"], column, label(30)), [UnseenLevel]);
    }

    #[test]
    fn the_area_counts_ties_half() {
        let known = vec![(1.0, true), (1.0, false), (2.0, true), (0.0, false)];
        assert_eq!(area(known), 3.5 / 4.0);
    }
}
