//! What thresholds cost and bring out of fold, and the reference scores. Nothing is rounded.

use dropout_model::{bundle::OperatingPoint, metric::bootstrap::quantile};

/// Most points of a curve.
pub const MOST_POINTS: usize = 512;

/// Recall and alert rate at thresholds in rising order: at every distinct risk if there are at most [`MOST_POINTS`], else
/// at risks spread evenly over the dropouts and over all rows. Each threshold is a risk that occurs.
pub fn points(risk: &[f64], label: &[bool]) -> Vec<OperatingPoint> {
    let all = sorted(risk.iter().copied());
    let dropouts = sorted(risk.iter().zip(label).filter(|(_, label)| **label).map(|(risk, _)| *risk));
    let mut thresholds = all.clone();
    thresholds.dedup();
    if thresholds.len() > MOST_POINTS {
        thresholds = sorted(spread(&dropouts).chain(spread(&all)));
        thresholds.dedup();
    }
    let point = |threshold: f64| OperatingPoint {
        threshold,
        recall: share_at_least(&dropouts, threshold),
        alert_rate: share_at_least(&all, threshold),
    };
    thresholds.into_iter().map(point).collect()
}

/// The 0, 5, 10, ... 100 % quantiles of risk.
pub fn reference(risk: &[f64]) -> Vec<f64> {
    let sorted = sorted(risk.iter().copied());
    (0..=20).map(|twentieth| quantile(&sorted, f64::from(twentieth) / 20.0)).collect()
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Half as many of the numbers as a curve may have, evenly spaced, the first and the last among them.
fn spread(sorted: &[f64]) -> impl Iterator<Item = f64> + '_ {
    let (last, steps) = (sorted.len().saturating_sub(1), MOST_POINTS / 2 - 1);
    (0..=steps).filter_map(move |step| sorted.get(step * last / steps).copied())
}

fn share_at_least(sorted: &[f64], threshold: f64) -> f64 {
    let below = sorted.partition_point(|number| *number < threshold);
    (sorted.len() - below) as f64 / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_rise_and_tell_the_share_at_or_above_each_threshold() {
        let found = points(&[0.1, 0.4, 0.4, 0.9], &[false, true, false, true]);
        let point = |threshold, recall, alert_rate| OperatingPoint { threshold, recall, alert_rate };
        assert_eq!(found, [point(0.1, 1.0, 1.0), point(0.4, 1.0, 0.75), point(0.9, 0.5, 0.25)]);
    }

    #[test]
    fn a_long_curve_is_cut_to_512_points_and_keeps_its_ends() {
        let risk: Vec<f64> = (0..5_000).map(|n| f64::from(n) / 5_000.0).collect();
        let label: Vec<bool> = (0..5_000).map(|n| n % 3 == 0).collect();
        let found = points(&risk, &label);
        assert!(found.len() <= MOST_POINTS && found.len() > 400);
        assert_eq!((found[0].threshold, found[0].recall), (0.0, 1.0));
        assert_eq!(found[found.len() - 1].threshold, 4_999.0 / 5_000.0);
        assert!(found.windows(2).all(|pair| pair[0].threshold < pair[1].threshold && pair[0].recall >= pair[1].recall));
        let near = found.iter().rev().find(|point| point.recall >= 0.8).unwrap();
        assert!(near.recall < 0.805);
    }

    #[test]
    fn reference_has_21_quantiles() {
        let reference = reference(&[0.0, 1.0]);
        assert_eq!((reference.len(), reference[0], reference[10], reference[20]), (21, 0.0, 0.5, 1.0));
    }
}
