//! Rows to be compared, column by column, with what is known about them. It reads no file and compares nothing.

mod building;
mod guess;
mod plain;
mod profile;
mod read;
mod schema;

pub use guess::{Guess, guess};
pub use profile::profile;
pub use read::{Roles, read, read_bytes};
pub use schema::{ColumnSpec, of_manifest};

use std::collections::BTreeMap;

/// Rows of one side of a comparison. Every list is as long as there are rows, or empty where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Names of the files, or `records`.
    pub sources: Vec<String>,
    /// Digest of what was read.
    pub digest: Option<String>,
    /// Number of rows.
    pub rows: usize,
    /// The columns by name, in the order of the file.
    pub columns: Vec<(String, Values)>,
    /// Names of the columns that are not compared.
    pub others: Vec<String>,
    /// By row: number of the patient.
    pub patient: Vec<u32>,
    /// By row: position in `landmarks`.
    pub landmark: Vec<u32>,
    /// The landmark days.
    pub landmarks: Vec<String>,
    /// By row: the model's risk; NaN where it is not known. Of a reference only out of fold.
    pub risk: Vec<f64>,
    /// By row: whether the patient dropped out, where that is known.
    pub label: Vec<Option<bool>>,
    /// First moment and end of the rows.
    pub span: Option<(String, String)>,
    /// By column of numbers: the rows that have one, in rising order of the numbers. Only a kept profile has it.
    pub rising: BTreeMap<String, Vec<u32>>,
    /// Digest of the bundle that a profile was kept for.
    pub kept_for: Option<String>,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; NaN is missing.
    Numbers {
        /// By row.
        numbers: Vec<f64>,
        /// Cells that hold text instead of a number; they count as missing.
        texts: u64,
    },
    /// Categories.
    Categories {
        /// Their names.
        names: Vec<String>,
        /// By row: position in `names`, or [`MISSING`].
        codes: Vec<u32>,
    },
}

/// The code of a missing category.
pub const MISSING: u32 = u32::MAX;

impl Frame {
    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Values> {
        self.columns.iter().find(|(own, _)| own == name).map(|(_, values)| values)
    }

    /// Name of a row's landmark day; empty if rows have none.
    pub fn landmark_of(&self, row: usize) -> &str {
        let at = self.landmark.get(row).copied().unwrap_or_default() as usize;
        self.landmarks.get(at).map_or("", String::as_str)
    }
}

/// Names become numbers in the order in which they come.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: std::collections::HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    /// The number of a name.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    /// All names by number.
    pub fn finished(self) -> Vec<String> {
        self.names
    }
}
