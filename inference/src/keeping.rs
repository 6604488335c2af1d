//! What the service is told about records: where they go, how often, and under which key. It opens no store.

use dropout_model::{
    policy::RecordsSetting,
    pseudonym::{BadKey, MAX_KEY, Pseudonyms},
};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

/// Where and how records are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Keeping {
    /// URI of the store.
    pub store: String,
    /// Folder of this machine that `file:///` means.
    pub mount: PathBuf,
    /// Folder with the keys of the store's bucket, a file each; none means the environment.
    pub keys: Option<PathBuf>,
    /// The model's folder in the store; empty for the store itself.
    pub folder: String,
    /// Longest time until a prediction is written.
    pub every: Duration,
    /// File with the pseudonym key.
    pub key_file: PathBuf,
    /// What the key is called in records.
    pub key_id: String,
    /// Identifier of the trial; none means the bundle's.
    pub study: Option<String>,
    /// Share of patients held out by their hash; none means the bundle's.
    pub holdout_fraction: Option<f64>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// Its file cannot be read.
    #[error("the pseudonym key {0} cannot be read: {1}")]
    Absent(String, io::Error),
    /// It is no key.
    #[error("{1} (file {0})")]
    Bad(String, BadKey),
}

impl Keeping {
    /// What a serving file says; the error is what is wrong with it.
    pub fn of(setting: RecordsSetting) -> Result<Self, &'static str> {
        if !(0.0..1.0).contains(&setting.holdout_fraction) {
            return Err("the holdoutFraction of its records is not from 0 to below 1");
        }
        Ok(Self {
            store: setting.store,
            mount: setting.mount.into(),
            keys: None,
            folder: setting.folder,
            every: Duration::from_secs(setting.every_seconds),
            key_file: setting.key_file.into(),
            key_id: setting.key_id,
            study: Some(setting.study),
            holdout_fraction: Some(setting.holdout_fraction),
        })
    }

    /// Records in a folder of this machine, of the bundle's trial unless another is named.
    pub fn alone(folder: &str, key_file: &str) -> Self {
        Self {
            store: "file:///".into(),
            mount: folder.into(),
            keys: None,
            folder: String::new(),
            every: Duration::from_secs(10),
            key_file: key_file.into(),
            key_id: "default".into(),
            study: None,
            holdout_fraction: None,
        }
    }

    /// Reads the key. It is read once: another key makes other patients of all, so a change of it is a new key id and a
    /// new process.
    pub fn pseudonyms(&self) -> Result<Pseudonyms, NoKey> {
        let file = || self.key_file.display().to_string();
        let key = bytes(&self.key_file).map_err(|error| NoKey::Absent(file(), error))?;
        Pseudonyms::new(&key).map_err(|bad| NoKey::Bad(file(), bad))
    }
}

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_KEY as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
