//! Curves of the order of risks: ROC and precision-recall, with as many points as an eye can tell apart.

use super::{FEWEST, MOST_POINTS, Point};
use dropout_model::metric::Scored;
use std::collections::BTreeSet;

/// What is flagged at or above a risk.
struct Flagged {
    positive: usize,
    other: usize,
    patients: usize,
}

/// Share of dropouts flagged over share of other rows flagged, at every distinct risk from the largest down (Fawcett,
/// Pattern Recognition Letters 2006), thinned evenly along the curve.
pub(super) fn roc(scored: &Scored<'_>) -> Vec<Point> {
    let steps = steps(scored);
    let Some(Flagged { positive: all, other: others, .. }) = steps.last() else { return Vec::new() };
    let (all, others) = (*all as f64, *others as f64);
    let point = |step: &Flagged| Point { x: step.other as f64 / others, y: step.positive as f64 / all };
    let points = std::iter::once(Point { x: 0.0, y: 0.0 }).chain(steps.iter().map(point)).collect();
    thinned(points, |point| point.x + point.y)
}

/// Precision at every gain in recall, from the largest risk down: the points that average precision sums over, thinned
/// evenly in recall.
pub(super) fn precision_recall(scored: &Scored<'_>) -> Vec<Point> {
    let steps = steps(scored);
    let all = steps.last().map_or(0, |step| step.positive) as f64;
    let point = |step: &Flagged| Point {
        x: step.positive as f64 / all,
        y: step.positive as f64 / (step.positive + step.other) as f64,
    };
    let mut points: Vec<Point> = steps.iter().filter(|step| step.patients >= FEWEST).map(point).collect();
    points.dedup_by_key(|point| point.x);
    thinned(points, |point| point.x)
}

/// What is flagged at every distinct risk, from the largest down.
fn steps(scored: &Scored<'_>) -> Vec<Flagged> {
    let risk = |row: usize| scored.risk.get(row).copied().unwrap_or(f64::NAN);
    let mut order: Vec<usize> = (0..scored.rows.len()).collect();
    order.sort_by(|a, b| risk(*b).total_cmp(&risk(*a)));
    let (mut positive, mut other, mut seen) = (0, 0, BTreeSet::<u32>::new());
    let tied = order.chunk_by(|a, b| risk(*a) == risk(*b));
    let step = |rows: &[usize]| {
        let found = rows.iter().filter(|row| scored.rows.label.get(**row) == Some(&true)).count();
        positive += found;
        other += rows.len() - found;
        seen.extend(rows.iter().filter_map(|row| scored.rows.patient.get(*row)));
        Flagged { positive, other, patients: seen.len() }
    };
    tied.map(step).collect()
}

/// At most [`MOST_POINTS`] of the points, evenly spaced by a key that never falls; the first and the last stay.
fn thinned(points: Vec<Point>, key: impl Fn(&Point) -> f64) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first().map(&key), points.last().map(&key)) else { return points };
    if points.len() <= MOST_POINTS {
        return points;
    }
    let wanted = (0..MOST_POINTS).map(|nth| first + (last - first) * nth as f64 / (MOST_POINTS - 1) as f64);
    let mut places: Vec<usize> =
        wanted.map(|wanted| points.partition_point(|point| key(point) < wanted).min(points.len() - 1)).collect();
    if let Some(end) = places.last_mut() {
        *end = points.len() - 1;
    }
    places.dedup();
    places.into_iter().filter_map(|place| points.get(place)).copied().collect()
}
