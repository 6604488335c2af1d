//! The paired bootstrap over patients: how sure a metric, and a difference of two models, can be. Patients are drawn with
//! all their rows, since the rows of one patient resemble each other (Field and Welsh, JRSS B 2007).

use super::{Operation, Scored, flag, value};
use crate::{manifest::Metric, random::Stream};

/// Number of resamples.
pub const RESAMPLES: usize = 2_000;

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

/// A percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Compared {
    /// The percentile interval (Efron and Tibshirani 1993, section 13.3) at a level of any number made from a
    /// candidate's and production's value. NaN if more than 1 % of the resamples do not define it.
    pub fn interval(&self, level: f64, number: impl Fn(f64, f64) -> f64) -> Interval {
        let mut drawn: Vec<f64> =
            self.draws.iter().map(|(candidate, production)| number(*candidate, *production)).collect();
        drawn.retain(|number| !number.is_nan());
        if drawn.is_empty() || drawn.len() * 100 < self.draws.len() * 99 {
            return Interval { low: f64::NAN, high: f64::NAN };
        }
        drawn.sort_by(f64::total_cmp);
        let tail = (1.0 - level) / 2.0;
        Interval { low: quantile(&drawn, tail), high: quantile(&drawn, 1.0 - tail) }
    }
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

/// All metrics of both sides with `RESAMPLES` paired resamples. The same rows and seed give the same numbers.
pub fn compare(candidate: &Side<'_>, production: Option<&Side<'_>>, seed: i64) -> Vec<Compared> {
    let estimate = both(candidate, production, &candidate.scored.even());
    let mut compared: Vec<Compared> = super::ALL
        .iter()
        .zip(estimate)
        .map(|(&metric, (candidate, production))| Compared {
            metric,
            candidate,
            production,
            draws: Vec::with_capacity(RESAMPLES),
        })
        .collect();
    let rows = candidate.scored.rows;
    let stream = Stream::new(seed as u64).part(0x626f_6f74);
    let mut weight = vec![0.0; rows.len()];
    for resample in 0..RESAMPLES {
        let times = times_drawn(stream.part(resample as u64), rows.patients.len());
        for (weight, patient) in weight.iter_mut().zip(&rows.patient) {
            *weight = times.get(*patient as usize).copied().unwrap_or_default();
        }
        for (compared, drawn) in compared.iter_mut().zip(both(candidate, production, &weight)) {
            compared.draws.push(drawn);
        }
    }
    compared
}

/// How often each patient is drawn.
pub fn times_drawn(stream: Stream, patients: usize) -> Vec<f64> {
    let mut times = vec![0.0; patients];
    for draw in 0..patients as u64 {
        if let Some(slot) = times.get_mut(stream.below(draw, patients as u64) as usize) {
            *slot += 1.0;
        }
    }
    times
}

/// All metrics of both models under the same weights. Capacity is production's alert rate on the same rows, for a first
/// model the candidate's.
fn both(candidate: &Side<'_>, production: Option<&Side<'_>>, weight: &[f64]) -> Vec<(f64, f64)> {
    let served = production.unwrap_or(candidate);
    let capacity = flag::alert_rate(&served.scored, weight, served.threshold);
    let of = |side: &Side<'_>, metric| {
        value(metric, &side.scored, weight, Operation { threshold: side.threshold, capacity })
    };
    let pair = |&metric| (of(candidate, metric), production.map_or(f64::NAN, |side| of(side, metric)));
    super::ALL.iter().map(pair).collect()
}
