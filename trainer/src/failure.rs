//! Why a command ended without a result: the input is bad, or the machine is. It decides the exit code and nothing else.

use dropout_model::input::{BadInput, Reason};
use dropout_store::{Store, StoreError};
use std::{fs::File, io::Read, path::Path};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Trying again changes nothing.
    #[error("{reason}: {0}", reason = .0.reason)]
    Bad(#[from] BadInput),
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Something that may be different next time.
    #[error("cannot {what} {place}: {cause}")]
    Disk {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        place: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The store, or the bucket of a file, cannot be used. Trying again may help: keys are renewed, servers come back.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What was read in one step is not what another step read.
    #[error("{0}")]
    Moved(String),
}

impl Failure {
    /// The exit code: 2 if trying again changes nothing, else 1.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Bad(_) | Self::Usage(_) => 2,
            Self::Disk { .. } | Self::Store(_) | Self::Moved(_) => 1,
        }
    }

    /// A failed access to a file or folder.
    pub fn disk(what: &'static str, place: &Path, cause: std::io::Error) -> Self {
        Self::Disk { what, place: place.display().to_string(), cause }
    }
}

/// Reads a file of at most `most` bytes. `name` is shown in messages instead of the place on this machine.
pub fn bytes(place: &Path, name: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let refused = |why: &str| BadInput::new(Reason::NoData, format!("{name} {why}"));
    let file = match File::open(place) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused("is not there; check the path").into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(refused("may not be read; check its permissions").into());
        }
        Err(error) => return Err(Failure::disk("open", place, error)),
    };
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(refused("is a folder; name the file").into());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Failure::disk("read", place, error))?;
    if bytes.len() as u64 > most {
        let message = format!("{name} is larger than the {most} bytes that are read; make it smaller");
        return Err(BadInput::new(Reason::TooLarge, message).into());
    }
    Ok(bytes)
}

/// Reads an object in a bucket, of at most `most` bytes, by its uri, which is shown in messages. The keys are in the files
/// of a folder or, without one, in the environment.
pub fn object(uri: &str, keys: Option<&Path>, most: u64) -> Result<Vec<u8>, Failure> {
    let bad = |reason, why: String| Failure::from(BadInput::new(reason, format!("{uri} {why}")));
    let (store, name) = Store::holding(uri, Path::new("/"), keys)
        .map_err(|_| bad(Reason::NoData, "is no place of an object; it must be s3://BUCKET/NAME".to_owned()))?;
    match store.get_at_most(name, most) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(bad(Reason::NoData, "is not there; check the bucket and the name".to_owned())),
        Err(StoreError::TooLarge(..)) => {
            Err(bad(Reason::TooLarge, format!("is larger than the {most} bytes that are read; make it smaller")))
        }
        Err(error) => Err(error.into()),
    }
}
