//! The second container: learns from the training rows it is given and leaves a bundle. It sees nothing else.

use super::{Pod, Training, inside};
use crate::{
    failure::{Failure, bytes},
    out_of_fold, training,
};
use dropout_model::{
    rows::{Contract, MAX_FILE, read},
    task::path,
};

pub fn train(pod: &Pod, mut told: Training) -> Result<(), Failure> {
    let bytes = bytes(&pod.at(&inside(path::INPUT, path::ROWS)), path::ROWS, MAX_FILE)?;
    // The rows are a part of the file, without censored ones: its digest and its censor column are not here.
    told.manifest.data.training.digest = None;
    told.manifest.label.censor = None;
    let table = read(path::ROWS, &bytes, &Contract { manifest: &told.manifest, production: None })?;
    // Rows count up to one day; the bundle states another, which tells whom it knows.
    told.manifest.data.cutoff = told.bundle.cutoff;
    let trained = training::train(&told.manifest, &table.rows, &told.data_digest)?;
    let bytes = trained.bundle.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?;
    pod.write(&inside(path::OUTPUT, path::BUNDLE), &bytes)?;
    pod.write(&inside(path::OUTPUT, path::OUT_OF_FOLD), out_of_fold::text(&trained.out_of_fold).as_bytes())?;
    eprintln!("trained on {} rows of {} patients", table.rows.len(), table.rows.patients.len());
    Ok(())
}
