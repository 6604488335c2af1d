//! A batch in the making: lines of one day, as bytes. It knows no store and no clock.

use dropout_model::record::{Head, MAX_LINES};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::{
    io::{self, Write},
    thread::sleep,
    time::Duration,
};

/// Bytes of lines at which a batch is full. A quarter of what the contract allows: they are held in memory.
const FULL: usize = 4 << 20;

/// Bytes that are compressed without a pause: about half a millisecond. A processor that answers requests is not taken from
/// them for longer.
const STRETCH: usize = 64 << 10;

/// The pause.
const PAUSE: Duration = Duration::from_micros(500);

/// Lines of one day.
#[derive(Debug, Default)]
pub struct Batch {
    day: String,
    lines: u64,
    text: Vec<u8>,
}

impl Batch {
    /// Whether there is room for another line of a day.
    pub fn takes(&self, day: &str) -> bool {
        self.lines == 0 || (self.day == day && self.lines < MAX_LINES as u64 && self.text.len() < FULL)
    }

    /// Adds a line of a day.
    pub fn push<T: Serialize>(&mut self, day: &str, line: &T) -> serde_json::Result<()> {
        let length = self.text.len();
        if let Err(error) = serde_json::to_writer(&mut self.text, line) {
            self.text.truncate(length);
            return Err(error);
        }
        self.text.push(b'\n');
        self.lines += 1;
        if self.day != day {
            day.clone_into(&mut self.day);
        }
        Ok(())
    }

    /// The day of the lines; empty if there are none.
    pub fn day(&self) -> &str {
        if self.lines == 0 { "" } else { &self.day }
    }

    /// How many lines there are.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Forgets the lines.
    pub fn clear(&mut self) {
        self.lines = 0;
        self.text.clear();
    }

    /// Head and lines, compressed at leisure. The same batch gives the same bytes.
    pub fn seal(&self, head: &Head) -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        serde_json::to_writer(&mut encoder, &Head { lines: self.lines, ..head.clone() })?;
        encoder.write_all(b"\n")?;
        for stretch in self.text.chunks(STRETCH) {
            encoder.write_all(stretch)?;
            if stretch.len() == STRETCH {
                sleep(PAUSE);
            }
        }
        encoder.finish()
    }
}
