//! `make-key`: a new key of a client. The manifest that it prints holds the key's digest only, so that whoever can read the
//! Secret cannot use the key; the key itself is shown once.

use dropout_model::digest::{digest, hex};
use std::{fs::File, io, io::Read};

/// A new key, and the Secret that makes it known.
#[derive(Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The key, 64 hex digits.
    pub key: String,
    /// The manifest of the Secret.
    pub manifest: String,
}

/// Words of the command line after `make-key`: the client, and the name of the Secret.
pub fn make_key(words: &[String]) -> Result<NewKey, String> {
    let usage = || "make-key CLIENT SECRET: names of lower-case letters, digits and dashes".to_owned();
    let [client, secret] = words else { return Err(usage()) };
    if ![client, secret].iter().all(|name| is_name(name)) {
        return Err(usage());
    }
    let key = random().map_err(|error| format!("no randomness: {error}"))?;
    let manifest = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: {secret}}}\nstringData:\n  {client}: {}\n",
        digest(key.as_bytes())
    );
    Ok(NewKey { key, manifest })
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('-') && !name.ends_with('-')
}

/// 256 bits from the platform.
fn random() -> io::Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_manifest_accepts_the_key_and_does_not_hold_it() {
        let made = make_key(&words(&["nurse-app", "onc-302-keys"])).unwrap();
        assert_eq!(made.key.len(), 64);
        assert!(!made.manifest.contains(&made.key));
        let line = made.manifest.lines().find_map(|line| line.trim().strip_prefix("nurse-app: ")).unwrap();
        assert!(Keys::new([line]).client(made.key.as_bytes()).is_some());
        assert_ne!(make_key(&words(&["nurse-app", "onc-302-keys"])).unwrap().key, made.key);
    }

    #[test]
    fn names_that_a_secret_cannot_have_are_refused() {
        for bad in [&["app"][..], &[], &["app", "x", "y"], &["App", "x"], &["app", "-x"], &["a\nb", "x"], &["", "x"]] {
            assert!(make_key(&words(bad)).unwrap_err().starts_with("make-key CLIENT SECRET"), "{bad:?}");
        }
    }
}
