//! Rows: what a file says about patients at landmark days, after every cell was checked. They never hold a cell that
//! the manifest does not name.

pub mod cell;
pub mod date;
mod file;
mod groups;
pub mod header;
mod mark;
#[cfg(feature = "parquet")]
mod parquet;
mod read;
mod reading;

use crate::{
    bundle::Cell,
    manifest::{Feature, Manifest},
    split::{fold, is_holdout},
};
pub use date::Day;
pub use read::{Files, MAX_FILE, RecordRows, all_columns, column_names, named_columns, read, read_all, read_features};
#[cfg(feature = "parquet")]
pub use read::{first_numbers, number_column};
use std::collections::BTreeSet;

/// What rows are read for: the features of a manifest and, beside them, those of a production bundle.
#[derive(Clone, Copy, Debug)]
pub struct Contract<'a> {
    /// Names the columns and says which rows count.
    pub manifest: &'a Manifest,
    /// The features of production. Their bounds, levels and missing values are not refused, since nobody asked production about these
    /// rows, but the columns must be there.
    pub production: Option<&'a [Feature]>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The rows that count.
    pub rows: Rows,
    /// The columns of production's features for the same rows.
    pub production: Vec<Column>,
    /// By row: whether it is held out, if a holdout file or records say so. Empty if patients are held out by their hash.
    pub given: Vec<bool>,
    /// Position of the first row that was made from records; the number of rows if there is none.
    pub records_from: usize,
    /// What was counted on the way.
    pub counts: Counts,
    /// Digest of the file. With a given holdout: digest of the training file's digest, a line feed, the holdout file's
    /// digest and a line feed, so that it says what was learned from and what was judged on.
    pub digest: String,
}

impl Table {
    /// Positions of the rows of patients to train on, and of patients held out: by the file that the holdout was given in,
    /// else by the hash of the patient.
    pub fn split(&self, manifest: &Manifest) -> (Vec<usize>, Vec<usize>) {
        if self.given.is_empty() {
            return self.rows.split(&manifest.study.id, manifest.data.holdout_fraction());
        }
        (0..self.rows.len()).partition(|row| self.given.get(*row) != Some(&true))
    }
}

/// How many rows a file has and why some do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All rows.
    pub rows: usize,
    /// Rows whose label was not certain at the cut-off.
    pub immature: usize,
    /// Rows whose patient was not followed to the horizon.
    pub censored: usize,
    /// Rows that count.
    pub mature: usize,
    /// Rows made from records that lack a feature or no longer keep the manifest.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unfit: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Rows in the order of the file, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The distinct patients in the order of their first row.
    pub patients: Vec<String>,
    /// By row: position in `patients`.
    pub patient: Vec<u32>,
    /// By row: number of the landmark day, from 0; always 0 if rows have no landmark.
    pub landmark: Vec<u32>,
    /// The landmark days by number.
    pub landmarks: Vec<String>,
    /// The features, in the order of the manifest.
    pub columns: Vec<Column>,
    /// By row: whether the patient dropped out. Empty if no label was read.
    pub label: Vec<bool>,
    /// By row: its place among the rows of its file, from 0, the header not counted.
    pub place: Vec<u32>,
    /// By row: the landmark's date. Empty if rows have no index.
    pub day: Vec<Day>,
    /// By row: whether the patient received an intervention inside the horizon. Empty if no column says so.
    pub touched: Vec<bool>,
    /// The groups of patients that the gate asks about, in the order of `gate.slices`.
    pub slices: Vec<Groups>,
}

/// The groups that a column makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The column.
    pub column: String,
    /// The distinct values, sorted; an empty cell is the group of the empty name.
    pub names: Vec<String>,
    /// By row: position in `names`.
    pub group: Vec<u16>,
}

/// The values of one feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers; NaN is a missing value.
    Numbers(Vec<f64>),
    /// Positions in the feature's values; [`Column::MISSING`] is a missing value.
    Levels(Vec<u16>),
}

impl Groups {
    /// The groups of only some rows, in the order given; the names stay.
    pub fn pick(&self, rows: &[usize]) -> Self {
        let group = rows.iter().filter_map(|row| self.group.get(*row)).copied().collect();
        Self { group, ..self.clone() }
    }
}

impl Column {
    /// The level of a missing value.
    pub const MISSING: u16 = u16::MAX;

    /// The cell of a row.
    pub fn cell(&self, feature: &Feature, row: usize) -> Cell {
        match self {
            Self::Numbers(numbers) => match numbers.get(row) {
                Some(number) if !number.is_nan() => Cell::Number(*number),
                Some(_) | None => Cell::Missing,
            },
            Self::Levels(levels) => {
                let level = levels.get(row).and_then(|level| feature.values.get(usize::from(*level)));
                level.map_or(Cell::Missing, |level| Cell::Category(level.clone()))
            }
        }
    }

    /// The column with only some rows, in the order given.
    pub fn pick(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(rows.iter().filter_map(|row| numbers.get(*row)).copied().collect()),
            Self::Levels(levels) => Self::Levels(rows.iter().filter_map(|row| levels.get(*row)).copied().collect()),
        }
    }
}

/// The cells of a row, in the order of the features.
pub fn cells(features: &[Feature], columns: &[Column], row: usize) -> Vec<Cell> {
    features.iter().zip(columns).map(|(feature, column)| column.cell(feature, row)).collect()
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.patient.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.patient.is_empty()
    }

    /// The identifier of a row's patient.
    pub fn patient_of(&self, row: usize) -> &str {
        let at = self.patient.get(row).copied().unwrap_or_default() as usize;
        self.patients.get(at).map_or("", String::as_str)
    }

    /// Number of patients with at least one row labelled dropout.
    pub fn positive_patients(&self) -> usize {
        let positive = self.patient.iter().zip(&self.label).filter(|(_, label)| **label);
        positive.map(|(patient, _)| *patient).collect::<BTreeSet<_>>().len()
    }

    /// Number of rows labelled dropout.
    pub fn positives(&self) -> usize {
        self.label.iter().filter(|label| **label).count()
    }

    /// Only some rows, in the order given; patients and landmarks are numbered anew.
    pub fn pick(&self, rows: &[usize]) -> Self {
        let mut picked = Self {
            columns: self.columns.iter().map(|column| column.pick(rows)).collect(),
            label: rows.iter().filter_map(|row| self.label.get(*row)).copied().collect(),
            place: rows.iter().filter_map(|row| self.place.get(*row)).copied().collect(),
            day: rows.iter().filter_map(|row| self.day.get(*row)).copied().collect(),
            touched: rows.iter().filter_map(|row| self.touched.get(*row)).copied().collect(),
            slices: self.slices.iter().map(|groups| groups.pick(rows)).collect(),
            ..Self::default()
        };
        (picked.patient, picked.patients) = renumber(rows, &self.patient, &self.patients);
        (picked.landmark, picked.landmarks) = renumber(rows, &self.landmark, &self.landmarks);
        picked
    }

    /// Positions of the rows of patients to train on, and of patients held out.
    pub fn split(&self, study: &str, fraction: f64) -> (Vec<usize>, Vec<usize>) {
        let held: Vec<bool> = self.patients.iter().map(|patient| is_holdout(study, patient, fraction)).collect();
        let is_held = |row: &usize| self.patient.get(*row).and_then(|at| held.get(*at as usize)) == Some(&true);
        let (holdout, training) = (0..self.len()).partition(is_held);
        (training, holdout)
    }

    /// By row: the fold of its patient.
    pub fn folds(&self, study: &str, seed: i64) -> Vec<u64> {
        let folds: Vec<u64> = self.patients.iter().map(|patient| fold(study, seed, patient)).collect();
        self.patient.iter().map(|at| folds.get(*at as usize).copied().unwrap_or_default()).collect()
    }
}

fn renumber(rows: &[usize], number: &[u32], names: &[String]) -> (Vec<u32>, Vec<String>) {
    let mut new = vec![u32::MAX; names.len()];
    let mut kept = Vec::new();
    let numbers = rows.iter().filter_map(|row| number.get(*row)).map(|old| {
        let Some(slot) = new.get_mut(*old as usize) else { return 0 };
        if *slot == u32::MAX {
            *slot = kept.len() as u32;
            kept.extend(names.get(*old as usize).cloned());
        }
        *slot
    });
    (numbers.collect(), kept)
}
