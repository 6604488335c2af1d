//! Moments and days, all UTC. The one place of the service that reads the calendar.

use dropout_model::rows::Day;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// First day that is taken for a date: earlier ones are what systems write when they have none.
const EARLIEST: &str = "1900-01-01";

/// What a date must be.
pub const DATE: &str = "must be a date, YYYY-MM-DD, from 1900-01-01 to at most one day in the future";

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(Timestamp);

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self(Timestamp::now())
    }

    /// RFC 3339 with milliseconds.
    pub fn text(self) -> String {
        format!("{:.3}", self.0)
    }

    /// Its day.
    pub fn date(self) -> Date {
        self.0.to_zoned(TimeZone::UTC).date()
    }

    /// Its day, `YYYY-MM-DD`.
    pub fn day(self) -> String {
        self.date().to_string()
    }

    /// Whether a text is a date, `YYYY-MM-DD`, that lies no more than a day after this moment's day: somewhere it is
    /// tomorrow already.
    pub fn allows(self, date: &str) -> bool {
        let latest = self.date().saturating_add(jiff::Span::new().days(1)).to_string();
        // Dates of this shape are in the order of their texts.
        Day::read(date).is_some() && (EARLIEST..=latest.as_str()).contains(&date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_allowed_from_1900_to_tomorrow() {
        let moment = Moment("2026-02-28T23:59:59.9994Z".parse().unwrap());
        assert_eq!((moment.text().as_str(), moment.day().as_str()), ("2026-02-28T23:59:59.999Z", "2026-02-28"));
        for (date, is_allowed) in [
            ("2026-02-28", true),
            ("2026-03-01", true),
            ("2026-03-02", false),
            ("1900-01-01", true),
            ("1899-12-31", false),
            ("0001-01-01", false),
            ("2026-02-29", false),
            ("2026-2-28", false),
            ("2026-02-28T00:00:00Z", false),
            ("", false),
        ] {
            assert_eq!(moment.allows(date), is_allowed, "{date}");
        }
    }
}
