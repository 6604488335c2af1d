//! Whether two samples of categories can come from one population: chi-square of homogeneity, Fisher's exact test, two
//! proportions. Unlike Evidently's goodness of fit, neither side is taken as exact.

use super::{
    Labels,
    labels::paired,
    special::{chi_square_tail, normal_tail},
};

/// Fewest expected values in a cell for chi-square to hold (Cochran 1954).
const LEAST_EXPECTED: f64 = 5.0;
/// How much more likely a table may be and still count as equally likely, as in SciPy.
const TIE: f64 = 1e-14;

/// The result of a test of homogeneity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// Chi-square; none for Fisher's test, and none where there is only one category.
    pub statistic: Option<f64>,
    /// p-value, two-sided.
    pub p: f64,
    /// How many categories were too rare to stand alone and were taken together.
    pub pooled_rare: u64,
    /// Whether it is Fisher's exact test.
    pub is_exact: bool,
}

/// Tests the 2 x K table of counts without continuity correction, after categories with fewer than 5 expected values on
/// either side were taken together; a 2 x 2 table that still has such a cell gets Fisher's exact test. With one category
/// or an empty side nothing can differ: p is 1.
pub fn homogeneity(reference: &Labels, window: &Labels) -> Homogeneity {
    let (table, pooled_rare) = pool(paired(reference, window));
    let [n, m] = totals(&table);
    if table.len() < 2 || n == 0 || m == 0 {
        return Homogeneity { statistic: None, p: 1.0, pooled_rare, is_exact: false };
    }
    if let [[a, b], [c, d]] = table.as_slice()
        && table.iter().any(|row| is_rare(*row, [n, m]))
    {
        return Homogeneity { statistic: None, p: fisher([[*a, *b], [*c, *d]]), pooled_rare, is_exact: true };
    }
    let statistic = chi_square(&table);
    let p = chi_square_tail(statistic, table.len() as f64 - 1.0);
    Homogeneity { statistic: Some(statistic), p, pooled_rare, is_exact: false }
}

fn totals(table: &[[u64; 2]]) -> [u64; 2] {
    table.iter().fold([0, 0], |sum, row| [sum[0] + row[0], sum[1] + row[1]])
}

fn expected(row: [u64; 2], totals: [u64; 2]) -> [f64; 2] {
    let share = (row[0] + row[1]) as f64 / (totals[0] + totals[1]) as f64;
    totals.map(|total| total as f64 * share)
}

fn is_rare(row: [u64; 2], totals: [u64; 2]) -> bool {
    expected(row, totals).iter().any(|count| *count < LEAST_EXPECTED)
}

/// The table with its rare categories as one, and how many they were.
fn pool(table: Vec<[u64; 2]>) -> (Vec<[u64; 2]>, u64) {
    // A 2 x 2 table keeps its categories: Fisher's test has no need of large counts.
    if table.len() <= 2 {
        return (table, 0);
    }
    let sides = totals(&table);
    let (rare, mut kept): (Vec<_>, Vec<_>) = table.into_iter().partition(|row| is_rare(*row, sides));
    if !rare.is_empty() {
        kept.push(totals(&rare));
    }
    (kept, rare.len() as u64)
}

fn chi_square(table: &[[u64; 2]]) -> f64 {
    let sides = totals(table);
    let cell = |(count, expected): (u64, f64)| (count as f64 - expected) * (count as f64 - expected) / expected;
    table.iter().flat_map(|row| row.iter().copied().zip(expected(*row, sides)).map(cell)).sum()
}

/// Fisher's exact test of a 2 x 2 table, two-sided: the probability of all tables with the same margins that are at most
/// as likely.
pub(super) fn fisher([[a, b], [c, d]]: [[u64; 2]; 2]) -> f64 {
    let (row, column, all) = (a + b, a + c, a + b + c + d);
    let ways = |n: u64, k: u64| {
        let [n, k] = [n as f64, k as f64];
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
    };
    let probability = |a: u64| libm::exp(ways(column, a) + ways(all - column, row - a) - ways(all, row));
    let seen = probability(a);
    let least = (row + column).saturating_sub(all);
    // Tables mirrored in the margins are equally likely but for rounding of the logarithms.
    let slack = 1.0 + TIE.max(all as f64 * libm::log(all as f64 + 1.0) * f64::EPSILON);
    let sum: f64 = (least..=row.min(column)).map(probability).filter(|each| *each <= seen * slack).sum();
    sum.min(1.0)
}

/// p-value of the z test of two proportions, each a count and how many were asked; pooled variance, two-sided. Nothing
/// asked on one side, or none or all on both sides: p is 1.
pub fn two_proportions(reference: (u64, u64), window: (u64, u64)) -> f64 {
    let (n, m) = (reference.1 as f64, window.1 as f64);
    let pooled = (reference.0 + window.0) as f64 / (n + m);
    let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    if !variance.is_finite() || variance <= 0.0 {
        return 1.0;
    }
    let z = (reference.0 as f64 / n - window.0 as f64 / m) / libm::sqrt(variance);
    2.0 * normal_tail(z.abs())
}

/// The total variation distance of two samples of categories: half the sum of absolute differences of shares, 0 to 1;
/// the share of patients that changed category. NaN with an empty side.
pub fn total_variation(reference: &Labels, window: &Labels) -> f64 {
    let table = paired(reference, window);
    let [n, m] = totals(&table).map(|total| total as f64);
    0.5 * table.iter().map(|[a, b]| (*a as f64 / n - *b as f64 / m).abs()).sum::<f64>()
}
