//! Scores the rows of a file with a bundle. It needs no label and no manifest.

use super::{arguments::Arguments, laptop::write};
use crate::{
    evaluation::risks,
    failure::{Failure, bytes},
};
use dropout_model::{
    bundle::{Bundle, MAX_BYTES},
    input::{BadInput, Reason},
    rows::{MAX_FILE, read_features},
};
use std::path::Path;

/// Writes patient_id and risk, a row for each row of the file, in its order.
pub fn score(arguments: &Arguments) -> Result<u8, Failure> {
    let file = arguments.needed("bundle")?;
    let bundle = Bundle::read(&bytes(Path::new(file), file, MAX_BYTES as u64)?, None)
        .map_err(|error| BadInput::new(Reason::BadBundle, format!("{file}: {error}")))?;
    let out = Path::new(arguments.needed("out")?);
    let file = arguments.needed("data")?;
    let bytes = bytes(Path::new(file), file, MAX_FILE)?;
    let rows = read_features(file, &bytes, arguments.optional("patient-id").unwrap_or("patient_id"), &bundle.features)?;
    let risks = risks(&bundle, &bundle.features, &rows.columns)?;
    let written = table(&risks, |row| rows.patient_of(row)).map_err(|error| Failure::Moved(error.to_string()))?;
    write(out, &written)?;
    eprintln!("scored {} rows", risks.len());
    Ok(0)
}

fn table<'a>(risks: &[f64], patient: impl Fn(usize) -> &'a str) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["patient_id", "risk"])?;
    for (row, risk) in risks.iter().enumerate() {
        writer.write_record([patient(row), &risk.to_string()])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
