//! Metrics against brute force.

use super::{bootstrap::*, *};
use crate::random::Stream;

fn rows(count: usize, seed: u64) -> (Vec<f64>, Rows) {
    let stream = Stream::new(seed);
    let draw = |n: usize, k: u64| stream.unit(n as u64 * 4 + k);
    let patient: Vec<u32> = (0..count).map(|n| (n / 3) as u32).collect();
    let patients = (0..count.div_ceil(3)).map(|n| format!("P-{n}")).collect();
    // Risks in steps of 0.1, so that many are tied.
    let risk: Vec<f64> = (0..count).map(|n| (draw(n, 0) * 10.0).round() / 10.0).collect();
    let label = risk.iter().enumerate().map(|(n, risk)| draw(n, 1) < 0.2 + 0.5 * risk).collect();
    let landmark = (0..count).map(|n| (n % 3) as u32).collect();
    let landmarks = vec!["14".into(), "28".into(), "56".into()];
    (risk, Rows { patient, patients, label, landmark, landmarks, ..Rows::default() })
}

fn pairs(risk: &[f64], label: &[bool], weight: &[f64]) -> f64 {
    let (mut right, mut all) = (0.0, 0.0);
    for (i, _) in label.iter().enumerate().filter(|(_, label)| **label) {
        for (j, _) in label.iter().enumerate().filter(|(_, label)| !**label) {
            let pair = weight[i] * weight[j];
            all += pair;
            right += pair
                * if risk[i] > risk[j] {
                    1.0
                } else if risk[i] == risk[j] {
                    0.5
                } else {
                    0.0
                };
        }
    }
    right / all
}

#[test]
fn roc_auc_is_the_share_of_pairs_in_order_with_ties_and_weights() {
    let (risk, rows) = rows(91, 5);
    let scored = Scored::new(risk.clone(), &rows);
    let weight: Vec<f64> = (0..91).map(|n| f64::from(n % 4)).collect();
    for weight in [scored.even(), weight] {
        let brute = pairs(&risk, &rows.label, &weight);
        assert!((rank::roc_auc(&scored, &weight) - brute).abs() < 1e-12);
    }
}

#[test]
fn roc_auc_within_landmark_is_the_mean_of_days_weighted_by_dropouts() {
    let (risk, rows) = rows(90, 8);
    let scored = Scored::new(risk.clone(), &rows);
    let (mut sum, mut dropouts) = (0.0, 0.0);
    for day in 0..3_u32 {
        let on = |n: &usize| rows.landmark[*n] == day;
        let risk: Vec<f64> = (0..90).filter(on).map(|n| risk[n]).collect();
        let label: Vec<bool> = (0..90).filter(on).map(|n| rows.label[n]).collect();
        let positive = label.iter().filter(|label| **label).count() as f64;
        sum += positive * pairs(&risk, &label, &vec![1.0; risk.len()]);
        dropouts += positive;
    }
    assert!((rank::roc_auc_within_landmark(&scored, &scored.even()) - sum / dropouts).abs() < 1e-12);
}

#[test]
fn metrics_are_not_numbers_where_the_rows_do_not_define_them() {
    let (risk, mut rows) = rows(30, 5);
    rows.label = vec![true; 30];
    let scored = Scored::new(risk, &rows);
    let even = scored.even();
    assert!(rank::roc_auc(&scored, &even).is_nan());
    assert!(rank::roc_auc_within_landmark(&scored, &even).is_nan());
    assert!(flag::precision(&scored, &even, 2.0).is_nan());
    assert!(calibration::in_the_large(&scored, &even).is_nan());
    assert!(flag::recall_at_capacity(&scored, &even, f64::NAN).is_nan());
}

#[test]
fn flags_count_rows_at_or_above_the_threshold() {
    let (risk, rows) = rows(60, 9);
    let scored = Scored::new(risk.clone(), &rows);
    let even = scored.even();
    let flagged = risk.iter().filter(|risk| **risk >= 0.5).count() as f64;
    let hits = risk.iter().zip(&rows.label).filter(|(risk, label)| **risk >= 0.5 && **label).count() as f64;
    assert_eq!(flag::alert_rate(&scored, &even, 0.5), flagged / 60.0);
    assert_eq!(flag::precision(&scored, &even, 0.5), hits / flagged);
    assert_eq!(flag::recall(&scored, &even, 0.5), hits / rows.positives() as f64);
}

#[test]
fn recall_at_capacity_is_recall_at_the_own_alert_rate_and_the_mean_over_orders_of_ties() {
    let (risk, rows) = rows(60, 9);
    let scored = Scored::new(risk, &rows);
    let even = scored.even();
    let capacity = flag::alert_rate(&scored, &even, 0.5);
    let recall = flag::recall(&scored, &even, 0.5);
    assert!((flag::recall_at_capacity(&scored, &even, capacity) - recall).abs() < 1e-12);
    let flat = Scored::new(vec![0.3; 60], &rows);
    assert!((flag::recall_at_capacity(&flat, &even, 0.25) - 0.25).abs() < 1e-12);
}

#[test]
fn calibration_in_the_large_makes_the_mean_risk_the_mean_outcome() {
    let (risk, rows) = rows(90, 11);
    let risk: Vec<f64> = risk.iter().map(|risk| 0.05 + 0.9 * risk).collect();
    let scored = Scored::new(risk.clone(), &rows);
    let a = calibration::in_the_large(&scored, &scored.even());
    let shifted = |risk: &f64| crate::bundle::logistic(a + (risk / (1.0 - risk)).ln());
    let mean = risk.iter().map(shifted).sum::<f64>() / 90.0;
    assert!((mean - rows.positives() as f64 / 90.0).abs() < 1e-9);
}

#[test]
fn weighting_rows_is_the_same_as_repeating_them() {
    let (risk, rows) = rows(30, 3);
    let weight: Vec<f64> = rows.patient.iter().map(|patient| f64::from(patient % 3)).collect();
    let repeated: Vec<usize> = (0..30).flat_map(|row| std::iter::repeat_n(row, weight[row] as usize)).collect();
    let again = rows.pick(&repeated);
    let whole = Scored::new(repeated.iter().map(|row| risk[*row]).collect(), &again);
    let scored = Scored::new(risk, &rows);
    let operation = Operation { threshold: 0.4, capacity: 0.3 };
    for metric in ALL {
        let a = value(metric, &scored, &weight, operation);
        let b = value(metric, &whole, &whole.even(), operation);
        assert!((a - b).abs() < 1e-9, "{metric:?}: {a} {b}");
    }
}

#[test]
fn bootstrap_is_the_same_for_a_seed_and_covers_the_estimate() {
    let (risk, rows) = rows(300, 4);
    let side = Side { scored: Scored::new(risk, &rows), threshold: 0.5 };
    let all = ALL.map(|metric| (metric, 2_000));
    let first = compare(&side, Some(&side), &all, 1);
    assert_eq!(first, compare(&side, Some(&side), &all, 1));
    assert_ne!(first, compare(&side, Some(&side), &all, 2));
    let more = compare(&side, Some(&side), &[(Metric::Brier, 2_500), (Metric::RocAuc, 2_000)], 1);
    let brier = first.iter().find(|found| found.metric == Metric::Brier).unwrap();
    assert_eq!((more[0].draws.len(), &more[0].draws[..2_000]), (2_500, brier.draws.as_slice()));
    assert_eq!(&more[1], first.iter().find(|found| found.metric == Metric::RocAuc).unwrap());
    for compared in &first {
        let interval = compared.interval(0.95, |candidate, _| candidate);
        assert!(interval.low < compared.candidate && compared.candidate < interval.high, "{:?}", compared.metric);
        let difference = compared.interval(0.95, |candidate, production| candidate - production);
        assert!(difference.low.abs() < 1e-12 && difference.high.abs() < 1e-12);
    }
}

#[test]
fn bootstrap_over_patients_is_wider_than_over_rows() {
    let (risk, mut rows) = rows(300, 4);
    // Three copies of each patient's first row: over rows, this looks like three times the evidence.
    rows.label = (0..300).map(|n| rows.label[n / 3 * 3]).collect();
    let risk: Vec<f64> = (0..300).map(|n| risk[n / 3 * 3]).collect();
    let width = |rows: &Rows| {
        let side = Side { scored: Scored::new(risk.clone(), rows), threshold: 0.5 };
        let auc =
            compare(&side, None, &[(Metric::RocAuc, 2_000)], 1).remove(0).interval(0.95, |candidate, _| candidate);
        auc.high - auc.low
    };
    let by_patient = width(&rows);
    rows.patient = (0..300).collect();
    rows.patients = (0..300).map(|n| format!("P-{n}")).collect();
    assert!(by_patient > 1.4 * width(&rows));
}

#[test]
fn quantile_is_that_of_type_seven() {
    assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.5), 3.0);
    assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 1.0), 8.0);
    assert!(quantile(&[], 0.5).is_nan());
}

#[test]
fn a_level_gets_twenty_draws_beyond_each_bound_up_to_the_most() {
    let resamples = Resamples::default();
    let levels = [0.8, 0.975, 1.0 - 0.05 / 6.0, 1.0 - 0.05 / 20.0, 1.0 - 0.05 / 30.0, 1.0];
    assert_eq!(levels.map(|level| resamples.at(level)), [2_000, 2_000, 4_800, 16_000, 20_000, 20_000]);
}

/// Draws in even steps from -1 to 1 around 0.2: their standard deviation is 1 / sqrt(3).
fn even_draws(count: i32) -> Compared {
    let draws = (0..=count).map(|n| (0.2 - 1.0 + 2.0 * f64::from(n) / f64::from(count), 0.0)).collect();
    Compared { metric: Metric::Brier, candidate: 0.2, production: 0.0, draws }
}

#[test]
fn a_bound_with_few_draws_beyond_it_is_the_more_cautious_of_percentile_and_normal() {
    let at = |count, level| even_draws(count).interval(level, |candidate, _| candidate);
    let near = |found: Interval, low: f64, high: f64| {
        assert!((found.low - low).abs() < 2e-3 && (found.high - high).abs() < 2e-3, "{found:?}");
    };
    // 25 draws lie beyond: the percentile alone, wherever the normal bound would be.
    near(at(2_000, 0.975), 0.2 - 0.975, 0.2 + 0.975);
    // 2.5 draws lie beyond: 0.2 -+ 3.0233 / sqrt(3).
    near(at(2_000, 0.9975), 0.2 - 1.7455, 0.2 + 1.7455);
    // Few draws, but the percentile is the more cautious: the normal bound is 0.2 -+ 1.2816 / sqrt(3).
    near(at(100, 0.8), 0.2 - 0.8, 0.2 + 0.8);
}

#[test]
fn an_interval_is_no_number_if_more_than_a_hundredth_of_its_draws_are_none() {
    let mut compared = even_draws(1_999);
    for draw in compared.draws.iter_mut().take(20) {
        draw.0 = f64::NAN;
    }
    assert!(compared.interval(0.95, |candidate, _| candidate).low.is_finite());
    compared.draws[20].0 = f64::NAN;
    assert!(compared.interval(0.95, |candidate, _| candidate).low.is_nan());
}

#[test]
fn pr_auc_log_loss_and_f1_are_those_of_their_definitions_with_ties_and_weights() {
    let (risk, rows) = rows(91, 5);
    // Inside 0 and 1, where no bound on the logarithm acts.
    let risk: Vec<f64> = risk.iter().map(|risk| 0.05 + 0.9 * risk).collect();
    let scored = Scored::new(risk.clone(), &rows);
    let weight: Vec<f64> = (0..91).map(|n| f64::from(n % 4)).collect();
    for weight in [scored.even(), weight] {
        let sum = |is: &dyn Fn(usize) -> bool| (0..91).filter(|n| is(*n)).map(|n| weight[n]).sum::<f64>();
        let positive = sum(&|n| rows.label[n]);
        let mut thresholds = risk.clone();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let (mut average, mut before) = (0.0, 0.0);
        for threshold in thresholds {
            let (found, flagged) = (sum(&|n| risk[n] >= threshold && rows.label[n]), sum(&|n| risk[n] >= threshold));
            if flagged > 0.0 {
                average += (found - before) / positive * found / flagged;
            }
            before = found;
        }
        assert!((rank::pr_auc(&scored, &weight) - average).abs() < 1e-12);
        let loss = |n: usize| if rows.label[n] { -risk[n].ln() } else { -(1.0 - risk[n]).ln() };
        let mean = (0..91).map(|n| weight[n] * loss(n)).sum::<f64>() / sum(&|_| true);
        assert!((calibration::log_loss(&scored, &weight) - mean).abs() < 1e-12);
        let (recall, precision) = (flag::recall(&scored, &weight, 0.45), flag::precision(&scored, &weight, 0.45));
        let harmonic = 2.0 * recall * precision / (recall + precision);
        assert!((flag::f1(&scored, &weight, 0.45) - harmonic).abs() < 1e-12);
    }
}
