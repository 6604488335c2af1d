//! A whole column of a Parquet file as numbers, without the way through text. It reads doubles and signed whole numbers; every
//! other type goes through text.

use super::{Column, Parquet, chunk::Chunk, damaged, text::Kind};
use crate::input::BadInput;
use parquet::basic::Type;

/// Most rows that are read this way; of more, the text's own limit decides.
const MOST: i64 = 32 << 20;
/// Rows that are decoded at a time.
const BATCH: usize = 65_536;

impl Parquet<'_> {
    /// The first `most` numbers of a column by name, missing values as NaN; `None` if it is not there or not of such a type.
    pub fn numbers(&self, name: &str, most: usize) -> Result<Option<Vec<f64>>, BadInput> {
        let Some(at) = self.names().iter().position(|own| own == name) else { return Ok(None) };
        let column = self.column(at)?;
        let physical = self.metadata.file_metadata().schema_descr().column(column.leaf).physical_type();
        let is_number = column.kind == Kind::Plain && matches!(physical, Type::DOUBLE | Type::INT32 | Type::INT64);
        let rows = self.metadata.row_groups().iter().fold(0_i64, |sum, group| sum.saturating_add(group.num_rows()));
        if !is_number || rows > MOST {
            return Ok(None);
        }
        let most = most.min(usize::try_from(rows).unwrap_or(0));
        // Grown as it is read: nobody vouches for how many rows there are.
        let mut numbers = Vec::new();
        let mut groups = 0..self.metadata.num_row_groups();
        groups.try_for_each(|group| self.append(&column, (group, most), &mut numbers))?;
        Ok(Some(numbers))
    }

    fn append(&self, column: &Column, (group, most): (usize, usize), numbers: &mut Vec<f64>) -> Result<(), BadInput> {
        let broken = || {
            let what = format!("cannot be read in column '{}' of its row group {}", column.name, group + 1);
            damaged(&self.file, &what)
        };
        if numbers.len() >= most {
            return Ok(());
        }
        let found = self.metadata.row_groups().get(group).ok_or_else(broken)?;
        let refused = |what: Option<String>| what.map_or_else(broken, |what| self.refused(&column.name, &what));
        let mut chunk = Chunk::open(column, found, self.bytes).map_err(refused)?;
        let mut left = usize::try_from(found.num_rows()).map_err(|_| broken())?.min(most - numbers.len());
        while left > 0 {
            let rows = left.min(BATCH);
            numbers.extend(chunk.numbers(rows).ok_or_else(broken)?);
            left -= rows;
        }
        Ok(())
    }
}
