//! Boosted trees from rows: which columns there are, what is imputed, and how many trees. It grows none itself.

use crate::{
    boosting::{BoostingError, BoostingParams, best_rounds},
    design::usual,
    logistic::dataset,
    parallel,
    recipe::folds,
};
use dropout_model::{
    bundle::{Cell, Part},
    input::{BadInput, Reason},
    manifest::{Feature, FeatureType, Manifest, OnMissing},
    rows::{Column, Rows},
    split::FOLDS,
    trees::{Ensemble, Trees},
};
use linfa::{ParamGuard, traits::Fit};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Most trees of an ensemble.
pub const MOST_ROUNDS: usize = 400;
/// Repeat of the cross-validation in which the number of trees is chosen; no other use is made of its folds.
const REPEAT: u32 = u32::MAX;

/// The columns that trees see: a number as it is, a category as one column for each level. A missing value stays missing
/// (each split learns where it goes) unless the feature is imputed.
struct Columns {
    names: Vec<String>,
    places: Vec<(usize, Part)>,
    imputed: BTreeMap<String, Cell>,
}

impl Columns {
    fn learn(features: &[Feature], columns: &[Column]) -> Self {
        let mut learned = Self { names: Vec::new(), places: Vec::new(), imputed: BTreeMap::new() };
        for (at, (feature, column)) in features.iter().zip(columns).enumerate() {
            if feature.when_missing() == OnMissing::Impute {
                learned.imputed.insert(feature.name.clone(), usual(feature, column));
            }
            for (name, part) in named_parts(feature) {
                learned.names.push(name);
                learned.places.push((at, part));
            }
        }
        learned
    }

    /// The values of rows, a row of the matrix for each; NaN is a missing value.
    fn matrix(&self, features: &[Feature], rows: &Rows) -> Array2<f64> {
        let mut matrix = Array2::from_elem((rows.len(), self.places.len()), f64::NAN);
        for (mut target, (at, part)) in matrix.columns_mut().into_iter().zip(&self.places) {
            let (Some(feature), Some(column)) = (features.get(*at), rows.columns.get(*at)) else { continue };
            let imputed = self.imputed.get(&feature.name).unwrap_or(&Cell::Missing);
            for (row, slot) in target.iter_mut().enumerate() {
                let cell = column.cell(feature, row);
                let cell = if cell == Cell::Missing { imputed } else { &cell };
                if *cell != Cell::Missing {
                    *slot = part.number(cell, cell);
                }
            }
        }
        matrix
    }
}

/// The columns of a feature with their names: a number by the feature's name, a level as `feature=value`.
fn named_parts(feature: &Feature) -> Vec<(String, Part)> {
    match feature.kind {
        FeatureType::Number | FeatureType::Integer => vec![(feature.name.clone(), Part::Value)],
        FeatureType::Category => {
            let named = |value: &String| (format!("{}={value}", feature.name), Part::Is(value.clone()));
            feature.values.iter().map(named).collect()
        }
    }
}

fn params(manifest: &Manifest, columns: &Columns, (rounds, positive_weight): (usize, f64)) -> BoostingParams {
    let monotone = |(at, _): &(usize, Part)| manifest.features.get(*at).and_then(|feature| feature.monotone);
    BoostingParams::default()
        .rounds(rounds)
        .positive_weight(positive_weight)
        .monotone(columns.places.iter().map(monotone).collect())
        .columns(columns.names.clone())
        .seed(manifest.training.seed)
        .threads(parallel::available())
}

/// Grows an ensemble of `rounds` trees in which a dropout row counts `positive_weight` times.
pub fn fit(manifest: &Manifest, rows: &Rows, made: (usize, f64)) -> Result<Trees, BadInput> {
    let columns = Columns::learn(&manifest.features, &rows.columns);
    let records = dataset(columns.matrix(&manifest.features, rows), &rows.label);
    let grown: Result<Ensemble, BoostingError> = params(manifest, &columns, made).fit(&records);
    Ok(Trees { xgboost: grown.map_err(refused)?, imputed: columns.imputed })
}

/// The number of trees with the least log loss on rows of patients that the trees never saw: early stopping on the sum over
/// the folds, in a cross-validation of its own.
pub fn rounds(manifest: &Manifest, rows: &Rows) -> Result<usize, BadInput> {
    let folds = folds(manifest, rows, REPEAT);
    let mut losses = Vec::new();
    for fold in 0..FOLDS {
        let (held, others): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|row| folds.get(*row) == Some(&fold));
        if !held.is_empty() {
            losses.push((held.len(), watched(manifest, &rows.pick(&others), &rows.pick(&held))?));
        }
    }
    Ok(best_rounds(&losses))
}

/// The log loss on held rows after each tree. Weights of dropouts are left out: what they do to the loss would be undone
/// anyway.
fn watched(manifest: &Manifest, rows: &Rows, held: &Rows) -> Result<Vec<f64>, BadInput> {
    let columns = Columns::learn(&manifest.features, &rows.columns);
    let records = dataset(columns.matrix(&manifest.features, rows), &rows.label);
    let held = (&columns.matrix(&manifest.features, held), held.label.as_slice());
    let params = params(manifest, &columns, (MOST_ROUNDS, 1.0)).check().map_err(refused)?;
    Ok(params.fit_watched(&records, Some(held)).map_err(refused)?.1)
}

fn refused(error: BoostingError) -> BadInput {
    BadInput::new(Reason::FewDropouts, format!("no trees can be grown on the training rows: {error}"))
}
