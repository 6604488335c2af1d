//! The place in the store for the batches of one writer and kind, each under the next number. It never waits for a store
//! to come back, and never replaces an object.

use super::batch::Batch;
use crate::{metrics::RecordNumbers, moment::Moment};
use dropout_model::record::{Head, Kind, OUTCOMES, PREDICTIONS};
use dropout_store::{Created, Store};

/// A batch that is ready to be put, under a name.
pub struct Sealed {
    name: String,
    bytes: Vec<u8>,
}

/// What came of putting a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    There,
    /// Its name has other bytes: an earlier attempt that seemed to fail. It must be sealed again, under the next number.
    Taken,
    /// The store is down or refuses; the same batch may be put again.
    Failed,
}

/// The place for batches of a kind.
pub struct Shelf {
    store: Store,
    head: Head,
    numbers: RecordNumbers,
    is_failing: bool,
}

impl Shelf {
    /// A place whose next batch has this head's number.
    pub fn new(store: Store, head: Head, numbers: RecordNumbers) -> Self {
        Self { store, head, numbers, is_failing: false }
    }

    /// The numbers.
    pub fn numbers(&self) -> &RecordNumbers {
        &self.numbers
    }

    /// Lines lost, as the next head says it.
    pub fn dropped(&self) -> u64 {
        match self.head.kind {
            Kind::Predictions => self.numbers.dropped.get(),
            Kind::Outcomes => 0,
        }
    }

    /// A batch under the next number, saying how many lines are lost; one without lines goes to today.
    pub fn seal(&self, batch: &Batch, dropped: u64) -> std::io::Result<Sealed> {
        let folder = match self.head.kind {
            Kind::Predictions => PREDICTIONS,
            Kind::Outcomes => OUTCOMES,
        };
        let day = if batch.lines() == 0 { Moment::now().day() } else { batch.day().to_owned() };
        let name = format!("{folder}/{day}/{}-{}.ndjson.gz", self.head.writer, self.head.sequence);
        Ok(Sealed { name, bytes: batch.seal(&Head { dropped, ..self.head.clone() })? })
    }

    /// Puts a batch into the store, once.
    pub fn put(&mut self, sealed: &Sealed) -> Put {
        match self.store.create(&sealed.name, &sealed.bytes) {
            Ok(Created::Kept) => {
                self.head.sequence += 1;
                self.recover();
                Put::There
            }
            Ok(Created::Other(_)) => {
                self.head.sequence += 1;
                Put::Taken
            }
            Err(error) => {
                self.numbers.failures.inc();
                if !std::mem::replace(&mut self.is_failing, true) {
                    let reason = error.to_string();
                    tracing::warn!(kind = ?self.head.kind, reason, "records cannot be written");
                }
                Put::Failed
            }
        }
    }

    fn recover(&mut self) {
        if std::mem::replace(&mut self.is_failing, false) {
            tracing::info!(kind = ?self.head.kind, "records are written again");
        }
    }
}
