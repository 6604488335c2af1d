//! The Epps-Singleton test: whether two samples have the same characteristic function. It compares at two frequencies and
//! sees nothing between them.

use super::{Numbers, Unscorable, special::chi_square_tail};
use dropout_model::metric::bootstrap::quantile;

/// Frequencies in units of one over half the interquartile range (Epps and Singleton 1986).
const FREQUENCIES: [f64; 2] = [0.4, 0.8];
/// Fewest values of a side.
const LEAST_VALUES: usize = 5;
/// Variance of a cosine or sine that is rounding.
const NO_VARIANCE: f64 = 1e-13;
/// Values of both sides below which the statistic is corrected for size.
const SMALL: usize = 25;

type Vector = [f64; 4];
type Matrix = [Vector; 4];

/// p-value of the Epps-Singleton test (Goerg and Kaiser, Stata Journal 2009; SciPy's `epps_singleton_2samp`). An error if
/// half of the pooled values are the same, or with fewer than 5 on a side.
pub(super) fn epps_singleton(reference: &Numbers, window: &Numbers) -> Result<f64, Unscorable> {
    let sides = [reference, window];
    let half = pooled_quartiles(reference, window);
    if half <= 0.0 || sides.iter().any(|side| side.len() < LEAST_VALUES) {
        return Err(Unscorable::Constant);
    }
    let [n, m] = sides.map(|side| side.len() as f64);
    let [left, right] = sides.map(|side| moments(side.values(), half));
    let all = n + m;
    let mut covariance = [[0.0; 4]; 4];
    for (row, line) in covariance.iter_mut().enumerate() {
        for (column, cell) in line.iter_mut().enumerate() {
            *cell = all / n * left.1[row][column] + all / m * right.1[row][column];
        }
    }
    let difference: Vector = [0, 1, 2, 3].map(|at: usize| left.0[at] - right.0[at]);
    let (form, rank) = inverse_form(covariance, difference);
    let is_small = reference.len().max(window.len()) < SMALL;
    let correction = 1.0 + libm::pow(all, -0.45) + 10.1 * (libm::pow(n, -1.7) + libm::pow(m, -1.7));
    let statistic = all * form / if is_small { correction } else { 1.0 };
    Ok(chi_square_tail(statistic, rank))
}

/// Half the interquartile range of both sides together.
fn pooled_quartiles(reference: &Numbers, window: &Numbers) -> f64 {
    let mut pooled = [reference.values(), window.values()].concat();
    pooled.sort_unstable_by(f64::total_cmp);
    (quantile(&pooled, 0.75) - quantile(&pooled, 0.25)) / 2.0
}

/// Means and covariances (divided by n) of the cosines and sines.
fn moments(values: &[f64], half: f64) -> (Vector, Matrix) {
    let waves = |value: f64| {
        let [slow, fast] = FREQUENCIES.map(|frequency| frequency / half * value);
        [libm::cos(slow), libm::cos(fast), libm::sin(slow), libm::sin(fast)]
    };
    let count = values.len() as f64;
    let mut mean = [0.0; 4];
    for value in values {
        for (mean, wave) in mean.iter_mut().zip(waves(*value)) {
            *mean += wave / count;
        }
    }
    let mut covariance = [[0.0; 4]; 4];
    for value in values {
        let wave = waves(*value);
        for (row, line) in covariance.iter_mut().enumerate() {
            for (column, cell) in line.iter_mut().enumerate() {
                *cell += (wave[row] - mean[row]) * (wave[column] - mean[column]) / count;
            }
        }
    }
    (mean, covariance)
}

/// d' M^+ d with the pseudo-inverse of a covariance, and its rank. Cosines and sines have a size of 1, so that an
/// eigenvalue below 1e-13 is rounding: such a direction counts only if the means differ along it, and then nothing can
/// make up for it. (SciPy lets rounding decide there, and its number is not the same on every machine.)
fn inverse_form(matrix: Matrix, difference: Vector) -> (f64, f64) {
    let (values, vectors) = eigen(matrix);
    let (mut form, mut rank) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let along: f64 = vectors.iter().zip(difference).map(|(row, difference)| row[at] * difference).sum();
        if *value > NO_VARIANCE {
            form += along * along / value;
            rank += 1.0;
            continue;
        }
        if along * along > NO_VARIANCE {
            return (f64::INFINITY, 1.0);
        }
    }
    (form, rank)
}

/// Eigenvalues and eigenvectors (in columns) of a symmetric matrix, by Jacobi's rotations.
fn eigen(mut matrix: Matrix) -> (Vector, Matrix) {
    let mut vectors = [[0.0; 4]; 4];
    for (at, row) in vectors.iter_mut().enumerate() {
        row[at] = 1.0;
    }
    for _ in 0..60 {
        for p in 0..3 {
            for q in p + 1..4 {
                rotate(&mut matrix, &mut vectors, (p, q));
            }
        }
    }
    ([0, 1, 2, 3].map(|at: usize| matrix[at][at]), vectors)
}

/// Turns the plane of `p` and `q` so that their entry vanishes.
fn rotate(matrix: &mut Matrix, vectors: &mut Matrix, (p, q): (usize, usize)) {
    if matrix[p][q] == 0.0 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = theta.signum() / (theta.abs() + libm::sqrt(theta * theta + 1.0));
    let cosine = 1.0 / libm::sqrt(tangent * tangent + 1.0);
    let sine = tangent * cosine;
    let turn = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
    for row in matrix.iter_mut().chain(vectors.iter_mut()) {
        (row[p], row[q]) = turn(row[p], row[q]);
    }
    let (upper, lower) = matrix.split_at_mut(q);
    for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
        (*x, *y) = turn(*x, *y);
    }
}
