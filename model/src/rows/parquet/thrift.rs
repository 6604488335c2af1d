//! Just enough of Thrift's compact protocol to look at a Parquet file's own sizes before anything is allocated by them.
//! It builds no values and never goes deeper than [`DEEPEST`].
//!
//! Source of the format: the Thrift compact protocol specification.

/// Deepest nesting that is followed.
const DEEPEST: u8 = 16;

/// The kinds of values, as the protocol numbers them.
pub mod kind {
    /// A whole number of 32 bits.
    pub const I32: u8 = 5;
    /// A list.
    pub const LIST: u8 = 9;
    /// A struct.
    pub const STRUCT: u8 = 12;
}

/// A place in some bytes. Every reading is `None` at the end of the bytes or where they make no sense.
#[derive(Clone, Copy, Debug)]
pub struct Thrift<'a> {
    rest: &'a [u8],
}

impl<'a> Thrift<'a> {
    /// The begin of some bytes.
    pub const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The bytes that were not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The identifier and kind of the next field after the field `last`; `Some(None)` at the end of the struct.
    pub fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        match self.byte()? {
            0 => Some(None),
            head if head >> 4 == 0 => Some(Some((self.number()?, head & 15))),
            head => Some(Some((last.checked_add(i64::from(head >> 4))?, head & 15))),
        }
    }

    /// Length and kind of a list.
    pub fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
        Some((length, head & 15))
    }

    /// A whole number.
    pub fn number(&mut self) -> Option<i64> {
        let bits = self.unsigned()?;
        Some((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }

    /// Passes over a value of a kind.
    pub fn pass(&mut self, kind: u8) -> Option<()> {
        self.pass_within(kind, DEEPEST)
    }

    fn pass_within(&mut self, kind: u8, deeper: u8) -> Option<()> {
        let deeper = deeper.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.unsigned().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.unsigned()?;
                self.skip(length)
            }
            kind::LIST | 10 => self.pass_list(deeper),
            11 => self.pass_map(deeper),
            kind::STRUCT => self.pass_struct(deeper),
            _ => None,
        }
    }

    fn pass_list(&mut self, deeper: u8) -> Option<()> {
        let (length, kind) = self.list()?;
        // An element of a list of truths is a byte of its own; every element takes at least one.
        (length <= self.rest.len() as u64).then_some(())?;
        (0..length).try_for_each(|_| self.pass_within(if kind <= 2 { 3 } else { kind }, deeper))
    }

    fn pass_map(&mut self, deeper: u8) -> Option<()> {
        let length = self.unsigned()?;
        if length == 0 {
            return Some(());
        }
        (length <= self.rest.len() as u64).then_some(())?;
        let kinds = self.byte()?;
        (0..length).try_for_each(|_| {
            self.pass_within(kinds >> 4, deeper)?;
            self.pass_within(kinds & 15, deeper)
        })
    }

    fn pass_struct(&mut self, deeper: u8) -> Option<()> {
        let mut last = 0;
        while let Some((id, kind)) = self.field(last)? {
            self.pass_within(kind, deeper)?;
            last = id;
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    fn skip(&mut self, length: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(length).ok()?..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind_are_passed_over_and_nothing_more() {
        // A struct: 1 true, 2 byte 7, 3 i32 -1, 4 double, 5 binary "ab", 6 list of two bytes, 7 map {1: 2}, 8 struct {}.
        let bytes = [
            0x11, 0x13, 7, 0x15, 1, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 2, b'a', b'b', 0x19, 0x23, 1, 2, 0x1b, 1, 0x33,
            1, 2, 0x1c, 0, 0, 99,
        ];
        let mut place = Thrift::new(&bytes);
        assert_eq!(place.pass(kind::STRUCT), Some(()));
        assert_eq!(place.rest(), [99]);
        for end in 0..bytes.len() - 1 {
            assert_eq!(Thrift::new(&bytes[..end]).pass(kind::STRUCT), None, "{end}");
        }
    }

    #[test]
    fn numbers_are_zigzag() {
        for (bytes, number) in [(&[0][..], 0), (&[1], -1), (&[2], 1), (&[0xac, 2], 150)] {
            assert_eq!(Thrift::new(bytes).number(), Some(number));
        }
        assert_eq!(Thrift::new(&[0xff; 12]).number(), None);
    }

    #[test]
    fn deep_and_long_lies_end() {
        assert_eq!(Thrift::new(&[0x1c; 1 << 20]).pass(kind::STRUCT), None);
        assert_eq!(Thrift::new(&[0xf3, 0xff, 0xff, 0xff, 0xff, 0x0f]).pass(kind::LIST), None);
    }
}
