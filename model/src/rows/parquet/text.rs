//! Values of a Parquet column as the text that a CSV file would hold: whole numbers exactly, other numbers as the
//! shortest text that reads back as the same number, truths as 1 and 0, dates as `YYYY-MM-DD`. A type that has no such text
//! is refused.

use jiff::{Span, civil::Date};
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type},
    data_type::Int96,
    schema::types::ColumnDescriptor,
};

/// Most digits of a decimal; more do not fit into 16 bytes.
const MAX_DIGITS: i32 = 38;
const DAY_NANOSECONDS: i128 = 86_400_000_000_000;
/// Number of 1 January 1970 in the count of days that old timestamps use.
const EPOCH: i64 = 2_440_588;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the physical type says: a truth, a signed number, text.
    Plain,
    /// A number without sign.
    Unsigned,
    /// Days since 1 January 1970.
    Date,
    /// Units since 1 January 1970, and how many nanoseconds one has.
    Moment(i64),
    /// A whole number, and how many of its digits are behind the point.
    Decimal(usize),
    /// 16 bytes.
    Uuid,
}

/// The kind of a column; the error is its type.
pub fn kind(column: &ColumnDescriptor) -> Result<Kind, String> {
    let logical = column.logical_type_ref().cloned().map_or_else(|| old(column), Ok)?;
    let physical = column.physical_type();
    let kind = match (physical, &logical) {
        (Type::INT32, LogicalType::Date) => Kind::Date,
        (Type::INT64, LogicalType::Timestamp(moment)) => Kind::Moment(nanoseconds(moment.unit)),
        (Type::INT32 | Type::INT64, LogicalType::Integer(whole)) if !whole.is_signed => Kind::Unsigned,
        (Type::INT32 | Type::INT64, LogicalType::Integer(_) | LogicalType::Unknown) => Kind::Plain,
        (Type::BOOLEAN | Type::INT96 | Type::FLOAT | Type::DOUBLE, LogicalType::Unknown) => Kind::Plain,
        (Type::BYTE_ARRAY, LogicalType::String | LogicalType::Enum | LogicalType::Json | LogicalType::Unknown) => {
            Kind::Plain
        }
        (Type::FIXED_LEN_BYTE_ARRAY, LogicalType::Uuid) if column.type_length() == 16 => Kind::Uuid,
        (Type::INT32 | Type::INT64 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, LogicalType::Decimal(decimal))
            if (1..=MAX_DIGITS).contains(&decimal.precision) && (0..=MAX_DIGITS).contains(&decimal.scale) =>
        {
            Kind::Decimal(usize::try_from(decimal.scale).unwrap_or_default())
        }
        _ => return Err(format!("{logical:?} in {physical}")),
    };
    Ok(kind)
}

/// The type as files of an older format say it; `Unknown` if they say nothing.
fn old(column: &ColumnDescriptor) -> Result<LogicalType, String> {
    Ok(match column.converted_type() {
        ConvertedType::NONE => LogicalType::Unknown,
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => LogicalType::String,
        ConvertedType::DATE => LogicalType::Date,
        ConvertedType::DECIMAL => LogicalType::decimal(column.type_scale(), column.type_precision()),
        ConvertedType::TIMESTAMP_MILLIS => LogicalType::timestamp(true, TimeUnit::MILLIS),
        ConvertedType::TIMESTAMP_MICROS => LogicalType::timestamp(true, TimeUnit::MICROS),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
            LogicalType::integer(64, false)
        }
        ConvertedType::INT_8 | ConvertedType::INT_16 | ConvertedType::INT_32 | ConvertedType::INT_64 => {
            LogicalType::integer(64, true)
        }
        other @ (ConvertedType::MAP
        | ConvertedType::MAP_KEY_VALUE
        | ConvertedType::LIST
        | ConvertedType::TIME_MILLIS
        | ConvertedType::TIME_MICROS
        | ConvertedType::BSON
        | ConvertedType::INTERVAL) => return Err(other.to_string()),
    })
}

const fn nanoseconds(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1_000,
        TimeUnit::NANOS => 1,
    }
}

/// A truth.
pub fn truth(value: bool) -> String {
    String::from(if value { "1" } else { "0" })
}

/// A whole number of 32 bits.
pub fn whole32(value: i32, kind: Kind) -> String {
    match kind {
        Kind::Unsigned => value.cast_unsigned().to_string(),
        Kind::Plain | Kind::Date | Kind::Moment(_) | Kind::Decimal(_) | Kind::Uuid => whole64(i64::from(value), kind),
    }
}

/// A whole number of 64 bits.
pub fn whole64(value: i64, kind: Kind) -> String {
    match kind {
        Kind::Plain | Kind::Uuid => value.to_string(),
        Kind::Unsigned => value.cast_unsigned().to_string(),
        Kind::Date => moment(i128::from(value) * DAY_NANOSECONDS),
        Kind::Moment(unit) => moment(i128::from(value) * i128::from(unit)),
        Kind::Decimal(scale) => decimal(i128::from(value), scale),
    }
}

/// A moment as old files have it: nanoseconds of the day in two words, then the day.
pub fn moment96(value: Int96) -> String {
    let &[low, high, day] = value.data() else { return String::from("no moment") };
    let within = (i128::from(high) << 32) | i128::from(low);
    moment(i128::from(i64::from(day) - EPOCH) * DAY_NANOSECONDS + within)
}

/// A number of 32 bits.
pub fn single(value: f32) -> String {
    let is_plain = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

/// A number of 64 bits.
pub fn double(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

/// Bytes.
pub fn bytes(value: &[u8], kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Decimal(scale) => big_endian(value).map_or(b"no decimal".to_vec(), |value| decimal(value, scale).into()),
        Kind::Uuid => uuid(value).into(),
        Kind::Plain | Kind::Unsigned | Kind::Date | Kind::Moment(_) => value.to_vec(),
    }
}

/// `YYYY-MM-DD` at midnight, else with the time, which is no date. Input in nanoseconds since 1 January 1970.
fn moment(nanoseconds: i128) -> String {
    let days = i64::try_from(nanoseconds.div_euclid(DAY_NANOSECONDS)).ok();
    let within = nanoseconds.rem_euclid(DAY_NANOSECONDS);
    let date = days.and_then(|days| Date::constant(1970, 1, 1).checked_add(Span::new().try_days(days).ok()?).ok());
    let Some(date) = date else { return String::from("no date") };
    if within == 0 {
        return date.to_string();
    }
    let (seconds, fraction) = (within / 1_000_000_000, within % 1_000_000_000);
    format!("{date}T{:02}:{:02}:{:02}.{fraction:09}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn decimal(unscaled: i128, scale: usize) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    match digits.split_at_checked(digits.len() - scale) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, part)) => format!("{sign}{whole}.{part}"),
        None => String::from("no decimal"),
    }
}

/// A number in two's complement, most significant byte first; at most 16 bytes.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = bytes.first().filter(|_| bytes.len() <= 16)?;
    let start = if *first >= 128 { -1 } else { 0 };
    Some(bytes.iter().fold(start, |number: i128, byte| (number << 8) | i128::from(*byte)))
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = crate::digest::hex(bytes);
    for at in [20, 16, 12, 8] {
        if text.is_char_boundary(at) && at < text.len() {
            text.insert(at, '-');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        for (unscaled, scale, text) in
            [(7050, 2, "70.50"), (-5, 2, "-0.05"), (0, 3, "0.000"), (12, 0, "12"), (-12, 1, "-1.2")]
        {
            assert_eq!(decimal(unscaled, scale), text);
        }
        assert_eq!(big_endian(&[0xff, 0xfb]), Some(-5));
        assert_eq!(big_endian(&[0x1b, 0x8a]), Some(7050));
        assert_eq!(big_endian(&[1; 17]), None);
    }

    #[test]
    fn only_a_moment_at_midnight_is_a_date() {
        assert_eq!(whole32(19_782, Kind::Date), "2024-02-29");
        assert_eq!(whole32(-1, Kind::Date), "1969-12-31");
        assert_eq!(whole64(1_709_164_800_000, Kind::Moment(1_000_000)), "2024-02-29");
        assert_eq!(whole64(1_709_164_800_001, Kind::Moment(1_000_000)), "2024-02-29T00:00:00.001000000");
        assert_eq!(whole64(i64::MAX, Kind::Moment(1_000_000)), "no date");
        let mut old = Int96::new();
        old.set_data(0, 0, 2_460_370);
        assert_eq!(moment96(old), "2024-02-29");
    }

    #[test]
    fn numbers_are_the_shortest_text_that_reads_back_the_same() {
        for value in [1.0, -0.0, 0.1, 1e300, 5e-324, 123_456.789, f64::MAX] {
            assert_eq!(double(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!(
            (double(1.0), double(70.5), single(0.1), single(1e30)),
            ("1".into(), "70.5".into(), "0.1".into(), "1e30".into())
        );
        assert_eq!(whole32(-1, Kind::Unsigned), "4294967295");
        assert_eq!(whole64(-1, Kind::Unsigned), "18446744073709551615");
    }

    #[test]
    fn a_uuid_has_its_dashes() {
        assert_eq!(uuid(&[0x12; 16]), "12121212-1212-1212-1212-121212121212");
    }
}
