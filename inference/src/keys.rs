//! The keys that clients show. Only their SHA-256 digests are kept, and all of them are compared, in constant time, for
//! every request. A key is never logged; the name of the client whose it is may be.

use sha2::{Digest, Sha256};
use std::{fs, io, path::Path, sync::Arc};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// What stands before the digest of a key, where not the key itself is given.
pub const DIGEST: &str = "sha256:";

/// The client of a key that was given without a name.
const UNNAMED: &str = "client";

/// The accepted keys: digest and client of each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<([u8; 32], Arc<str>)>);

/// The keys in a folder, and the names of its entries that hold a line that is no key.
pub struct Found {
    /// The keys.
    pub keys: Keys,
    /// Entries with a line that is none.
    pub faulty: Vec<String>,
}

impl Keys {
    /// One key of a client without a name. White space around it is no part of it, and an empty one opens nothing.
    pub fn new<T: AsRef<[u8]>>(keys: impl IntoIterator<Item = T>) -> Self {
        let mut all = Self::default();
        keys.into_iter().for_each(|key| _ = all.add(UNNAMED, key.as_ref()));
        all.sorted()
    }

    /// The keys in a folder, one file for each client, named as it, as a mounted Secret has them: the volume's own entries
    /// begin with `..` and are passed over. Each line of a file is a key or `sha256:` and the 64 hex digits of its digest;
    /// of several lines all are accepted, so that a key can be renewed without a gap.
    pub fn read(folder: &Path) -> io::Result<Found> {
        let (mut keys, mut faulty) = (Self::default(), Vec::new());
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with("..") && fs::metadata(entry.path())?.is_file() {
                let text = fs::read(entry.path())?;
                let bad = text.split(|byte| *byte == b'\n').filter(|line| !keys.add(&name, line)).count();
                faulty.extend((bad > 0).then_some(name));
            }
        }
        faulty.sort_unstable();
        Ok(Found { keys: keys.sorted(), faulty })
    }

    /// Adds a line; false if it is no key.
    fn add(&mut self, client: &str, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        if line.is_empty() {
            return true;
        }
        let digest = match line.strip_prefix(DIGEST.as_bytes()) {
            Some(hex) => unhex(hex),
            None => Some(Sha256::digest(line).into()),
        };
        self.0.extend(digest.map(|digest| (digest, client.into())));
        digest.is_some()
    }

    fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self.0.dedup_by(|one, other| one.0 == other.0);
        self
    }

    /// Whether no key is accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys are accepted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The client whose key is shown; none if it is nobody's. The time depends on the number of keys and on the length of
    /// the shown one, not on how nearly it fits or whose it is.
    pub fn client(&self, shown: &[u8]) -> Option<&Arc<str>> {
        let shown = <[u8; 32]>::from(Sha256::digest(shown));
        let places = (1_u32..).zip(&self.0);
        let found = places.fold(0, |found, (at, (key, _))| u32::conditional_select(&found, &at, key.ct_eq(&shown)));
        self.0.get((found as usize).checked_sub(1)?).map(|(_, client)| client)
    }
}

fn unhex(hex: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(hex).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).filter_map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    <[u8; 32]>::try_from(bytes).ok().filter(|_| text.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_model::digest::digest;

    fn read(files: &[(&str, &str)]) -> Found {
        let folder = std::env::temp_dir().join(format!("dropout-keys-{}-{}", std::process::id(), files.len()));
        fs::create_dir_all(&folder).unwrap();
        files.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
        let found = Keys::read(&folder).unwrap();
        fs::remove_dir_all(folder).unwrap();
        found
    }

    #[test]
    fn keys_accept_each_of_theirs_and_nothing_else() {
        let keys = Keys::new(["alpha", " beta\n", "", "alpha"]);
        assert_eq!(keys.len(), 2);
        assert!(keys.client(b"alpha").is_some() && keys.client(b"beta").is_some());
        for wrong in [&b""[..], b"alph", b"alphaa", b" beta\n", b"Alpha"] {
            assert!(keys.client(wrong).is_none());
        }
    }

    #[test]
    fn no_keys_accept_nothing() {
        assert!(Keys::new([""]).is_empty());
        assert!(Keys::default().client(b"").is_none());
    }

    #[test]
    fn an_entry_holds_keys_or_digests_of_the_client_that_it_is_named_after() {
        let hidden = digest(b"gamma");
        let Found { keys, faulty } =
            read(&[("app", "alpha\n"), ("nurses", &format!("beta\n\n{hidden}\n")), ("..data", "delta")]);
        assert_eq!((keys.len(), faulty.len()), (3, 0));
        let of = |key: &str| keys.client(key.as_bytes()).map(|client| client.to_string());
        assert_eq!((of("alpha").as_deref(), of("beta").as_deref()), (Some("app"), Some("nurses")));
        assert_eq!((of("gamma").as_deref(), of("delta"), of(&hidden)), (Some("nurses"), None, None));
    }

    #[test]
    fn a_line_that_is_no_digest_is_told_by_its_entry_and_opens_nothing() {
        let short = format!("sha256:{}", "a".repeat(63));
        let Found { keys, faulty } = read(&[("app", "alpha"), ("bad", &short), ("odd", "sha256:alpha"), ("x", "")]);
        assert_eq!((keys.len(), faulty), (1, vec!["bad".to_owned(), "odd".to_owned()]));
        assert!(keys.client(short.as_bytes()).is_none());
    }
}
