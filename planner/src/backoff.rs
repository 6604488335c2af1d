//! How long to wait after a failed attempt. It never shrinks with the number of attempts.

use jiff::SignedDuration;

/// Longest wait: one hour.
const LONGEST: i64 = 3_600;

/// The wait after the failed attempt `attempt` (from 1): 10 s, 40 s, 160 s and so on, at most one hour.
pub fn backoff(attempt: u32) -> SignedDuration {
    let factor = 4_i64.checked_pow(attempt.saturating_sub(1)).unwrap_or(LONGEST);
    SignedDuration::from_secs(factor.saturating_mul(10).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_after_k_failures_never_shrinks_and_ends_at_an_hour() {
        let waits: Vec<i64> = (0..200).map(|attempt| backoff(attempt).as_secs()).collect();
        assert_eq!(waits[1..7], [10, 40, 160, 640, 2_560, 3_600]);
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&3_600));
    }
}
