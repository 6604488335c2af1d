//! Scales: where a number stands on an axis, and which numbers are written at it.

use super::number;

/// How the numbers of an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As they are.
    Number,
    /// Shares, as percent.
    Percent,
    /// As they are, evenly spaced by their ratios; only for positive numbers.
    Ratio,
}

/// An axis from one number to another, laid on a stretch of the drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The smallest number.
    pub low: f64,
    /// The largest number.
    pub high: f64,
    /// How numbers are written and spaced.
    pub unit: Unit,
    /// Where the smallest number stands.
    pub from: f64,
    /// Where the largest number stands.
    pub to: f64,
}

impl Scale {
    /// Where a number stands; one beyond an end stands at the end, one that is none at the start.
    pub fn place(&self, number: f64) -> f64 {
        let (low, high, number) = (self.turned(self.low), self.turned(self.high), self.turned(number));
        let share = if high > low { ((number - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        self.from + (self.to - self.from) * if share.is_nan() { 0.0 } else { share }
    }

    fn turned(&self, number: f64) -> f64 {
        match self.unit {
            Unit::Number | Unit::Percent => number,
            Unit::Ratio => libm::log(number.max(1e-9)),
        }
    }

    /// The numbers to write at the axis with their texts, in rising order: multiples of 1, 2 or 5 times a power of ten.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        match self.unit {
            Unit::Number | Unit::Percent => self.even_ticks(),
            Unit::Ratio => self.ratio_ticks(),
        }
    }

    fn even_ticks(&self) -> Vec<(f64, String)> {
        let step = step((self.high - self.low) / 5.0);
        let (first, last) = ((self.low / step - 1e-9).ceil(), (self.high / step + 1e-9).floor());
        let count = if (last - first).is_finite() { (last - first).clamp(0.0, 20.0) as usize } else { 0 };
        (0..=count).map(|nth| (first + nth as f64) * step).map(|tick| (tick, self.text(tick, step))).collect()
    }

    fn text(&self, tick: f64, step: f64) -> String {
        match self.unit {
            Unit::Percent => number::percent(tick, decimals(step * 100.0)),
            Unit::Number | Unit::Ratio => number::decimal(tick, decimals(step)),
        }
    }

    fn ratio_ticks(&self) -> Vec<(f64, String)> {
        const LADDERS: [&[f64]; 3] = [&[1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 8.0], &[1.0, 2.0, 5.0], &[1.0]];
        let within = |ladder: &[f64]| -> Vec<f64> {
            let ten = |power: i32| libm::pow(10.0, f64::from(power));
            let powers = (-9..9).flat_map(|power| ladder.iter().map(move |digit| digit * ten(power)));
            powers.filter(|tick| (self.low * 0.999..=self.high * 1.001).contains(tick)).collect()
        };
        let found = LADDERS.iter().map(|ladder| within(ladder)).find(|ticks| ticks.len() <= 8);
        let written = |tick: f64| (tick, number::decimal(tick, decimals(tick / 10.0).min(9)));
        let short = |(tick, text): (f64, String)| {
            let is_long = text.contains('.') && text.ends_with('0');
            (tick, if is_long { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text })
        };
        found.unwrap_or_default().into_iter().map(written).map(short).collect()
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `size`.
fn step(size: f64) -> f64 {
    if !(size.is_finite() && size > 0.0) {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(size) + 1e-9));
    let found = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= size * (1.0 - 1e-9));
    found.unwrap_or(10.0) * power
}

/// Decimals that tell multiples of a step apart.
fn decimals(step: f64) -> usize {
    (-libm::floor(libm::log10(step) + 1e-9)).clamp(0.0, 9.0) as usize
}

/// Ends for an axis that shows all of some numbers, a little room left at both.
pub fn ends(numbers: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = numbers.into_iter().filter(|number| number.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = ((high - low) * 0.06).max(1e-6);
    (low - room, high + room)
}
