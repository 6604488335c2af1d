//! Golden rows: synthetic rows with their risks, by which every scorer shows that it scores as the trainer did. They are
//! made from the declarations of features, the means of terms and the questions of trees; no patient is in them.

use dropout_model::{
    bundle::{Cell, Golden, Model, Part, Scorer},
    manifest::{Feature, FeatureType, OnMissing},
    trees::{Ensemble, Node},
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
    let free = match model {
        Model::Logistic(model) => {
            let term = model.terms.iter().find(|term| term.feature == feature.name && term.part == Part::Value);
            let (mean, scale) = term.map_or((0.0, 1.0), |term| (term.mean, term.scale));
            let steps = [0.0, -1.0, 1.0, -0.5, 0.5, 2.0, -2.0];
            mean + steps.get(turn % steps.len()).copied().unwrap_or_default() * scale
        }
        Model::Trees(trees) => spread(&questions(&trees.xgboost, &feature.name), turn),
    };
    let (low, high) = (feature.min.unwrap_or(f64::MIN), feature.max.unwrap_or(f64::MAX));
    match feature.kind {
        FeatureType::Integer => free.round().clamp(low.ceil(), high.floor().max(low.ceil())),
        FeatureType::Number | FeatureType::Category => free.clamp(low, high),
    }
}

/// The distinct numbers that an ensemble asks a feature for, rising.
fn questions(ensemble: &Ensemble, name: &str) -> Vec<f64> {
    let Some(at) = ensemble.columns.iter().position(|column| column == name) else { return Vec::new() };
    let asked = |node: &Node| match node {
        Node::Split { column, below, .. } if *column as usize == at => Some(f64::from(*below)),
        Node::Split { .. } | Node::Leaf { .. } => None,
    };
    let nodes = ensemble.trees.iter().flat_map(|tree| &tree.nodes);
    let mut asked: Vec<f64> = nodes.filter_map(asked).filter(|number| number.is_finite()).collect();
    asked.sort_by(f64::total_cmp);
    asked.dedup();
    asked
}

/// A number before, at, between or after the questions: over [`ROWS`] turns it goes from the first to the last.
fn spread(asked: &[f64], turn: usize) -> f64 {
    let (Some(first), Some(last)) = (asked.first(), asked.last()) else { return 0.0 };
    let between = asked.iter().zip(asked.iter().skip(1)).flat_map(|(low, high)| [*low, low + (high - low) / 2.0]);
    let places: Vec<f64> = [first - 1.0].into_iter().chain(between).chain([*last, last + 1.0]).collect();
    let at = (turn % ROWS) * (places.len() - 1) / (ROWS - 1);
    places.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_trees_lie_before_at_between_and_after_their_questions() {
        let places: Vec<f64> = (0..ROWS).map(|turn| spread(&[10.0, 20.0], turn)).collect();
        assert_eq!((places[0], places[ROWS - 1]), (9.0, 21.0));
        assert!([10.0, 15.0, 20.0].iter().all(|place| places.contains(place)), "{places:?}");
        assert_eq!(spread(&[], 3), 0.0);
    }
}
