//! Identities of predictions: unique, and made of nothing that was sent. Where records are kept, an identity also carries
//! a check of its patient, so that it can be told from any other without a memory of it.

use dropout_model::{
    digest::hex,
    pseudonym::{Pseudonym, Pseudonyms},
};
use sha2::{Digest, Sha256};
use std::{
    hash::{BuildHasher, RandomState},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

/// Bytes of an identity.
const LENGTH: usize = 16;

/// Bytes of an identity with a check that are drawn: among 10^9 predictions two share them with a chance of 10^-6. The
/// other 6 are the check: a wrong identity passes it with a chance of 2^-48.
const DRAWN: usize = 10;

/// A source of identities: SHA-256 of a nonce drawn when the process started and a counter.
#[derive(Debug)]
pub struct Ids {
    nonce: [u8; 32],
    next: AtomicU64,
}

impl Ids {
    /// A new source. Its nonce comes from the platform's randomness (by the keys of `RandomState`), the clock and the
    /// process number, so that pods with the same process number and start time still differ.
    pub fn new() -> Self {
        let mut hash = Sha256::new();
        let random = RandomState::new();
        for part in 0..4_u8 {
            hash.update(random.hash_one(part).to_be_bytes());
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        hash.update(since.as_nanos().to_be_bytes());
        hash.update(process::id().to_be_bytes());
        Self { nonce: hash.finalize().into(), next: AtomicU64::new(0) }
    }

    /// The next identity: 128 bits as 32 hex digits.
    pub fn draw(&self) -> String {
        hex(&self.bytes())
    }

    /// The next identity with a check of its patient: 32 hex digits too.
    pub fn draw_for(&self, pseudonyms: &Pseudonyms, patient: &Pseudonym) -> String {
        let mut bytes = self.bytes();
        let (drawn, check) = bytes.split_at_mut(DRAWN);
        let seal = pseudonyms.seal(drawn, patient);
        check.iter_mut().zip(seal).for_each(|(byte, sealed)| *byte = sealed);
        hex(&bytes)
    }

    fn bytes(&self) -> [u8; LENGTH] {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new().chain_update(self.nonce).chain_update(count.to_be_bytes()).finalize();
        let mut bytes = [0; LENGTH];
        bytes.iter_mut().zip(digest).for_each(|(byte, drawn)| *byte = drawn);
        bytes
    }
}

/// Whether an identity with a check was drawn under a key for a patient.
pub fn is_of(id: &str, pseudonyms: &Pseudonyms, patient: &Pseudonym) -> bool {
    let Some(bytes) = unhex(id) else { return false };
    pseudonyms.is_sealed(bytes.split_at(DRAWN), patient)
}

/// The bytes of 32 lower-case hex digits.
fn unhex(text: &str) -> Option<[u8; LENGTH]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = (text.as_bytes().chunks(2))
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes?.try_into().ok()
}

impl Default for Ids {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_differ_within_and_between_sources() {
        let (one, other) = (Ids::new(), Ids::new());
        let ids: HashSet<_> = (0..1000).flat_map(|_| [one.draw(), other.draw()]).collect();
        assert_eq!(ids.len(), 2000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn an_id_is_of_its_patient_and_of_no_other_and_a_changed_one_is_of_nobody() {
        let (ids, pseudonyms) = (Ids::new(), Pseudonyms::new(&[7; 32]).unwrap());
        let (patient, other) = (pseudonyms.of("P-1"), pseudonyms.of("P-2"));
        let id = ids.draw_for(&pseudonyms, &patient);
        assert_eq!(id.len(), 32);
        assert!(is_of(&id, &pseudonyms, &patient) && !is_of(&id, &pseudonyms, &other));
        for at in 0..id.len() {
            let mut changed = id.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert!(!is_of(&String::from_utf8(changed).unwrap(), &pseudonyms, &patient), "digit {at}");
        }
        for wrong in ["", "0", &id[1..], &format!("{id}0"), &format!("{id}00"), &id.to_uppercase(), &ids.draw()] {
            assert!(!is_of(wrong, &pseudonyms, &patient), "{wrong}");
        }
    }
}
