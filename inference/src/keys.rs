//! The keys that clients show. Only their SHA-256 digests are kept, and all of them are compared, in constant time, for
//! every request. A key is never logged.

use sha2::{Digest, Sha256};
use std::{fs, io, path::Path};
use subtle::{Choice, ConstantTimeEq};

/// The accepted keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<[u8; 32]>);

impl Keys {
    /// These keys. White space around a key is no part of it, and an empty key opens nothing.
    pub fn new<T: AsRef<[u8]>>(keys: impl IntoIterator<Item = T>) -> Self {
        let keys = keys.into_iter();
        let mut digests: Vec<_> = keys.filter_map(|key| digest(key.as_ref().trim_ascii())).collect();
        digests.sort_unstable();
        digests.dedup();
        Self(digests)
    }

    /// The keys in a folder, one file for each client, as a mounted Secret has them: the volume's own entries begin
    /// with `..` and are passed over.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let is_volume = entry.file_name().as_encoded_bytes().starts_with(b"..");
            if !is_volume && fs::metadata(entry.path())?.is_file() {
                keys.push(fs::read(entry.path())?);
            }
        }
        Ok(Self::new(keys))
    }

    /// Whether no key is accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys are accepted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a shown key is accepted. The time depends on the number of keys and on the length of the shown one, not
    /// on how nearly it fits.
    pub fn accept(&self, shown: &[u8]) -> bool {
        let shown = <[u8; 32]>::from(Sha256::digest(shown));
        self.0.iter().fold(Choice::from(0), |found, key| found | key.ct_eq(&shown)).into()
    }
}

fn digest(key: &[u8]) -> Option<[u8; 32]> {
    (!key.is_empty()).then(|| Sha256::digest(key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_accept_each_of_theirs_and_nothing_else() {
        let keys = Keys::new(["alpha", " beta\n", "", "alpha"]);
        assert_eq!(keys.len(), 2);
        assert!(keys.accept(b"alpha") && keys.accept(b"beta"));
        for wrong in [&b""[..], b"alph", b"alphaa", b" beta\n", b"Alpha"] {
            assert!(!keys.accept(wrong));
        }
    }

    #[test]
    fn no_keys_accept_nothing() {
        assert!(Keys::new([""]).is_empty());
        assert!(!Keys::default().accept(b""));
    }
}
