//! Evidently's two tests by permutation: total variation distance and maximum mean discrepancy. The permutations are drawn
//! from a seed of our own and not by numpy's generator, so p agrees with Evidently's within sampling error only.

use super::{Numbers, Unscorable};
use dropout_model::random::Stream;

/// Rounds of the total variation distance, as in Evidently.
const CATEGORY_ROUNDS: u64 = 1000;
/// Rounds of the maximum mean discrepancy, as in Evidently.
const KERNEL_ROUNDS: u64 = 100;
/// Most values of both sides that are drawn from 1,000 times; some seconds.
const MOST_DRAWN: u64 = 1_000_000;
/// Most values of both sides whose pairs are all compared.
const MOST_VALUES: usize = 4000;
/// Seed of the permutations; any other would do.
const SEED: u64 = 0;

/// The share of permutations with a total variation distance at least as large, of counts by category, reference first.
/// More than a million values are refused.
///
/// The standard error of p is sqrt(p (1 - p) / 1000), at most 0.016. Permutations with the same distance count, as they
/// should; Evidently's sums lose some of them to rounding, so that its p is lower where few patients make many ties.
pub(super) fn total_variation(counts: &[[u64; 2]]) -> Result<f64, Unscorable> {
    let [n, m] = counts.iter().fold([0, 0], |sum, pair| [sum[0] + pair[0], sum[1] + pair[1]]);
    if n + m > MOST_DRAWN {
        return Err(Unscorable::TooMany);
    }
    let distance = |counts: &[[u64; 2]]| {
        0.5 * counts.iter().map(|[a, b]| (*a as f64 / n as f64 - *b as f64 / m as f64).abs()).sum::<f64>()
    };
    let seen = distance(counts);
    let mut order: Vec<u32> = Vec::new();
    for (label, [a, b]) in counts.iter().enumerate() {
        order.extend(std::iter::repeat_n(label as u32, (a + b) as usize));
    }
    let mut hits = 0_u32;
    for round in 0..CATEGORY_ROUNDS {
        shuffle(&mut order, n as usize, Stream::new(SEED).part(round));
        let mut drawn = vec![[0_u64, 0]; counts.len()];
        for (at, label) in order.iter().enumerate() {
            drawn[*label as usize][usize::from(at >= n as usize)] += 1;
        }
        // Equal distances may differ by rounding, since the sum runs over other counts.
        hits += u32::from(distance(&drawn) >= seen * (1.0 - 1e-12));
    }
    Ok(f64::from(hits) / CATEGORY_ROUNDS as f64)
}

/// Moves a random set of `first` items to the front (Fisher and Yates).
fn shuffle(order: &mut [u32], first: usize, stream: Stream) {
    for at in 0..first.min(order.len()) {
        let rest = (order.len() - at) as u64;
        order.swap(at, at + stream.below(at as u64, rest) as usize);
    }
}

/// The share of permutations with a maximum mean discrepancy at least as large (Gretton et al., JMLR 2012): a Gaussian
/// kernel as wide as the root of half the median squared distance within the reference. All pairs are compared, so more
/// than 4,000 values are refused. The standard error of p is sqrt(p (1 - p) / 100), at most 0.05.
pub(super) fn mean_discrepancy(reference: &Numbers, window: &Numbers) -> Result<f64, Unscorable> {
    let pooled = [reference.values(), window.values()].concat();
    if pooled.len() > MOST_VALUES {
        return Err(Unscorable::TooMany);
    }
    if reference.len() < 2 || window.len() < 2 {
        return Err(Unscorable::Constant);
    }
    let kernel = Kernel::new(&pooled, spread(reference.values()));
    let mut order: Vec<u32> = (0..pooled.len() as u32).collect();
    let seen = kernel.discrepancy(&order, reference.len());
    let mut hits = 0_u32;
    for round in 0..KERNEL_ROUNDS {
        shuffle(&mut order, reference.len(), Stream::new(SEED).part(round));
        hits += u32::from(seen <= kernel.discrepancy(&order, reference.len()));
    }
    Ok(f64::from(hits) / KERNEL_ROUNDS as f64)
}

/// Twice the squared width of the kernel: the median squared distance, 1 if that is 0.
fn spread(values: &[f64]) -> f64 {
    let square = |a: &f64, b: &f64| (a - b) * (a - b);
    let mut distances: Vec<f64> = values.iter().flat_map(|a| values.iter().map(move |b| square(a, b))).collect();
    // The nearest of the places below and above the middle; numpy takes the even one.
    let middle = ((distances.len() - 1) as f64 / 2.0).round_ties_even() as usize;
    let (_, median, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
    if *median == 0.0 { 1.0 } else { *median }
}

/// Similarities of all pairs, none of a value with itself.
struct Kernel {
    values: Vec<f64>,
    size: usize,
    /// The sum over all pairs in both orders.
    all: f64,
}

impl Kernel {
    fn new(pooled: &[f64], spread: f64) -> Self {
        let size = pooled.len();
        let mut values = Vec::with_capacity(size * size);
        for (row, a) in pooled.iter().enumerate() {
            values.extend(
                pooled.iter().enumerate().map(
                    |(column, b)| {
                        if row == column { 0.0 } else { libm::exp(-(a - b) * (a - b) / spread) }
                    },
                ),
            );
        }
        let all = values.iter().sum();
        Self { values, size, all }
    }

    /// The discrepancy of the first `n` of an order and the rest.
    fn discrepancy(&self, order: &[u32], n: usize) -> f64 {
        let mut is_first = vec![0.0; self.size];
        for at in order.iter().take(n) {
            is_first[*at as usize] = 1.0;
        }
        let (mut within, mut touching) = (0.0, 0.0);
        for at in order.iter().take(n) {
            let row = self.values.get(*at as usize * self.size..).unwrap_or_default();
            for (value, first) in row.iter().zip(&is_first) {
                within += value * first;
                touching += value;
            }
        }
        let (left, right) = (n as f64, (self.size - n) as f64);
        let across = touching - within;
        let rest = self.all - within - 2.0 * across;
        within / (left * (left - 1.0)) + rest / (right * (right - 1.0)) - 2.0 * across / (left * right)
    }
}
