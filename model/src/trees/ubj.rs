//! A reader of Universal Binary JSON (specification draft 12) for serde: big endian, typed and counted arrays. It never
//! sets memory aside for more elements than there are bytes left, and goes at most [`MAX_LEVELS`] levels deep.

use super::TreesError;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use std::fmt;

/// Objects and arrays inside each other that are read; XGBoost writes 8.
const MAX_LEVELS: usize = 32;

const ENDS: &str = "ends too early";
const KIND: &str = "has a marker that XGBoost does not write";

/// Reads one value that takes all bytes.
pub(super) fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, TreesError> {
    let mut reader = Reader { bytes, at: 0, levels: 0 };
    let read = T::deserialize(&mut reader).and_then(|value| match reader.left() {
        0 => Ok(value),
        _ => Err(Fault("goes on after its end")),
    });
    read.map_err(|Fault(what)| TreesError::Ubj { what, at: reader.at })
}

/// What is wrong; the reader knows where.
#[derive(Debug)]
struct Fault(&'static str);

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    /// Without the words given: they repeat what stands in the file.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("has a value of another kind than XGBoost writes")
    }
}

struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    levels: usize,
}

impl<'de> Reader<'de> {
    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn peek(&self) -> Result<u8, Fault> {
        self.bytes.get(self.at).copied().ok_or(Fault(ENDS))
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'de [u8], Fault> {
        let end = self.at.checked_add(count).ok_or(Fault(ENDS))?;
        let taken = self.bytes.get(self.at..end).ok_or(Fault(ENDS))?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.take(N)?.try_into().map_err(|_| Fault(ENDS))
    }

    fn integer(&mut self, marker: u8) -> Result<i64, Fault> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Err(Fault(KIND)),
        })
    }

    /// A count of things that take at least `width` bytes each: never more than there can be.
    fn count(&mut self, width: usize) -> Result<usize, Fault> {
        let marker = self.byte()?;
        let count = self.integer(marker)?;
        let count = usize::try_from(count).map_err(|_| Fault("counts below 0"))?;
        if count > self.left() / width {
            return Err(Fault("counts more than it holds"));
        }
        Ok(count)
    }

    fn text(&mut self) -> Result<&'de str, Fault> {
        let count = self.count(1)?;
        str::from_utf8(self.take(count)?).map_err(|_| Fault("has a text that is no UTF-8"))
    }

    fn value<V: Visitor<'de>>(&mut self, marker: u8, visitor: V) -> Result<V::Value, Fault> {
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            b'S' => visitor.visit_borrowed_str(self.text()?),
            b'C' => visitor.visit_char(char::from(self.byte()?)),
            b'[' => self.nested(b']', |items| visitor.visit_seq(items)),
            b'{' => self.nested(b'}', |items| visitor.visit_map(items)),
            _ => visitor.visit_i64(self.integer(marker)?),
        }
    }

    fn nested<T>(
        &mut self,
        close: u8,
        visit: impl FnOnce(&mut Items<'_, 'de>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            return Err(Fault("is nested too deeply"));
        }
        let mut items = self.items(close)?;
        let value = visit(&mut items)?;
        if items.has_more()? {
            return Err(Fault("has a longer array than XGBoost writes"));
        }
        self.levels -= 1;
        Ok(value)
    }

    /// Reads `$type` and `#count`, if they are there.
    fn items(&mut self, close: u8) -> Result<Items<'_, 'de>, Fault> {
        let mut marker = None;
        if close == b']' && self.peek()? == b'$' {
            self.at += 1;
            marker = Some(self.byte()?);
            if self.peek()? != b'#' {
                return Err(Fault("has a type without a count"));
            }
        }
        let least = marker.map_or(Ok(1), width)?;
        let is_counted = self.peek()? == b'#';
        self.at += usize::from(is_counted);
        let left = if is_counted { Some(self.count(least)?) } else { None };
        Ok(Items { reader: self, close, marker, left, has_ended: false })
    }
}

/// Bytes of each element of a typed array. Types without bytes would let a few bytes claim any number of elements.
fn width(marker: u8) -> Result<usize, Fault> {
    match marker {
        b'i' | b'U' | b'C' => Ok(1),
        b'I' => Ok(2),
        b'l' | b'd' => Ok(4),
        b'L' | b'D' => Ok(8),
        _ => Err(Fault(KIND)),
    }
}

/// What is left of an array or object.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    marker: Option<u8>,
    left: Option<usize>,
    has_ended: bool,
}

impl Items<'_, '_> {
    fn has_more(&mut self) -> Result<bool, Fault> {
        if let Some(left) = self.left {
            return Ok(left > 0);
        }
        if !self.has_ended && self.reader.peek()? == self.close {
            self.reader.at += 1;
            self.has_ended = true;
        }
        Ok(!self.has_ended)
    }

    /// Whether there is one more, which is then counted as read.
    fn advance(&mut self) -> Result<bool, Fault> {
        let has_more = self.has_more()?;
        self.left = self.left.map(|left| left.saturating_sub(1));
        Ok(has_more)
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        if !self.advance()? {
            return Ok(None);
        }
        let marker = self.marker;
        match marker {
            Some(marker) => seed.deserialize(Element { reader: self.reader, marker }).map(Some),
            None => seed.deserialize(&mut *self.reader).map(Some),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        if !self.advance()? {
            return Ok(None);
        }
        let key = self.reader.text()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let marker = self.byte()?;
        self.value(marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.peek()? != b'Z' {
            return visitor.visit_some(self);
        }
        self.at += 1;
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// An element of a typed array: its marker stands before the array.
struct Element<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: u8,
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.reader.value(self.marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
