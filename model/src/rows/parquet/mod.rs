//! A Parquet file as a header and records of text, so that its rows go through the very checks of CSV. It reads the
//! columns it is asked for and nothing else, and believes no size that it did not check.
//!
//! Read are files without compression or with Snappy, whose pages say how large they become. GZIP, ZSTD, BROTLI and LZ4
//! are refused by name: they need C code or could grow without bound.

mod chunk;
mod numbers;
mod records;
mod sizes;
mod text;
mod thrift;

use super::file::Records;
use crate::input::{BadInput, Reason};
use parquet::{
    basic::Repetition,
    file::metadata::{ParquetMetaData, ParquetMetaDataReader},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a file begins and ends with.
const MAGIC: &[u8] = b"PAR1";

/// A Parquet file.
pub struct Parquet<'b> {
    file: String,
    bytes: &'b [u8],
    metadata: ParquetMetaData,
}

/// A column that is read.
struct Column {
    /// Its place among the leaves of the schema.
    leaf: usize,
    name: String,
    kind: text::Kind,
    is_optional: bool,
}

impl<'b> Parquet<'b> {
    /// Reads the footer. `file` is the name shown in messages.
    pub fn open(file: &str, bytes: &'b [u8]) -> Result<Self, BadInput> {
        let footer = footer(bytes).ok_or_else(|| damaged(file, "has no end that can be read"))?;
        if footer.len() > sizes::MAX_FOOTER {
            let most = sizes::MAX_FOOTER;
            let message = format!("{file} has a footer of more than {most} bytes; write larger row groups");
            return Err(BadInput::new(Reason::TooLarge, message));
        }
        let is_sound = sizes::is_footer_sound(footer);
        let metadata = is_sound.then(|| guarded(|| ParquetMetaDataReader::decode_metadata(footer))).flatten();
        let metadata = metadata.ok_or_else(|| damaged(file, "has a footer that cannot be read"))?;
        Ok(Self { file: file.to_owned(), bytes, metadata })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        let fields = self.metadata.file_metadata().schema().get_fields();
        fields.iter().map(|field| field.name().to_owned()).collect()
    }

    /// The records, with the cells of some columns in the order given; rows are counted from 1.
    pub fn records(self, columns: &[usize]) -> Result<Records<'b>, BadInput> {
        let columns = columns.iter().map(|at| self.column(*at)).collect::<Result<_, _>>()?;
        Ok(Box::new(records::Reading::new(self, columns)))
    }

    /// A plain column by its place among the columns of the table.
    fn column(&self, at: usize) -> Result<Column, BadInput> {
        let schema = self.metadata.file_metadata().schema_descr();
        let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == at);
        let field = self.metadata.file_metadata().schema().get_fields().get(at);
        let Some(field) = field else { return Err(damaged(&self.file, "has fewer columns than it says")) };
        let name = field.name().to_owned();
        let basic = field.get_basic_info();
        let is_repeated = basic.has_repetition() && basic.repetition() == Repetition::REPEATED;
        let Some(leaf) = leaf.filter(|_| field.is_primitive() && !is_repeated) else {
            return Err(self.refused(&name, "is nested; write it as a column of plain values"));
        };
        let column = schema.column(leaf);
        let kind = text::kind(&column).map_err(|kind| {
            self.refused(&name, &format!("is of type {kind}, which is not read; write it as numbers or text"))
        })?;
        Ok(Column { leaf, name, kind, is_optional: column.max_def_level() > 0 })
    }

    fn refused(&self, column: &str, what: &str) -> BadInput {
        BadInput::new(Reason::BadParquet, format!("{}, column '{column}' {what}", self.file))
    }
}

/// Whether bytes are a Parquet file, or the begin of one.
pub fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The bytes of the footer: at the end of the file, before its length and the magic.
fn footer(bytes: &[u8]) -> Option<&[u8]> {
    let (rest, length) = bytes.strip_suffix(MAGIC)?.split_last_chunk::<4>()?;
    let start = rest.len().checked_sub(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    rest.get(start..).filter(|_| start >= MAGIC.len())
}

/// Runs the decoder on bytes that nobody vouches for; `None` if it cannot read them. Some damage makes the decoder panic
/// where it should answer with an error (a test shows one), and a damaged file must not look like a fault of ours. What
/// the decoder holds is thrown away then, so nothing half done is seen.
fn guarded<T, E>(work: impl FnOnce() -> Result<T, E>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().and_then(Result::ok)
}

fn damaged(file: &str, what: &str) -> BadInput {
    let message = format!("{file} is a Parquet file that {what}: it is damaged, cut off or encrypted; write it again");
    BadInput::new(Reason::BadParquet, message)
}
