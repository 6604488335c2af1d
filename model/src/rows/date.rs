//! A day of the calendar as data give it. It never asks what day it is.

use crate::period::Period;
use jiff::{ToSpan, civil::Date};

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// Reads exactly `YYYY-MM-DD`.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
        if !is_shaped { None } else { text.parse().ok().map(Self) }
    }

    /// The day `period` earlier; part of a day counts as a whole one.
    pub fn before(self, period: Period) -> Option<Self> {
        self.0.checked_sub(period.as_days().days()).ok().map(Self)
    }

    /// The day `period` later; part of a day counts as a whole one.
    pub fn after(self, period: Period) -> Option<Self> {
        self.0.checked_add(period.as_days().days()).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_dates_are_read() {
        assert!(Day::read("2026-02-28") < Day::read("2026-03-01"));
        for text in ["2026-02-30", "20260228", "2026-2-8", "28/02/2026", "2026-02-28T00:00", "", "2026-02-28 "] {
            assert_eq!(Day::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_before_crosses_a_leap_day() {
        assert_eq!(Day::read("2024-03-01").unwrap().before(Period::days(28)), Day::read("2024-02-02"));
    }
}
