//! Schedules: five cron fields in a time zone of the bundled database. It reads no clock and no file of the machine.
//!
//! The clock's change (shown by `tests/schedule.rs` for Europe/Berlin 2026): with one minute and one hour a time in the gap of
//! spring comes at the end of the gap, and one in the repeated hour of autumn comes once, the first time; with several
//! minutes or hours times in the gap are left out, and those of the repeated hour come twice.

use croner::{
    Cron, Weekday,
    parser::{CronParser, Seconds, Year},
};
use dropout_crds::retrain_policy::ScheduleTrigger;
use jiff::{
    SignedDuration, Timestamp,
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};

/// Names that stand for numbers in the fourth and fifth field.
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A schedule that comes.
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a schedule; the error says in one sentence what is wrong and what to do.
    pub fn read(spec: &ScheduleTrigger, now: Timestamp) -> Result<Self, String> {
        let refuse = |why: &str| format!("cron '{}': {why}", spec.cron);
        check(&spec.cron).map_err(|why| refuse(&why))?;
        let zone = TimeZoneDatabase::bundled().get(spec.zone()).map_err(|_| {
            format!("timeZone '{}' is not known: write an IANA name such as Europe/Berlin", spec.zone())
        })?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(&spec.cron).map_err(|error| refuse(&error.to_string()))?;
        // The crate would look through 3,000 years for it, at every plan.
        let never = || refuse("no day is like that, so it never comes");
        days().find(|date| is_day(&cron, *date)).ok_or_else(never)?;
        let schedule = Self { cron, zone };
        schedule.next(now).map(|_| ()).ok_or_else(never)?;
        Ok(schedule)
    }

    /// The first time after `now`.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&now.to_zoned(self.zone.clone()), false).ok()?;
        Some(next.timestamp())
    }

    /// The last time after `since` and up to `now`.
    pub fn last(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if self.next(since)? > now {
            return None;
        }
        let last = self.cron.find_previous_occurrence(&now.to_zoned(self.zone.clone()), true).ok()?;
        Some(last.timestamp()).filter(|last| *last > since)
    }

    /// Whether it comes at that time.
    pub fn comes_at(&self, at: Timestamp) -> bool {
        let before = at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(at);
        self.next(before) == Some(at)
    }
}

/// A year with every day that there is. Days of the week come every week, so it has them too.
const LEAP: i16 = 2028;

/// Its days.
fn days() -> impl Iterator<Item = Date> {
    (1..=12).flat_map(|month| (1..=31).filter_map(move |day| Date::new(LEAP, month, day).ok()))
}

fn is_day(cron: &Cron, date: Date) -> bool {
    let weekday = Weekday::from_days_from_sunday(date.weekday().to_sunday_zero_offset().unsigned_abs().into());
    let (month, day) = (date.month().unsigned_abs().into(), date.day().unsigned_abs().into());
    let is_month = cron.pattern.month_match(month).unwrap_or(false);
    is_month && cron.pattern.day_match(date.year().into(), month, day, weekday).unwrap_or(false)
}

/// Five fields of numbers, names, `*`, `,`, `-` and `/`; what other cron dialects add is refused.
fn check(cron: &str) -> Result<(), String> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!("{} fields; write five: minute, hour, day of month, month, day of week", fields.len()));
    }
    let words = |at: usize| match at {
        3 => &MONTHS[..],
        4 => &DAYS[..],
        _ => &[],
    };
    let is_known = |at: usize, word: &str| {
        word.is_empty()
            || word.bytes().all(|byte| byte.is_ascii_digit())
            || words(at).contains(&word.to_uppercase().as_str())
    };
    for (at, field) in fields.iter().enumerate() {
        let strange = field.split(['*', ',', '-', '/']).find(|word| !is_known(at, word));
        if let Some(word) = strange {
            let word: String = word.chars().take(12).collect();
            return Err(format!(
                "field {}: '{word}' is not understood; write numbers, names, *, comma, - and /",
                at + 1
            ));
        }
    }
    Ok(())
}
