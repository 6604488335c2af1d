//! Metrics of the order of risks: the area under the ROC curve, pooled and within landmark days.

use super::{Entry, Scored};

/// Area under the ROC curve: the probability that a dropout's risk exceeds a non-dropout's, ties counted half
/// (Hanley and McNeil, Radiology 1982). NaN without both labels.
pub fn roc_auc(scored: &Scored<'_>, weight: &[f64]) -> f64 {
    let (area, positive, negative) = area(scored.entries(&scored.order, weight));
    area / (positive * negative)
}

/// The mean of the areas within each landmark day, weighted by the day's dropouts; days without both labels are left
/// out. It asks whether the model knows the patient or only the calendar. NaN if no day has both labels.
pub fn roc_auc_within_landmark(scored: &Scored<'_>, weight: &[f64]) -> f64 {
    let day = |row: &usize| scored.rows.landmark.get(*row).copied();
    let (mut sum, mut weights) = (0.0, 0.0);
    for rows in scored.within.chunk_by(|a, b| day(a) == day(b)) {
        let (area, positive, negative) = area(scored.entries(rows, weight));
        if positive > 0.0 && negative > 0.0 {
            sum += area / negative;
            weights += positive;
        }
    }
    sum / weights
}

/// Area under the precision-recall curve as average precision: the sum over distinct risks of the gain in recall times the
/// precision reached (scikit-learn's `average_precision_score`). NaN without dropouts.
pub fn pr_auc(scored: &Scored<'_>, weight: &[f64]) -> f64 {
    let (mut sum, mut positive, mut flagged) = (0.0, 0.0, 0.0);
    let (mut tied_positive, mut tied, mut tied_risk) = (0.0, 0.0, f64::INFINITY);
    let mut add = |positive: &mut f64, flagged: &mut f64, tied_positive: f64, tied: f64| {
        *positive += tied_positive;
        *flagged += tied;
        if *flagged > 0.0 {
            sum += tied_positive * *positive / *flagged;
        }
    };
    for entry in scored.entries(&scored.order, weight) {
        if entry.risk != tied_risk {
            add(&mut positive, &mut flagged, tied_positive, tied);
            (tied_positive, tied, tied_risk) = (0.0, 0.0, entry.risk);
        }
        tied += entry.weight;
        tied_positive += entry.positive();
    }
    add(&mut positive, &mut flagged, tied_positive, tied);
    sum / positive
}

/// Weighted count of pairs in the right order, and the weights of both labels, from rows by falling risk.
fn area(entries: impl Iterator<Item = Entry>) -> (f64, f64, f64) {
    let (mut area, mut positive, mut negative) = (0.0, 0.0, 0.0);
    let (mut tied_positive, mut tied_negative, mut tied_risk) = (0.0, 0.0, f64::INFINITY);
    for entry in entries {
        if entry.risk != tied_risk {
            area += tied_negative * (positive + 0.5 * tied_positive);
            positive += tied_positive;
            negative += tied_negative;
            (tied_positive, tied_negative, tied_risk) = (0.0, 0.0, entry.risk);
        }
        tied_positive += entry.positive();
        tied_negative += entry.negative();
    }
    area += tied_negative * (positive + 0.5 * tied_positive);
    (area, positive + tied_positive, negative + tied_negative)
}
