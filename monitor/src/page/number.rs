//! Numbers, days and names as a clinician reads them: three digits, a small p as "< 0.001", a suppressed cell as "< 5". It
//! never writes a number that is none.

use super::words::is_p_value;
use crate::report::{Effect, EvidentlyScore, SMALLEST_CELL};
use dropout_model::page::number::{NONE, count, decimal, percent};

/// A number with three digits that count; very large and very small ones with a power of ten.
pub fn plain(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() || size == 0.0 {
        return if size == 0.0 { "0".to_owned() } else { NONE.to_owned() };
    }
    if !(1e-4..1e7).contains(&size) {
        return scientific(number);
    }
    if size >= 1_000.0 {
        let sign = if number < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count(size.round() as usize));
    }
    let decimals = (2.0 - libm::floor(libm::log10(size))).clamp(0.0, 6.0) as usize;
    trimmed(decimal(number, decimals))
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn scientific(number: f64) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = format!("{number:.1e}");
    let Some((digits, power)) = text.split_once('e') else { return NONE.to_owned() };
    let raise = |digit: char| digit.to_digit(10).and_then(|at| RAISED.get(at as usize)).copied().unwrap_or('⁻');
    let power: String = power.chars().map(raise).collect();
    format!("{} × 10{power}", digits.replace('-', "−"))
}

/// A p-value; a dash for what is none.
pub fn p(number: f64) -> String {
    if !(0.0..=1.0).contains(&number) {
        return NONE.to_owned();
    }
    if number < 0.001 { "< 0.001".to_owned() } else { decimal(number, if number < 0.1 { 3 } else { 2 }) }
}

/// A number near one with two decimals; any other as [`plain`].
pub fn near(number: f64) -> String {
    if number.abs() < 1_000.0 { decimal(number, 2) } else { plain(number) }
}

/// The size of a change with its unit.
pub fn effect(effect: &Effect) -> String {
    let unit = if is_in_deviations(effect) { " sd" } else { "" };
    format!("{}{unit}", near(effect.value))
}

/// Whether a change is told in standard deviations of the reference.
pub fn is_in_deviations(effect: &Effect) -> bool {
    effect.metric == "wasserstein_norm"
}

/// Evidently's score; a dash for what is none.
pub fn score(score: &EvidentlyScore) -> String {
    let write = if is_p_value(score) { p } else { plain };
    score.score.map_or_else(|| NONE.to_owned(), write)
}

/// A share as percent, one decimal below ten; a dash for what is no share.
pub fn share(share: f64) -> String {
    let is_share = (0.0..=1.0).contains(&share);
    if !is_share {
        return NONE.to_owned();
    }
    percent(share, if share > 0.0 && share < 0.0995 { 1 } else { 0 })
}

/// A share of known patients; one of fewer than five is not told.
pub fn told(part: f64, patients: Option<u64>) -> String {
    let people = patients.map(|patients| part * patients as f64);
    let is_small = people.is_some_and(|people| people > 0.0 && people + 1e-6 < SMALLEST_CELL as f64);
    if is_small { format!("< {SMALLEST_CELL} patients") } else { share(part) }
}

/// How many patients a cell has; a small one is not told.
pub fn cell(patients: Option<u64>) -> String {
    let told = patients.filter(|patients| *patients == 0 || *patients >= SMALLEST_CELL);
    told.map_or_else(|| format!("< {SMALLEST_CELL}"), whole)
}

/// A count.
pub fn whole(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A moment: its day, and the time if it is not midnight; what is no moment as it is.
pub fn moment(text: &str) -> String {
    let Some((day, time)) = text.split_once('T').filter(|(day, _)| day.len() == 10) else { return text.to_owned() };
    let time = time.get(..5).unwrap_or("00:00");
    if time == "00:00" { day.to_owned() } else { format!("{day} {time}") }
}

/// As much of a text as has room; a letter outside the Latin, Greek and Cyrillic scripts is two wide.
pub fn fitting(text: &str, room: usize) -> String {
    let wide = |letter: char| if u32::from(letter) < 0x1100 { 1 } else { 2 };
    if text.chars().map(wide).sum::<usize>() <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |letter: &char| {
        used += wide(*letter);
        used <= room
    };
    text.chars().take_while(fits).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_clinician_writes_them() {
        let numbers = [0.0, -0.0, 0.83000000001, 54.0, -12.34567, 1_234.5, 1e300, -3.2e-9, f64::NAN];
        let texts = ["0", "0", "0.83", "54", "−12.3", "1\u{202f}235", "1.0 × 10³⁰⁰", "−3.2 × 10⁻⁹", NONE];
        assert_eq!(numbers.map(plain), texts);
        assert_eq!(
            [0.0, 0.0009, 0.0123, 0.5, 1.0, 1.5, f64::NAN].map(p),
            ["< 0.001", "< 0.001", "0.012", "0.50", "1.00", NONE, NONE]
        );
    }

    #[test]
    fn fewer_than_five_patients_are_never_told() {
        assert_eq!([Some(0), Some(4), None, Some(5)].map(cell), ["0", "< 5", "< 5", "5"]);
        assert_eq!([0.0, 0.01, 0.05].map(|part| told(part, Some(100))), ["0 %", "< 5 patients", "5.0 %"]);
    }

    #[test]
    fn moments_and_long_names_are_short() {
        let texts = ["2026-01-02T00:00:00Z", "2026-01-02T06:30:00Z", "2026-01-02", "soon"];
        assert_eq!(texts.map(moment), ["2026-01-02", "2026-01-02 06:30", "2026-01-02", "soon"]);
        assert_eq!(
            [fitting("adherence", 9), fitting("adherence", 6), fitting("年齢年齢", 6)],
            ["adherence", "adher…", "年齢…"]
        );
    }
}
