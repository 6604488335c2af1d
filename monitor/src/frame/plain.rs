//! Plain lines of CSV, without quotes, a block of them at a time. What is not plain, or not as it should be, it does not read;
//! it tells no fault.

use std::{io::Read, ops::Range};

/// Bytes that are read at a time; a line is shorter.
const BLOCK: usize = 1 << 18;
/// A byte in every place of a word.
const EACH: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f * EACH;

/// The cells of a line.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    places: &'a [Range<usize>],
}

impl<'a> Cells<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A cell without the white space around it; empty if there is none at this place.
    pub fn get(&self, at: usize) -> &'a str {
        let place = self.places.get(at).cloned().unwrap_or_default();
        self.text.get(place).unwrap_or_default().trim()
    }
}

/// Calls `take` with each line that is not blank, up to the end or the first none; none as well if a line is not plain: has a
/// quote, a carriage return of its own, bytes that are no UTF-8, or no end within a block.
pub fn each(mut stream: impl Read, mut take: impl FnMut(Cells<'_>) -> Option<()>) -> Option<()> {
    let (mut block, mut filled, mut is_first) = (vec![0; BLOCK], 0, true);
    loop {
        let more = stream.read(block.get_mut(filled..).filter(|room| !room.is_empty())?).ok()?;
        filled += more;
        let read = block.get(..filled)?;
        let whole =
            if more == 0 { filled } else { read.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
        let text = std::str::from_utf8(read.get(..whole)?).ok().filter(|text| is_plain(text))?;
        let begin = if is_first && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        is_first &= whole == 0;
        lines(text, begin, &mut take)?;
        if more == 0 {
            return Some(());
        }
        block.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_end = |pair: &[u8]| pair != [b'\r', b'\n'] && pair.first() == Some(&b'\r');
    !bytes.contains(&b'"') && (!bytes.contains(&b'\r') || !(bytes.windows(2).any(is_end) || bytes.ends_with(b"\r")))
}

fn lines(text: &str, mut begin: usize, take: &mut impl FnMut(Cells<'_>) -> Option<()>) -> Option<()> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut cut = |at: usize| {
        let is_end = text.as_bytes().get(at) != Some(&b',');
        let is_blank = places.is_empty() && matches!(text.get(begin..at), Some("" | "\r"));
        places.push(begin..at);
        begin = at + 1;
        if !is_end {
            return Some(());
        }
        let taken = if is_blank { Some(()) } else { take(Cells { text, places: &places }) };
        places.clear();
        taken
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for (nth, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let mut marks = zeros(word ^ (u64::from(b',') * EACH)) | zeros(word ^ (u64::from(b'\n') * EACH));
        while marks != 0 {
            cut(8 * nth + marks.trailing_zeros() as usize / 8)?;
            marks &= marks - 1;
        }
    }
    let marks = rest.iter().enumerate().filter(|(_, byte)| matches!(byte, b',' | b'\n'));
    marks.map(|(at, _)| 8 * words.len() + at).try_for_each(&mut cut)?;
    // The last line of a file may have no end.
    if text.ends_with('\n') || text.is_empty() { Some(()) } else { cut(text.len()) }
}

/// The highest bit of each byte that is zero (Warren, Hacker's Delight, section 6-1).
const fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read(text: &[u8]) -> Option<Vec<Vec<String>>> {
        let mut lines = Vec::new();
        let found = each(Cursor::new(text), |cells| {
            lines.push((0..cells.len()).map(|at| cells.get(at).to_owned()).collect());
            Some(())
        });
        found.map(|()| lines)
    }

    #[test]
    fn plain_lines_are_read_as_a_csv_reader_does() {
        let long: String = (0..40_000).map(|row| format!("{row},{}, x{} \n", f64::from(row) / 7.0, row % 13)).collect();
        let texts = ["a,b\n1,2\n", "a,b\r\n1,2\r\n\r\n", "\u{feff}a,b\n\n\n1,\n,", "a", "", "\n", "ä,ö\nü, \n", &long];
        for text in texts {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let trimmed = |record: csv::StringRecord| record.iter().map(|cell| cell.trim().to_owned()).collect();
            let expected: Vec<Vec<String>> = reader.records().map(|record| trimmed(record.unwrap())).collect();
            assert_eq!(read(text.as_bytes()).as_ref(), Some(&expected), "{}", text.get(..20).unwrap_or(text));
        }
    }

    #[test]
    fn what_is_not_plain_is_not_read() {
        let long = [b'x'; BLOCK + 1];
        for bytes in [b"a,\"b\"\n".as_slice(), b"a\rb\n", b"a,b\r", b"a,\xff\n", &long] {
            assert_eq!(read(bytes), None);
        }
    }
}
