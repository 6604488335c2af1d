//! Isotonic calibration of risks, and whether it is needed. It never changes the model.

use super::Labelled;
use dropout_model::random::Stream;

/// Parts that are held out in turn.
const FOLDS: usize = 10;
/// Bins of the calibration error.
const BINS: usize = 10;
/// Seed of the folds; any other would do.
const SEED: u64 = 0;

/// A rising function through knots, linear between them and flat outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Isotonic {
    /// Risk and calibrated risk, both rising.
    knots: Vec<(f64, f64)>,
}

impl Isotonic {
    /// Fits by pooling neighbours that fall (Barlow et al. 1972), each distinct risk weighted by its rows.
    pub(super) fn fit(reference: Labelled<'_>, rows: impl Iterator<Item = usize>) -> Self {
        let row = |row: usize| Some((*reference.risk.get(row)?, f64::from(u8::from(*reference.label.get(row)?))));
        let mut pairs: Vec<(f64, f64)> = rows.filter_map(row).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut blocks: Vec<Block> = Vec::new();
        for tied in pairs.chunk_by(|a, b| a.0 == b.0) {
            let sum = tied.iter().map(|pair| pair.1).sum();
            let mut block =
                Block { sum, rows: tied.len() as f64, risks: vec![tied.first().map_or(0.0, |pair| pair.0)] };
            while let Some(last) = blocks.pop_if(|last| last.mean() >= block.mean()) {
                block = last.with(block);
            }
            blocks.push(block);
        }
        let knots = blocks.iter().flat_map(|block| block.risks.iter().map(|risk| (*risk, block.mean()))).collect();
        Self { knots }
    }

    /// The calibrated risk.
    pub(super) fn at(&self, risk: f64) -> f64 {
        let above = self.knots.partition_point(|knot| knot.0 <= risk);
        let below = above.checked_sub(1).and_then(|at| self.knots.get(at));
        match (below, self.knots.get(above)) {
            (Some((x, y)), Some((next_x, next_y))) => y + (next_y - y) * (risk - x) / (next_x - x),
            (Some((_, y)), None) | (None, Some((_, y))) => *y,
            (None, None) => risk,
        }
    }
}

/// Neighbouring risks with one calibrated risk.
struct Block {
    sum: f64,
    rows: f64,
    risks: Vec<f64>,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.rows
    }

    fn with(mut self, next: Self) -> Self {
        self.risks.extend(next.risks);
        Self { sum: self.sum + next.sum, rows: self.rows + next.rows, risks: self.risks }
    }
}

/// The calibration of the reference; none if risks have a smaller calibration error as they are, out of fold.
pub(super) fn needed(reference: Labelled<'_>) -> Option<Isotonic> {
    let folds = folds(reference.label);
    let mut calibrated = vec![0.0; reference.risk.len()];
    for held_out in 0..FOLDS {
        let is_held_out = |row: &usize| folds.get(*row) == Some(&held_out);
        let fitted = Isotonic::fit(reference, (0..reference.risk.len()).filter(|row| !is_held_out(row)));
        for row in (0..reference.risk.len()).filter(is_held_out) {
            if let (Some(to), Some(from)) = (calibrated.get_mut(row), reference.risk.get(row)) {
                *to = fitted.at(*from);
            }
        }
    }
    let is_better = error(&calibrated, reference.label) < error(reference.risk, reference.label);
    is_better.then(|| Isotonic::fit(reference, 0..reference.risk.len()))
}

/// By row: its fold, dropouts and others spread evenly over the folds in an order drawn from a seed.
fn folds(label: &[bool]) -> Vec<usize> {
    let stream = Stream::new(SEED);
    let mut order: Vec<usize> = (0..label.len()).collect();
    order.sort_by_key(|row| (label.get(*row).copied(), stream.bits(*row as u64)));
    let mut folds = vec![0; label.len()];
    for (at, row) in order.into_iter().enumerate() {
        if let Some(fold) = folds.get_mut(row) {
            *fold = at % FOLDS;
        }
    }
    folds
}

/// Expected calibration error: the mean over 10 bins of equally many rows of the distance of mean risk and share of
/// dropouts (Naeini et al., AAAI 2015).
fn error(risk: &[f64], label: &[bool]) -> f64 {
    let mut pairs: Vec<(f64, bool)> = risk.iter().copied().zip(label.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows = pairs.len();
    let bins = (0..BINS).filter_map(|bin| pairs.get(bin * rows / BINS..(bin + 1) * rows / BINS));
    let off =
        |bin: &[(f64, bool)]| bin.iter().map(|(risk, label)| risk - f64::from(u8::from(*label))).sum::<f64>().abs();
    bins.map(off).sum::<f64>() / rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falling_neighbours_are_pooled_and_the_rest_is_interpolated() {
        let risk = [0.1, 0.2, 0.2, 0.4, 0.8];
        let label = [false, true, true, false, true];
        let fitted = Isotonic::fit(Labelled { risk: &risk, label: &label }, 0..5);
        let third = 2.0 / 3.0;
        assert_eq!(fitted.knots, [(0.1, 0.0), (0.2, third), (0.4, third), (0.8, 1.0)]);
        assert_eq!([0.0, 0.3, 1.0].map(|risk| fitted.at(risk)), [0.0, third, 1.0]);
        assert!((fitted.at(0.6) - (third + 1.0) / 2.0).abs() < 1e-15);
    }

    #[test]
    fn calibration_is_needed_for_distorted_risks_and_not_for_true_ones() {
        let stream = Stream::new(5);
        let risk: Vec<f64> = (0..4000).map(|row| stream.part(0).unit(row)).collect();
        let label: Vec<bool> = (0..4000).map(|row| stream.part(1).unit(row) < risk[row as usize]).collect();
        let distorted: Vec<f64> = risk.iter().map(|risk| risk * risk * risk).collect();
        assert!(needed(Labelled { risk: &distorted, label: &label }).is_some());
        // Risks that are exact leave nothing to mend: each bin holds its own share.
        let exact: Vec<f64> = (0..4000).map(|row| f64::from(u8::from(row % 2 == 0)) * 0.5 + 0.25).collect();
        let label: Vec<bool> = (0..4000).map(|row| if row % 2 == 0 { row % 8 != 0 } else { row % 8 == 1 }).collect();
        assert_eq!(needed(Labelled { risk: &exact, label: &label }), None);
    }
}
