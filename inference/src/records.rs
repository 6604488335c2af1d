//! Records: predictions in a bounded queue for one writer, outcomes through another that answers once they are in the
//! store. A store that is slow or down never slows a prediction, never fails one, and never takes more memory than the
//! queue: what does not fit is counted in the next batch. No patient's identifier enters here but to become a pseudonym.
//!
//! ```text
//!  /predict ──▶ queue ──▶ batch ──▶ store      full: the prediction is answered, its record is counted as lost
//!                           └─ again until it is there; at the end as long as the drain lasts
//!  /v1/outcomes ──▶ batch ──▶ store ──▶ 202    not there in time: 503, and the client sends them again
//! ```

pub mod batch;
mod line;
pub mod shelf;
pub mod telling;
pub mod writing;

use crate::{ids::Ids, keeping::Keeping, metrics::RecordNumbers, moment::Moment, version::Version};
use dropout_model::{
    bundle::Cell,
    pseudonym::{Pseudonym, Pseudonyms},
    record::{CONTRACT, Head, Kind, Side},
    split::is_holdout,
};
use dropout_store::{Store, StoreError};
use shelf::Shelf;
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};
use telling::{Telling, Told};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use writing::Writing;

/// Most predictions in the queue.
pub const QUEUE: usize = 16_384;

/// Most bytes of the predictions in the queue, whatever their number.
const QUEUE_BYTES: usize = 8 << 20;

/// Most requests with outcomes at once: their bodies may be large.
const TELLERS: usize = 16;

/// Longest time for outcomes to be written.
const TELL_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the end of the writer is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// Why no records can be kept.
#[derive(Debug, thiserror::Error)]
pub enum NoRecords {
    /// The key.
    #[error("no records can be kept: {0}")]
    Key(#[from] crate::keeping::NoKey),
    /// The store's URI.
    #[error("no records can be kept: {0}")]
    Store(#[from] StoreError),
    /// A writer.
    #[error("no records can be kept: their writer could not be started: {0}")]
    Writer(#[from] io::Error),
}

/// A patient as records have it.
#[derive(Clone, Copy, Debug)]
pub struct Patient {
    /// The pseudonym.
    pub pseudonym: Pseudonym,
    /// The side of the split.
    pub side: Side,
}

/// A prediction on its way to a batch.
pub struct Kept {
    /// The version that predicted.
    pub version: Arc<Version>,
    /// Identity of the prediction.
    pub id: String,
    /// When it was answered.
    pub moment: Moment,
    /// Of whom.
    pub patient: Patient,
    /// The landmark's date, if the client gave it.
    pub date: Option<String>,
    /// The landmark day, if the client gave it.
    pub landmark: Option<String>,
    /// The cells, in the order of the version's features.
    pub cells: Vec<Cell>,
    /// The risk.
    pub risk: f64,
}

impl Kept {
    /// Bytes that it takes, nearly.
    fn weight(&self) -> usize {
        let text = |cell: &Cell| if let Cell::Category(text) = cell { text.len() } else { 0 };
        let cells: usize = self.cells.iter().map(|cell| size_of::<Cell>() + text(cell)).sum();
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.id.len() + length(&self.date) + length(&self.landmark) + cells
    }
}

/// Keeps records.
pub struct Records {
    pseudonyms: Pseudonyms,
    study: String,
    holdout_fraction: f64,
    queue: mpsc::SyncSender<Box<Kept>>,
    queued_bytes: Arc<AtomicUsize>,
    told: tokio::sync::mpsc::Sender<Told>,
    tellers: Arc<Semaphore>,
    numbers: RecordNumbers,
    stop: Mutex<Option<mpsc::Sender<()>>>,
    writer: JoinHandle<()>,
}

impl Records {
    /// Opens the store and starts the writers. What the setting leaves open is the version's.
    pub fn start(keeping: Keeping, version: &Version, numbers: RecordNumbers) -> Result<Self, NoRecords> {
        let pseudonyms = keeping.pseudonyms()?;
        let mut store = Store::open_with(&keeping.store, &keeping.mount, keeping.keys.as_deref())?;
        if !keeping.folder.is_empty() {
            store = store.within(&keeping.folder);
        }
        let study = keeping.study.unwrap_or_else(|| version.study().to_owned());
        let holdout_fraction = keeping.holdout_fraction.unwrap_or_else(|| version.holdout_fraction());
        let head = Head {
            contract: CONTRACT.into(),
            kind: Kind::Predictions,
            study: study.clone(),
            key: keeping.key_id,
            holdout_fraction,
            writer: Ids::new().draw(),
            sequence: 0,
            dropped: 0,
            lines: 0,
        };
        let shelf = |kind| Shelf::new(store.clone(), Head { kind, ..head.clone() }, numbers.clone());

        let (queue, queued) = mpsc::sync_channel(QUEUE);
        let (stop, stopping) = mpsc::channel();
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let writing =
            Writing::new(shelf(Kind::Predictions), keeping.every, (queued, Arc::clone(&queued_bytes)), stopping);
        let writer = Builder::new().name("records".into()).spawn(|| writing.run())?;
        let (told, telling) = tokio::sync::mpsc::channel(TELLERS);
        let telling = Telling::new(shelf(Kind::Outcomes), telling);
        Builder::new().name("outcomes".into()).spawn(|| telling.run())?;
        let (tellers, stop) = (Arc::new(Semaphore::new(TELLERS)), Mutex::new(Some(stop)));
        Ok(Self { pseudonyms, study, holdout_fraction, queue, queued_bytes, told, tellers, numbers, stop, writer })
    }

    /// The pseudonyms of the key.
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// What records call the patient with an identifier, and on which side it is.
    pub fn patient(&self, id: &str) -> Patient {
        let is_held_out = is_holdout(&self.study, id, self.holdout_fraction);
        let side = if is_held_out { Side::Holdout } else { Side::Training };
        Patient { pseudonym: self.pseudonyms.of(id), side }
    }

    /// Keeps a prediction if there is room; counts it as lost if there is none. It never waits.
    pub fn keep(&self, kept: Kept) {
        let weight = kept.weight();
        self.numbers.waiting.inc();
        let is_room = self.queued_bytes.fetch_add(weight, Ordering::Relaxed) + weight <= QUEUE_BYTES;
        if is_room && self.queue.try_send(Box::new(kept)).is_ok() {
            return;
        }
        self.queued_bytes.fetch_sub(weight, Ordering::Relaxed);
        self.numbers.waiting.dec();
        self.numbers.dropped.inc();
    }

    /// A place among those who tell outcomes at the moment; none if all are taken.
    pub fn teller(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.tellers).try_acquire_owned().ok()
    }

    /// Writes outcomes; true once they are in the store. False means that they may or may not be: telling them again does
    /// no harm.
    pub async fn tell(&self, outcomes: Vec<telling::News>) -> bool {
        let (answer, answered) = oneshot::channel();
        if self.told.try_send(Told { outcomes, answer }).is_err() {
            return false;
        }
        matches!(tokio::time::timeout(TELL_TIMEOUT, answered).await, Ok(Ok(true)))
    }

    /// Writes what is in the queue, for as long as it may take, and lets the writer end. Answers how many predictions are
    /// lost with the process.
    pub async fn flush(&self, longest: Duration) -> u64 {
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        let end = Instant::now() + longest;
        while !self.writer.is_finished() && Instant::now() < end {
            tokio::time::sleep(LOOK).await;
        }
        u64::try_from(self.numbers.waiting.get()).unwrap_or(0)
    }
}
