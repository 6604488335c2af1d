//! The first container: reads the data, checks the contract, and leaves only the training rows. The holdout stays behind.

use super::{Pod, Training, inside};
use crate::failure::Failure;
use dropout_model::{
    manifest::{Gate, Manifest},
    rows::{Contract, header::training_columns, named_columns},
    task::{CONTRACT, Task, path},
};
use std::collections::BTreeSet;

pub fn prepare(pod: &Pod, task: &Task) -> Result<(), Failure> {
    let manifest = &task.manifest;
    manifest.check()?;
    let given = pod.given(manifest)?;
    let table = given.table(&Contract { manifest, production: None })?;
    let (training, _) = table.split(manifest);
    let places: BTreeSet<u32> = training.iter().filter_map(|row| table.rows.place.get(*row)).copied().collect();
    let rows = training_file(manifest, given.training(), &places)?;
    pod.write(&inside(path::INPUT, path::ROWS), &rows)?;
    let told = Training {
        contract: CONTRACT.to_owned(),
        task: task.hash(),
        // How a candidate is judged is none of a trainer's business, and the rows lack the columns it needs.
        manifest: Manifest { gate: Gate::default(), ..manifest.clone() },
        data_digest: table.digest,
        rows: training.len(),
        patients: table.rows.pick(&training).patients.len(),
    };
    let told = serde_json::to_vec_pretty(&told).map_err(|error| Failure::Moved(error.to_string()))?;
    pod.write(&inside(path::INPUT, path::TRAINING), &told)?;
    eprintln!("prepared {} training rows of {} rows that count", training.len(), table.rows.len());
    Ok(())
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
