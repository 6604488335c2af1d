//! The text of a bundle with trees: objects over several lines, arrays of numbers in one. It writes no file.

use serde::Serialize;
use serde_json::{
    Serializer,
    ser::{Formatter, PrettyFormatter},
};
use std::io::{Result, Write};

/// The JSON of a value, the same for equal values.
pub(super) fn with_arrays_in_lines(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Lines::default()))?;
    Ok(bytes)
}

#[derive(Default)]
struct Lines {
    objects: PrettyFormatter<'static>,
}

/// Arrays keep the formatter's own ways, which add no space; objects have those of [`PrettyFormatter`].
impl Formatter for Lines {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.objects.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.objects.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.objects.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.objects.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.objects.end_object_value(writer)
    }
}
