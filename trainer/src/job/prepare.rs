//! The first container: reads the data, checks the contract, and leaves only the training rows. The holdout stays behind.

use super::{Head, Pod, Training, inside};
use crate::{failure::Failure, given::Given};
use dropout_model::{
    manifest::{Gate, Manifest},
    rows::{Contract, header::training_columns, named_columns},
    task::{CONTRACT, Task, path},
};
use std::collections::BTreeSet;

/// What the trainer is left: its input folder's two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The training rows, [`path::ROWS`].
    pub rows: Vec<u8>,
    /// What the trainer is told, [`path::TRAINING`].
    pub training: Vec<u8>,
    /// In one sentence, without a patient.
    pub message: String,
}

pub(super) fn prepare(pod: &Pod, task: &Task) -> Result<(), Failure> {
    let manifest = &task.manifest;
    manifest.check()?;
    let left = left(manifest, &pod.given(manifest)?, &task.hash())?;
    pod.write(&inside(path::INPUT, path::ROWS), &left.rows)?;
    pod.write(&inside(path::INPUT, path::TRAINING), &left.training)?;
    eprintln!("{}", left.message);
    Ok(())
}

/// The input of a trainer from a data file. `task` is the hash of the task; empty on a laptop, where nobody answers.
pub fn left(manifest: &Manifest, given: &Given, task: &str) -> Result<Left, Failure> {
    let table = given.table(&Contract { manifest, production: None })?;
    let (training, _) = table.split(manifest);
    let places: BTreeSet<u32> = training.iter().filter_map(|row| table.rows.place.get(*row)).copied().collect();
    let rows = training_file(manifest, given.training(), &places)?;
    let told = Training {
        contract: CONTRACT.to_owned(),
        task: task.to_owned(),
        // How a candidate is judged is none of a trainer's business, and the rows lack the columns it needs.
        manifest: Manifest { gate: Gate::default(), ..manifest.clone() },
        bundle: Head::of(manifest, &table.digest),
        data_digest: table.digest,
        rows: training.len(),
        patients: table.rows.pick(&training).patients.len(),
    };
    let told = serde_json::to_vec_pretty(&told).map_err(|error| Failure::Moved(error.to_string()))?;
    let message = format!("prepared {} training rows of {} rows that count", training.len(), table.rows.len());
    Ok(Left { rows, training: told, message })
}

/// The cells of some rows, as they were written, in the columns that training needs.
fn training_file(
    manifest: &Manifest,
    (file, bytes): (&str, &[u8]),
    places: &BTreeSet<u32>,
) -> Result<Vec<u8>, Failure> {
    let columns = training_columns(manifest);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns).map_err(unwritten)?;
    for (at, record) in named_columns(file, bytes, &columns)?.enumerate() {
        let (_, record) = record?;
        if places.contains(&(at as u32)) {
            writer.write_byte_record(&record).map_err(unwritten)?;
        }
    }
    writer.into_inner().map_err(|error| unwritten(error.into_error().into()))
}

fn unwritten(error: csv::Error) -> Failure {
    Failure::Moved(format!("the training rows cannot be written: {error}"))
}
