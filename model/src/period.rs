//! A length of time as people write it in a manifest (`28d`, `36h`, `90s`). It never reads a clock.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// A length of time: a whole number with one unit, `d`, `h`, `m` or `s`. It prints as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    amount: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Days,
    Hours,
    Minutes,
    Seconds,
}

impl Unit {
    const fn letter(self) -> char {
        match self {
            Self::Days => 'd',
            Self::Hours => 'h',
            Self::Minutes => 'm',
            Self::Seconds => 's',
        }
    }

    const fn seconds(self) -> u64 {
        match self {
            Self::Days => 86_400,
            Self::Hours => 3_600,
            Self::Minutes => 60,
            Self::Seconds => 1,
        }
    }
}

/// Why a text is no period.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is no period: write one to five digits and a unit, such as 28d, 36h, 15m or 90s")]
pub struct NoPeriod(String);

impl Period {
    /// A period of `amount` days.
    pub const fn days(amount: u32) -> Self {
        Self { amount, unit: Unit::Days }
    }

    /// A period of `amount` hours.
    pub const fn hours(amount: u32) -> Self {
        Self { amount, unit: Unit::Hours }
    }

    /// A period of `amount` minutes.
    pub const fn minutes(amount: u32) -> Self {
        Self { amount, unit: Unit::Minutes }
    }

    /// A period of `amount` seconds.
    pub const fn seconds(amount: u32) -> Self {
        Self { amount, unit: Unit::Seconds }
    }

    /// The length in seconds.
    pub const fn as_seconds(self) -> u64 {
        self.amount as u64 * self.unit.seconds()
    }

    /// The length in days, rounded up: what a comparison of dates needs.
    pub const fn as_days(self) -> i64 {
        self.as_seconds().div_ceil(86_400) as i64
    }
}

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let no = || NoPeriod(text.chars().take(32).collect());
        let last = text.chars().last().ok_or_else(no)?;
        let unit = match last {
            'd' => Unit::Days,
            'h' => Unit::Hours,
            'm' => Unit::Minutes,
            's' => Unit::Seconds,
            _ => return Err(no()),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || digits.len() > 5 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(no());
        }
        Ok(Self { amount: digits.parse().map_err(|_| no())?, unit })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.amount, self.unit.letter())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]{1,5}[dhms]$", "maxLength": 6})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn period_prints_as_it_was_written() {
        for text in ["28d", "36h", "15m", "90s", "0s", "99999d"] {
            assert_eq!(text.parse::<Period>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn period_refuses_what_the_schema_refuses() {
        for text in ["", "d", "28", "-1d", "1.5h", "1h30m", "123456s", "٣d", "1w"] {
            assert_eq!(text.parse::<Period>(), Err(NoPeriod(text.to_owned())));
        }
    }

    #[test]
    fn a_period_of_25_hours_takes_two_days_of_the_calendar() {
        assert_eq!(Period::hours(25).as_days(), 2);
        assert_eq!(Period::days(28).as_days(), 28);
    }
}
