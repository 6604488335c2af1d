//! Python's JSON: what `json.dump` writes, with bare NaN and Infinity. It bounds size, depth and number of values before
//! anything is built, and never looks inside a string.

use super::unreadable::Unreadable;
use serde_json::{Value, error::Category};

/// Bytes that are read at most, 8 MiB.
pub const MAX_BYTES: usize = 8 << 20;
/// Levels of lists and objects at most; below the parser's own limit of 127.
pub const MAX_DEPTH: usize = 100;
/// Values at most; each costs tens of bytes in memory.
const MAX_VALUES: usize = 1_000_000;
/// Lists and objects at most; an object costs hundreds of bytes in memory.
const MAX_CONTAINERS: usize = 100_000;

/// Python's words for what is no number.
const WORDS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The value of a file; bare `NaN`, `Infinity` and `-Infinity` are null, and of equal keys the last wins, as in Python.
pub fn value(bytes: &[u8]) -> Result<Value, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge { most: MAX_BYTES });
    }
    let clean = Scan::of(bytes)?;
    serde_json::from_slice(&clean.text).map_err(|error| clean.told(bytes.len(), &error))
}

/// One pass over the tokens of a file.
struct Scan {
    /// Legal JSON, if the file was Python's.
    text: Vec<u8>,
    /// Where `text` is one byte longer than the file: behind each NaN, offsets in `text`.
    longer: Vec<usize>,
    depth: usize,
    values: usize,
    containers: usize,
}

impl Scan {
    fn of(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = Vec::with_capacity(bytes.len() + 64);
        let mut scan = Self { text, longer: Vec::new(), depth: 0, values: 0, containers: 0 };
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += scan.token(rest, at)?;
        }
        if scan.depth > 0 {
            return Err(Unreadable::Truncated { byte: at });
        }
        Ok(scan)
    }

    /// Copies a string, a run of plain bytes or one other byte, or rewrites a bare word; how many bytes of the file that was.
    fn token(&mut self, rest: &[u8], at: usize) -> Result<usize, Unreadable> {
        if WORDS.iter().any(|word| rest != b"-" && rest.len() < word.len() && word.starts_with(rest)) {
            return Err(Unreadable::Truncated { byte: at + rest.len() });
        }
        if let Some(length) = self.nameless(rest) {
            return Ok(length);
        }
        let length = match rest.first() {
            Some(b'"') => string(rest).ok_or(Unreadable::Truncated { byte: at + rest.len() })?,
            Some(byte) if is_plain(byte) => rest.iter().take_while(|byte| is_plain(byte)).count(),
            _ => 1,
        };
        let token = rest.get(..length).unwrap_or(rest);
        self.count(token, at)?;
        self.text.extend_from_slice(token);
        Ok(length)
    }

    fn count(&mut self, token: &[u8], byte: usize) -> Result<(), Unreadable> {
        match token {
            b"[" | b"{" => {
                self.depth += 1;
                self.containers += 1;
            }
            b"]" | b"}" => self.depth = self.depth.saturating_sub(1),
            b"," => self.values += 1,
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            return Err(Unreadable::TooDeep { most: MAX_DEPTH, byte });
        }
        if self.values > MAX_VALUES || self.containers > MAX_CONTAINERS {
            return Err(Unreadable::TooMany { byte });
        }
        Ok(())
    }

    /// Writes null for a bare `NaN`, `Infinity` or `-Infinity` that is a whole token.
    fn nameless(&mut self, rest: &[u8]) -> Option<usize> {
        let word = WORDS.into_iter().find(|word| rest.starts_with(word))?;
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        let begins = |byte: &u8| matches!(byte, b',' | b'[' | b':' | b' ' | b'\t' | b'\n' | b'\r');
        if !self.text.last().is_none_or(begins) || !rest.get(word.len()).is_none_or(ends) {
            return None;
        }
        self.text.extend_from_slice(b"null");
        match word.len() {
            3 => self.longer.push(self.text.len()),
            more => self.text.extend(std::iter::repeat_n(b' ', more - 4)),
        }
        Some(word.len())
    }

    /// The parser's error, at its place in the file.
    fn told(&self, length: usize, error: &serde_json::Error) -> Unreadable {
        let lines = error.line().saturating_sub(1);
        let before: usize = self.text.split_inclusive(|byte| *byte == b'\n').take(lines).map(<[u8]>::len).sum();
        let place = before + error.column().saturating_sub(1);
        let byte = place - self.longer.iter().take_while(|longer| **longer <= place).count();
        match error.classify() {
            Category::Eof => Unreadable::Truncated { byte: length },
            Category::Io | Category::Syntax | Category::Data => Unreadable::NotJson { byte },
        }
    }
}

/// Whether a byte outside a string neither begins nor ends anything that is counted or rewritten.
const fn is_plain(byte: &u8) -> bool {
    !matches!(byte, b'"' | b'[' | b']' | b'{' | b'}' | b',' | b'N' | b'I' | b'-')
}

/// Length of the string that `rest` begins with, with its quotes; none if it does not end.
fn string(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_python_writes_for_no_number_is_null_outside_strings_only() {
        let read = value(br#"{"a":NaN,"b":[Infinity, -Infinity,1],"c":"NaN, \"NaN","NaN":"-Infinity"}"#).unwrap();
        assert_eq!(read, json!({"a": null, "b": [null, null, 1], "c": "NaN, \"NaN", "NaN": "-Infinity"}));
        assert_eq!(value(b"NaN").unwrap(), Value::Null);
        for broken in ["[xNaN]", "[NaNx]", "[1NaN]", "[+Infinity]", "[nan]", "{NaN:1}", "[\"a\"NaN]"] {
            assert!(matches!(value(broken.as_bytes()), Err(Unreadable::NotJson { .. })), "{broken}");
        }
    }

    #[test]
    fn of_equal_keys_the_last_wins() {
        assert_eq!(value(br#"{"a":1,"a":{"b":2},"a":3}"#).unwrap(), json!({"a": 3}));
    }

    #[test]
    fn a_place_is_a_byte_of_the_file_and_not_of_what_was_parsed() {
        let place = |text: &str| value(text.as_bytes()).unwrap_err();
        assert_eq!(place("[1,\n NaN, NaN, -Infinity, ?]"), Unreadable::NotJson { byte: 26 });
        assert_eq!(place("[NaN, 1"), Unreadable::Truncated { byte: 7 });
        assert_eq!(place(r#"{"a": "b"#), Unreadable::Truncated { byte: 8 });
        assert_eq!(place("[1, -Infin"), Unreadable::Truncated { byte: 10 });
        assert_eq!(place("[1, N"), Unreadable::Truncated { byte: 5 });
        assert_eq!(place(""), Unreadable::Truncated { byte: 0 });
    }

    #[test]
    fn bombs_are_refused_before_anything_is_built() {
        let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
        assert!(value(&deep(MAX_DEPTH)).is_ok());
        assert_eq!(value(&deep(101)).unwrap_err(), Unreadable::TooDeep { most: 100, byte: 100 });
        assert!(matches!(value(&vec![b'['; MAX_BYTES]), Err(Unreadable::TooDeep { .. })));
        assert!(matches!(value(&b"{\"\":0},".repeat(200_000)), Err(Unreadable::TooMany { .. })));
        assert!(matches!(
            value(&[b"[".as_slice(), &b"0,".repeat(2_000_000)].concat()),
            Err(Unreadable::TooMany { .. })
        ));
        assert_eq!(value(&vec![b' '; MAX_BYTES + 1]).unwrap_err(), Unreadable::TooLarge { most: MAX_BYTES });
        assert_eq!(value(&vec![b' '; MAX_BYTES]).unwrap_err(), Unreadable::Truncated { byte: MAX_BYTES });
    }
}
