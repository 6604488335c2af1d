//! The store: whole objects under names, created if absent, never edited. An object is there completely or not at all.
//! Only retention and erasure remove any.

mod access;
mod bucket;
mod engine;
mod fault;
mod folder;
mod patience;
mod wire;

use bucket::Bucket;
use folder::Folder;
pub use patience::Patience;
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

impl Created {
    /// What came of it if these bytes are there now.
    fn of(found: Vec<u8>, wanted: &[u8]) -> Self {
        if found == wanted { Self::Kept } else { Self::Other(found) }
    }
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

/// A folder of objects, on a claim or in a bucket. Calls wait; a program that must not wait calls from a thread that may.
#[derive(Clone, Debug)]
pub struct Store {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(Folder),
    Bucket(Bucket),
}

impl Store {
    /// The store of a URI: `file:///path` is below `mount`; `s3://bucket/prefix` takes credentials, endpoint and region
    /// from the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL`,
    /// `AWS_REGION`).
    pub fn open(uri: &str, mount: &Path) -> Result<Self, StoreError> {
        Self::open_with(uri, mount, None)
    }

    /// The store of a URI, with the variables in the files of a folder, such as a mounted Secret. They are read at every
    /// use, so that renewed keys count at once.
    pub fn open_with(uri: &str, mount: &Path, secret: Option<&Path>) -> Result<Self, StoreError> {
        let bad = || StoreError::BadUri(uri.to_owned());
        if uri.split('/').any(|part| part == "..") {
            return Err(bad());
        }
        if let Some(place) = uri.strip_prefix("s3://") {
            return Bucket::new(place, secret).map(|bucket| Self { place: Place::Bucket(bucket) }).ok_or_else(bad);
        }
        uri.strip_prefix("file:///").map(|path| Self::at(&mount.join(path))).ok_or_else(bad)
    }

    /// The store in which an object of a URI is, and the object's name there.
    pub fn holding<'u>(uri: &'u str, mount: &Path, secret: Option<&Path>) -> Result<(Self, &'u str), StoreError> {
        let bad = || StoreError::BadUri(uri.to_owned());
        let (folder, name) = uri.rsplit_once('/').ok_or_else(bad)?;
        let folder = if folder == "file://" { "file:///" } else { folder };
        Ok((Self::open_with(folder, mount, secret)?, checked(name).map_err(|_| bad())?))
    }

    /// The store in a folder of this machine.
    pub fn at(folder: &Path) -> Self {
        Self { place: Place::Folder(Folder::new(folder.to_path_buf())) }
    }

    /// The same store, waited for otherwise. A folder is not waited for.
    pub fn with_patience(self, patience: Patience) -> Self {
        match self.place {
            Place::Folder(_) => self,
            Place::Bucket(bucket) => Self { place: Place::Bucket(bucket.with_patience(patience)) },
        }
    }

    /// The store of a folder of this store.
    pub fn within(&self, folder: &str) -> Self {
        Self {
            place: match &self.place {
                Place::Folder(own) => Place::Folder(own.within(folder)),
                Place::Bucket(own) => Place::Bucket(own.within(folder)),
            },
        }
    }

    /// The bytes of an object of at most [`MAX_OBJECT`] bytes; none if it is not there.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_at_most(name, MAX_OBJECT)
    }

    /// The bytes of an object of at most `limit` bytes; none if it is not there. Half an object is an error.
    pub fn get_at_most(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.get(checked(name)?, limit),
            Place::Bucket(bucket) => bucket.get(checked(name)?, limit),
        }
    }

    /// Creates an object; one that is there is never replaced. Of a bucket that holds only as far as its server keeps the
    /// condition `If-None-Match`; where it does not, two writers at the very same time may replace each other.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.create(checked(name)?, bytes),
            Place::Bucket(bucket) => bucket.create(checked(name)?, bytes),
        }
    }

    /// All objects below a folder, by rising name; none if there is no such folder.
    pub fn list(&self, folder: &str) -> Result<Vec<Object>, StoreError> {
        match &self.place {
            Place::Folder(own) => own.list(checked(folder)?),
            Place::Bucket(own) => own.list(checked(folder)?),
        }
    }

    /// Removes an object; one that is not there is no error. For retention and erasure only.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.remove(checked(name)?),
            Place::Bucket(bucket) => bucket.remove(checked(name)?),
        }
    }
}

fn checked(name: &str) -> Result<&str, StoreError> {
    let is_bad = name.is_empty() || name.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    if is_bad { Err(StoreError::BadName(name.to_owned())) } else { Ok(name) }
}
