//! A CSV file as records with row numbers. A row is counted as an editor counts lines: the header is row 1, blank lines
//! count, and a byte order mark is passed over.

use super::header::{Header, Layout};
use crate::input::{BadInput, Reason};
use csv::ByteRecord;

/// The records of a file with the row each begins at; the header is row 1 and comes first.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Result<(usize, ByteRecord), csv::Error>> {
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
            Err(error) => Some(Err(error)),
        }
    })
}

fn line_ends(bytes: &[u8]) -> usize {
    let after = bytes.iter().skip(1).map(Some).chain([None]);
    bytes.iter().zip(after).filter(|(byte, next)| **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n'))).count()
}

/// Records with the row each begins at.
pub type Records<'b> = Box<dyn Iterator<Item = Result<(usize, ByteRecord), csv::Error>> + 'b>;

/// The layout of a file from its header, and the records after it.
pub fn opened<'a, 'b>(
    file: &str,
    bytes: &'b [u8],
    layout: impl FnOnce(&Header<'_>) -> Result<Layout<'a>, BadInput>,
) -> Result<(Layout<'a>, Records<'b>), BadInput> {
    let mut records = records(bytes);
    let Some(Ok((_, first))) = records.next() else {
        return Err(BadInput::new(Reason::NoRows, format!("{file} is empty; it needs a header and rows")));
    };
    let name = |bytes: &[u8]| std::str::from_utf8(bytes).map(|name| name.trim().to_owned());
    let names: Vec<String> = first.iter().map(name).collect::<Result<_, _>>().map_err(|_| {
        BadInput::new(Reason::NotText, format!("{file}, row 1: the header is no UTF-8 text; save the file as UTF-8"))
    })?;
    Ok((layout(&Header::new(file, names))?, Box::new(records)))
}
