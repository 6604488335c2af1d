//! Values as bins: what a tree can ask is which of at most 254 cuts of a column a value lies below. A bin says exactly
//! what the comparison of 32-bit numbers says, so a tree grown on bins scores the same on values.

use crate::parallel;

/// The bin of a missing value.
pub const MISSING: u8 = u8::MAX;

/// Most cuts of a column; with them a column has 255 bins, and the 256th says that there is no value.
const CUTS: usize = 254;

/// The rows of a table as bins.
#[derive(Debug)]
pub struct Bins {
    /// Number of columns.
    pub width: usize,
    /// Bins, row-major: a row's bins are read together when it is summed.
    pub lines: Vec<u8>,
    /// Bins, column by column: one column of many rows is read when a node is divided. Empty for rows that only are scored.
    pub columns: Vec<Vec<u8>>,
}

impl Bins {
    /// The bins of a row.
    pub fn line(&self, row: u32) -> &[u8] {
        let start = row as usize * self.width;
        self.lines.get(start..start + self.width).unwrap_or_default()
    }

    /// Adds the bins column by column.
    pub fn with_columns(mut self, threads: usize) -> Self {
        let columns: Vec<usize> = (0..self.width).collect();
        let shares: Vec<&[usize]> = columns.chunks(self.width.div_ceil(threads.max(1)).max(1)).collect();
        let of = |column: &usize| self.lines.iter().skip(*column).step_by(self.width).copied().collect::<Vec<_>>();
        let found = parallel::each(shares, |share| share.iter().map(of).collect::<Vec<_>>());
        self.columns = found.into_iter().flatten().collect();
        self
    }
}

/// A table of numbers, row-major; NaN is a missing value.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Number of columns.
    pub width: usize,
    /// The numbers.
    pub numbers: &'a [f64],
}

/// The cuts of each column, rising. The bin of a value is the number of cuts that are not above it: a value is below cut
/// `b` if and only if its bin is at most `b`.
#[derive(Debug)]
pub struct Cuts(Vec<Vec<f32>>);

impl Cuts {
    /// Cuts between the quantiles of each column; between all values if they are few enough. Err: the position of the
    /// first column with a value that is infinite as a 32-bit number.
    pub fn learn(values: Values<'_>, threads: usize) -> Result<Self, usize> {
        let size = values.width.div_ceil(threads.max(1)).max(1);
        let columns: Vec<usize> = (0..values.width).collect();
        let shares: Vec<&[usize]> = columns.chunks(size).collect();
        let of_share = |share: &[usize]| share.iter().map(|column| cuts(values, *column)).collect::<Vec<_>>();
        let found = parallel::each(shares, of_share).into_iter().flatten();
        found.enumerate().map(|(column, cuts)| cuts.ok_or(column)).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// The cut `bin` of a column.
    pub fn cut(&self, column: usize, bin: u8) -> f32 {
        self.of(column).get(usize::from(bin)).copied().unwrap_or(f32::NAN)
    }

    /// The cuts of a column.
    pub fn of(&self, column: usize) -> &[f32] {
        self.0.get(column).map_or(&[], Vec::as_slice)
    }

    /// Rows as bins.
    pub fn bins(&self, values: Values<'_>, threads: usize) -> Bins {
        let width = values.width.max(1);
        let mut lines = vec![MISSING; values.numbers.len()];
        let size = parallel::share(values.numbers.len() / width, threads) * width;
        let shares: Vec<_> = lines.chunks_mut(size).zip(values.numbers.chunks(size)).collect();
        parallel::each(shares, |(lines, numbers)| {
            for (line, row) in lines.chunks_mut(width).zip(numbers.chunks(width)) {
                for ((bin, number), cuts) in line.iter_mut().zip(row).zip(&self.0) {
                    *bin = bin_of(*number as f32, cuts);
                }
            }
        });
        Bins { width, lines, columns: Vec::new() }
    }
}

fn bin_of(value: f32, cuts: &[f32]) -> u8 {
    if value.is_nan() {
        return MISSING;
    }
    cuts.partition_point(|cut| *cut <= value) as u8
}

/// The cuts of one column; None if a value is infinite.
fn cuts(values: Values<'_>, column: usize) -> Option<Vec<f32>> {
    // 0 is added because -0 and 0 are the same to a comparison and not the same to a sort.
    let numbers = values.numbers.iter().skip(column).step_by(values.width.max(1));
    let mut known: Vec<f32> = numbers.clone().map(|number| *number as f32 + 0.0).collect();
    known.retain(|value| !value.is_nan());
    if known.iter().any(|value| value.is_infinite()) {
        return None;
    }
    let has_missing = numbers.count() > known.len();
    known.sort_unstable_by(f32::total_cmp);
    let mut cuts = between(&known, CUTS - usize::from(has_missing));
    if let Some(above) = known.last().copied().filter(|_| has_missing).and_then(above) {
        // All values on one side, what is missing on the other.
        cuts.push(above);
    }
    Some(cuts)
}

/// At most `most` cuts that leave bins of nearly equal numbers of rows; equal values are never parted.
fn between(sorted: &[f32], most: usize) -> Vec<f32> {
    let mut runs = sorted.chunk_by(|a, b| a == b).peekable();
    let is_few = sorted.chunk_by(|a, b| a == b).take(most + 2).count() <= most + 1;
    let (mut cuts, mut held, mut rest) = (Vec::new(), 0, sorted.len());
    while let (Some(run), Some(next)) = (runs.next(), runs.peek()) {
        held += run.len();
        let wanted = rest / (most + 1 - cuts.len());
        if cuts.len() < most && (is_few || held >= wanted) {
            cuts.extend(run.first().zip(next.first()).map(|(low, high)| middle(*low, *high)));
            (rest, held) = (rest - held, 0);
        }
    }
    cuts
}

/// A number that is above `low` and not above `high`: halfway, if there is a 32-bit number there.
fn middle(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if low < middle && middle <= high { middle } else { high }
}

/// A number clearly above the largest value; None if there is none.
fn above(largest: f32) -> Option<f32> {
    Some(largest + largest.abs() + 1.0).filter(|above| above.is_finite() && *above > largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_model::random::Stream;

    fn learned(numbers: &[f64]) -> Vec<f32> {
        Cuts::learn(Values { width: 1, numbers }, 1).unwrap().of(0).to_vec()
    }

    #[test]
    fn few_values_are_all_parted_and_none_is_cut_from_itself() {
        assert_eq!(learned(&[3.0, 1.0, 1.0, 2.0]), [1.5, 2.5]);
        assert_eq!(learned(&[-0.0, 0.0, 0.0]).len(), 0);
        assert_eq!(learned(&[5.0, f64::NAN]), [11.0]);
        assert_eq!(learned(&[f64::NAN]).len(), 0);
        assert_eq!(learned(&[f64::from(f32::MAX), f64::NAN, 0.0]), [f32::MAX / 2.0]);
    }

    #[test]
    fn a_bin_says_what_the_comparison_says_for_every_value_and_its_neighbours() {
        let stream = Stream::new(1);
        let mut numbers: Vec<f64> = (0..5_000).map(|n| libm::exp(40.0 * stream.unit(n) - 20.0)).collect();
        numbers.extend([1.0, 1.0 + f64::from(f32::EPSILON), -1e-45, 1e-45, 0.0, -0.0, -1e38, 1e38, f64::NAN]);
        let cuts = Cuts::learn(Values { width: 1, numbers: &numbers }, 1).unwrap();
        assert!((200..=CUTS).contains(&cuts.of(0).len()), "{}", cuts.of(0).len());
        for value in numbers.iter().map(|number| *number as f32).filter(|value| !value.is_nan()) {
            for value in [value.next_down(), value, value.next_up()] {
                let bin = usize::from(bin_of(value, cuts.of(0)));
                let said = cuts.of(0).iter().enumerate().all(|(at, cut)| (value < *cut) == (bin <= at));
                assert!(said, "{value:e} is in bin {bin}");
            }
        }
    }

    #[test]
    fn bins_hold_equal_numbers_of_rows_also_beside_a_value_that_most_rows_share() {
        let stream = Stream::new(2);
        let numbers: Vec<f64> = (0..100_000).map(|n| if n % 2 == 0 { 0.5 } else { stream.unit(n) }).collect();
        let cuts = Cuts::learn(Values { width: 1, numbers: &numbers }, 1).unwrap();
        let bins = cuts.bins(Values { width: 1, numbers: &numbers }, 2);
        let mut counts = vec![0; cuts.of(0).len() + 1];
        bins.lines.iter().for_each(|bin| counts[usize::from(*bin)] += 1);
        counts.sort_unstable();
        assert!(counts.len() > 200, "{}", counts.len());
        assert!(counts[..counts.len() - 1].iter().all(|count| *count < 500), "{counts:?}");
    }

    #[test]
    fn a_value_too_large_for_32_bits_is_refused_with_its_column() {
        let numbers = [1.0, 2.0, 1.0, 1e39];
        assert_eq!(Cuts::learn(Values { width: 2, numbers: &numbers }, 2).unwrap_err(), 1);
        assert_eq!(Cuts::learn(Values { width: 1, numbers: &[f64::NEG_INFINITY] }, 1).unwrap_err(), 0);
    }
}
