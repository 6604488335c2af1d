//! Sums of derivatives by column and bin. Sums are of whole numbers, so they are exact: no order of rows, no number of
//! threads and no subtraction changes a bit of them.

use super::bins::Bins;

/// First and second derivative of the loss, in [`Unit`]s.
pub type Pair = [i64; 2];

/// For each column the sums of each bin; the last bin has the rows without a value.
pub type Histogram = Vec<[Pair; 256]>;

/// A power of two: how much of a derivative one step of a [`Pair`] is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    step: f64,
    steps: f64,
}

impl Unit {
    /// The finest unit in which the sum over rows of a total weight stays inside 64 bits. A row's derivatives are at most
    /// its weight, and 2^32 rows round by less than a unit each.
    pub fn of(total_weight: f64) -> Self {
        let (_, exponent) = libm::frexp(total_weight);
        Self { step: libm::ldexp(1.0, exponent - 61), steps: libm::ldexp(1.0, 61 - exponent) }
    }

    /// Derivatives in whole units, the rest cut off.
    pub fn pair(self, first: f64, second: f64) -> Pair {
        [first, second].map(|derivative| (derivative * self.steps) as i64)
    }

    /// The derivatives that a pair means.
    pub fn derivatives(self, pair: Pair) -> (f64, f64) {
        (pair[0] as f64 * self.step, pair[1] as f64 * self.step)
    }
}

/// The slot of the rows without a value.
pub const MISSING_SLOT: usize = super::bins::MISSING as usize;

/// The sum of two pairs.
pub fn plus(a: Pair, b: Pair) -> Pair {
    [a[0] + b[0], a[1] + b[1]]
}

/// The difference of two pairs.
pub fn minus(a: Pair, b: Pair) -> Pair {
    [a[0] - b[0], a[1] - b[1]]
}

/// The histogram of some rows.
pub fn build(bins: &Bins, pairs: &[Pair], rows: &[u32]) -> Histogram {
    let mut histogram = vec![[[0; 2]; 256]; bins.width];
    let mut fetched = [[0; 2]; AHEAD];
    for rows in rows.chunks(AHEAD) {
        fetch(bins, pairs, (rows, &mut fetched));
        for (row, pair) in rows.iter().zip(&fetched) {
            for (column, bin) in histogram.iter_mut().zip(bins.line(*row)) {
                let slot = &mut column[usize::from(*bin)];
                *slot = plus(*slot, *pair);
            }
        }
    }
    histogram
}

/// Rows whose memory is asked for before any of them is summed.
const AHEAD: usize = 64;

/// Copies the pairs of rows, and reads both ends of their bins. The rows of a node lie far apart: asking for many at once
/// lets the processor wait for all of them together, and more than halves the time of a sum over a million rows.
fn fetch(bins: &Bins, pairs: &[Pair], (rows, fetched): (&[u32], &mut [Pair; AHEAD])) {
    let mut touched = 0;
    for (row, slot) in rows.iter().zip(fetched) {
        *slot = pairs.get(*row as usize).copied().unwrap_or_default();
        if let [first, .., last] = bins.line(*row) {
            touched ^= first ^ last;
        }
    }
    std::hint::black_box(touched);
}

/// The sum over all rows of a histogram.
pub fn total(histogram: &Histogram) -> Pair {
    histogram.first().map_or([0, 0], |column| column.iter().fold([0, 0], |sum, pair| plus(sum, *pair)))
}

/// Adds the histogram of other rows.
pub fn add(all: &mut Histogram, more: &Histogram) {
    for (slot, pair) in all.iter_mut().flatten().zip(more.iter().flatten()) {
        *slot = plus(*slot, *pair);
    }
}

/// Takes the histogram of some of the rows away: what is left is the histogram of the others.
pub fn subtract(all: &mut Histogram, part: &Histogram) {
    for (slot, pair) in all.iter_mut().flatten().zip(part.iter().flatten()) {
        *slot = minus(*slot, *pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_model::random::Stream;

    #[test]
    fn subtraction_leaves_exactly_the_histogram_of_the_other_rows() {
        let stream = Stream::new(5);
        let lines = (0..6_000).map(|n| stream.below(n, 256) as u8).collect();
        let bins = Bins { width: 3, lines, columns: Vec::new() };
        let unit = Unit::of(2_000.0);
        let pairs: Vec<Pair> = (0..2_000).map(|n| unit.pair(stream.unit(n) - 0.5, 0.25 * stream.unit(n + 9))).collect();
        let (some, others): (Vec<u32>, Vec<u32>) = (0..2_000).partition(|row| stream.unit(u64::from(*row)) < 0.3);
        let mut left = build(&bins, &pairs, &(0..2_000).collect::<Vec<_>>());
        subtract(&mut left, &build(&bins, &pairs, &some));
        assert_eq!(left, build(&bins, &pairs, &others));
        add(&mut left, &build(&bins, &pairs, &some));
        assert_eq!(left, build(&bins, &pairs, &(0..2_000).rev().collect::<Vec<_>>()));
    }

    #[test]
    fn units_are_fine_and_their_sums_stay_inside_64_bits() {
        for (weight, rows) in [(1.0, 1_000_000), (1e-9, 10), (3.7e11, 1_000), (1.0, u32::MAX as usize)] {
            let unit = Unit::of(weight * rows as f64);
            let pair = unit.pair(-weight, weight / 4.0);
            assert!((pair[0] as i128 * rows as i128).abs() < 1 << 62, "{weight} {rows}");
            let (first, second) = unit.derivatives(pair);
            assert!((first + weight).abs() <= 1e-8 * weight && (second - weight / 4.0).abs() <= 1e-8 * weight);
        }
    }
}
