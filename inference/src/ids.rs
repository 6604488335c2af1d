//! Identities of predictions: unique, and made of nothing that was sent.

use dropout_model::digest::hex;
use sha2::{Digest, Sha256};
use std::{
    hash::{BuildHasher, RandomState},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

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
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let digest =
            <[u8; 32]>::from(Sha256::new().chain_update(self.nonce).chain_update(count.to_be_bytes()).finalize());
        hex(&digest[..16])
    }
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
}
