//! Why a command ended without a result: what was given is bad, or the machine is. It decides the exit code and nothing
//! else.

use crate::evidently::Unreadable;
use dropout_model::input::BadInput;
use dropout_store::StoreError;
use std::{fs::File, io::Read, path::Path};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file that is not there, may not be read, or is no file.
    #[error("{0}")]
    NoFile(String),
    /// A file that is no report of Evidently's.
    #[error("{file}: {cause}")]
    Evidently {
        /// The file, as it was named.
        file: String,
        /// Why not.
        cause: Unreadable,
    },
    /// The rows, the manifest or the records are bad.
    #[error("{reason}: {0}", reason = .0.reason)]
    Bad(#[from] BadInput),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was read is not what was expected there.
    #[error("{0}")]
    Moved(String),
    /// Something that may be different next time.
    #[error("cannot {what} {place}: {cause}")]
    Disk {
        /// What was tried.
        what: &'static str,
        /// The file or stream.
        place: String,
        /// What the system said.
        cause: std::io::Error,
    },
}

impl Failure {
    /// The exit code: 2 if trying again changes nothing, else 1.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::NoFile(_) | Self::Evidently { .. } | Self::Bad(_) => 2,
            Self::Disk { .. } | Self::Store(_) | Self::Moved(_) => 1,
        }
    }
}

/// Reads a file up to one byte more than `most`, so that whoever reads it on can tell that it is too large.
pub fn bytes(name: &str, most: usize) -> Result<Vec<u8>, Failure> {
    let disk = |what, cause| Failure::Disk { what, place: name.to_owned(), cause };
    let file = match File::open(Path::new(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::NoFile(format!("{name} is not there; check the path")));
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(Failure::NoFile(format!("{name} may not be read; check its permissions")));
        }
        Err(error) => return Err(disk("open", error)),
    };
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(Failure::NoFile(format!("{name} is a folder; name the file")));
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| disk("read", error))?;
    Ok(bytes)
}
