//! `assemble`: recorded predictions and outcomes become a file of labelled rows.

use super::{arguments::Arguments, laptop};
use crate::{failure::Failure, spec};
use dropout_model::{
    record::{
        OUTCOMES, PREDICTIONS,
        table::{Records, Terms},
    },
    rows::Day,
};
use dropout_store::Store;
use std::path::Path;

/// Reads all batches of a folder, writes the rows and tells what was left out.
pub fn assemble(arguments: &Arguments) -> Result<u8, Failure> {
    let manifest = spec::read(Path::new(arguments.needed("spec")?))?.manifest;
    let store = Store::at(Path::new(arguments.needed("records")?));
    let out = Path::new(arguments.needed("out")?);
    let asked = arguments.optional("cutoff").or(manifest.data.cutoff.as_deref());
    let no_cutoff = || Failure::Usage("--cutoff must be a date, YYYY-MM-DD; spec.data.cutoff is not set".into());
    let cutoff = asked.and_then(Day::read).ok_or_else(no_cutoff)?;
    let mut records = Records::default();
    for folder in [PREDICTIONS, OUTCOMES] {
        for object in store.list(folder)? {
            let bytes = store.get(&object.name)?.unwrap_or_default();
            records.add(&manifest, &object.name, &bytes)?;
        }
    }
    let (positive, negative) = (manifest.label.positive_value(), arguments.optional("negative").unwrap_or("0"));
    let file = records.file(&manifest, Terms { cutoff, positive, negative, others: &[] });
    laptop::write(out, &file.bytes)?;
    let counts = file.counts;
    eprintln!(
        "{} rows of {} predictions and {} outcomes; left out: {} repeated, {} immature, {} censored, {} unlabelled, {} contradictory, {} late; {} outcomes of unknown patients; {} records lost before they were written",
        counts.labelled,
        counts.predictions,
        counts.outcomes,
        counts.repeated,
        counts.immature,
        counts.censored,
        counts.unlabelled,
        counts.contradictory,
        counts.late,
        counts.unknown,
        file.lost
    );
    Ok(0)
}
