//! How much is taken from whom: rows of each client in a second, and wrong keys from each address. It waits for nobody: what is
//! too much is refused, with the time after which it is not.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Wrong keys of one address that are answered one after another, and how many more in a second.
const WRONG: Rate = Rate { burst: 20.0, per_second: 0.5 };

/// Most callers that are told apart; of more, all begin anew.
const MOST: usize = 4_096;

/// So much at once, and so much again in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// What is left to each caller.
#[derive(Debug)]
struct Left<K>(Mutex<HashMap<K, (f64, Instant)>>);

impl<K: Hash + Eq> Left<K> {
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// Takes an amount if anything is left, even if that makes a debt; else says how long it takes until something is.
    fn take(&self, caller: K, amount: f64, (rate, now): (Rate, Instant)) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&caller) {
            all.clear();
        }
        let (left, since) = all.entry(caller).or_insert((rate.burst, now));
        let grown = now.saturating_duration_since(*since).as_secs_f64() * rate.per_second;
        (*left, *since) = ((*left + grown).min(rate.burst), now);
        if *left <= 0.0 {
            return Err(Duration::from_secs_f64((-*left).max(f64::EPSILON) / rate.per_second));
        }
        *left -= amount;
        Ok(())
    }
}

/// The rates of a process.
#[derive(Debug)]
pub struct Rates {
    rows: Option<Rate>,
    clients: Left<Arc<str>>,
    addresses: Left<Option<IpAddr>>,
}

impl Rates {
    /// Clients may have so many rows predicted in a second; none means any number.
    pub fn new(rows_per_second: Option<u32>) -> Self {
        let rows = rows_per_second.map(f64::from).map(|rows| Rate { burst: rows, per_second: rows });
        Self { rows, clients: Left::new(), addresses: Left::new() }
    }

    /// Takes rows of a client, unless it has none left. A batch may take more than are left: the client then waits longer.
    pub fn rows(&self, client: &Arc<str>, rows: usize, now: Instant) -> Result<(), Duration> {
        let Some(rate) = self.rows else { return Ok(()) };
        self.clients.take(Arc::clone(client), rows as f64, (rate, now))
    }

    /// Takes a wrong key of an address, unless it has shown too many.
    pub fn wrong_key(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        self.addresses.take(address, 1.0, (WRONG, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_until_none_are_left_and_come_back_with_time() {
        let (rates, start) = (Rates::new(Some(10)), Instant::now());
        let (app, other): (Arc<str>, Arc<str>) = ("app".into(), "other".into());
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        for _ in 0..10 {
            assert_eq!(rates.rows(&app, 1, start), Ok(()));
        }
        assert!(rates.rows(&app, 1, start).is_err());
        assert_eq!(rates.rows(&other, 1, start), Ok(()));
        assert_eq!(rates.rows(&app, 1, at(0.15)), Ok(()));
        assert_eq!(rates.rows(&app, 100, at(5.0)), Ok(()));
        let wait = rates.rows(&app, 1, at(5.0)).unwrap_err();
        assert!((wait.as_secs_f64() - 9.0).abs() < 1e-6, "{wait:?}");
        assert_eq!(rates.rows(&app, 1, at(14.2)), Ok(()));
    }

    #[test]
    fn without_a_rate_any_number_is_taken() {
        let rates = Rates::new(None);
        assert_eq!(rates.rows(&"app".into(), 1_000_000, Instant::now()), Ok(()));
        assert_eq!(rates.rows(&"app".into(), 1_000_000, Instant::now()), Ok(()));
    }

    #[test]
    fn wrong_keys_are_counted_by_address_and_many_addresses_take_no_more_memory() {
        let (rates, now) = (Rates::new(None), Instant::now());
        let address = |last: u32| Some(IpAddr::from(last.to_be_bytes()));
        for _ in 0..20 {
            assert_eq!(rates.wrong_key(address(1), now), Ok(()));
        }
        assert!(rates.wrong_key(address(1), now).is_err());
        assert_eq!(rates.wrong_key(address(2), now), Ok(()));
        for last in 0..10_000 {
            let _ = rates.wrong_key(address(last), now);
        }
        assert!(rates.addresses.0.lock().unwrap().len() <= MOST);
    }
}
