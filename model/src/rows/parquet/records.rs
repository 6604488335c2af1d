//! The records of a Parquet file, one after the other: row groups in their order, a batch of cells a column at a time. It
//! ends at the first error.

use super::{Column, Parquet, chunk::Chunk, damaged};
use crate::{
    input::{BadInput, Reason},
    rows::MAX_FILE,
};
use csv::ByteRecord;

/// Most rows that are decoded at a time.
const BATCH: usize = 1_024;

/// Where a reading is.
pub struct Reading<'b> {
    parquet: Parquet<'b>,
    columns: Vec<Column>,
    /// The row group that is opened next.
    group: usize,
    chunks: Vec<Chunk>,
    /// Rows of the open row group that were not decoded yet.
    left: usize,
    /// The decoded cells, by column.
    batch: Vec<ByteRecord>,
    /// The next row of the batch, and the number of its rows.
    next: usize,
    decoded: usize,
    /// Rows that were given out.
    row: usize,
    /// Bytes of text that may still be given out: as many as a CSV file may have.
    budget: u64,
    has_ended: bool,
}

impl<'b> Reading<'b> {
    /// A reading at its begin.
    pub fn new(parquet: Parquet<'b>, columns: Vec<Column>) -> Self {
        Self {
            parquet,
            columns,
            group: 0,
            chunks: Vec::new(),
            left: 0,
            batch: Vec::new(),
            next: 0,
            decoded: 0,
            row: 0,
            budget: MAX_FILE,
            has_ended: false,
        }
    }

    fn record(&mut self) -> Result<Option<(usize, ByteRecord)>, BadInput> {
        while self.next == self.decoded {
            if self.left == 0 && !self.open()? {
                return Ok(None);
            }
            self.decode()?;
        }
        let cells = self.batch.iter().map(|cells| cells.get(self.next).unwrap_or_default());
        let record: ByteRecord = cells.collect();
        self.next += 1;
        self.row += 1;
        self.spend(&record)?;
        Ok(Some((self.row, record)))
    }

    /// Opens the next row group; false if there is none.
    fn open(&mut self) -> Result<bool, BadInput> {
        let Parquet { file, bytes, metadata } = &self.parquet;
        let Some(group) = metadata.row_groups().get(self.group) else { return Ok(false) };
        let broken = || damaged(file, &format!("cannot be read in its row group {}", self.group + 1));
        self.left = usize::try_from(group.num_rows()).map_err(|_| broken())?;
        let open = |column: &Column| {
            let refused =
                |what: Option<String>| what.map_or_else(broken, |what| self.parquet.refused(&column.name, &what));
            Chunk::open(column, group, bytes).map_err(refused)
        };
        self.chunks = self.columns.iter().map(open).collect::<Result<_, _>>()?;
        self.group += 1;
        Ok(true)
    }

    fn decode(&mut self) -> Result<(), BadInput> {
        let rows = self.left.min(BATCH);
        let (parquet, group) = (&self.parquet, self.group);
        let broken = |column: &Column| {
            let what = format!("cannot be read in column '{}' of its row group {group}", column.name);
            damaged(&parquet.file, &what)
        };
        let columns = self.columns.iter().zip(&mut self.chunks);
        let cells = columns.map(|(column, chunk)| chunk.cells(rows).ok_or_else(|| broken(column)));
        self.batch = cells.collect::<Result<_, _>>()?;
        (self.next, self.decoded, self.left) = (0, rows, self.left - rows);
        Ok(())
    }

    fn spend(&mut self, record: &ByteRecord) -> Result<(), BadInput> {
        let size = (record.as_slice().len() + record.len()) as u64;
        match self.budget.checked_sub(size) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                let file = &self.parquet.file;
                let message = format!("{file} holds more than {MAX_FILE} bytes of text; split it or leave out rows");
                Err(BadInput::new(Reason::TooLarge, message))
            }
        }
    }
}

impl Iterator for Reading<'_> {
    type Item = Result<(usize, ByteRecord), BadInput>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let record = self.record().transpose();
        self.has_ended = !matches!(record, Some(Ok(_)));
        record
    }
}
