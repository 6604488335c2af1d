//! What is done with batches of records beside reading them: the old ones are removed, and a patient is taken out of them.
//! It never changes a bundle or a report.

use crate::failure::Failure;
use dropout_model::{
    digest::{digest, short},
    input::{BadInput, Reason},
    record::{
        Head, OUTCOMES, PREDICTIONS,
        batch::{self, Lines},
    },
};
use dropout_store::{Created, Object, Store};
use serde::Serialize;

/// What an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Batches looked through.
    pub batches: u64,
    /// Batches that held the patient and were written anew.
    pub changed: u64,
    /// Lines taken out.
    pub lines: u64,
}

/// Removes batches whose day, in their name, is before `first_day` (`YYYY-MM-DD`); the number removed. An outcome is told
/// after the prediction that it is about, so one day for both leaves no prediction without its outcomes.
pub fn retain(store: &Store, first_day: &str) -> Result<u64, Failure> {
    let mut removed = 0;
    for object in batches(store)? {
        if day(&object.name).is_some_and(|day| day < first_day) {
            store.remove(&object.name)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Takes a patient, by pseudonym, out of all batches. A batch is written anew under another name before the old one is
/// removed, so that nothing else is lost when it is cut short; doing it again ends it.
pub fn erase(store: &Store, pseudonym: &str) -> Result<Erased, Failure> {
    let mut erased = Erased::default();
    for object in batches(store)? {
        let Some(bytes) = store.get(&object.name)? else { continue };
        erased.batches += 1;
        let (head, lines) = read(&object.name, &bytes)?;
        let (written, lines) = match lines {
            Lines::Predictions(lines) => without(&head, lines, |line| line.patient == pseudonym)?,
            Lines::Outcomes(lines) => without(&head, lines, |line| line.patient == pseudonym)?,
        };
        if lines > 0 {
            replace(store, &object.name, &written)?;
            erased.changed += 1;
            erased.lines += lines;
        }
    }
    Ok(erased)
}

/// The batches of both kinds.
pub fn batches(store: &Store) -> Result<Vec<Object>, Failure> {
    let mut batches = store.list(PREDICTIONS)?;
    batches.extend(store.list(OUTCOMES)?);
    Ok(batches)
}

/// The day in a batch's name.
pub fn day(name: &str) -> Option<&str> {
    let day = name.split('/').nth(1)?;
    (day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')).then_some(day)
}

fn read(name: &str, bytes: &[u8]) -> Result<(Head, Lines), Failure> {
    let spoilt = |spoilt: batch::Spoilt| {
        let message =
            format!("{name}: {spoilt}; nobody can say who is in it: restore it or remove it, and erase again");
        BadInput::new(Reason::BadRecords, message)
    };
    let batch = batch::read(bytes).map_err(spoilt)?;
    Ok((batch.head, batch.lines))
}

/// A batch without some lines, and how many these were.
fn without<T: Serialize>(
    head: &Head,
    mut lines: Vec<T>,
    is_out: impl Fn(&T) -> bool,
) -> Result<(Vec<u8>, u64), Failure> {
    let before = lines.len();
    lines.retain(|line| !is_out(line));
    let written = batch::write(head, &lines).map_err(|error| Failure::Moved(error.to_string()))?;
    Ok((written, (before - lines.len()) as u64))
}

fn replace(store: &Store, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let stem = name.split_once('~').map_or(name, |(stem, _)| stem).trim_end_matches(".ndjson.gz");
    let new = format!("{stem}~{}.ndjson.gz", short(&digest(bytes), 12));
    match store.create(&new, bytes)? {
        Created::Kept => Ok(store.remove(name)?),
        Created::Other(_) => Err(Failure::Moved(format!("{new} is in the store with other bytes"))),
    }
}
