//! Decision curves: what flagging at a threshold is worth, against flagging everybody or nobody.

use dropout_model::metric::{Scored, bootstrap::Side};
use serde::Serialize;

/// Net benefit at a threshold, in true calls for each row, by whom to call. Calling nobody is worth 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Benefit {
    /// The risk from which one would call: at t, one true call is worth (1 - t) / t false ones.
    pub threshold: f64,
    /// Calling as the candidate says.
    pub candidate: f64,
    /// Calling as production says; none for a first model.
    pub production: Option<f64>,
    /// Calling everybody.
    pub everybody: f64,
}

/// Net benefits at the thresholds 0.01, 0.02, ... 0.60.
pub(super) fn benefits(candidate: &Side<'_>, production: Option<&Side<'_>>) -> Vec<Benefit> {
    let at = |hundredths: u32| {
        let threshold = f64::from(hundredths) / 100.0;
        Benefit {
            threshold,
            candidate: net(&candidate.scored, threshold, threshold),
            production: production.map(|side| net(&side.scored, threshold, threshold)),
            everybody: net(&candidate.scored, threshold, 0.0),
        }
    };
    (1..=60).map(at).collect()
}

/// TP / n - FP / n * t / (1 - t) with all rows flagged whose risk is at least `from` (Vickers and Elkin, Medical Decision
/// Making 2006).
fn net(scored: &Scored<'_>, threshold: f64, from: f64) -> f64 {
    let flagged = scored.risk.iter().zip(&scored.rows.label).filter(|(risk, _)| **risk >= from);
    let (mut positive, mut other) = (0_u32, 0_u32);
    for (_, label) in flagged {
        if *label { positive += 1 } else { other += 1 }
    }
    let all = scored.rows.len() as f64;
    f64::from(positive) / all - f64::from(other) / all * threshold / (1.0 - threshold)
}
