//! A file of rows as a header and records with row numbers, whatever its format; the content says which it is. A row of a
//! CSV file is counted as an editor counts lines: the header is row 1, blank lines count, and a byte order mark is passed
//! over. A row of a Parquet file is counted from 1.

use super::header::{Header, Layout};
use crate::input::{BadInput, Reason};
use csv::ByteRecord;

#[cfg(feature = "parquet")]
use super::parquet::{Parquet, is_parquet};

/// Records with the row of each.
pub type Records<'b> = Box<dyn Iterator<Item = Result<(usize, ByteRecord), BadInput>> + 'b>;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated lines of text.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// How a row is called in a message.
    pub fn row(self, row: usize) -> String {
        match self {
            Self::Csv => format!("row {row}"),
            Self::Parquet => format!("row {row} of the table"),
        }
    }
}

/// A file whose header was read: what its columns are called, and the records after it.
pub struct Opened<'b> {
    /// What it is written in.
    pub format: Format,
    /// The names of the columns.
    names: Vec<String>,
    records: Unread<'b>,
}

enum Unread<'b> {
    Csv(Records<'b>),
    #[cfg(feature = "parquet")]
    Parquet(Box<Parquet<'b>>),
}

impl<'b> Opened<'b> {
    /// Opens a file and reads its header. `file` is the name shown in messages.
    pub fn new(file: &str, bytes: &'b [u8]) -> Result<Self, BadInput> {
        if is_parquet(bytes) { Self::parquet(file, bytes) } else { Self::csv(file, bytes) }
    }

    fn csv(file: &str, bytes: &'b [u8]) -> Result<Self, BadInput> {
        let mut records = csv_records(file, bytes);
        let Some(first) = records.next() else {
            return Err(BadInput::new(Reason::NoRows, format!("{file} is empty; it needs a header and rows")));
        };
        let (_, first) = first?;
        let name = |bytes: &[u8]| std::str::from_utf8(bytes).map(|name| name.trim().to_owned());
        let names = first.iter().map(name).collect::<Result<_, _>>().map_err(|_| {
            BadInput::new(
                Reason::NotText,
                format!("{file}, row 1: the header is no UTF-8 text; save the file as UTF-8"),
            )
        })?;
        Ok(Self { format: Format::Csv, names, records: Unread::Csv(Box::new(records)) })
    }

    #[cfg(feature = "parquet")]
    fn parquet(file: &str, bytes: &'b [u8]) -> Result<Self, BadInput> {
        let parquet = Parquet::open(file, bytes)?;
        let names = parquet.names();
        Ok(Self { format: Format::Parquet, names, records: Unread::Parquet(Box::new(parquet)) })
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(file: &str, _: &'b [u8]) -> Result<Self, BadInput> {
        let message = format!("{file} is a Parquet file, which is not read here; write it as CSV");
        Err(BadInput::new(Reason::BadParquet, message))
    }

    /// The layout of the file from its header, and the records of the columns that the layout names and no others.
    pub fn laid_out<'a>(
        self,
        file: &str,
        layout: impl FnOnce(&Header<'_>) -> Result<Layout<'a>, BadInput>,
    ) -> Result<(Layout<'a>, Records<'b>), BadInput> {
        let layout = layout(&Header::new(file, self.format, self.names))?;
        match self.records {
            Unread::Csv(records) => Ok((layout, records)),
            #[cfg(feature = "parquet")]
            Unread::Parquet(parquet) => {
                let mut layout = layout;
                let records = parquet.records(&layout.narrow())?;
                Ok((layout, records))
            }
        }
    }

    /// The names of all columns and the records with all cells; a name that is there twice is refused.
    pub fn all(self, file: &str) -> Result<(Vec<String>, Records<'b>), BadInput> {
        self.check_names(file)?;
        let names = self.names.clone();
        match self.records {
            Unread::Csv(records) => Ok((names, records)),
            #[cfg(feature = "parquet")]
            Unread::Parquet(parquet) => {
                let places: Vec<usize> = (0..names.len()).collect();
                Ok((names, parquet.records(&places)?))
            }
        }
    }

    /// The names of all columns; a name that is there twice is refused.
    pub fn names(self, file: &str) -> Result<Vec<String>, BadInput> {
        self.check_names(file)?;
        Ok(self.names)
    }

    /// The first numbers of a column of a Parquet file; `None` if it must go through text.
    #[cfg(feature = "parquet")]
    pub fn numbers(self, name: &str, most: usize) -> Result<Option<Vec<f64>>, BadInput> {
        match self.records {
            Unread::Csv(_) => Ok(None),
            Unread::Parquet(parquet) => parquet.numbers(name, most),
        }
    }

    fn check_names(&self, file: &str) -> Result<(), BadInput> {
        let twice = |(at, name): (usize, &String)| {
            let first = self.names.iter().position(|other| other == name)?;
            (first < at).then_some((first + 1, at + 1))
        };
        if let Some((first, second)) = self.names.iter().enumerate().find_map(twice) {
            let message = format!("{file}: columns {first} and {second} have the same name; rename or remove one");
            return Err(BadInput::new(Reason::DuplicateColumn, message));
        }
        Ok(())
    }

    /// The records with the cells of some columns, in the order given. A column that is not there is left out.
    pub fn columns(self, names: &[&str]) -> Result<Records<'b>, BadInput> {
        let place = |name: &&str| self.names.iter().position(|other| other == name);
        let places: Vec<usize> = names.iter().filter_map(place).collect();
        match self.records {
            Unread::Csv(records) => Ok(Box::new(records.map(move |record| {
                let (row, record) = record?;
                Ok((row, places.iter().map(|at| record.get(*at).unwrap_or_default()).collect()))
            }))),
            #[cfg(feature = "parquet")]
            Unread::Parquet(parquet) => parquet.records(&places),
        }
    }
}

/// Whether bytes are a Parquet file, or the begin of one.
#[cfg(not(feature = "parquet"))]
fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1")
}

/// The records of a CSV file with the row each begins at; the header is row 1 and comes first.
fn csv_records<'b>(file: &str, bytes: &'b [u8]) -> impl Iterator<Item = Result<(usize, ByteRecord), BadInput>> + 'b {
    let file = file.to_owned();
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let (mut row, mut counted) = (1, 0);
    std::iter::from_fn(move || {
        let mut record = ByteRecord::new();
        match reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let start = record.position().map_or(0, |position| position.byte() as usize);
                let blank =
                    bytes.get(start..).map_or(0, |rest| rest.iter().take_while(|b| b"\r\n".contains(b)).count());
                let start = start + blank;
                row += line_ends(bytes.get(counted..start).unwrap_or_default());
                counted = start;
                Some(Ok((row, record)))
            }
            Err(_) => {
                let message = format!("{file} cannot be read after row {row}; save the file as CSV again");
                Some(Err(BadInput::new(Reason::NotText, message)))
            }
        }
    })
}

fn line_ends(bytes: &[u8]) -> usize {
    let after = bytes.iter().skip(1).map(Some).chain([None]);
    bytes.iter().zip(after).filter(|(byte, next)| **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n'))).count()
}
