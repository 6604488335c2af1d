//! The store: whole objects under names, created if absent, never edited. An object is there completely or not at all.
//! Only retention and erasure remove any.

mod folder;

use folder::Folder;
use std::path::Path;

/// Largest object that is read, in bytes.
pub const MAX_OBJECT: u64 = 2 << 30;

/// What came of an attempt to create an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is new, or has the same bytes already.
    Kept,
    /// It is there with other bytes.
    Other(Vec<u8>),
}

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its name below the store.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Why the store could not be used. Nothing of an object's content is in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A URI that is none of ours.
    #[error("the store '{0}' is neither file:/// nor s3://")]
    BadUri(String),
    /// A name that leads outside the store.
    #[error("'{0}' is no name of an object")]
    BadName(String),
    /// Credentials are missing, wrong or expired. Not retried at once.
    #[error("the store refuses the credentials for {0}: {1}")]
    Denied(String, String),
    /// There is no such bucket or folder.
    #[error("the store has no {0}: {1}")]
    NoBucket(String, String),
    /// An object larger than is read.
    #[error("{0} in the store has more than {1} bytes")]
    TooLarge(String, u64),
    /// Anything else, after the retries.
    #[error("the store cannot {0} {1}: {2}")]
    Failed(&'static str, String, String),
}

/// A folder of objects, on a claim or in a bucket.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Folder,
}

impl Store {
    /// The store of a URI: `file:///path` is below `mount`; `s3://bucket/prefix` takes credentials, endpoint and region
    /// from the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL`, `AWS_REGION`).
    pub fn open(uri: &str, mount: &Path) -> Result<Self, StoreError> {
        let path = uri.strip_prefix("file:///").ok_or_else(|| StoreError::BadUri(uri.to_owned()))?;
        if path.split('/').any(|part| part == "..") {
            return Err(StoreError::BadUri(uri.to_owned()));
        }
        Ok(Self::at(&mount.join(path)))
    }

    /// The store in a folder of this machine.
    pub fn at(folder: &Path) -> Self {
        Self { folder: Folder::new(folder.to_path_buf()) }
    }

    /// The store of a folder of this store.
    pub fn within(&self, folder: &str) -> Self {
        Self { folder: self.folder.within(folder) }
    }

    /// The bytes of an object of at most [`MAX_OBJECT`] bytes; none if it is not there.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_at_most(name, MAX_OBJECT)
    }

    /// The bytes of an object of at most `limit` bytes; none if it is not there.
    pub fn get_at_most(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.folder.get(checked(name)?, limit)
    }

    /// Creates an object; one that is there is never replaced.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        self.folder.create(checked(name)?, bytes)
    }

    /// All objects below a folder, by rising name; none if there is no such folder.
    pub fn list(&self, folder: &str) -> Result<Vec<Object>, StoreError> {
        self.folder.list(checked(folder)?)
    }

    /// Removes an object; one that is not there is no error. For retention and erasure only.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.folder.remove(checked(name)?)
    }
}

fn checked(name: &str) -> Result<&str, StoreError> {
    let is_bad = name.is_empty() || name.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    if is_bad { Err(StoreError::BadName(name.to_owned())) } else { Ok(name) }
}
