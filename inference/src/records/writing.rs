//! The writer of predictions: from the queue into batches, from batches into the store. It runs on a thread of its own and
//! may wait as long as the store does; nobody waits for it but the end of the process.

use super::{
    Kept,
    batch::Batch,
    line::Line,
    shelf::{Put, Shelf},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread::sleep,
    time::{Duration, Instant},
};

/// How often the queue is looked at. Nobody wakes the writer for a prediction: a wake costs more than a prediction.
const TICK: Duration = Duration::from_millis(20);

/// First pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Pause after a failure while the process ends.
const LAST_PAUSE: Duration = Duration::from_millis(100);

/// The queue and the bytes in it.
type Queue = (Receiver<Box<Kept>>, Arc<AtomicUsize>);

/// The writer.
pub struct Writing {
    shelf: Shelf,
    every: Duration,
    queue: Queue,
    stop: Receiver<()>,
    is_stopping: bool,
    batch: Batch,
    next: Option<Box<Kept>>,
    since: Instant,
    told_dropped: u64,
}

impl Writing {
    /// A writer that ends after the sender of `stop` is gone and all is written.
    pub fn new(shelf: Shelf, every: Duration, queue: Queue, stop: Receiver<()>) -> Self {
        let (batch, since) = (Batch::default(), Instant::now());
        Self { shelf, every, queue, stop, is_stopping: false, batch, next: None, since, told_dropped: 0 }
    }

    /// Writes until it is stopped.
    pub fn run(mut self) {
        while !self.is_stopping {
            self.rest(TICK);
            loop {
                let is_full = self.fill();
                if !is_full && !self.is_stopping && self.since.elapsed() < self.every {
                    break;
                }
                self.write();
                if !is_full {
                    break;
                }
            }
        }
    }

    /// Waits, unless it is stopped meanwhile.
    fn rest(&mut self, time: Duration) {
        if self.is_stopping {
            sleep(LAST_PAUSE);
        } else if self.stop.recv_timeout(time) != Err(RecvTimeoutError::Timeout) {
            self.is_stopping = true;
        }
    }

    /// Moves what is in the queue into the batch; true if more is there than goes in.
    fn fill(&mut self) -> bool {
        while let Some(kept) = self.next.take().or_else(|| self.queue.0.try_recv().ok()) {
            let time = kept.moment.text();
            let day = time.get(..10).unwrap_or_default();
            if !self.batch.takes(day) {
                self.next = Some(kept);
                return true;
            }
            if self.batch.lines() == 0 {
                self.since = Instant::now();
            }
            self.queue.1.fetch_sub(kept.weight(), Ordering::Relaxed);
            if self.batch.push(day, &Line::new(&kept, &time)).is_err() {
                self.lose(1);
            }
        }
        false
    }

    /// Writes the batch, however long that takes. One without lines is written only to say that more were lost.
    fn write(&mut self) {
        self.since = Instant::now();
        let dropped = self.shelf.dropped();
        if self.batch.lines() == 0 && dropped == self.told_dropped {
            return;
        }
        if self.put(dropped).is_err() {
            self.lose(self.batch.lines());
        } else {
            self.told_dropped = dropped;
            let lines = self.batch.lines();
            self.shelf.numbers().written.inc_by(lines);
            self.shelf.numbers().waiting.dec_by(i64::try_from(lines).unwrap_or(0));
        }
        self.batch.clear();
        self.since = Instant::now();
    }

    fn put(&mut self, dropped: u64) -> std::io::Result<()> {
        let mut sealed = self.shelf.seal(&self.batch, dropped)?;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.shelf.put(&sealed) {
                Put::There => return Ok(()),
                Put::Taken => sealed = self.shelf.seal(&self.batch, dropped)?,
                Put::Failed => {
                    self.rest(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn lose(&self, lines: u64) {
        self.shelf.numbers().dropped.inc_by(lines);
        self.shelf.numbers().waiting.dec_by(i64::try_from(lines).unwrap_or(0));
    }
}
