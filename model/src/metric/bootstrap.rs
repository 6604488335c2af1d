//! The paired bootstrap over patients: how sure a metric, and a difference of two models, can be. Patients are drawn with
//! all their rows, since the rows of one patient resemble each other (Field and Welsh, JRSS B 2007).

use super::{Operation, Scored, flag, normal::deviate, value};
use crate::{manifest::Metric, random::Stream};

/// Fewest draws beyond a bound for the percentile to be trusted alone.
const TAIL: f64 = 20.0;

/// How many resamples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resamples {
    /// For every metric.
    pub least: usize,
    /// At most, for metrics that decide at a level whose tails need more.
    pub most: usize,
}

impl Default for Resamples {
    fn default() -> Self {
        Self { least: 2_000, most: 20_000 }
    }
}

impl Resamples {
    /// Resamples for an interval at `level`: so many that 20 lie beyond each bound, between `least` and `most`.
    pub fn at(self, level: f64) -> usize {
        // A level such as 1 - 0.05 / 6 is not exact.
        let needed = (TAIL / tail(level) - 1e-6).ceil();
        if needed < self.most as f64 { (needed as usize).max(self.least) } else { self.most }
    }
}

/// A model's risks on the holdout and its threshold.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The scored rows.
    pub scored: Scored<'a>,
    /// The decision threshold.
    pub threshold: f64,
}

/// A metric of both models, on the holdout and on every resample of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The metric.
    pub metric: Metric,
    /// The candidate's value.
    pub candidate: f64,
    /// Production's value; NaN for a first model.
    pub production: f64,
    /// Values of both on each resample.
    pub draws: Vec<(f64, f64)>,
}

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    const UNKNOWN: Self = Self { low: f64::NAN, high: f64::NAN };
}

impl Compared {
    /// The percentile interval (Efron and Tibshirani 1993, section 13.3) at a level of any number made from a
    /// candidate's and production's value. NaN if more than 1 % of the resamples do not define it.
    ///
    /// Where fewer than 20 draws lie beyond a bound, a percentile is little more than the most extreme draw. Then each
    /// bound is the more cautious of the percentile and of estimate -+ z * standard deviation of the draws (the standard
    /// interval, section 13.2).
    pub fn interval(&self, level: f64, number: impl Fn(f64, f64) -> f64) -> Interval {
        let mut drawn: Vec<f64> =
            self.draws.iter().map(|(candidate, production)| number(*candidate, *production)).collect();
        drawn.retain(|number| !number.is_nan());
        if drawn.is_empty() || drawn.len() * 100 < self.draws.len() * 99 {
            return Interval::UNKNOWN;
        }
        drawn.sort_by(f64::total_cmp);
        let tail = tail(level);
        let percentile = Interval { low: quantile(&drawn, tail), high: quantile(&drawn, 1.0 - tail) };
        // A hundredth of the draws may be missing.
        if drawn.len() as f64 * tail >= 0.99 * TAIL {
            return percentile;
        }
        let spread = deviate(tail) * standard_deviation(&drawn);
        let estimate = number(self.candidate, self.production);
        let cautious =
            Interval { low: percentile.low.min(estimate - spread), high: percentile.high.max(estimate + spread) };
        if estimate.is_nan() { Interval::UNKNOWN } else { cautious }
    }
}

/// The share of draws beyond each bound of a two-sided interval.
fn tail(level: f64) -> f64 {
    (1.0 - level) / 2.0
}

fn standard_deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
    libm::sqrt(squares / (count - 1.0).max(1.0))
}

/// The quantile of sorted numbers by linear interpolation (type 7 of Hyndman and Fan, American Statistician 1996).
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as usize).min(last);
    let low = sorted.get(below).copied().unwrap_or(f64::NAN);
    let high = sorted.get((below + 1).min(last)).copied().unwrap_or(f64::NAN);
    low + (place - below as f64) * (high - low)
}

/// Metrics of both sides, each with its number of paired resamples. The same rows and seed give the same numbers, and the
/// first resamples are the same for any number of them.
pub fn compare(
    candidate: &Side<'_>,
    production: Option<&Side<'_>>,
    wanted: &[(Metric, usize)],
    seed: i64,
) -> Vec<Compared> {
    let metrics: Vec<Metric> = wanted.iter().map(|(metric, _)| *metric).collect();
    let estimate = both((candidate, production), &metrics, &candidate.scored.even());
    let start = |(metric, (candidate, production))| Compared { metric, candidate, production, draws: Vec::new() };
    let mut compared: Vec<Compared> = metrics.iter().copied().zip(estimate).map(start).collect();
    let rows = candidate.scored.rows;
    let stream = Stream::new(seed as u64).part(0x626f_6f74);
    let mut weight = vec![0.0; rows.len()];
    for resample in 0..wanted.iter().map(|(_, resamples)| *resamples).max().unwrap_or(0) {
        let times = times_drawn(stream.part(resample as u64), rows.patients.len());
        for (weight, patient) in weight.iter_mut().zip(&rows.patient) {
            *weight = times.get(*patient as usize).copied().unwrap_or_default();
        }
        let open: Vec<usize> = (0..wanted.len()).filter(|at| is_open(wanted, *at, resample)).collect();
        let metrics: Vec<Metric> = open.iter().filter_map(|at| metrics.get(*at)).copied().collect();
        for (at, drawn) in open.iter().zip(both((candidate, production), &metrics, &weight)) {
            if let Some(compared) = compared.get_mut(*at) {
                compared.draws.push(drawn);
            }
        }
    }
    compared
}

fn is_open(wanted: &[(Metric, usize)], at: usize, resample: usize) -> bool {
    wanted.get(at).is_some_and(|(_, resamples)| resample < *resamples)
}

/// How often each patient is drawn.
fn times_drawn(stream: Stream, patients: usize) -> Vec<f64> {
    let mut times = vec![0.0; patients];
    for draw in 0..patients as u64 {
        if let Some(slot) = times.get_mut(stream.below(draw, patients as u64) as usize) {
            *slot += 1.0;
        }
    }
    times
}

/// Metrics of both models under the same weights. Capacity is production's alert rate on the same rows, for a first
/// model the candidate's.
fn both(
    (candidate, production): (&Side<'_>, Option<&Side<'_>>),
    metrics: &[Metric],
    weight: &[f64],
) -> Vec<(f64, f64)> {
    let served = production.unwrap_or(candidate);
    let needs_capacity = metrics.contains(&Metric::RecallAtCapacity);
    let capacity = if needs_capacity { flag::alert_rate(&served.scored, weight, served.threshold) } else { f64::NAN };
    let of = |side: &Side<'_>, metric| {
        value(metric, &side.scored, weight, Operation { threshold: side.threshold, capacity })
    };
    let pair = |&metric| (of(candidate, metric), production.map_or(f64::NAN, |side| of(side, metric)));
    metrics.iter().map(pair).collect()
}
