//! Golden rows: synthetic rows with their risks, by which every scorer shows that it scores as the trainer did. They are
//! made from the declarations of features and the means of terms; no patient is in them.

use dropout_model::{
    bundle::{Cell, Golden, Model, Part, Scorer},
    manifest::{Feature, FeatureType, OnMissing},
};

/// Rows made.
const ROWS: usize = 10;

/// Rows that move each feature through its range, its levels and, where that is allowed, a missing value.
pub fn golden(features: &[Feature], model: &Model, scorer: &Scorer) -> Vec<Golden> {
    let row = |row: usize| {
        let cells: Vec<Cell> =
            features.iter().enumerate().map(|(at, feature)| cell(feature, model, row + at)).collect();
        Golden { risk: scorer.risk(&cells), cells }
    };
    (0..ROWS).map(row).collect()
}

fn cell(feature: &Feature, model: &Model, turn: usize) -> Cell {
    if turn % ROWS == ROWS - 1 && feature.when_missing() != OnMissing::Refuse {
        return Cell::Missing;
    }
    match feature.kind {
        FeatureType::Number | FeatureType::Integer => Cell::Number(number(feature, model, turn)),
        FeatureType::Category => {
            let level = feature.values.get(turn % feature.values.len().max(1));
            level.map_or(Cell::Missing, |level| Cell::Category(level.clone()))
        }
    }
}

fn number(feature: &Feature, model: &Model, turn: usize) -> f64 {
    let (mean, scale) = match model {
        Model::Logistic(model) => {
            let term = model.terms.iter().find(|term| term.feature == feature.name && term.part == Part::Value);
            term.map_or((0.0, 1.0), |term| (term.mean, term.scale))
        }
        Model::Trees(_) => (0.0, 1.0),
    };
    let steps = [0.0, -1.0, 1.0, -0.5, 0.5, 2.0, -2.0];
    let free = mean + steps.get(turn % steps.len()).copied().unwrap_or_default() * scale;
    let (low, high) = (feature.min.unwrap_or(f64::MIN), feature.max.unwrap_or(f64::MAX));
    match feature.kind {
        FeatureType::Integer => free.round().clamp(low.ceil(), high.floor().max(low.ceil())),
        FeatureType::Number | FeatureType::Category => free.clamp(low, high),
    }
}
