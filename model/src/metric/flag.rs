//! Metrics of flagged rows: recall, precision and alert rate at a threshold, and recall at a given capacity. A row is
//! flagged if its risk is at least the threshold.

use super::Scored;

/// Share of dropout rows that are flagged: TP / (TP + FN). NaN without dropouts.
pub fn recall(scored: &Scored<'_>, weight: &[f64], threshold: f64) -> f64 {
    let flags = flags(scored, weight, threshold);
    flags.true_positive / flags.positive
}

/// Share of flagged rows that are dropouts: TP / (TP + FP). NaN if no row is flagged.
pub fn precision(scored: &Scored<'_>, weight: &[f64], threshold: f64) -> f64 {
    let flags = flags(scored, weight, threshold);
    flags.true_positive / flags.flagged
}

/// Share of rows that are flagged: (TP + FP) / n. NaN without rows.
pub fn alert_rate(scored: &Scored<'_>, weight: &[f64], threshold: f64) -> f64 {
    let flags = flags(scored, weight, threshold);
    flags.flagged / flags.all
}

/// Harmonic mean of recall and precision: 2 TP / (flagged + dropouts) (van Rijsbergen 1979). NaN without rows of either.
pub fn f1(scored: &Scored<'_>, weight: &[f64], threshold: f64) -> f64 {
    let flags = flags(scored, weight, threshold);
    2.0 * flags.true_positive / (flags.flagged + flags.positive)
}

/// Share of dropout rows among the `capacity` share of rows with the largest risks. Rows tied at the edge are flagged in
/// part, each the same part, so no shift of the risks and no order of the file changes the number. NaN without dropouts
/// or without a capacity.
pub fn recall_at_capacity(scored: &Scored<'_>, weight: &[f64], capacity: f64) -> f64 {
    let all: f64 = scored.entries(&scored.order, weight).map(|entry| entry.weight).sum();
    let mut room = capacity * all;
    let (mut found, mut positive) = (0.0, 0.0);
    let (mut tied_positive, mut tied, mut tied_risk) = (0.0, 0.0, f64::INFINITY);
    for entry in scored.entries(&scored.order, weight) {
        if entry.risk != tied_risk {
            found += flagged_part(room, tied) * tied_positive;
            room -= tied;
            (tied_positive, tied, tied_risk) = (0.0, 0.0, entry.risk);
        }
        tied += entry.weight;
        tied_positive += entry.positive();
        positive += entry.positive();
    }
    found += flagged_part(room, tied) * tied_positive;
    if capacity.is_nan() { f64::NAN } else { found / positive }
}

fn flagged_part(room: f64, tied: f64) -> f64 {
    if tied > 0.0 { (room / tied).clamp(0.0, 1.0) } else { 0.0 }
}

struct Flags {
    true_positive: f64,
    flagged: f64,
    positive: f64,
    all: f64,
}

fn flags(scored: &Scored<'_>, weight: &[f64], threshold: f64) -> Flags {
    let mut flags = Flags { true_positive: 0.0, flagged: 0.0, positive: 0.0, all: 0.0 };
    for row in 0..scored.rows.len() {
        let entry = scored.entry(row, weight);
        flags.all += entry.weight;
        flags.positive += entry.positive();
        if entry.risk >= threshold {
            flags.flagged += entry.weight;
            flags.true_positive += entry.positive();
        }
    }
    flags
}
