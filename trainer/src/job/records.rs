//! The records that become rows of a Job. `prepare` leaves the list of the batches it took, and `evaluate` takes the same
//! ones: what arrives in between counts next time.

use super::{Pod, evaluate::store, inside};
use crate::{failure::Failure, given::Given};
use dropout_model::{
    digest::digest,
    input::{BadInput, Reason},
    manifest::{Feature, Manifest},
    record::{OUTCOMES, PREDICTIONS, table::Records},
    rows::Day,
    task::{Task, path},
};
use dropout_store::Store;
use serde::{Deserialize, Serialize};

/// The list of batches inside the input folder.
const LIST: &str = "records.json";

/// A batch that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    name: String,
    digest: String,
}

/// Lets the records that a task asks for count beside its files.
pub fn append(pod: &Pod, task: &Task, (given, production): (&mut Given<'_>, &[Feature])) -> Result<(), Failure> {
    let Some(asked) = &task.records else { return Ok(()) };
    let cutoff = Day::read(&asked.cutoff).ok_or_else(|| bad("the task's cut-off of records is no date"))?;
    let store = store(pod, task)?;
    let records = match listed(pod)? {
        Some(list) => exactly(&store, &task.manifest, &list)?,
        None => all(&store, &task.manifest)?,
    };
    let others: Vec<String> = production.iter().map(|feature| feature.name.clone()).collect();
    given.append(&task.manifest, &records, (cutoff, &others))?;
    if let Some(file) = given.records() {
        let told = serde_json::to_string(&file.counts).unwrap_or_default();
        eprintln!(
            "records: {} batches, {} lines lost before they were written; {told}",
            records.batches.len(),
            file.lost
        );
    }
    Ok(())
}

/// Leaves the list of the batches that count, for `evaluate`.
pub fn leave(pod: &Pod, task: &Task) -> Result<(), Failure> {
    if task.records.is_none() {
        return Ok(());
    }
    let store = store(pod, task)?;
    let records = all(&store, &task.manifest)?;
    let taken: Vec<Taken> = records.batches.into_iter().map(|(name, digest)| Taken { name, digest }).collect();
    let list = serde_json::to_vec(&taken).map_err(|error| Failure::Moved(error.to_string()))?;
    pod.write(&inside(path::INPUT, LIST), &list)
}

/// The manifest that a trainer is told: its cut-off lets the rows from records count too.
pub fn told(task: &Task) -> Manifest {
    let mut manifest = task.manifest.clone();
    let records = task.records.as_ref().map(|asked| asked.cutoff.clone());
    manifest.data.cutoff = manifest.data.cutoff.max(records);
    manifest
}

/// The manifest with the cut-off that a bundle of a task states: the file's, or the newest row from records if that is later.
/// A patient whose first row is after it was never learned from nor judged on. Rows that were too young to count do not move
/// it, and neither does the day of the training: the same rows give the same bundle.
pub fn stated(task: &Task, given: &Given<'_>) -> Manifest {
    let mut manifest = task.manifest.clone();
    let newest = given.records().and_then(|file| file.last.clone());
    manifest.data.cutoff = manifest.data.cutoff.max(newest);
    manifest
}

fn listed(pod: &Pod) -> Result<Option<Vec<Taken>>, Failure> {
    let place = inside(path::INPUT, LIST);
    if !pod.at(&place).exists() {
        return Ok(None);
    }
    pod.json(&place).map(Some)
}

fn all(store: &Store, manifest: &Manifest) -> Result<Records, Failure> {
    let mut records = Records::default();
    for folder in [PREDICTIONS, OUTCOMES] {
        for object in store.list(folder)? {
            if let Some(bytes) = store.get(&object.name)? {
                records.add(manifest, &object.name, &bytes)?;
            }
        }
    }
    Ok(records)
}

/// The batches of a list, each as it was.
fn exactly(store: &Store, manifest: &Manifest, list: &[Taken]) -> Result<Records, Failure> {
    let mut records = Records::default();
    for taken in list {
        match store.get(&taken.name)? {
            Some(bytes) if digest(&bytes) == taken.digest => records.add(manifest, &taken.name, &bytes)?,
            Some(_) | None => {
                let message = format!("{} is no longer what was trained on; train again", taken.name);
                return Err(Failure::Moved(message));
            }
        }
    }
    Ok(records)
}

fn bad(message: &str) -> BadInput {
    BadInput::new(Reason::BadManifest, message)
}
