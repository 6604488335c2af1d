//! The first container: reads the data, checks the contract, and leaves only the training rows. The holdout stays behind.

use super::{Head, Pod, Training, inside, records};
use crate::{failure::Failure, given::Given};
use dropout_model::{
    manifest::{Gate, Manifest},
    record::table::NAME,
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
    records::leave(pod, task)?;
    let mut given = pod.given(manifest)?;
    records::append(pod, task, (&mut given, &[]))?;
    let left = left(
        &Asked { manifest, told: &records::told(task), stated: &records::stated(task, &given) },
        &given,
        &task.hash(),
    )?;
    pod.write(&inside(path::INPUT, path::ROWS), &left.rows)?;
    pod.write(&inside(path::INPUT, path::TRAINING), &left.training)?;
    eprintln!("{}", left.message);
    Ok(())
}

/// A manifest by what its cut-off is for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As the task has it: the rows of its files are read by it.
    pub manifest: &'a Manifest,
    /// As the trainer is told: the rows that it is left are read by it.
    pub told: &'a Manifest,
    /// As the bundle states it.
    pub stated: &'a Manifest,
}

/// The input of a trainer from a data file. `task` is the hash of the task; empty on a laptop, where nobody answers.
pub fn left(asked: &Asked<'_>, given: &Given, task: &str) -> Result<Left, Failure> {
    let Asked { manifest, told, stated } = *asked;
    let table = given.table(&Contract { manifest, production: None })?;
    let (training, _) = table.split(manifest);
    let of_file = training.partition_point(|row| *row < table.records_from);
    let (file, records) = training.split_at(of_file);
    let places = |rows: &[usize]| rows.iter().filter_map(|row| table.rows.place.get(*row)).copied().collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(training_columns(manifest)).map_err(unwritten)?;
    copy(manifest, given.training(), (&mut writer, &places(file)))?;
    if let Some(made) = given.records().filter(|_| !records.is_empty()) {
        copy(manifest, (NAME, &made.bytes), (&mut writer, &places(records)))?;
    }
    let rows = writer.into_inner().map_err(|error| unwritten(error.into_error().into()))?;
    let told = Training {
        contract: CONTRACT.to_owned(),
        task: task.to_owned(),
        // How a candidate is judged is none of a trainer's business, and the rows lack the columns it needs.
        manifest: Manifest { gate: Gate::default(), ..told.clone() },
        bundle: Head::of(stated, &table.digest),
        data_digest: table.digest,
        rows: training.len(),
        patients: table.rows.pick(&training).patients.len(),
    };
    let told = serde_json::to_vec_pretty(&told).map_err(|error| Failure::Moved(error.to_string()))?;
    let message = format!("prepared {} training rows of {} rows that count", training.len(), table.rows.len());
    Ok(Left { rows, training: told, message })
}

/// Copies the cells of some rows, as they were written, in the columns that training needs.
fn copy(
    manifest: &Manifest,
    (file, bytes): (&str, &[u8]),
    (writer, places): (&mut csv::Writer<Vec<u8>>, &BTreeSet<u32>),
) -> Result<(), Failure> {
    for (at, record) in named_columns(file, bytes, &training_columns(manifest))?.enumerate() {
        let (_, record) = record?;
        if places.contains(&(at as u32)) {
            writer.write_byte_record(&record).map_err(unwritten)?;
        }
    }
    Ok(())
}

fn unwritten(error: csv::Error) -> Failure {
    Failure::Moved(format!("the training rows cannot be written: {error}"))
}
