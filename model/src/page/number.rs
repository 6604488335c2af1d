//! Numbers as people read them: rounded, with a true minus sign, and a dash for what is not known.

use crate::metric::bootstrap::Interval;

/// What stands for a number that is not known.
pub const NONE: &str = "–";

/// A number with some decimals.
pub fn decimal(number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) => format!("−{rest}"),
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// A number with its sign.
pub fn signed(number: f64, decimals: usize) -> String {
    let text = decimal(number, decimals);
    let is_more = number > 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    if is_more { format!("+{text}") } else { text }
}

/// A share as percent.
pub fn percent(share: f64, decimals: usize) -> String {
    if share.is_finite() { format!("{} %", decimal(share * 100.0, decimals)) } else { NONE.to_owned() }
}

/// An interval in words; a dash if it is not known.
pub fn range(interval: Option<Interval>, write: impl Fn(f64) -> String) -> String {
    interval.map_or_else(|| NONE.to_owned(), |Interval { low, high }| format!("{} to {}", write(low), write(high)))
}

/// A count with thin spaces between thousands.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A place in a drawing: at most one decimal, no more letters than needed.
pub(super) fn place(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
