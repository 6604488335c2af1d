//! The Kolmogorov-Smirnov test and the Wasserstein distance, from one pass over two sorted columns. Neither is scaled to
//! how many rows there are: the test says whether, the distance says how far.

use super::{Numbers, special::kolmogorov_tail};

/// Most values of a side for which the p-value is exact, as in SciPy.
const MOST_EXACT: u64 = 10_000;
/// exp(-760) is zero as a number, with a factor of a million to spare.
const LEAST_LOGARITHM: f64 = 760.0;
/// The smallest standard deviation that a distance is divided by, as in Evidently.
const LEAST_DEVIATION: f64 = 0.001;

/// The result of a two-sample Kolmogorov-Smirnov test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ks {
    /// The largest distance of the two empirical distribution functions, 0 to 1.
    pub d: f64,
    /// p-value, two-sided.
    pub p: f64,
    /// Whether the p-value is exact; else asymptotic.
    pub is_exact: bool,
    /// The value at which the distance is largest.
    pub at: f64,
}

/// What one pass over both columns gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sweep {
    /// How far the distribution functions are apart at most, times n times m: a whole number.
    gap: u64,
    /// The first value where they are that far apart.
    at: f64,
    /// The area between them, in units of the column.
    area: f64,
    /// The area under their squared difference, in units of the column.
    squared: f64,
    n: u64,
    m: u64,
}

/// Compares two columns in one pass, n + m steps; both sides of what [`ks`] and [`wasserstein`] give.
pub fn sweep(reference: &Numbers, window: &Numbers) -> Sweep {
    let (a, b) = (reference.values(), window.values());
    let (n, m) = (a.len() as i64, b.len() as i64);
    let start = a.first().copied().unwrap_or(f64::NAN).min(b.first().copied().unwrap_or(f64::NAN));
    let mut walk = Walk { gap: 0, most: 0, at: start, last: start, area: 0.0, squared: 0.0 };
    let (mut i, mut j) = (0, 0);
    // Ties advance both sides; no branch depends on the values but the rare new maximum.
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let (left, right) = (x <= y, y <= x);
        walk.step(x.min(*y), m * i64::from(left) - n * i64::from(right));
        i += usize::from(left);
        j += usize::from(right);
    }
    for x in a.get(i..).unwrap_or_default() {
        walk.step(*x, m);
    }
    for y in b.get(j..).unwrap_or_default() {
        walk.step(*y, -n);
    }
    let scale = n as f64 * m as f64;
    let (area, squared) = (walk.area / scale, walk.squared / (scale * scale));
    Sweep { gap: walk.most.unsigned_abs(), at: walk.at, area, squared, n: n as u64, m: m as u64 }
}

/// How far a pass has come.
struct Walk {
    gap: i64,
    most: i64,
    at: f64,
    last: f64,
    area: f64,
    squared: f64,
}

impl Walk {
    /// Moves on to `value`, at or above the last one; only then is the gap at the last one final.
    fn step(&mut self, value: f64, change: i64) {
        let area = (self.gap as f64).abs() * (value - self.last);
        self.area += area;
        self.squared += (self.gap as f64).abs() * area;
        if self.gap.abs() > self.most && value > self.last {
            (self.most, self.at) = (self.gap.abs(), self.last);
        }
        (self.gap, self.last) = (self.gap + change, value);
    }
}

impl Sweep {
    /// The Kolmogorov-Smirnov test: exact up to 10,000 values a side with ties treated as if there were none, else
    /// asymptotic (SciPy's `ks_2samp`). NaN without values on both sides.
    pub fn ks(&self) -> Ks {
        if self.n == 0 || self.m == 0 {
            return Ks { d: f64::NAN, p: f64::NAN, is_exact: false, at: f64::NAN };
        }
        let (n, m) = (self.n as f64, self.m as f64);
        let d = self.gap as f64 / (n * m);
        let is_exact = self.n.max(self.m) <= MOST_EXACT;
        // Far below the smallest number, whichever way it is computed (Wei and Dudley, Stat. Prob. Letters 2012).
        if is_exact && 2.0 * n * m / (n + m) * d * d > LEAST_LOGARITHM {
            return Ks { d, p: 0.0, is_exact, at: self.at };
        }
        let exact = is_exact.then(|| self.exact()).filter(|p| (0.0..=1.0).contains(p));
        let p = exact.unwrap_or_else(|| kolmogorov_tail(d, (n * m / (n + m)).round_ties_even()));
        Ks { d, p, is_exact: exact.is_some(), at: self.at }
    }

    /// The area between the distribution functions in standard deviations of the reference, taken as at least 0.001.
    pub fn wasserstein(&self, reference: &Numbers) -> f64 {
        self.area / reference.deviation().max(LEAST_DEVIATION)
    }

    /// The energy distance (Szekely and Rizzo 2013), in the root of the column's unit: the root of twice the area under
    /// the squared difference of the distribution functions.
    pub fn energy(&self) -> f64 {
        libm::sqrt(2.0 * self.squared)
    }

    fn exact(&self) -> f64 {
        let common = divisor(self.n, self.m);
        let height = self.gap / common;
        if height == 0 {
            return 1.0;
        }
        if self.n == self.m {
            return equal_sizes(self.n, height);
        }
        lattice(self.n.max(self.m), self.n.min(self.m), height)
    }
}

/// The two-sample Kolmogorov-Smirnov test; see [`Sweep::ks`].
pub fn ks(reference: &Numbers, window: &Numbers) -> Ks {
    sweep(reference, window).ks()
}

/// The Wasserstein distance in standard deviations of the reference; see [`Sweep::wasserstein`]. NaN without values on
/// both sides.
pub fn wasserstein(reference: &Numbers, window: &Numbers) -> f64 {
    sweep(reference, window).wasserstein(reference)
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// P(D >= h / n) for two samples of n values: an alternating series of products (Gnedenko and Korolyuk 1951).
fn equal_sizes(n: u64, h: u64) -> f64 {
    let (size, height) = (n as f64, h as f64);
    let mut sum = 0.0;
    for k in (0..=n / h).rev() {
        let above = k as f64 * height;
        let mut product = 1.0;
        for j in 0..h {
            let j = j as f64;
            product = (size - above - j) * product / (size + above + j + 1.0);
        }
        sum = product * (1.0 - sum);
    }
    2.0 * sum
}

/// P(D >= h / lcm) for samples of m > n values: the share of lattice paths that leave the band around the diagonal,
/// counted row by row in a sliding window (Hodges 1957; the scaling of Viehmann 2021 as in SciPy). m times the band's
/// width steps.
fn lattice(m: u64, n: u64, h: u64) -> f64 {
    let common = divisor(m, n);
    let (tall, wide, h) = ((m / common) as i64, (n / common) as i64, h as i64);
    let (m, n) = (m as i64, n as i64);
    let mut first = 0;
    let mut end = ceiling(h, tall).min(n + 1);
    let mut width = end;
    let mut share = vec![1.0_f64; (2 * end + 2).min(n + 1) as usize];
    share.iter_mut().take(end as usize).for_each(|share| *share = 0.0);
    for i in 1..=m {
        let (before, before_width) = (first, width);
        first = ((wide * i - h).div_euclid(tall) + 1).clamp(0, n);
        end = ceiling(wide * i + h, tall).min(n + 1);
        if end <= first {
            return 1.0;
        }
        width = end - first;
        row(&mut share, (i, first), (first - before, width));
        let stale = share.iter_mut().take(before_width.max(width) as usize).skip(width as usize);
        stale.for_each(|share| *share = 1.0);
    }
    share.get(width as usize - 1).copied().unwrap_or(f64::NAN)
}

/// One row of the lattice: each share is that of the paths from the left and from below, by how many come from each.
fn row(share: &mut [f64], (i, first): (i64, i64), (shift, width): (i64, i64)) {
    let mut value = if first == 0 { 0.0 } else { 1.0 };
    let (down, shift) = (i as f64, shift as usize);
    for at in 0..width as usize {
        let across = (first + at as i64) as f64;
        let below = share.get(at + shift).copied().unwrap_or(1.0);
        // Only a product and a sum wait for the cell before.
        let scale = 1.0 / (down + across);
        value = below * (down * scale) + value * (across * scale);
        if let Some(slot) = share.get_mut(at) {
            *slot = value;
        }
    }
}

fn ceiling(a: i64, b: i64) -> i64 {
    -(-a).div_euclid(b)
}
