//! How long the store is waited for and how often it is asked again. It never asks anything itself.

use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How long the store is waited for and how often it is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Longest time until a connection is made.
    pub connect: Duration,
    /// Longest time without an answer or, in an answer, without a byte; also the longest time for sending one part.
    pub stall: Duration,
    /// Longest time of one call, with all that is asked again in it.
    pub total: Duration,
    /// How often a request is sent before the store counts as failed, at least once.
    pub attempts: u32,
    /// The pause after the first failed attempt; each further one is twice as long, at most ten seconds, and random
    /// between half and one and a half of that, so that clients that failed together do not come back together.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(60),
            total: Duration::from_secs(600),
            attempts: 6,
            pause: Duration::from_millis(200),
        }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Patience {
    /// Does what may fail in passing until it does not, or until the attempts are used up.
    pub(crate) async fn outlast<T, E, F>(&self, passes: impl Fn(&E) -> bool, attempt: impl Fn() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut tried = 1;
        loop {
            match attempt().await {
                Err(error) if passes(&error) && tried < self.attempts => {
                    tokio::time::sleep(self.pause_after(tried)).await;
                    tried += 1;
                }
                result => return result,
            }
        }
    }

    fn pause_after(&self, tried: u32) -> Duration {
        let doubled = self.pause.saturating_mul(1 << tried.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
        doubled.mul_f64(0.5 + fraction())
    }
}

/// A number from 0 up to 1 that differs from call to call.
fn fraction() -> f64 {
    f64::from(RandomState::new().hash_one(0_u8) as u32) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds_and_differ_by_half() {
        let patience = Patience::default();
        for (tried, middle) in [(1, 0.2), (2, 0.4), (5, 3.2), (7, 10.0), (4_000_000_000, 10.0)] {
            let pauses: Vec<f64> = (0..100).map(|_| patience.pause_after(tried).as_secs_f64()).collect();
            assert!(pauses.iter().all(|pause| (middle * 0.5..middle * 1.5).contains(pause)), "{tried}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{tried}");
        }
    }
}
