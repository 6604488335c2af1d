//! The files of rows that a manifest names: the training file and, if there is one, the file of a given holdout. It reads
//! bytes and checks nothing but that the files are there.

use crate::failure::{Failure, bytes};
use dropout_model::rows::{Contract, Files, MAX_FILE, Table, read_all};
use std::path::Path;

/// A file by its place on this machine and the name shown in messages.
pub type Place<'p, 'a> = (&'p Path, &'a str);

/// The bytes of the files, with their names.
pub struct Given<'a> {
    training: (&'a str, Vec<u8>),
    holdout: Option<(&'a str, Vec<u8>)>,
}

impl<'a> Given<'a> {
    /// Reads the bytes of the files.
    pub fn read(training: Place<'_, 'a>, holdout: Option<Place<'_, 'a>>) -> Result<Self, Failure> {
        Ok(Self { training: content(training)?, holdout: holdout.map(content).transpose()? })
    }

    /// The rows that count.
    pub fn table(&self, contract: &Contract<'_>) -> Result<Table, Failure> {
        let holdout = self.holdout.as_ref().map(|(name, bytes)| (*name, bytes.as_slice()));
        Ok(read_all(Files { training: (self.training.0, &self.training.1), holdout }, contract)?)
    }

    /// Name and bytes of the training file.
    pub fn training(&self) -> (&'a str, &[u8]) {
        (self.training.0, &self.training.1)
    }
}

fn content<'a>((place, name): Place<'_, 'a>) -> Result<(&'a str, Vec<u8>), Failure> {
    Ok((name, bytes(place, name, MAX_FILE)?))
}
