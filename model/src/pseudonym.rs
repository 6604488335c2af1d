//! Pseudonyms: what a patient is called in records, HMAC-SHA-256 (RFC 2104) of the identifier under the study's key. It
//! reads no file and never shows a key.

use crate::digest::hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Fewest bytes of a key.
pub const MIN_KEY: usize = 32;

/// Most bytes of a key; a file with more is no key.
pub const MAX_KEY: usize = 4096;

/// Begins what is sealed: no text in UTF-8 has this byte, so no patient's pseudonym is ever a seal.
const SEAL: [u8; 1] = [0xff];

/// A key that cannot be used. The error says nothing of its content.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the pseudonym key has {0} bytes; it must have {MIN_KEY} to {MAX_KEY}, such as openssl rand 32 makes")]
pub struct BadKey(usize);

/// A patient's pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudonym([u8; 32]);

impl Pseudonym {
    /// As records have it: 64 hex digits.
    pub fn text(&self) -> String {
        hex(&self.0)
    }
}

/// Makes the pseudonyms of one key.
#[derive(Clone)]
pub struct Pseudonyms(Hmac<Sha256>);

impl Pseudonyms {
    /// The pseudonyms under a key: all bytes of its file as they are, a newline at the end included.
    pub fn new(key: &[u8]) -> Result<Self, BadKey> {
        let bad = BadKey(key.len());
        if !(MIN_KEY..=MAX_KEY).contains(&key.len()) {
            return Err(bad);
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| bad)
    }

    /// The pseudonym of a patient's identifier, its bytes as they are.
    pub fn of(&self, patient: &str) -> Pseudonym {
        Pseudonym(self.0.clone().chain_update(patient.as_bytes()).finalize().into_bytes().into())
    }

    /// A check of some bytes for a patient, 32 bytes; who has no key can make none.
    pub fn seal(&self, bytes: &[u8], patient: &Pseudonym) -> [u8; 32] {
        self.sealing(bytes, patient).finalize().into_bytes().into()
    }

    /// Whether `start` begins the seal of these bytes for a patient. The time it takes does not depend on how nearly.
    pub fn is_sealed(&self, (bytes, start): (&[u8], &[u8]), patient: &Pseudonym) -> bool {
        self.sealing(bytes, patient).verify_truncated_left(start).is_ok()
    }

    fn sealing(&self, bytes: &[u8], patient: &Pseudonym) -> Hmac<Sha256> {
        self.0.clone().chain_update(SEAL).chain_update(bytes).chain_update(patient.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonym_is_that_of_rfc_4231() {
        // Test case 6 of RFC 4231: a key of 131 bytes 0xaa.
        let pseudonyms = Pseudonyms::new(&[0xaa; 131]).unwrap();
        let text = pseudonyms.of("Test Using Larger Than Block-Size Key - Hash Key First").text();
        assert_eq!(text, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn a_key_that_is_too_short_or_no_key_at_all_is_refused_by_its_length_only() {
        for (length, is_good) in [(0, false), (31, false), (32, true), (4096, true), (4097, false)] {
            assert_eq!(Pseudonyms::new(&vec![b'k'; length]).is_ok(), is_good, "{length}");
        }
        let error = Pseudonyms::new(b"canary").err().unwrap().to_string();
        assert!(error.contains("6 bytes") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn a_seal_fits_its_bytes_its_patient_and_its_key_only() {
        let (one, other) = (Pseudonyms::new(&[1; 32]).unwrap(), Pseudonyms::new(&[2; 32]).unwrap());
        let patient = one.of("P-1");
        let seal = one.seal(b"bytes", &patient);
        assert!(one.is_sealed((b"bytes", &seal[..6]), &patient));
        assert!(!one.is_sealed((b"bytez", &seal[..6]), &patient));
        assert!(!one.is_sealed((b"bytes", &seal[..6]), &one.of("P-2")));
        assert!(!other.is_sealed((b"bytes", &seal[..6]), &patient));
    }
}
