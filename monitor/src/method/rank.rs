//! Tests of the order of pooled numbers: Mann-Whitney, Anderson-Darling and Cramer-von Mises as Evidently calls them. They
//! see counts by rising value only, never the values.

use super::{
    Unscorable,
    special::{bessel_quarter, normal_tail},
};
use std::{collections::BTreeMap, f64::consts::PI};

/// Counts of each different value, rising, reference first.
type Counts = [[u64; 2]];

/// Values of one side up to which Mann-Whitney is exact if there are no ties, as in SciPy.
const FEW_RANKS: u64 = 8;
/// Values of the other side up to which its exact distribution is counted.
const MOST_RANKS: u64 = 2000;
/// Values of both sides up to which Cramer-von Mises is exact.
const FEW_VALUES: u64 = 20;

fn sizes(counts: &Counts) -> [u64; 2] {
    counts.iter().fold([0, 0], |sum, pair| [sum[0] + pair[0], sum[1] + pair[1]])
}

/// One-sided Mann-Whitney: the p-value of the reference being smaller than the window. Exact with at most 8 values on a
/// side (and at most 2,000 on the other) and no ties, else normal with continuity and tie correction (SciPy's
/// `mannwhitneyu(alternative="less")`).
pub(super) fn mann_whitney(counts: &Counts) -> f64 {
    let [n, m] = sizes(counts);
    let mut before = 0.0;
    // The statistic of the window: pairs where its value is the larger, ties half.
    let mut pairs = 0.0;
    for [a, b] in counts {
        pairs += *b as f64 * (before + *a as f64 / 2.0);
        before += *a as f64;
    }
    let has_ties = counts.iter().any(|[a, b]| a + b > 1);
    if n.min(m) <= FEW_RANKS && n.max(m) <= MOST_RANKS && !has_ties {
        return exact_tail(n.min(m) as usize, n.max(m) as usize, pairs as usize);
    }
    let (left, right) = (n as f64, m as f64);
    let all = left + right;
    let cubes: f64 = counts.iter().map(|[a, b]| (a + b) as f64).map(|tied| tied * tied * tied - tied).sum();
    let variance = left * right / 12.0 * (all + 1.0 - cubes / (all * (all - 1.0)));
    normal_tail((pairs - left * right / 2.0 - 0.5) / libm::sqrt(variance)).clamp(0.0, 1.0)
}

/// P(U >= u) without ties, by counting the sets of `few` ranks among all by their sum.
fn exact_tail(few: usize, many: usize, u: usize) -> f64 {
    let most = few * many;
    // By size of the set, then by sum of ranks above the least possible: the share of sets.
    let mut ways = vec![vec![0.0_f64; most + 1]; few + 1];
    ways[0][0] = 1.0;
    for rank in 0..few + many {
        for size in (1..=few.min(rank + 1)).rev() {
            let shift = rank + 1 - size;
            let (smaller, larger) = ways.split_at_mut(size);
            let (from, to) = (&smaller[size - 1], &mut larger[0]);
            for (to, from) in to.iter_mut().skip(shift).zip(from) {
                *to += from;
            }
        }
    }
    let all: f64 = ways[few].iter().sum();
    ways[few].iter().skip(u).sum::<f64>() / all
}

/// p-value of the two-sample Anderson-Darling test with midranks (Scholz and Stephens, JASA 1987), interpolated from
/// their table and so held inside 0.001 and 0.25 (SciPy's `anderson_ksamp`).
pub(super) fn anderson(counts: &Counts) -> Result<f64, Unscorable> {
    let [n, m] = sizes(counts);
    if counts.len() < 2 || n + m < 4 {
        return Err(Unscorable::Constant);
    }
    let all = (n + m) as f64;
    let mut sums = [0.0, 0.0];
    let mut before = [0.0, 0.0];
    for pair in counts {
        let tied = (pair[0] + pair[1]) as f64;
        let middle = before[0] + before[1] + tied / 2.0;
        let below = middle * (all - middle) - all * tied / 4.0;
        for side in [0, 1] {
            let own = pair[side] as f64;
            let off = all * (before[side] + own / 2.0) - middle * [n, m][side] as f64;
            sums[side] += tied / all * off * off / below;
            before[side] += own;
        }
    }
    let statistic = (sums[0] / n as f64 + sums[1] / m as f64) * (all - 1.0) / all;
    Ok(anderson_tail((statistic - 1.0) / libm::sqrt(anderson_variance(n, m))))
}

/// The variance of the statistic of two samples (Scholz and Stephens, equation 4).
fn anderson_variance(n: u64, m: u64) -> f64 {
    let all = (n + m) as f64;
    let inverse = 1.0 / n as f64 + 1.0 / m as f64;
    let (mut sum, mut nested) = (0.0, 0.0);
    for below in 2..n + m {
        sum += 1.0 / (all - below as f64 + 1.0);
        nested += sum / below as f64;
    }
    // The order of summation is SciPy's: the last partial sum lacks 1 / 1.
    let (h, g) = (sum + 1.0, nested);
    let a = (4.0 * g - 6.0) + (10.0 - 6.0 * g) * inverse;
    let b = (2.0 * g - 4.0) * 4.0 + 16.0 * h + (2.0 * g - 14.0 * h - 4.0) * inverse - 8.0 * h + 4.0 * g - 6.0;
    let c = (6.0 * h + 2.0 * g - 2.0) * 4.0 + (4.0 * h - 4.0 * g + 6.0) * 2.0 + (2.0 * h - 6.0) * inverse + 4.0 * h;
    let d = (2.0 * h + 6.0) * 4.0 - 8.0 * h;
    (((a * all + b) * all + c) * all + d) / ((all - 1.0) * (all - 2.0) * (all - 3.0))
}

/// Coefficients of the critical values b0 + b1 / sqrt(m) + b2 / m of m + 1 samples, and their levels (Scholz and Stephens,
/// table 2).
const CRITICAL: [[f64; 4]; 7] = [
    [0.675, -0.245, -0.105, 0.25],
    [1.281, 0.25, -0.305, 0.1],
    [1.645, 0.678, -0.362, 0.05],
    [1.96, 1.149, -0.391, 0.025],
    [2.326, 1.822, -0.396, 0.01],
    [2.573, 2.364, -0.345, 0.005],
    [3.085, 3.615, -0.154, 0.001],
];

/// The level of a statistic of two samples: the logarithm is a parabola fitted to the table by least squares.
fn anderson_tail(statistic: f64) -> f64 {
    let table = CRITICAL.map(|[b0, b1, b2, level]| (b0 + b1 + b2, level));
    let [(least, largest_p), .., (most, smallest_p)] = table;
    if statistic < least {
        return largest_p;
    }
    if statistic > most {
        return smallest_p;
    }
    // Polynomials that are orthogonal over the table make the three coefficients independent.
    let mean = table.iter().map(|(at, _)| at).sum::<f64>() / 7.0;
    let first = |at: f64| at - mean;
    let over = |f: &dyn Fn(f64) -> f64| table.iter().map(|(at, _)| f(*at)).sum::<f64>();
    let square = over(&|at| first(at) * first(at));
    let skew = over(&|at| first(at) * first(at) * first(at)) / square;
    let second = |at: f64| first(at) * first(at) - skew * first(at) - square / 7.0;
    let log = |f: &dyn Fn(f64) -> f64| table.iter().map(|(at, p)| f(*at) * libm::log(*p)).sum::<f64>();
    let constant = log(&|_| 1.0) / 7.0;
    let slope = log(&first) / square;
    let bend = log(&second) / over(&|at| second(at) * second(at));
    libm::exp(constant + slope * first(statistic) + bend * second(statistic))
}

/// p-value of the two-sample Cramer-von Mises test (Anderson 1962): exact with at most 20 values a side, else by its
/// limit.
pub(super) fn cramer_von_mises(counts: &Counts) -> Result<f64, Unscorable> {
    let [n, m] = sizes(counts);
    if n < 2 || m < 2 {
        return Err(Unscorable::Constant);
    }
    let statistic = rank_shift(counts);
    if n.max(m) <= FEW_VALUES {
        return Ok(exact_cramer(statistic, n as i64, m as i64));
    }
    let (left, right) = (n as f64, m as f64);
    let (product, all) = (left * right, left + right);
    let t = statistic / (product * all) - (4.0 * product - 1.0) / (6.0 * all);
    let mean = (1.0 + 1.0 / all) / 6.0;
    let variance = (all + 1.0) * (4.0 * product * all - 3.0 * (left * left + right * right) - 2.0 * product);
    let variance = variance / (45.0 * all * all * 4.0 * product);
    let standard = 1.0 / 6.0 + (t - mean) / libm::sqrt(45.0 * variance);
    Ok(if standard < 0.003 { 1.0 } else { (1.0 - cramer_limit(standard)).max(0.0) })
}

/// U: how far the pooled midranks of each side are from its own ranks, squared and weighted by its size.
fn rank_shift(counts: &Counts) -> f64 {
    let [n, m] = sizes(counts);
    let mut before = [0.0, 0.0];
    let mut sums = [0.0, 0.0];
    for pair in counts {
        let rank = before[0] + before[1] + ((pair[0] + pair[1]) as f64 + 1.0) / 2.0;
        for side in [0, 1] {
            for own in 1..=pair[side] {
                let off = rank - before[side] - own as f64;
                sums[side] += off * off;
            }
            before[side] += pair[side] as f64;
        }
    }
    n as f64 * sums[0] + m as f64 * sums[1]
}

/// The share of all paths whose statistic is at least as large (Xiao, Gordon and Yakovlev, JSS 2006, algorithm 1).
fn exact_cramer(statistic: f64, n: i64, m: i64) -> f64 {
    let common = (1..=n.min(m)).rev().find(|each| n % each == 0 && m % each == 0).unwrap_or(1);
    let multiple = n / common * m;
    let (a, b) = (multiple / n, multiple / m);
    let product = (n * m) as f64;
    let scale = (multiple * multiple * (n + m)) as f64;
    let zeta = (scale * (6.0 * statistic - product * (4.0 * product - 1.0)) / (6.0 * product * product)).floor();
    let mut row: Vec<BTreeMap<i64, f64>> = vec![BTreeMap::new(); n as usize + 1];
    row[0].insert(0, 1.0);
    for u in 0..=m {
        let mut left = BTreeMap::new();
        for (v, slot) in row.iter_mut().enumerate() {
            let step = a * v as i64 - b * u;
            let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
            for (value, ways) in left.iter().chain(slot.iter()) {
                *sums.entry(value + step * step).or_default() += ways;
            }
            slot.clone_from(&sums);
            left = sums;
        }
    }
    let paths: f64 = left_sum(&row, f64::NEG_INFINITY);
    left_sum(&row, zeta) / paths
}

fn left_sum(row: &[BTreeMap<i64, f64>], least: f64) -> f64 {
    row.last()
        .map_or(f64::NAN, |last| last.iter().filter(|(value, _)| **value as f64 >= least).map(|(_, ways)| ways).sum())
}

/// The limit of the distribution function (Csorgo and Faraway, JRSS B 1996, equation 1.2), summed until a term is below
/// 1e-7 as SciPy does.
fn cramer_limit(x: f64) -> f64 {
    let (mut sum, mut k) = (0.0, 0.0);
    loop {
        let front = libm::exp(libm::lgamma(k + 0.5) - libm::lgamma(k + 1.0)) / (libm::pow(PI, 1.5) * libm::sqrt(x));
        let y = 4.0 * k + 1.0;
        let term = front * libm::sqrt(y) * bessel_quarter(y * y / (16.0 * x));
        sum += term;
        k += 1.0;
        if term.is_nan() || term.abs() < 1e-7 {
            return sum;
        }
    }
}
