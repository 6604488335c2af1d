//! The values of one column in one row group, a batch at a time. It copies the bytes of this chunk and no others.

use super::{
    Column, guarded,
    sizes::{self, Fault},
    text,
};
use bytes::Bytes;
use csv::ByteRecord;
use parquet::{
    basic::Compression,
    column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    data_type::DataType,
    errors::{ParquetError, Result as Decoded},
    file::{
        metadata::{ColumnChunkMetaData, RowGroupMetaData},
        reader::{ChunkReader, Length},
        serialized_reader::SerializedPageReader,
    },
};
use std::{io::Cursor, sync::Arc};

/// Why a chunk is refused, as the rest of a sentence that begins with the column; `None` if it is damaged.
pub type Refusal = Option<String>;

/// A chunk that is being read.
pub struct Chunk {
    reader: ColumnReader,
    kind: text::Kind,
    is_optional: bool,
}

impl Chunk {
    /// Opens the chunk of a column in a row group.
    pub fn open(column: &Column, group: &RowGroupMetaData, file: &[u8]) -> Result<Self, Refusal> {
        let described = group.columns().get(column.leaf).ok_or(None)?;
        check_codec(described.compression())?;
        let (start, bytes) = stored(described, file).ok_or(None)?;
        sizes::check_pages(bytes, group.num_rows()).map_err(refusal)?;
        let rows = usize::try_from(group.num_rows()).map_err(|_| None)?;
        let stored = Arc::new(Stored { start, bytes: Bytes::copy_from_slice(bytes) });
        let pages = guarded(|| SerializedPageReader::new(stored, described, rows, None)).ok_or(None)?;
        let reader = get_column_reader(described.column_descr_ptr(), Box::new(pages));
        Ok(Self { reader, kind: column.kind, is_optional: column.is_optional })
    }

    /// The next `rows` cells as text; a missing value is an empty cell. `None` if there are fewer or they cannot be decoded.
    pub fn cells(&mut self, rows: usize) -> Option<ByteRecord> {
        let (kind, is_optional) = (self.kind, self.is_optional);
        let reader = &mut self.reader;
        let taking = Taking { rows, is_optional };
        guarded(move || match reader {
            ColumnReader::BoolColumnReader(reader) => taking.cells(reader, |value| text::truth(*value)),
            ColumnReader::Int32ColumnReader(reader) => taking.cells(reader, |value| text::whole32(*value, kind)),
            ColumnReader::Int64ColumnReader(reader) => taking.cells(reader, |value| text::whole64(*value, kind)),
            ColumnReader::Int96ColumnReader(reader) => taking.cells(reader, |value| text::moment96(*value)),
            ColumnReader::FloatColumnReader(reader) => taking.cells(reader, |value| text::single(*value)),
            ColumnReader::DoubleColumnReader(reader) => taking.cells(reader, |value| text::double(*value)),
            ColumnReader::ByteArrayColumnReader(reader) => {
                taking.cells(reader, |value| text::bytes(value.data(), kind))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                taking.cells(reader, |value| text::bytes(value.data(), kind))
            }
        })
    }

    /// The next `rows` cells of a column of doubles or whole numbers; a missing value is NaN. `None` if there are fewer, they
    /// cannot be decoded, or the column is of another type.
    pub fn numbers(&mut self, rows: usize) -> Option<Vec<f64>> {
        let taking = Taking { rows, is_optional: self.is_optional };
        let reader = &mut self.reader;
        let other = || Err(ParquetError::General(String::new()));
        guarded(move || match reader {
            ColumnReader::Int32ColumnReader(reader) => taking.numbers(reader, |value| f64::from(*value)),
            ColumnReader::Int64ColumnReader(reader) => taking.numbers(reader, |value| *value as f64),
            ColumnReader::DoubleColumnReader(reader) => taking.numbers(reader, |value| *value),
            ColumnReader::BoolColumnReader(_) | ColumnReader::Int96ColumnReader(_) => other(),
            ColumnReader::FloatColumnReader(_) | ColumnReader::ByteArrayColumnReader(_) => other(),
            ColumnReader::FixedLenByteArrayColumnReader(_) => other(),
        })
    }
}

/// How many cells are taken, and whether some may be missing.
#[derive(Clone, Copy)]
struct Taking {
    rows: usize,
    is_optional: bool,
}

impl Taking {
    fn cells<T: DataType, C: AsRef<[u8]>>(
        self,
        reader: &mut ColumnReaderImpl<T>,
        text: impl Fn(&T::T) -> C,
    ) -> Decoded<ByteRecord> {
        let (levels, values) = self.read(reader)?;
        let mut values = values.iter();
        let mut cells = ByteRecord::new();
        for row in 0..self.rows {
            let is_there = !self.is_optional || levels.get(row) == Some(&1);
            match is_there.then(|| values.next()).flatten() {
                Some(value) => cells.push_field(text(value).as_ref()),
                None => cells.push_field(b""),
            }
        }
        Ok(cells)
    }
}

impl Taking {
    fn numbers<T: DataType>(
        self,
        reader: &mut ColumnReaderImpl<T>,
        number: impl Fn(&T::T) -> f64,
    ) -> Decoded<Vec<f64>> {
        let (levels, values) = self.read(reader)?;
        let mut values = values.iter();
        let is_there = |row: usize| !self.is_optional || levels.get(row) == Some(&1);
        let cell = |row| is_there(row).then(|| values.next()).flatten().map_or(f64::NAN, &number);
        Ok((0..self.rows).map(cell).collect())
    }

    /// Definition levels (none if no value may be missing) and the values that are there.
    fn read<T: DataType>(self, reader: &mut ColumnReaderImpl<T>) -> Decoded<(Vec<i16>, Vec<T::T>)> {
        let (mut levels, mut values, mut read) = (Vec::new(), Vec::new(), 0);
        while read < self.rows {
            let levels = self.is_optional.then_some(&mut levels);
            match reader.read_records(self.rows - read, levels, None, &mut values)? {
                (0, _, _) => return Err(ParquetError::EOF(String::new())),
                (more, _, _) => read += more,
            }
        }
        Ok((levels, values))
    }
}

/// Where a chunk begins in its file, and its bytes.
fn stored<'b>(described: &ColumnChunkMetaData, file: &'b [u8]) -> Option<(u64, &'b [u8])> {
    let start = described.dictionary_page_offset().unwrap_or(described.data_page_offset());
    let start = u64::try_from(start).ok()?;
    let end = start.checked_add(u64::try_from(described.compressed_size()).ok()?)?;
    let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
    Some((start, file.get(range).filter(|_| described.file_path().is_none())?))
}

fn check_codec(codec: Compression) -> Result<(), Refusal> {
    let name = match codec {
        Compression::UNCOMPRESSED | Compression::SNAPPY => return Ok(()),
        Compression::GZIP(_) => "GZIP",
        Compression::BROTLI(_) => "BROTLI",
        Compression::ZSTD(_) => "ZSTD",
        Compression::LZO => "LZO",
        Compression::LZ4 | Compression::LZ4_RAW => "LZ4",
    };
    Err(Some(format!("is compressed with {name}, which is not read; write the file with compression snappy or none")))
}

fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::Damaged => None,
        Fault::Large => Some("has pages larger than are read; write smaller pages, 1 MiB is usual".to_owned()),
        Fault::Encoded(encoding) => {
            Some(format!("is encoded as {encoding}, which is not read; write it with a dictionary or PLAIN"))
        }
    }
}

/// The bytes of a chunk, asked for by their place in the file.
struct Stored {
    start: u64,
    bytes: Bytes,
}

impl Stored {
    fn rest(&self, from: u64) -> Option<Bytes> {
        let from = usize::try_from(from.checked_sub(self.start)?).ok()?;
        (from <= self.bytes.len()).then(|| self.bytes.slice(from..))
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Stored {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Decoded<Self::T> {
        self.rest(start).map(Cursor::new).ok_or_else(|| ParquetError::EOF(String::new()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Decoded<Bytes> {
        let rest = self.rest(start).filter(|rest| length <= rest.len());
        rest.map(|rest| rest.slice(..length)).ok_or_else(|| ParquetError::EOF(String::new()))
    }
}
