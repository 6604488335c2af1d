//! SHA-256 digests in the form `sha256:<hex>`, the identity of every file we keep. It never reads a file by itself.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The digest of some bytes, as `sha256:<64 hex digits>`.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// A stream that is digested while it is read.
pub struct Digesting<R> {
    stream: R,
    hash: Sha256,
}

impl<R> Digesting<R> {
    /// At the begin of a stream.
    pub fn new(stream: R) -> Self {
        Self { stream, hash: Sha256::new() }
    }

    /// The digest of what was read so far, as [`digest`] tells it.
    pub fn finished(self) -> String {
        format!("sha256:{}", hex(&self.hash.finalize()))
    }
}

impl<R: std::io::Read> std::io::Read for Digesting<R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The digest of a value's canonical JSON (keys of maps sorted, no white space). A value that has no JSON form has the
/// digest of the empty text; none of our types is such a value.
pub fn json_digest<T: Serialize>(value: &T) -> String {
    let sorted = serde_json::to_value(value).unwrap_or_default();
    digest(sorted.to_string().as_bytes())
}

/// The first `digits` hex digits of a digest: long enough for a name, too short to be an identity.
pub fn short(digest: &str, digits: usize) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..digits).unwrap_or(hex)
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(if four < 10 { b'0' + four } else { b'a' - 10 + four });
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_that_of_fips_180() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc"), abc);
        assert_eq!(short(abc, 8), "ba7816bf");
    }

    #[test]
    fn json_digest_does_not_depend_on_the_order_of_keys() {
        let a: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":[2]}"#).unwrap();
        let b: serde_json::Value = serde_json::from_str(r#"{ "b":[2], "a":1 }"#).unwrap();
        assert_eq!(json_digest(&a), json_digest(&b));
    }
}
