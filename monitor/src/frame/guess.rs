//! What the columns are, guessed from the first rows of a file. A guess must be told as one.

use super::{ColumnSpec, Roles, plain, profile, read::whole};
use crate::report::ColumnKind;
use dropout_model::{
    input::BadInput,
    rows::{all_columns, column_names, first_numbers, named_columns},
};
use std::{collections::BTreeSet, fs::File, io::Read, path::Path};

/// Rows from which types are guessed.
const ROWS: usize = 10_000;
/// Bytes of a CSV file that are read for a guess; enough for its first rows.
const BYTES: u64 = 8 << 20;
/// Different texts up to which a column may be one of categories, however few rows there are.
const FEW: usize = 20;

/// What was guessed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guess {
    /// The columns that can be compared.
    pub schema: Vec<ColumnSpec>,
    /// The columns that look like identifiers or free text.
    pub left_out: Vec<String>,
}

/// Guesses from the first rows: numbers if every cell that is not empty is one; else categories, unless most cells differ.
pub fn guess(place: &Path, name: &str, roles: Roles<'_>) -> Result<Guess, BadInput> {
    let bytes = begin(place).map_or_else(|| whole(place, name), Ok)?;
    if profile::is_profile(&bytes) {
        return Ok(Guess { schema: profile::schema(&bytes, name)?, left_out: Vec::new() });
    }
    let (names, seen) = match unquoted(&bytes) {
        Some(found) => found,
        None if bytes.starts_with(b"PAR1") => columnar(&bytes, name)?,
        None => careful(&bytes, name)?,
    };
    let mut guess = Guess::default();
    for (name, seen) in names.into_iter().zip(seen).filter(|(name, _)| !roles.has(name)) {
        match seen.spec(&name) {
            Some(spec) => guess.schema.push(spec),
            None => guess.left_out.push(name),
        }
    }
    Ok(guess)
}

/// The first rows of a CSV file without quotes; none if it is none, or not as it should be.
fn unquoted(bytes: &[u8]) -> Option<(Vec<String>, Vec<Seen>)> {
    let (mut names, mut seen, mut rows): (Vec<String>, Vec<Seen>, usize) = (Vec::new(), Vec::new(), 0);
    let found = plain::each(bytes, |cells| {
        if names.is_empty() {
            names = (0..cells.len()).map(|at| cells.get(at).to_owned()).collect();
            seen.resize(names.len(), Seen::default());
            return Some(());
        }
        seen.iter_mut().enumerate().for_each(|(at, seen)| seen.add(cells.get(at)));
        rows += 1;
        (cells.len() == names.len() && rows < ROWS).then_some(())
    });
    let is_once = |(at, name): (usize, &String)| !names.iter().take(at).any(|other| other == name);
    let is_sound = !names.is_empty() && names.iter().enumerate().all(is_once);
    (is_sound && (found.is_some() || rows == ROWS)).then_some((names, seen))
}

/// The first rows of a Parquet file. Of a column of numbers with fractions no text is made.
fn columnar(bytes: &[u8], name: &str) -> Result<(Vec<String>, Vec<Seen>), BadInput> {
    let names = column_names(name, bytes)?;
    let mut seen = Vec::new();
    for column in &names {
        let numbers = first_numbers(name, bytes, (column, ROWS))?.unwrap_or_default();
        let filled = numbers.iter().filter(|number| !number.is_nan()).count();
        if numbers.iter().any(|number| number.is_finite() && number.fract() != 0.0) {
            seen.push(Seen { filled, parts: filled, ..Seen::default() });
            continue;
        }
        let mut own = Seen::default();
        for record in named_columns(name, bytes, &[column])?.take(ROWS) {
            own.add(std::str::from_utf8(record?.1.get(0).unwrap_or_default()).unwrap_or_default().trim());
        }
        seen.push(own);
    }
    Ok((names, seen))
}

fn careful(bytes: &[u8], name: &str) -> Result<(Vec<String>, Vec<Seen>), BadInput> {
    let (names, records) = all_columns(name, bytes)?;
    let mut seen: Vec<Seen> = vec![Seen::default(); names.len()];
    for record in records.take(ROWS) {
        let (_, record) = record?;
        for (seen, cell) in seen.iter_mut().zip(&record) {
            // Text that cannot be read is told where the whole file is.
            seen.add(std::str::from_utf8(cell).unwrap_or_default().trim());
        }
    }
    Ok((names, seen))
}

/// The first lines of a large CSV file; none if the file is small or is none.
fn begin(place: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(place).ok()?.take(BYTES).read_to_end(&mut bytes).ok()?;
    let is_binary = bytes.starts_with(b"PAR1") || profile::is_profile(&bytes);
    let is_cut = bytes.len() as u64 == BYTES && !is_binary;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').filter(|_| is_cut)?;
    bytes.truncate(end + 1);
    Some(bytes)
}

/// The cells of a column so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    filled: usize,
    /// Cells that are no number, and cells that are no whole one.
    texts: usize,
    parts: usize,
    different: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, cell: &str) {
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        self.parts += usize::from(cell.parse::<i64>().is_err());
        if cell.parse::<f64>().is_err() {
            self.texts += 1;
            self.different.insert(cell.to_owned());
        }
    }

    fn spec(&self, name: &str) -> Option<ColumnSpec> {
        if self.texts > 0 {
            let is_text = self.different.len() > FEW && 2 * self.different.len() > self.filled;
            return (!is_text).then(|| ColumnSpec { kind: ColumnKind::Cat, ..ColumnSpec::named(name) });
        }
        Some(ColumnSpec { is_whole: self.filled > 0 && self.parts == 0, ..ColumnSpec::named(name) })
    }
}
