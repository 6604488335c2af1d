//! The rows that a manifest names: the training file, the file of a given holdout, and rows made from records. It reads
//! bytes and checks nothing but that they are there.

use crate::failure::{Failure, bytes, object};
use dropout_model::{
    input::BadInput,
    manifest::Manifest,
    record::table::{File, NAME, Records, Terms},
    rows::{Contract, Day, Files, MAX_FILE, RecordRows, Table, named_columns, read_all},
};
use std::path::Path;

/// Where a file of rows is.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p, 'a> {
    /// On this machine, with the name shown in messages.
    File(&'p Path, &'a str),
    /// In a bucket, by its uri, with the folder of its keys; without one they are in the environment.
    Object(&'a str, Option<&'p Path>),
}

/// The bytes of the files, with their names.
pub struct Given<'a> {
    training: (&'a str, Vec<u8>),
    holdout: Option<(&'a str, Vec<u8>)>,
    records: Option<(File, String)>,
}

impl<'a> Given<'a> {
    /// Reads the bytes of the files.
    pub fn read(training: Place<'_, 'a>, holdout: Option<Place<'_, 'a>>) -> Result<Self, Failure> {
        Ok(Self { training: content(training)?, holdout: holdout.map(content).transpose()?, records: None })
    }

    /// Lets rows made from records count beside those of the files, as far as their labels were certain at a cut-off. They
    /// hold the columns of the manifest and of other features, such as production's.
    pub fn append(
        &mut self,
        manifest: &Manifest,
        records: &Records,
        (cutoff, others): (Day, &[String]),
    ) -> Result<(), BadInput> {
        let (positive, negative) = (manifest.label.positive_value(), self.negative(manifest)?);
        let file = records.file(manifest, Terms { cutoff, positive, negative: &negative, others });
        self.records = Some((file, records.digest()));
        Ok(())
    }

    /// The rows that count.
    pub fn table(&self, contract: &Contract<'_>) -> Result<Table, BadInput> {
        let holdout = self.holdout.as_ref().map(|(name, bytes)| (*name, bytes.as_slice()));
        let records = self.records.as_ref().map(|(file, digest)| RecordRows {
            name: NAME,
            bytes: &file.bytes,
            held: &file.held,
            digest,
        });
        read_all(Files { training: (self.training.0, &self.training.1), holdout, records }, contract)
    }

    /// Name and bytes of the training file.
    pub fn training(&self) -> (&'a str, &[u8]) {
        (self.training.0, &self.training.1)
    }

    /// The rows made from records.
    pub fn records(&self) -> Option<&File> {
        self.records.as_ref().map(|(file, _)| file)
    }

    /// What the label's column of the training file holds for a patient who stays: the first value that is not the positive
    /// one; `0` if there is none, which reading the file refuses.
    fn negative(&self, manifest: &Manifest) -> Result<String, BadInput> {
        let (file, bytes) = self.training();
        for record in named_columns(file, bytes, &[&manifest.label.column])? {
            let (_, record) = record?;
            let value = record.get(0).map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).unwrap_or_default();
            if !value.is_empty() && value != manifest.label.positive_value() {
                return Ok(value);
            }
        }
        Ok("0".to_owned())
    }
}

fn content<'a>(place: Place<'_, 'a>) -> Result<(&'a str, Vec<u8>), Failure> {
    match place {
        Place::File(place, name) => Ok((name, bytes(place, name, MAX_FILE)?)),
        Place::Object(uri, keys) => Ok((uri, object(uri, keys, MAX_FILE)?)),
    }
}
