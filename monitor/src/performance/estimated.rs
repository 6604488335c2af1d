//! Performance without labels: confidence-based estimation (CBPE) as NannyML 0.13 computes it. It assumes that a risk still
//! means what it meant on the reference, so it cannot see concept drift.

use super::{LEAST_ROWS, Labelled, Unmeasured, are_risks, calibration, matrix::Matrix};
use crate::report::{Estimate, RANGE};
use dropout_model::{
    metric::{Scored, rank},
    rows::Rows,
};

/// Standard deviations of the reference's chunks from their mean to each limit.
const LIMITS: f64 = 3.0;
/// Fewest whole chunks of the reference from which limits are drawn.
const LEAST_CHUNKS: usize = 2;

/// The metrics that are estimated, in the order of reports.
const METRICS: [&str; 6] = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"];

/// A metric that is expected on a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Name of the metric.
    pub metric: &'static str,
    /// The expected value, 0 to 1.
    pub value: f64,
    /// Its sampling error at the window's size.
    pub error: f64,
    /// Where the value lies on chunks of the reference of the window's size: mean -+ 3 standard deviations, within 0 to 1;
    /// none if the reference has not two such chunks that define the metric.
    pub limits: Option<(f64, f64)>,
    /// The realised value on the whole reference.
    pub reference: f64,
}

impl Expectation {
    /// The line of a report: bounds are 3 sampling errors to each side, within 0 to 1; an alert is a value outside the
    /// limits.
    pub fn estimate(&self) -> Estimate {
        Estimate {
            metric: self.metric.to_owned(),
            value: self.value,
            low: (self.value - RANGE * self.error).max(0.0),
            high: (self.value + RANGE * self.error).min(1.0),
            reference: Some(self.reference),
            alert: self.limits.map(|(low, high)| self.value < low || self.value > high),
        }
    }
}

/// What must hold for the estimates to mean anything, and how small a fall they can show.
pub fn assumption(expectations: &[Expectation]) -> String {
    let base = "Estimated without labels: it holds only if patients changed and the meaning of a risk did not (covariate \
                shift); it cannot see that the same patients now behave differently (concept drift).";
    let area = expectations.iter().find(|expectation| expectation.metric == "roc_auc");
    let fall = area.map(|area| {
        format!(" At this size a fall of ROC AUC below {:.3} cannot be seen.", area.estimate().least_fall())
    });
    format!("{base}{}", fall.unwrap_or_default())
}

/// The metrics to be expected on the risks of a window (one row of each patient), where a risk from `threshold` on is
/// flagged. Risks are calibrated on the reference if that lowers the calibration error out of fold. A metric that is not
/// defined, such as precision without a flagged row, is left out.
pub fn expectations(reference: Labelled<'_>, window: &[f64], threshold: f64) -> Result<Vec<Expectation>, Unmeasured> {
    reference.check()?;
    are_risks(window, "window")?;
    if window.len() < LEAST_ROWS {
        return Err(Unmeasured::FewRows { rows: window.len() });
    }
    let fitted = calibration::needed(reference);
    let chance: Vec<f64> = window.iter().map(|risk| fitted.as_ref().map_or(*risk, |fitted| fitted.at(*risk))).collect();
    let value = expected(&chance, window, threshold);
    let errors = errors(reference, threshold).map(|error| error / libm::sqrt(window.len() as f64));
    let whole = measured(reference, threshold);
    let limits = limits(reference, window.len(), threshold);
    let expectation = |at: usize| Expectation {
        metric: METRICS[at],
        value: value[at],
        error: errors[at],
        limits: limits[at],
        reference: whole[at],
    };
    let all = (0..METRICS.len()).map(expectation);
    Ok(all.filter(|each| [each.value, each.error, each.reference].iter().all(|number| number.is_finite())).collect())
}

/// Metrics by name, in the order of [`METRICS`].
type Values = [f64; 6];

fn values(area: f64, matrix: &Matrix) -> Values {
    [area, matrix.f1(), matrix.precision(), matrix.recall(), matrix.specificity(), matrix.accuracy()]
}

/// Metrics if each row drops out with its chance.
fn expected(chance: &[f64], risk: &[f64], threshold: f64) -> Values {
    let matrix = Matrix::new(chance.iter().copied().zip(risk.iter().map(|risk| *risk >= threshold)));
    values(expected_area(chance, risk), &matrix)
}

/// The area under the expected ROC curve: rows by falling risk, expected counts summed and rounded to 5 decimals as
/// NannyML does, trapezoids between.
fn expected_area(chance: &[f64], risk: &[f64]) -> f64 {
    let mut rows: Vec<(f64, f64)> = risk.iter().copied().zip(chance.iter().copied()).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let rounded = |count: f64| (count * 1e5).round_ties_even() / 1e5;
    let (mut area, mut positive, mut last) = (0.0, 0.0, (0.0, 0.0));
    for (before, (_, chance)) in rows.iter().enumerate() {
        positive += chance;
        let next = (rounded(before as f64 + 1.0 - positive), rounded(positive));
        area += (next.0 - last.0) * (next.1 + last.1) / 2.0;
        last = next;
    }
    area / (last.0 * last.1)
}

/// Metrics with labels.
fn measured(rows: Labelled<'_>, threshold: f64) -> Values {
    let all = rows.risk.len() as u32;
    let table = Rows {
        patient: (0..all).collect(),
        landmark: vec![0; rows.risk.len()],
        label: rows.label.to_vec(),
        ..Rows::default()
    };
    let scored = Scored::new(rows.risk.to_vec(), &table);
    let area = rank::roc_auc(&scored, &scored.even());
    let matrix =
        Matrix::new(flagged(rows, threshold).map(|(label, is_flagged)| (f64::from(u8::from(label)), is_flagged)));
    values(area, &matrix)
}

fn flagged(rows: Labelled<'_>, threshold: f64) -> impl Iterator<Item = (bool, bool)> {
    rows.label.iter().copied().zip(rows.risk.iter().map(move |risk| *risk >= threshold))
}

/// Mean -+ 3 standard deviations over whole chunks of the reference, in its order, of the window's size.
fn limits(reference: Labelled<'_>, size: usize, threshold: f64) -> [Option<(f64, f64)>; 6] {
    let chunks = reference.risk.chunks_exact(size).zip(reference.label.chunks_exact(size));
    let on_chunks: Vec<Values> = chunks.map(|(risk, label)| measured(Labelled { risk, label }, threshold)).collect();
    [0, 1, 2, 3, 4, 5].map(|at: usize| {
        let drawn: Vec<f64> = on_chunks.iter().map(|values| values[at]).filter(|value| !value.is_nan()).collect();
        let reach = LIMITS * deviation(&drawn);
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        (drawn.len() >= LEAST_CHUNKS).then(|| ((mean - reach).max(0.0), (mean + reach).min(1.0)))
    })
}

fn deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    libm::sqrt(numbers.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / count)
}

/// Sampling errors of one row on the reference: the standard deviation of what a row adds to the metric, over the root of
/// the share of rows that add to it (NannyML's sampling error components).
fn errors(reference: Labelled<'_>, threshold: f64) -> Values {
    let matrix =
        Matrix::new(flagged(reference, threshold).map(|(label, is_flagged)| (f64::from(u8::from(label)), is_flagged)));
    let Matrix { true_positive, false_positive, false_negative, true_negative } = matrix;
    let rows = matrix.rows();
    // A share of `yes` in `all` rows that count, each worth `worth`.
    let of = |yes: f64, all: f64, worth: f64| {
        let share = yes / all;
        worth * libm::sqrt(share * (1.0 - share)) / libm::sqrt(all / rows)
    };
    let relevant = true_positive + false_positive + false_negative;
    let worth = relevant / (true_positive + 0.5 * (false_positive + false_negative));
    [
        area_error(reference),
        of(true_positive, relevant, worth),
        of(true_positive, true_positive + false_positive, 1.0),
        of(true_positive, true_positive + false_negative, 1.0),
        of(true_negative, true_negative + false_positive, 1.0),
        of(true_positive + true_negative, rows, 1.0),
    ]
}

/// Of the area as a Mann-Whitney statistic: the share of the commoner label that each row of the rarer label outranks, ties
/// half. (NannyML leaves the order of ties to an unstable sort and differs by that, some parts in a million.)
fn area_error(reference: Labelled<'_>) -> f64 {
    let dropouts = reference.label.iter().filter(|label| **label).count();
    let rare = dropouts * 2 <= reference.label.len();
    let of = |wanted: bool| {
        let rows = reference.risk.iter().zip(reference.label).filter(move |(_, label)| **label == wanted);
        rows.map(|(risk, _)| *risk)
    };
    let mut common: Vec<f64> = of(!rare).collect();
    common.sort_by(f64::total_cmp);
    let below =
        |risk: f64| common.partition_point(|other| *other < risk) + common.partition_point(|other| *other <= risk);
    let outranked: Vec<f64> = of(rare).map(|risk| below(risk) as f64 / (2 * common.len()) as f64).collect();
    deviation(&outranked) / libm::sqrt(outranked.len() as f64 / reference.label.len() as f64)
}
