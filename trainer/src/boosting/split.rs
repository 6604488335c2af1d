//! The best question to ask of the rows of a node: XGBoost's gain (Chen and Guestrin, KDD 2016, equation 7), the way of
//! missing values learned, risks kept monotone where that is asked.

use super::histogram::{Histogram, MISSING_SLOT, Pair, Unit, minus, plus};
use dropout_model::manifest::Monotone;

/// Gains up to this are rounding (XGBoost's `kRtEps`).
const NO_GAIN: f64 = 1e-6;

/// What limits a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Weight of half the squared leaf values beside the loss, XGBoost's `lambda`.
    pub penalty: f64,
    /// Least sum of second derivatives on each side, XGBoost's `min_child_weight`.
    pub least_cover: f64,
    /// For each column the way in which the risk may go with it; columns beyond the end are free.
    pub monotone: Vec<Option<Monotone>>,
}

/// The values that a node's leaves may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// Any value.
    pub const FREE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

/// A question and what it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The column.
    pub column: usize,
    /// Rows whose bin is at most this go left.
    pub bin: u8,
    /// Where rows without a value go.
    pub missing_left: bool,
    /// Sums of the left rows.
    pub left: Pair,
    /// Sums of the right rows.
    pub right: Pair,
    /// What the loss falls by.
    pub gain: f64,
}

/// The rows of a node, summed.
#[derive(Clone, Copy, Debug)]
pub struct Sums<'a> {
    /// By column and bin.
    pub histogram: &'a Histogram,
    /// Over all rows.
    pub total: Pair,
    /// What a step of a pair is.
    pub unit: Unit,
    /// The values that the node's leaves may have.
    pub bounds: Bounds,
}

/// A column of a node.
#[derive(Clone, Copy)]
struct Place<'a> {
    sums: Sums<'a>,
    column: usize,
    way: Option<Monotone>,
    /// What the loss is without a split.
    unsplit: f64,
}

impl Rule {
    /// The value of a leaf, before the learning rate: -G / (H + penalty), kept inside the bounds.
    pub fn value(&self, (first, second): (f64, f64), bounds: Bounds) -> f64 {
        let curvature = second + self.penalty;
        if curvature > 0.0 { (-first / curvature).clamp(bounds.low, bounds.high) } else { 0.0 }
    }

    /// The split with the largest gain among columns, each with its number of cuts; of equal ones the first, and missing
    /// values to the left. None if no split lowers the loss.
    pub fn best(&self, sums: Sums<'_>, columns: &[(usize, usize)]) -> Option<Split> {
        let unsplit = self.score(sums.unit.derivatives(sums.total), sums.bounds);
        let mut best: Option<Split> = None;
        for (column, cuts) in columns {
            let way = self.way(*column);
            let place = Place { sums, column: *column, way, unsplit };
            self.scan(place, *cuts, &mut best);
        }
        best
    }

    /// The bounds of both children of a split, as XGBoost passes them down: a monotone split parts them at the middle.
    pub fn bounds(&self, split: &Split, unit: Unit, bounds: Bounds) -> (Bounds, Bounds) {
        let value = |side| self.value(unit.derivatives(side), bounds);
        let middle = (value(split.left) + value(split.right)) / 2.0;
        let (below, above) = (Bounds { high: middle, ..bounds }, Bounds { low: middle, ..bounds });
        match self.way(split.column) {
            None => (bounds, bounds),
            Some(Monotone::Increasing) => (below, above),
            Some(Monotone::Decreasing) => (above, below),
        }
    }

    fn way(&self, column: usize) -> Option<Monotone> {
        self.monotone.get(column).copied().flatten()
    }

    fn scan(&self, place: Place<'_>, cuts: usize, best: &mut Option<Split>) {
        let Some(slots) = place.sums.histogram.get(place.column) else { return };
        let missing = slots[MISSING_SLOT];
        let mut known = [0, 0];
        for (bin, slot) in slots.iter().take(cuts).enumerate() {
            if *slot == [0, 0] {
                // The same rows on both sides as with the cut before.
                continue;
            }
            known = plus(known, *slot);
            self.consider(place, (bin as u8, true, plus(known, missing)), best);
            if missing != [0, 0] {
                self.consider(place, (bin as u8, false, known), best);
            }
        }
    }

    fn consider(&self, place: Place<'_>, (bin, missing_left, left): (u8, bool, Pair), best: &mut Option<Split>) {
        let Sums { total, unit, bounds, .. } = place.sums;
        let right = minus(total, left);
        let (on_left, on_right) = (unit.derivatives(left), unit.derivatives(right));
        if on_left.1 < self.least_cover || on_right.1 < self.least_cover || self.is_forbidden(place, on_left, on_right)
        {
            return;
        }
        let gain = self.score(on_left, bounds) + self.score(on_right, bounds) - place.unsplit;
        if gain > best.map_or(NO_GAIN, |best| best.gain) {
            *best = Some(Split { column: place.column, bin, missing_left, left, right, gain });
        }
    }

    fn is_forbidden(&self, place: Place<'_>, left: (f64, f64), right: (f64, f64)) -> bool {
        let value = |side| self.value(side, place.sums.bounds);
        match place.way {
            None => false,
            Some(Monotone::Increasing) => value(left) > value(right),
            Some(Monotone::Decreasing) => value(left) < value(right),
        }
    }

    /// Twice what the best leaf lowers the loss by: G^2 / (H + penalty) if its value is free.
    fn score(&self, (first, second): (f64, f64), bounds: Bounds) -> f64 {
        let curvature = second + self.penalty;
        if curvature <= 0.0 {
            return 0.0;
        }
        if bounds == Bounds::FREE {
            return first * first / curvature;
        }
        let value = self.value((first, second), bounds);
        -(2.0 * first * value + curvature * value * value)
    }
}
