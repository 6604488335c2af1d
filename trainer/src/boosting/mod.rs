//! Gradient boosted trees behind linfa's traits: parameters are checked before use, and `fit` gives the ensemble that
//! bundles keep. The same rows, parameters and seed give the same bits on any processor and for any number of threads.
//! It scales nothing, fills nothing in and knows no features.

mod bins;
mod error;
mod grow;
mod histogram;
mod rounds;
mod split;

pub use error::BoostingError;

use bins::Values;
use dropout_model::{manifest::Monotone, trees::Ensemble};
use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::{Array1, Array2, ArrayBase, Data, Ix2};
use rounds::Lesson;
use split::Rule;

/// Parameters that were not checked yet.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostingParams(ValidBoostingParams);

/// Checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidBoostingParams {
    rounds: usize,
    depth: usize,
    rate: f64,
    row_share: f64,
    column_share: f64,
    positive_weight: f64,
    seed: i64,
    threads: usize,
    columns: Option<Vec<String>>,
    rule: Rule,
}

impl Default for BoostingParams {
    fn default() -> Self {
        Self(ValidBoostingParams {
            rounds: 150,
            depth: 3,
            rate: 0.05,
            row_share: 0.8,
            column_share: 0.8,
            positive_weight: 1.0,
            seed: 0,
            threads: crate::parallel::available(),
            columns: None,
            rule: Rule { penalty: 5.0, least_cover: 5.0, monotone: Vec::new() },
        })
    }
}

impl BoostingParams {
    /// Number of trees. Default 150.
    pub fn rounds(self, rounds: usize) -> Self {
        Self(ValidBoostingParams { rounds, ..self.0 })
    }

    /// Most questions from a root to a leaf, 1 to 12. Default 3.
    pub fn depth(self, depth: usize) -> Self {
        Self(ValidBoostingParams { depth, ..self.0 })
    }

    /// Share of each tree's logits that is added, XGBoost's `eta`. Default 0.05.
    pub fn rate(self, rate: f64) -> Self {
        Self(ValidBoostingParams { rate, ..self.0 })
    }

    /// Weight of half the squared leaf values beside the summed log loss, XGBoost's `lambda`. Default 5.
    pub fn penalty(mut self, penalty: f64) -> Self {
        self.0.rule.penalty = penalty;
        self
    }

    /// Least sum of second derivatives in a leaf, XGBoost's `min_child_weight`. Default 5.
    pub fn least_cover(mut self, least_cover: f64) -> Self {
        self.0.rule.least_cover = least_cover;
        self
    }

    /// Share of the rows that each tree is grown on, drawn anew. Default 0.8.
    pub fn row_share(self, row_share: f64) -> Self {
        Self(ValidBoostingParams { row_share, ..self.0 })
    }

    /// Share of the columns that each tree may ask about, drawn anew, rounded down but at least one. Default 0.8.
    pub fn column_share(self, column_share: f64) -> Self {
        Self(ValidBoostingParams { column_share, ..self.0 })
    }

    /// What a row with a positive label weighs beside one with a negative label. Default 1.
    pub fn positive_weight(self, positive_weight: f64) -> Self {
        Self(ValidBoostingParams { positive_weight, ..self.0 })
    }

    /// For each column the way in which the risk may go with it, all else equal. Default: no column is held.
    pub fn monotone(mut self, monotone: Vec<Option<Monotone>>) -> Self {
        self.0.rule.monotone = monotone;
        self
    }

    /// Names of the columns, for the ensemble and for errors. Default f0, f1 and so on, as XGBoost has it.
    pub fn columns(self, columns: Vec<String>) -> Self {
        Self(ValidBoostingParams { columns: Some(columns), ..self.0 })
    }

    /// Seed of the drawn rows and columns. Default 0.
    pub fn seed(self, seed: i64) -> Self {
        Self(ValidBoostingParams { seed, ..self.0 })
    }

    /// Most threads; the fit is the same for any number. Default: as many as the machine runs at once.
    pub fn threads(self, threads: usize) -> Self {
        Self(ValidBoostingParams { threads, ..self.0 })
    }
}

impl ParamGuard for BoostingParams {
    type Checked = ValidBoostingParams;
    type Error = BoostingError;

    fn check_ref(&self) -> Result<&Self::Checked, BoostingError> {
        let checked = &self.0;
        let is_share = |share: f64| share > 0.0 && share <= 1.0;
        let is_at_least_zero = |number: f64| number.is_finite() && number >= 0.0;
        let weight = checked.positive_weight;
        let rules = [
            ("number of rounds", checked.rounds as f64, checked.rounds > 0, "at least 1"),
            ("depth", checked.depth as f64, (1..=12).contains(&checked.depth), "1 to 12"),
            ("learning rate", checked.rate, is_share(checked.rate), "above 0 and at most 1"),
            ("share of rows", checked.row_share, is_share(checked.row_share), "above 0 and at most 1"),
            ("share of columns", checked.column_share, is_share(checked.column_share), "above 0 and at most 1"),
            ("weight of positive rows", weight, weight.is_finite() && weight > 0.0, "a positive finite number"),
            (
                "penalty",
                checked.rule.penalty,
                is_at_least_zero(checked.rule.penalty),
                "zero or a positive finite number",
            ),
            (
                "least cover",
                checked.rule.least_cover,
                is_at_least_zero(checked.rule.least_cover),
                "zero or a positive finite number",
            ),
            ("number of threads", checked.threads as f64, (1..=256).contains(&checked.threads), "1 to 256"),
        ];
        match rules.iter().find(|(_, _, is_kept, _)| !is_kept) {
            Some((name, value, _, wanted)) => Err(BoostingError::Range { name, value: *value, wanted }),
            None => Ok(checked),
        }
    }

    fn check(self) -> Result<Self::Checked, BoostingError> {
        self.check_ref().cloned()
    }
}

impl<D: Data<Elem = f64>> Fit<ArrayBase<D, Ix2>, Array1<bool>, BoostingError> for ValidBoostingParams {
    type Object = Ensemble;

    /// Boosts on rows (rows x columns, NaN is missing) with the dataset's weights if it has any.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, Array1<bool>>) -> Result<Ensemble, BoostingError> {
        self.fit_watched(dataset, None).map(|(ensemble, _)| ensemble)
    }
}

impl ValidBoostingParams {
    /// Fits, and says how good the risks of other rows (rows x columns, and their labels) would be with fewer trees: their
    /// mean log loss, natural logarithm, without a tree and after each round, so `rounds` + 1 numbers; none if no rows are
    /// watched. The ensemble of `n` rounds is the first `n` trees.
    ///
    /// # Errors
    /// Only one label; shapes that do not match; an infinite value; a weight that is negative or not a number.
    pub fn fit_watched<D: Data<Elem = f64>>(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, Array1<bool>>,
        watched: Option<(&Array2<f64>, &[bool])>,
    ) -> Result<(Ensemble, Vec<f64>), BoostingError> {
        let records = dataset.records.as_standard_layout();
        let labels = dataset.targets.to_vec();
        let weights: Vec<f64> = dataset.weights.iter().copied().map(f64::from).collect();
        self.check_shapes(records.dim(), (labels.len(), weights.len()))?;
        error::check_labels(&labels, &weights)?;
        let others = watched.map(|(rows, labels)| (rows.as_standard_layout(), labels));
        if let Some((rows, labels)) = &others {
            error::check_watched((rows.dim(), labels.len()), records.ncols())?;
        }
        let lesson = Lesson {
            values: values(&records),
            labels: &labels,
            weights: Some(weights.as_slice()).filter(|weights| !weights.is_empty()),
            watched: others.as_ref().map(|(rows, labels)| (values(rows), *labels)),
        };
        rounds::boost(self, &lesson).map_err(|column| self.infinite(column, records.ncols()))
    }

    fn check_shapes(
        &self,
        (rows, width): (usize, usize),
        (labels, weights): (usize, usize),
    ) -> Result<(), BoostingError> {
        if labels != rows || (weights != 0 && weights != rows) {
            return Err(BoostingError::Lengths { rows, labels, weights });
        }
        if u32::try_from(rows).is_err() {
            return Err(BoostingError::TooManyRows(rows));
        }
        let named = self.columns.as_ref().map_or(width, Vec::len);
        if width == 0 || named != width {
            return Err(BoostingError::Columns { columns: width, named });
        }
        let held = self.rule.monotone.len();
        if held > width { Err(BoostingError::Columns { columns: width, named: held }) } else { Ok(()) }
    }

    fn names(&self, width: usize) -> Vec<String> {
        self.columns.clone().unwrap_or_else(|| (0..width).map(|column| format!("f{column}")).collect())
    }

    fn infinite(&self, column: usize, width: usize) -> BoostingError {
        BoostingError::Infinite { column: self.names(width).swap_remove(column) }
    }
}

fn values<D: Data<Elem = f64>>(rows: &ArrayBase<D, Ix2>) -> Values<'_> {
    Values { width: rows.ncols(), numbers: rows.as_slice().unwrap_or_default() }
}

/// The number of rounds with the least mean log loss over rows kept out of several fits, each with the number of its
/// watched rows and its losses of [`ValidBoostingParams::fit_watched`]. Of equal ones the fewest; at least 1; 0 only if
/// there are no losses.
pub fn best_rounds(folds: &[(usize, Vec<f64>)]) -> usize {
    let shortest = folds.iter().map(|(_, losses)| losses.len()).min().unwrap_or_default();
    let loss = |round: usize| folds.iter().filter_map(|(rows, losses)| Some(*rows as f64 * losses.get(round)?)).sum();
    let losses: Vec<f64> = (1..shortest).map(loss).collect();
    losses.iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(at, _)| at + 1)
}
