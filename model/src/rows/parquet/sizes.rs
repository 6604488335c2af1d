//! What a Parquet file says about its own sizes, checked before the decoder believes it: the decoder allocates by these
//! numbers and follows the schema by recursion, so that a few hostile bytes could end the process.
//!
//! Source of the format: parquet.thrift of Apache Parquet (FileMetaData, SchemaElement, PageHeader).

use super::thrift::{Thrift, kind};

/// Largest footer, in bytes. One of a table with 256 columns and 100 row groups has about 3 MiB.
pub const MAX_FOOTER: usize = 8 << 20;
/// Largest page after decompression, in bytes. Writers make pages of about 1 MiB.
const MAX_PAGE: i64 = 64 << 20;
/// Most values of a dictionary. Writers end a dictionary at about 1 MiB.
const MAX_DICTIONARY: i64 = 1 << 22;
/// Deepest schema; a plain table has depth 1.
const MAX_DEPTH: usize = 32;
/// Most elements of a schema.
const MAX_ELEMENTS: u64 = 100_000;
/// Identifier of the schema in FileMetaData, and of a schema element's number of children.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// Why pages are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes make no sense.
    Damaged,
    /// The pages are larger than is read.
    Large,
    /// The values are encoded in a way that is not read.
    Encoded(&'static str),
}

/// Whether a footer's schema is one that the decoder can follow.
pub fn is_footer_sound(footer: &[u8]) -> bool {
    schema(footer).is_some_and(|children| is_tree(&children))
}

/// The numbers of children of the schema's elements, in their order.
fn schema(footer: &[u8]) -> Option<Vec<u64>> {
    let mut place = Thrift::new(footer);
    let mut last = 0;
    while let Some((id, kind)) = place.field(last)? {
        if id == SCHEMA && kind == kind::LIST {
            let (length, _) = place.list()?;
            (length <= MAX_ELEMENTS).then_some(())?;
            return (0..length).map(|_| numbers(&mut place, &[CHILDREN])).map(first).collect();
        }
        place.pass(kind)?;
        last = id;
    }
    None
}

fn first(numbers: Option<Vec<i64>>) -> Option<u64> {
    numbers?.first().and_then(|number| u64::try_from(*number).ok())
}

/// Whether elements that say how many children follow are one tree, not too deep.
fn is_tree(children: &[u64]) -> bool {
    let mut open: Vec<u64> = vec![1];
    for count in children {
        while open.last() == Some(&0) {
            open.pop();
        }
        let Some(left) = open.last_mut() else { return false };
        *left -= 1;
        if *count > children.len() as u64 || open.len() > MAX_DEPTH {
            return false;
        }
        open.push(*count);
    }
    open.iter().all(|left| *left == 0)
}

/// Reads a struct's whole numbers of some identifiers; 0 for one that is not there.
fn numbers(place: &mut Thrift<'_>, wanted: &[i64]) -> Option<Vec<i64>> {
    let mut found = vec![0; wanted.len()];
    let mut last = 0;
    while let Some((id, kind)) = place.field(last)? {
        match found.iter_mut().zip(wanted).find(|(_, wanted)| **wanted == id) {
            Some((slot, _)) if kind == kind::I32 => *slot = place.number()?,
            Some(_) | None => place.pass(kind)?,
        }
        last = id;
    }
    Some(found)
}

/// A page's header.
#[derive(Default)]
struct Page {
    size: i64,
    compressed: i64,
    /// Values and encoding of a data page, and of a dictionary.
    values: Option<(i64, i64)>,
    dictionary: Option<(i64, i64)>,
}

/// Checks the pages of a column chunk that holds `rows` values.
pub fn check_pages(chunk: &[u8], rows: i64) -> Result<(), Fault> {
    let mut place = Thrift::new(chunk);
    let (mut has_dictionary, mut values) = (false, 0_i64);
    while !place.rest().is_empty() {
        let page = page(&mut place).ok_or(Fault::Damaged)?;
        if page.size > MAX_PAGE || page.dictionary.is_some_and(|(values, _)| values > MAX_DICTIONARY) {
            return Err(Fault::Large);
        }
        has_dictionary |= page.dictionary.is_some();
        if let Some((count, encoding)) = page.values {
            check_encoding(encoding, has_dictionary)?;
            values = values.saturating_add(count);
        }
        let compressed = usize::try_from(page.compressed).map_err(|_| Fault::Damaged)?;
        place = Thrift::new(place.rest().get(compressed..).ok_or(Fault::Damaged)?);
    }
    if values == rows { Ok(()) } else { Err(Fault::Damaged) }
}

fn page(place: &mut Thrift<'_>) -> Option<Page> {
    let mut page = Page::default();
    let mut last = 0;
    while let Some((id, kind)) = place.field(last)? {
        match (id, kind) {
            (2, kind::I32) => page.size = place.number()?,
            (3, kind::I32) => page.compressed = place.number()?,
            (5, kind::STRUCT) => page.values = values(place, 2),
            (7, kind::STRUCT) => page.dictionary = values(place, 2),
            (8, kind::STRUCT) => page.values = values(place, 4),
            _ => place.pass(kind)?,
        }
        last = id;
    }
    let counts = [page.values, page.dictionary].into_iter().flatten();
    let is_negative = page.size < 0 || counts.into_iter().any(|(values, _)| values < 0);
    (!is_negative).then_some(page)
}

/// Number of values (identifier 1) and encoding of a page.
fn values(place: &mut Thrift<'_>, encoding: i64) -> Option<(i64, i64)> {
    match numbers(place, &[1, encoding])?.as_slice() {
        [values, encoding] => Some((*values, *encoding)),
        _ => None,
    }
}

/// The decoder reserves memory for as many texts as a page of the DELTA encodings of texts claims, so these are not read.
fn check_encoding(encoding: i64, has_dictionary: bool) -> Result<(), Fault> {
    match encoding {
        // PLAIN, RLE, DELTA_BINARY_PACKED, BYTE_STREAM_SPLIT
        0 | 3 | 5 | 9 => Ok(()),
        // PLAIN_DICTIONARY, RLE_DICTIONARY
        2 | 8 if has_dictionary => Ok(()),
        6 => Err(Fault::Encoded("DELTA_LENGTH_BYTE_ARRAY")),
        7 => Err(Fault::Encoded("DELTA_BYTE_ARRAY")),
        _ => Err(Fault::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_one_tree() {
        assert!(is_tree(&[2, 0, 0]));
        assert!(is_tree(&[2, 1, 0, 0]));
        for children in [&[][..], &[2, 0], &[1, 0, 0], &[u64::MAX, 0], &[3, 0, 0]] {
            assert!(!is_tree(children), "{children:?}");
        }
        let deep: Vec<u64> = std::iter::repeat_n(1, 100).chain([0]).collect();
        assert!(!is_tree(&deep));
    }

    /// A page header: type, size, compressed size, and a data page of `values` values in `encoding`.
    fn header(size: u8, compressed: u8, values: u8, encoding: u8) -> Vec<u8> {
        vec![0x15, 0, 0x15, size * 2, 0x15, compressed * 2, 0x2c, 0x15, values * 2, 0x15, encoding * 2, 0, 0]
    }

    #[test]
    fn pages_say_what_they_hold() {
        let chunk = [header(4, 1, 3, 0), vec![9], header(4, 1, 2, 0), vec![9]].concat();
        assert_eq!(check_pages(&chunk, 5), Ok(()));
        assert_eq!(check_pages(&chunk, 6), Err(Fault::Damaged));
        assert_eq!(check_pages(&chunk[..chunk.len() - 1], 5), Err(Fault::Damaged));
    }

    #[test]
    fn a_page_of_texts_by_difference_and_one_without_its_dictionary_are_refused() {
        assert_eq!(check_pages(&header(4, 0, 3, 7), 3), Err(Fault::Encoded("DELTA_BYTE_ARRAY")));
        assert_eq!(check_pages(&header(4, 0, 3, 8), 3), Err(Fault::Damaged));
    }

    #[test]
    fn a_page_that_claims_two_gibibytes_is_refused() {
        let chunk = [0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0, 0];
        assert_eq!(check_pages(&chunk, 0), Err(Fault::Large));
    }
}
