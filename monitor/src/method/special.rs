//! Functions of probability theory that p-values are made of, from libm alone so that every platform gives the same bits.

use std::f64::consts::{PI, SQRT_2};

/// Probability that a chi-square variable with `freedom` degrees exceeds `x`; NaN without a degree of freedom.
pub(super) fn chi_square_tail(x: f64, freedom: f64) -> f64 {
    if freedom > 0.0 { gamma_tail(freedom / 2.0, x / 2.0) } else { f64::NAN }
}

/// The regularised upper incomplete gamma function Q(a, x): a series below a + 1, a continued fraction by Lentz's method
/// above (Abramowitz and Stegun 6.5.29 and 6.5.31).
fn gamma_tail(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 { 1.0 - front * gamma_series(a, x) } else { front * gamma_fraction(a, x) }
}

fn gamma_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let (mut sum, mut n) = (term, a);
    for _ in 0..10_000 {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term.abs() < sum.abs() * 1e-17 {
            break;
        }
    }
    sum
}

fn gamma_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / away(numerator * d + b);
        c = away(b + numerator / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// Probability that a standard normal variable exceeds `z`.
pub(super) fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// Probability that a Kolmogorov-Smirnov statistic of `n` values against a known distribution is at least `d`. The choice
/// is SciPy's: twice the one-sided tail where n d^2 is large, else Durbin's matrix for few values or a tiny distance, else
/// the series of Pelz and Good (JRSS B 1976).
pub(super) fn kolmogorov_tail(d: f64, n: f64) -> f64 {
    let squared = n * d * d;
    if d <= 0.0 {
        return 1.0;
    }
    if d >= 1.0 || squared >= 370.0 {
        return 0.0;
    }
    let is_few = n <= 140.0;
    let is_tiny = n <= 1e5 && n * d * libm::sqrt(d) <= 1.4;
    let tail = match squared >= if is_few { 4.0 } else { 2.2 } {
        true => 2.0 * smirnov_tail(d, n),
        false if is_few || is_tiny => 1.0 - durbin(d, n),
        false => 1.0 - pelz_good(d, n),
    };
    tail.clamp(0.0, 1.0)
}

/// The exact distribution function of the two-sided statistic: an entry of the n-th power of Durbin's matrix (Marsaglia,
/// Tsang and Wang, JSS 2003). With k = ceil(n d) it takes some 16 k^3 log n steps.
fn durbin(d: f64, n: f64) -> f64 {
    let k = libm::floor(n * d) as usize + 1;
    let (size, rest) = (2 * k - 1, k as f64 - n * d);
    let factorial = |n: usize| libm::exp(libm::lgamma(n as f64 + 1.0));
    let mut matrix = Square { size, cells: vec![0.0; size * size], exponent: 0 };
    for row in 0..size {
        for column in 0..size.min(row + 2) {
            // The first column and the last row miss the paths that leave at a corner.
            let mut ways = 1.0;
            if column == 0 {
                ways -= libm::pow(rest, row as f64 + 1.0);
            }
            if row == size - 1 {
                ways -= libm::pow(rest, (size - column) as f64);
            }
            if column == 0 && row == size - 1 && 2.0 * rest > 1.0 {
                ways += libm::pow(2.0 * rest - 1.0, size as f64);
            }
            matrix.cells[row * size + column] = ways / factorial((row + 1 - column).max(1));
        }
    }
    let power = matrix.power(n as u64);
    let scale = libm::lgamma(n + 1.0) - n * libm::log(n) + f64::from(power.exponent) * std::f64::consts::LN_2;
    power.cells[(k - 1) * size + k - 1] * libm::exp(scale)
}

/// A square matrix times a power of 2.
#[derive(Clone)]
struct Square {
    size: usize,
    cells: Vec<f64>,
    exponent: i32,
}

impl Square {
    fn times(&self, other: &Self) -> Self {
        let size = self.size;
        let mut cells = vec![0.0; size * size];
        for (row, out) in cells.chunks_exact_mut(size).enumerate() {
            for (inner, line) in other.cells.chunks_exact(size).enumerate() {
                let factor = self.cells[row * size + inner];
                out.iter_mut().zip(line).for_each(|(out, cell)| *out += factor * cell);
            }
        }
        let exponent = self.exponent + other.exponent;
        Self { size, cells, exponent }.scaled()
    }

    /// The same matrix with a largest cell near 1; powers would leave the range of a number.
    fn scaled(mut self) -> Self {
        let most = self.cells.iter().fold(0.0, |most: f64, cell| most.max(cell.abs()));
        let (_, exponent) = libm::frexp(most);
        self.cells.iter_mut().for_each(|cell| *cell = libm::ldexp(*cell, -exponent));
        self.exponent += exponent;
        self
    }

    fn power(self, mut n: u64) -> Self {
        let (mut result, mut square): (Option<Self>, Self) = (None, self.scaled());
        while n > 0 {
            if n & 1 == 1 {
                result = Some(result.map_or_else(|| square.clone(), |result| result.times(&square)));
            }
            square = square.times(&square);
            n >>= 1;
        }
        result.unwrap_or(square)
    }
}

/// Values of the sum of [`smirnov_tail`] that are added; more would not change it.
const SMIRNOV_TERMS: f64 = 8192.0;

/// Probability that the one-sided statistic of `n` values is at least `d` (Birnbaum and Tingey 1951), a sum over how many
/// values lie before the last crossing. Its terms are smooth and vanish at both ends, so every s-th of them times s is the
/// same sum to the accuracy of a number; that makes a million rows as cheap as ten thousand.
fn smirnov_tail(d: f64, n: f64) -> f64 {
    let stride = (n / SMIRNOV_TERMS).floor().max(1.0);
    let choices = libm::lgamma(n + 1.0);
    let (mut sum, mut j) = (0.0, 0.0);
    while j <= n * (1.0 - d) {
        let rest = 1.0 - d - j / n;
        let ways = choices - libm::lgamma(j + 1.0) - libm::lgamma(n - j + 1.0);
        if rest > 0.0 {
            sum += libm::exp(ways + (n - j) * libm::log(rest) + (j - 1.0) * libm::log(d + j / n));
        }
        j += stride;
    }
    (d * sum * stride).min(1.0)
}

/// The distribution function of the two-sided statistic: four terms of its expansion in powers of 1 / sqrt(n).
fn pelz_good(d: f64, n: f64) -> f64 {
    let z = libm::sqrt(n) * d;
    let (p2, z2) = (PI * PI, z * z);
    if p2 / (8.0 * z2) > 708.0 {
        return 0.0;
    }
    let terms = libm::ceil(16.0 * z / PI) as i32;
    let odd = odd_terms(z, terms);
    let even = even_terms(z, terms);
    let root = libm::sqrt(n);
    let mut sum = odd[0] + odd[1] / root;
    sum += (odd[2] + even[0]) / n;
    sum + (odd[3] + even[1]) / (n * root)
}

/// The sums over odd numbers, with their factors.
fn odd_terms(z: f64, terms: i32) -> [f64; 4] {
    let (p2, z2) = (PI * PI, z * z);
    let (z4, z6, z8) = (z2 * z2, z2 * z2 * z2, z2 * z2 * z2 * z2);
    let (p4, p6) = (p2 * p2, p2 * p2 * p2);
    let base = libm::exp(-p2 / (8.0 * z2));
    let mut sums = [0.0; 4];
    for k in (1..=terms).rev() {
        let m2 = f64::from((2 * k - 1) * (2 * k - 1));
        let (m4, m6) = (m2 * m2, m2 * m2 * m2);
        let power = libm::pow(base, f64::from(8 * k));
        let second = 6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * p2 / 4.0 * m2 + p4 * (1.0 - 2.0 * z2) / 16.0 * m4;
        let third = -30.0 * z6 - 90.0 * z8
            + p2 * (135.0 * z4 - 96.0 * z6) / 4.0 * m2
            + p4 * (212.0 * z4 - 60.0 * z2) / 16.0 * m4
            + p6 * (5.0 - 30.0 * z2) / 64.0 * m6;
        for (sum, factor) in sums.iter_mut().zip([1.0, p2 / 4.0 * m2 - z2, second, third]) {
            *sum = *sum * power + factor;
        }
    }
    let scale = base * libm::sqrt(2.0 * PI);
    let below = [z, 6.0 * z4, 72.0 * z6 * z, 6480.0 * z8 * z2];
    [0, 1, 2, 3].map(|at: usize| sums[at] * scale / below[at])
}

/// The sums over all numbers that the third and fourth term need beside.
fn even_terms(z: f64, terms: i32) -> [f64; 2] {
    let (p2, z2) = (PI * PI, z * z);
    let base = libm::exp(-p2 / (2.0 * z2));
    let (mut second, mut third) = (0.0, 0.0);
    for k in (1..=terms).rev() {
        let k2 = f64::from(k * k);
        let weight = libm::pow(base, k2);
        second += k2 * weight;
        third += (3.0 * z2 - p2 * k2) * k2 * weight;
    }
    let scale = p2 * libm::sqrt(2.0 * PI);
    [second * scale / (-36.0 * z2 * z), third * scale / (216.0 * z2 * z2 * z2)]
}

/// exp(-x) times the modified Bessel function K of order 1/4: the integral of exp(-x - x cosh t) cosh(t / 4), by the
/// trapezoid rule, whose error is below 1e-30 for a function that decays this fast.
pub(super) fn bessel_quarter(x: f64) -> f64 {
    const STEP: f64 = 0.1;
    let mut sum = 0.5 * libm::exp(-2.0 * x);
    for at in 1..400 {
        let t = f64::from(at) * STEP;
        let term = libm::exp(-x - x * libm::cosh(t)) * libm::cosh(t / 4.0);
        sum += term;
        if term < sum * 1e-18 {
            break;
        }
    }
    STEP * sum
}

/// Probability that a Student variable with `freedom` degrees is beyond `t` on either side.
pub(super) fn student_tails(t: f64, freedom: f64) -> f64 {
    let square = t * t;
    if square.is_infinite() {
        return 0.0;
    }
    beta_share(freedom / 2.0, 0.5, (freedom / (freedom + square), square / (freedom + square)))
}

/// The regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8); x is given
/// with 1 - x, so that neither loses digits.
fn beta_share(a: f64, b: f64, (x, rest): (f64, f64)) -> f64 {
    if x <= 0.0 || rest <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_share(b, a, (rest, x));
    }
    let scale = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    libm::exp(scale + a * libm::log(x) + b * libm::log(rest)) / a / beta_fraction(a, b, x)
}

/// The continued fraction's denominator, by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let (mut fraction, mut c, mut d) = (1.0, 1.0, 0.0);
    for step in 1..100_000_u32 {
        let half = f64::from(step / 2);
        let numerator = if step % 2 == 0 {
            half * (b - half) * x / ((a + 2.0 * half - 1.0) * (a + 2.0 * half))
        } else {
            -(a + half) * (a + b + half) * x / ((a + 2.0 * half) * (a + 2.0 * half + 1.0))
        };
        d = 1.0 / (1.0 + numerator * d);
        c = 1.0 + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}
