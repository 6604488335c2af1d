//! The first container: reads the data, checks the contract, and leaves only the training rows. The holdout stays behind.

use super::{Head, Pod, Training, inside};
use crate::failure::{Failure, bytes};
use dropout_model::{
    manifest::Manifest,
    rows::{Contract, MAX_FILE, header::training_columns, read, records},
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
    let file = manifest.data.training.path();
    let bytes = bytes(&pod.at(&inside(path::DATA, file)), file, MAX_FILE)?;
    let left = left(manifest, (file, &bytes), &task.hash())?;
    pod.write(&inside(path::INPUT, path::ROWS), &left.rows)?;
    pod.write(&inside(path::INPUT, path::TRAINING), &left.training)?;
    eprintln!("{}", left.message);
    Ok(())
}

/// The input of a trainer from a data file. `task` is the hash of the task; empty on a laptop, where nobody answers.
pub fn left(manifest: &Manifest, (file, bytes): (&str, &[u8]), task: &str) -> Result<Left, Failure> {
    let table = read(file, bytes, &Contract { manifest, production: None })?;
    let (training, _) = table.split(manifest);
    let places: BTreeSet<u32> = training.iter().filter_map(|row| table.rows.place.get(*row)).copied().collect();
    let rows = training_file(manifest, bytes, &places).map_err(|error| Failure::Moved(error.to_string()))?;
    let told = Training {
        contract: CONTRACT.to_owned(),
        task: task.to_owned(),
        manifest: manifest.clone(),
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
fn training_file(manifest: &Manifest, bytes: &[u8], places: &BTreeSet<u32>) -> Result<Vec<u8>, csv::Error> {
    let mut records = records(bytes);
    let Some(header) = records.next() else { return Ok(Vec::new()) };
    let (_, header) = header?;
    let place = |name: &&str| header.iter().position(|cell| cell.trim_ascii() == name.as_bytes());
    let columns: Vec<usize> = training_columns(manifest).iter().filter_map(place).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(training_columns(manifest))?;
    for (at, record) in records.enumerate() {
        let (_, record) = record?;
        if places.contains(&(at as u32)) {
            writer.write_record(columns.iter().map(|column| record.get(*column).unwrap_or_default()))?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
