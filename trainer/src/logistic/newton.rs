//! Newton's steps for penalised logistic regression (iteratively reweighted least squares; McCullagh and Nelder 1989,
//! section 4.4). Sums are taken over pieces of a fixed number of rows, in the order of the rows, and the pieces added in
//! their order, so that the bits do not depend on the number of threads; exp and log from libm.

use super::{FitError, cholesky};
use crate::parallel;

/// Rows of a piece.
const PIECE: usize = 16_384;

/// What is minimised: the summed log loss plus penalty / 2 times the squared length of the coefficients.
pub struct Problem<'a> {
    /// The rows, row-major.
    pub values: &'a [f64],
    /// Number of columns.
    pub width: usize,
    /// The labels.
    pub labels: &'a [bool],
    /// How often each row counts; empty means once.
    pub weights: &'a [f64],
    /// Weight of the penalty; the intercept is free.
    pub penalty: f64,
    /// Most threads.
    pub threads: usize,
}

/// The optimum of a problem.
#[derive(Debug, PartialEq)]
pub struct Solution {
    /// The coefficients, the intercept last.
    pub point: Vec<f64>,
    /// Steps taken.
    pub steps: usize,
    /// The inverse of the Hessian, row-major and whole; the intercept is last. It is that of the point one step before,
    /// where the gradient is already as small as was asked for. None if there is none.
    pub inverse_hessian: Option<Vec<f64>>,
}

/// The loss and its derivatives at one point.
struct State {
    loss: f64,
    gradient: Vec<f64>,
    /// Lower triangle, row-major.
    hessian: Vec<f64>,
}

impl Problem<'_> {
    /// The optimum.
    pub fn solve(&self, tolerance: f64, steps: usize) -> Result<Solution, FitError> {
        let rows = self.weighed().map(|(_, weight)| weight).sum::<f64>();
        let enough = tolerance * rows;
        let mut point = vec![0.0; self.width + 1];
        if let Some(intercept) = point.last_mut() {
            *intercept = self.base_rate_logit();
        }
        let mut state = self.state(&point);
        for step in 1..=steps {
            let Some(direction) = cholesky::solve(&state.hessian, &state.gradient) else { break };
            let steepest = state.gradient.iter().fold(0.0_f64, |most, slope| most.max(slope.abs()));
            if steepest <= enough {
                if self.penalty == 0.0 && state.loss < 1e-6 * rows {
                    // The labels are separable: the loss falls for ever and there is no optimum.
                    break;
                }
                // One more step from here costs nothing, and squares the error.
                let point = moved(&point, &direction, 1.0);
                return Ok(Solution {
                    inverse_hessian: cholesky::inverse(&state.hessian, point.len()),
                    point,
                    steps: step,
                });
            }
            let Some((next, reached)) = self.descended(&point, &direction, state.loss) else { break };
            (point, state) = (next, reached);
        }
        Err(FitError::NotConverged(steps))
    }

    /// The full step, or the first of its halves that does not raise the loss.
    fn descended(&self, point: &[f64], direction: &[f64], loss: f64) -> Option<(Vec<f64>, State)> {
        let slack = 1e-12 * loss.abs().max(1.0);
        let mut share = 1.0;
        for _ in 0..40 {
            let next = moved(point, direction, share);
            let state = self.state(&next);
            if state.loss <= loss + slack {
                return Some((next, state));
            }
            share /= 2.0;
        }
        None
    }

    /// Labels with their weights.
    fn weighed(&self) -> impl Iterator<Item = (bool, f64)> + '_ {
        self.labels.iter().enumerate().map(|(at, label)| (*label, self.weights.get(at).copied().unwrap_or(1.0)))
    }

    fn base_rate_logit(&self) -> f64 {
        let (positive, all) = self.weighed().fold((0.0, 0.0), |(positive, all), (label, weight)| {
            (positive + if label { weight } else { 0.0 }, all + weight)
        });
        libm::log(positive / (all - positive))
    }

    fn state(&self, point: &[f64]) -> State {
        let size = self.width + 1;
        let pieces: Vec<&[bool]> = self.labels.chunks(PIECE).collect();
        let share = pieces.len().div_ceil(self.threads.max(1)).max(1);
        let shares = pieces.chunks(share).enumerate().collect();
        let summed = parallel::each(shares, |(at, pieces): (usize, &[&[bool]])| {
            let starts = (at * share..).map(|piece| piece * PIECE);
            pieces.iter().zip(starts).map(|(labels, start)| self.piece(start, labels, point)).collect::<Vec<_>>()
        });
        let mut state = State::zero(size);
        summed.iter().flatten().for_each(|piece| state.add(piece));
        for (at, coefficient) in point.iter().take(self.width).enumerate() {
            state.loss += 0.5 * self.penalty * coefficient * coefficient;
            if let (Some(slope), Some(bend)) = (state.gradient.get_mut(at), state.hessian.get_mut(at * (size + 1))) {
                *slope += self.penalty * coefficient;
                *bend += self.penalty;
            }
        }
        state
    }

    /// The sums over the rows of one piece.
    fn piece(&self, start: usize, labels: &[bool], point: &[f64]) -> State {
        let mut state = State::zero(self.width + 1);
        let mut row = vec![1.0; self.width + 1];
        for (at, label) in (start..).zip(labels) {
            let weight = self.weights.get(at).copied().unwrap_or(1.0);
            let values = self.values.get(at * self.width..(at + 1) * self.width).unwrap_or_default();
            for (slot, value) in row.iter_mut().zip(values) {
                *slot = *value;
            }
            add(&mut state, (&row, weight), point, *label);
        }
        state
    }
}

impl State {
    fn zero(size: usize) -> Self {
        Self { loss: 0.0, gradient: vec![0.0; size], hessian: vec![0.0; size * size] }
    }

    fn add(&mut self, piece: &Self) {
        self.loss += piece.loss;
        let sums = self.gradient.iter_mut().chain(&mut self.hessian);
        sums.zip(piece.gradient.iter().chain(&piece.hessian)).for_each(|(sum, part)| *sum += part);
    }
}

fn add(state: &mut State, (row, weight): (&[f64], f64), point: &[f64], label: bool) {
    let logit = row.iter().zip(point).fold(0.0, |sum, (x, b)| sum + x * b);
    // One exponential serves the risk, with the bits of `bundle::logistic`, and the loss.
    let odds = libm::exp(-logit.abs());
    let risk = if logit >= 0.0 { 1.0 / (1.0 + odds) } else { odds / (1.0 + odds) };
    let away = if label { -logit } else { logit };
    state.loss += weight * (away.max(0.0) + libm::log1p(odds));
    let miss = weight * (risk - f64::from(u8::from(label)));
    let bend = weight * risk * (1.0 - risk);
    let lines = state.hessian.chunks_exact_mut(row.len());
    for (at, ((line, slope), value)) in lines.zip(&mut state.gradient).zip(row).enumerate() {
        *slope += miss * value;
        let scaled = bend * value;
        for (entry, other) in line.iter_mut().zip(row).take(at + 1) {
            *entry += scaled * other;
        }
    }
}

fn moved(point: &[f64], direction: &[f64], share: f64) -> Vec<f64> {
    point.iter().zip(direction).map(|(at, step)| at - share * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_model::random::Stream;

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let stream = Stream::new(4);
        let values: Vec<f64> = (0..160_000).map(|n| 2.0 * stream.unit(n) - 1.0).collect();
        let labels: Vec<bool> =
            values.chunks(2).zip(200_000..).map(|(row, n)| stream.unit(n) < 0.3 + 0.2 * row[0]).collect();
        let fit = |threads| {
            Problem { values: &values, width: 2, labels: &labels, weights: &[], penalty: 1.0, threads }.solve(1e-10, 50)
        };
        let one = fit(1).unwrap();
        for threads in [2, 3, 4, 8] {
            assert_eq!(fit(threads).unwrap(), one, "{threads} threads");
        }
    }
}
