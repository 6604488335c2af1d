//! A batch as bytes: gzip around lines of JSON, the head first. A batch is read whole or not at all, and what is wrong is
//! told by its line, never by its content.

use super::{CONTRACT, Head, Kind, MAX_BYTES, Outcome, Prediction};
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{Read, Write};

/// Most bytes of a batch that is read, uncompressed.
const MAX_READ: u64 = 4 * MAX_BYTES as u64;

/// A batch that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its first line.
    pub head: Head,
    /// The others.
    pub lines: Lines,
}

/// The lines of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Lines {
    /// Predictions.
    Predictions(Vec<Prediction>),
    /// Outcomes.
    Outcomes(Vec<Outcome>),
}

/// Why bytes are no batch.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Spoilt {
    /// They are not, or not to their end, what gzip made.
    #[error("it is damaged or cut off")]
    Damaged,
    /// More than is read.
    #[error("it has more than {MAX_READ} bytes")]
    TooLarge,
    /// The first line is no head of this contract.
    #[error("its first line is not the head of {CONTRACT}")]
    NoHead,
    /// A line cannot be read; the head is line 1.
    #[error("its line {0} breaks the contract")]
    Line(usize),
    /// The head says another number of lines.
    #[error("it has {found} lines, but its head says {told}")]
    Count {
        /// Lines found.
        found: u64,
        /// Lines that the head says.
        told: u64,
    },
}

/// Writes a batch; `head.lines` is set to the number of lines.
pub fn write<T: Serialize>(head: &Head, lines: &[T]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let head = Head { lines: lines.len() as u64, ..head.clone() };
    serde_json::to_writer(&mut encoder, &head)?;
    for line in lines {
        encoder.write_all(b"\n")?;
        serde_json::to_writer(&mut encoder, line)?;
    }
    encoder.write_all(b"\n")?;
    encoder.finish()
}

/// Reads a batch.
pub fn read(bytes: &[u8]) -> Result<Batch, Spoilt> {
    let mut text = Vec::new();
    let mut decoder = GzDecoder::new(bytes).take(MAX_READ + 1);
    decoder.read_to_end(&mut text).map_err(|_| Spoilt::Damaged)?;
    if text.len() as u64 > MAX_READ {
        return Err(Spoilt::TooLarge);
    }
    // The decoder checks its sum only once it has seen the end.
    if !decoder.into_inner().into_inner().is_empty() {
        return Err(Spoilt::Damaged);
    }
    parsed(&text)
}

fn parsed(text: &[u8]) -> Result<Batch, Spoilt> {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let head: Option<Head> = lines.next().and_then(|line| serde_json::from_slice(line).ok());
    let head = head.filter(|head| head.contract == CONTRACT).ok_or(Spoilt::NoHead)?;
    let lines: Vec<&[u8]> = lines.collect();
    if lines.len() as u64 != head.lines {
        return Err(Spoilt::Count { found: lines.len() as u64, told: head.lines });
    }
    let lines = match head.kind {
        Kind::Predictions => Lines::Predictions(each(&lines)?),
        Kind::Outcomes => Lines::Outcomes(each(&lines)?),
    };
    Ok(Batch { head, lines })
}

fn each<T: DeserializeOwned>(lines: &[&[u8]]) -> Result<Vec<T>, Spoilt> {
    let line = |(line, at): (&&[u8], usize)| serde_json::from_slice(line).map_err(|_| Spoilt::Line(at));
    lines.iter().zip(2..).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Event;

    fn head() -> Head {
        Head {
            contract: CONTRACT.into(),
            kind: Kind::Outcomes,
            study: "S".into(),
            key: "k1".into(),
            holdout_fraction: 0.25,
            writer: "w".into(),
            sequence: 3,
            dropped: 1,
            lines: 0,
        }
    }

    fn outcomes(count: usize) -> Vec<Outcome> {
        let one = |at: usize| Outcome {
            id: format!("o{at}"),
            time: "2026-01-02T03:04:05.678Z".into(),
            patient: format!("{at:064x}"),
            event: Event::Seen,
            date: "2026-01-02".into(),
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = write(&head(), &outcomes(20)).unwrap();
        let batch = read(&written).unwrap();
        assert_eq!(batch.head, Head { lines: 20, ..head() });
        assert_eq!(batch.lines, Lines::Outcomes(outcomes(20)));
    }

    #[test]
    fn a_batch_that_is_cut_off_or_changed_anywhere_is_never_read() {
        let written = write(&head(), &outcomes(20)).unwrap();
        let whole = read(&written).unwrap();
        for at in 0..written.len() {
            assert!(read(&written[..at]).is_err(), "cut at {at}");
            let mut changed = written.clone();
            changed[at] ^= 0x41;
            // The header of gzip holds bytes that nobody checks: its time and the name of the system.
            assert!(read(&changed).is_err() || read(&changed).unwrap() == whole, "changed at {at}");
        }
        let longer = [written.as_slice(), b"x"].concat();
        assert_eq!(read(&longer), Err(Spoilt::Damaged));
    }

    #[test]
    fn a_head_of_another_contract_and_a_line_of_another_kind_are_refused() {
        let other = Head { contract: "other/v1".into(), ..head() };
        assert_eq!(read(&write(&other, &outcomes(1)).unwrap()), Err(Spoilt::NoHead));
        let mixed = Head { kind: Kind::Predictions, ..head() };
        assert_eq!(read(&write(&mixed, &outcomes(2)).unwrap()), Err(Spoilt::Line(2)));
    }
}
