//! When each watch was last accepted by the server. Watches end after a minute and begin anew, so a watch that was not
//! accepted for three minutes is dead, whatever its task believes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Seconds after which the server ends a watch.
pub const WATCH_SECONDS: u32 = 60;

/// Time without an accepted watch after which it counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(3 * WATCH_SECONDS as u64);

/// The last time of each watch, by path.
#[derive(Debug, Default)]
pub struct Watches(Mutex<BTreeMap<String, Instant>>);

impl Watches {
    /// Notes that a watch was accepted just now.
    pub fn note(&self, path: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), Instant::now());
    }

    /// The paths of dead watches at a time.
    pub fn dead(&self, now: Instant) -> Vec<String> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_dead = |last: &Instant| now.saturating_duration_since(*last) > DEAD_AFTER;
        notes.iter().filter(|(_, last)| is_dead(last)).map(|(path, _)| path.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_that_is_not_renewed_is_dead_after_three_minutes() {
        let watches = Watches::default();
        watches.note("/apis/batch/v1/jobs");
        let now = Instant::now();
        assert_eq!(watches.dead(now + Duration::from_secs(170)), Vec::<String>::new());
        assert_eq!(watches.dead(now + Duration::from_secs(190)), ["/apis/batch/v1/jobs"]);
    }
}
