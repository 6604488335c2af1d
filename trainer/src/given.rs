//! The files of rows that a manifest names: the training file and, if there is one, the file of a given holdout. It reads
//! bytes and checks nothing but that the files are there.

use crate::failure::{Failure, bytes, object};
use dropout_model::rows::{Contract, Files, MAX_FILE, Table, read_all};
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

fn content<'a>(place: Place<'_, 'a>) -> Result<(&'a str, Vec<u8>), Failure> {
    match place {
        Place::File(place, name) => Ok((name, bytes(place, name, MAX_FILE)?)),
        Place::Object(uri, keys) => Ok((uri, object(uri, keys, MAX_FILE)?)),
    }
}
