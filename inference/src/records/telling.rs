//! The writer of outcomes: what waits becomes one batch, and each who told is answered once it is in the store. It runs on a
//! thread of its own.

use super::{
    batch::Batch,
    shelf::{Put, Shelf},
};
use crate::moment::Moment;
use dropout_model::record::{Event, MAX_LINES, Outcome};
use std::collections::HashSet;
use tokio::sync::{mpsc::Receiver, oneshot};

/// Most outcomes of a request.
pub const MAX_OUTCOMES: usize = 1_000;

/// An outcome that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Digest of patient, event and date.
    pub id: String,
    /// Pseudonym of the patient.
    pub patient: String,
    /// What happened.
    pub event: Event,
    /// When, `YYYY-MM-DD`.
    pub date: String,
}

/// The outcomes of one request, and where the answer goes.
pub struct Told {
    /// The outcomes.
    pub outcomes: Vec<News>,
    /// True once they are in the store.
    pub answer: oneshot::Sender<bool>,
}

/// The writer.
pub struct Telling {
    shelf: Shelf,
    told: Receiver<Told>,
}

impl Telling {
    /// A writer that ends when nobody can tell any more.
    pub fn new(shelf: Shelf, told: Receiver<Told>) -> Self {
        Self { shelf, told }
    }

    /// Writes until it ends.
    pub fn run(mut self) {
        while let Some(first) = self.told.blocking_recv() {
            let mut group = vec![first];
            while group.len() < MAX_LINES / MAX_OUTCOMES
                && let Ok(next) = self.told.try_recv()
            {
                group.push(next);
            }
            // Who no longer waits was answered that nothing was written.
            group.retain(|told| !told.answer.is_closed());
            let is_there = self.write(&group);
            for told in group {
                let _ = told.answer.send(is_there);
            }
        }
    }

    fn write(&mut self, group: &[Told]) -> bool {
        let Some(batch) = batch(group) else { return false };
        // An earlier batch that seemed to fail may have the next name, but not the one after it.
        for _ in 0..2 {
            let Ok(sealed) = self.shelf.seal(&batch, self.shelf.dropped()) else { return false };
            match self.shelf.put(&sealed) {
                Put::There => {
                    self.shelf.numbers().told.inc_by(batch.lines());
                    return true;
                }
                Put::Taken => {}
                Put::Failed => return false,
            }
        }
        false
    }
}

/// A batch of all outcomes, the same one once, all of the moment at which they are written.
fn batch(group: &[Told]) -> Option<Batch> {
    let now = Moment::now();
    let (time, day) = (now.text(), now.day());
    let (mut batch, mut seen) = (Batch::default(), HashSet::new());
    for news in group.iter().flat_map(|told| &told.outcomes).filter(|news| seen.insert(news.id.as_str())) {
        let News { id, patient, event, date } = news.clone();
        batch.push(&day, &Outcome { id, time: time.clone(), patient, event, date }).ok()?;
    }
    (batch.lines() > 0).then_some(batch)
}
