//! From columns of features to a standardised matrix: what is imputed, which terms there are, their means and scales.
//! All of it is learned from training rows only.

use dropout_model::{
    bundle::{Cell, Logistic, Part, Term, parts},
    input::{BadInput, Reason},
    manifest::{Feature, OnMissing},
    metric::bootstrap::quantile,
    rows::Column,
};
use ndarray::Array2;
use std::collections::BTreeMap;

/// How rows become numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    terms: Vec<(usize, Term)>,
    imputed: BTreeMap<String, Cell>,
}

impl Design {
    /// Learns medians, most frequent values, means and scales.
    pub fn learn(features: &[Feature], columns: &[Column]) -> Self {
        let mut design = Self { terms: Vec::new(), imputed: BTreeMap::new() };
        for (at, (feature, column)) in features.iter().zip(columns).enumerate() {
            if feature.when_missing() != OnMissing::Refuse {
                design.imputed.insert(feature.name.clone(), usual(feature, column));
            }
            for part in parts(feature) {
                let numbers = design.numbers(feature, column, &part);
                let (mean, scale) = moments(&numbers);
                let term =
                    Term { feature: feature.name.clone(), part, mean, scale, coefficient: 0.0, standard_error: None };
                design.terms.push((at, term));
            }
        }
        design
    }

    /// The standardised terms of rows, a row of the matrix for each.
    pub fn matrix(&self, features: &[Feature], columns: &[Column]) -> Array2<f64> {
        let count = columns.first().map_or(0, |column| match column {
            Column::Numbers(numbers) => numbers.len(),
            Column::Levels(levels) => levels.len(),
        });
        let mut matrix = Array2::zeros((count, self.terms.len()));
        for (mut target, (at, term)) in matrix.columns_mut().into_iter().zip(&self.terms) {
            let (Some(feature), Some(column)) = (features.get(*at), columns.get(*at)) else { continue };
            for (slot, number) in target.iter_mut().zip(self.numbers(feature, column, &term.part)) {
                *slot = (number - term.mean) / term.scale;
            }
        }
        matrix
    }

    /// The terms: position of the feature and what is taken from it.
    pub fn parts(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.terms.iter().map(|(at, term)| (*at, &term.part))
    }

    /// The model that a fit on the matrix means for rows.
    pub fn model(&self, intercept: f64, coefficients: impl IntoIterator<Item = f64>) -> Logistic {
        let terms = self.terms.iter().zip(coefficients);
        let terms = terms.map(|((_, term), coefficient)| Term { coefficient, ..term.clone() }).collect();
        Logistic { intercept, terms, imputed: self.imputed.clone() }
    }

    /// The numbers of one term before scaling; the same as [`Part::number`] gives cell by cell.
    fn numbers(&self, feature: &Feature, column: &Column, part: &Part) -> Vec<f64> {
        let one_if = |yes: bool| f64::from(u8::from(yes));
        match (column, part) {
            (Column::Numbers(numbers), Part::Missing) => numbers.iter().map(|number| one_if(number.is_nan())).collect(),
            (Column::Numbers(numbers), _) => {
                let usual = match self.imputed.get(&feature.name) {
                    Some(Cell::Number(number)) => *number,
                    Some(Cell::Category(_) | Cell::Missing) | None => 0.0,
                };
                numbers.iter().map(|number| if number.is_nan() { usual } else { *number }).collect()
            }
            (Column::Levels(levels), Part::Is(level)) => {
                let is = |name: Option<&str>| name == Some(level.as_str());
                let usual = match self.imputed.get(&feature.name) {
                    Some(Cell::Category(category)) => is(Some(category)),
                    Some(Cell::Number(_) | Cell::Missing) | None => false,
                };
                let known: Vec<bool> = feature.values.iter().map(|value| is(Some(value))).collect();
                levels.iter().map(|at| one_if(known.get(usize::from(*at)).copied().unwrap_or(usual))).collect()
            }
            (Column::Levels(levels), _) => levels.iter().map(|level| one_if(*level == Column::MISSING)).collect(),
        }
    }
}

/// Refuses a feature without any value: there is nothing to impute from.
pub fn check_values(features: &[Feature], columns: &[Column]) -> Result<(), BadInput> {
    for (feature, column) in features.iter().zip(columns) {
        let is_empty = match column {
            Column::Numbers(numbers) => numbers.iter().all(|number| number.is_nan()),
            Column::Levels(levels) => levels.iter().all(|level| *level == Column::MISSING),
        };
        if is_empty {
            let message = format!("column '{}' has no value in any training row; remove the feature", feature.name);
            return Err(BadInput::new(Reason::MissingValue, message));
        }
    }
    Ok(())
}

/// The median of numbers, the most frequent level (of equals the first declared).
pub fn usual(feature: &Feature, column: &Column) -> Cell {
    match column {
        Column::Numbers(numbers) => {
            let mut known: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
            known.sort_by(f64::total_cmp);
            Cell::Number(if known.is_empty() { 0.0 } else { quantile(&known, 0.5) })
        }
        Column::Levels(levels) => {
            let count = |at: usize| levels.iter().filter(|level| usize::from(**level) == at).count();
            let often = (0..feature.values.len()).rev().max_by_key(|at| count(*at));
            often.and_then(|at| feature.values.get(at)).map_or(Cell::Missing, |level| Cell::Category(level.clone()))
        }
    }
}

/// Mean and population standard deviation; the scale of a constant column is 1, by scikit-learn's rule for rounding.
fn moments(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().fold(0.0, |sum, x| sum + x) / count;
    let variance = numbers.iter().fold(0.0, |sum, x| sum + (x - mean) * (x - mean)) / count;
    let rounding = count * mean * f64::EPSILON;
    let is_constant = variance <= count * f64::EPSILON * variance + rounding * rounding;
    (mean, if is_constant { 1.0 } else { libm::sqrt(variance) })
}
