//! Metrics of the size of risks: Brier's score and calibration in the large.

use super::Scored;

const STEPS: usize = 50;

/// Mean squared difference of risk and outcome (Brier, Monthly Weather Review 1950). NaN without rows.
pub fn brier(scored: &Scored<'_>, weight: &[f64]) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for row in 0..scored.rows.len() {
        let entry = scored.entry(row, weight);
        let miss = entry.risk - f64::from(u8::from(entry.label));
        sum += entry.weight * miss * miss;
        all += entry.weight;
    }
    sum / all
}

/// Mean negative log likelihood of the outcome in nats, risks held inside 1e-15 and 1 - 1e-15. NaN without rows.
pub fn log_loss(scored: &Scored<'_>, weight: &[f64]) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for (loss, weight) in scored.loss.iter().zip(weight) {
        sum += weight * loss;
        all += weight;
    }
    sum / all
}

/// The loss of one row: -ln(risk) of a dropout, else -ln(1 - risk).
pub(super) fn loss(risk: f64, label: bool) -> f64 {
    let risk = risk.clamp(1e-15, 1.0 - 1e-15);
    if label { -libm::log(risk) } else { -libm::log1p(-risk) }
}

/// The intercept a of logit P(dropout) = a + logit(risk), by maximum likelihood (Cox, Biometrika 1958): 0 is perfect,
/// negative means risk is overstated. NaN without both labels.
///
/// Newton's steps on a. With u = (1 - risk) / risk the fitted risk is 1 / (1 + u e^-a), so a resample needs no logarithm.
pub fn in_the_large(scored: &Scored<'_>, weight: &[f64]) -> f64 {
    let weighted = || scored.rows.label.iter().zip(weight);
    let positive: f64 = weighted().filter(|(label, _)| **label).map(|(_, weight)| weight).sum();
    let all: f64 = weighted().map(|(_, weight)| weight).sum();
    if positive <= 0.0 || positive >= all {
        return f64::NAN;
    }
    let mut intercept = 0.0;
    for _ in 0..STEPS {
        let shift = libm::exp(-intercept);
        let (mut expected, mut variance) = (0.0, 0.0);
        for (against, weight) in scored.against.iter().zip(weight) {
            let risk = 1.0 / (1.0 + against * shift);
            expected += weight * risk;
            variance += weight * risk * (1.0 - risk);
        }
        let step = ((positive - expected) / variance).clamp(-2.0, 2.0);
        intercept += step;
        if step.is_nan() || step.abs() < 1e-10 {
            break;
        }
    }
    intercept
}

/// (1 - risk) / risk, the risk held inside 1e-15 and 1 - 1e-15.
pub(super) fn odds_against(risk: f64) -> f64 {
    let risk = risk.clamp(1e-15, 1.0 - 1e-15);
    (1.0 - risk) / risk
}
