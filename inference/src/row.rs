//! From the body of a request to a row of cells, each within its feature's bounds. It never keeps the patient's id and
//! never repeats a value.

use crate::{
    body::{self, Given},
    problem::Problem,
};
use dropout_model::{
    bundle::Cell,
    manifest::{Feature, FeatureType, OnMissing},
};
use std::collections::{HashMap, HashSet};

/// Field of the patient's identifier.
pub const PATIENT_ID: &str = "patient_id";

/// A row that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The cells, in the order of the bundle's features.
    pub cells: Vec<Cell>,
    /// Positions of the features that were missing.
    pub imputed: Vec<usize>,
}

/// What the body of a request must hold: a patient id and one field for each feature.
#[derive(Clone, Debug)]
pub struct Form {
    features: Vec<Feature>,
    places: HashMap<String, usize>,
    ignored: HashSet<String>,
}

impl Form {
    /// A form for these features, and names that may stand beside them; the error says which part of a bundle cannot be used.
    pub fn new(features: &[Feature], ignored: &[String]) -> Result<Self, String> {
        let names = features.iter().enumerate();
        let places: HashMap<_, _> = names.map(|(at, feature)| (feature.name.clone(), at)).collect();
        if places.len() != features.len() {
            return Err("list of features (one is named twice)".into());
        }
        if places.contains_key(PATIENT_ID) {
            return Err(format!("feature named {PATIENT_ID}"));
        }
        Ok(Self { features: features.to_vec(), places, ignored: ignored.iter().cloned().collect() })
    }

    /// Names of the features at some positions.
    pub fn names(&self, positions: &[usize]) -> Vec<&str> {
        let features = positions.iter().filter_map(|at| self.features.get(*at));
        features.map(|feature| feature.name.as_str()).collect()
    }

    /// The features, in the order of the bundle.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Position of the feature with a name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Whether a name that is no feature may stand in a body all the same.
    pub fn ignores(&self, name: &str) -> bool {
        self.ignored.contains(name)
    }

    /// Reads a body.
    pub fn read(&self, body: &[u8]) -> Result<Row, Problem> {
        let mut draft = body::read(self, body)?;
        let mut row = Row { cells: Vec::with_capacity(self.features.len()), imputed: Vec::new() };
        for (at, feature) in self.features.iter().enumerate() {
            let given = draft.given.get_mut(at).and_then(Option::take).unwrap_or(Given::Nothing);
            match cell(feature, given) {
                Ok(cell) => {
                    row.imputed.extend((cell == Cell::Missing).then_some(at));
                    row.cells.push(cell);
                }
                Err(problem) => draft.refuse(&feature.name, problem),
            }
        }
        if draft.problems.is_empty() { Ok(row) } else { Err(Problem::fields(draft.problems)) }
    }
}

/// The cell that a value gives for a feature, or what is wrong with it.
fn cell(feature: &Feature, given: Given) -> Result<Cell, String> {
    match (feature.kind, given) {
        (_, Given::Nothing) if feature.when_missing() == OnMissing::Refuse => Err("is required".into()),
        (_, Given::Nothing) => Ok(Cell::Missing),
        (FeatureType::Number | FeatureType::Integer, Given::Number(number)) => number_cell(feature, number),
        (FeatureType::Category, Given::Text(text)) if feature.values.contains(&text) => Ok(Cell::Category(text)),
        (FeatureType::Number, _) => Err("must be a number".into()),
        (FeatureType::Integer, _) => Err("must be a whole number".into()),
        (FeatureType::Category, _) => Err("must be one of the values that GET /v1/model lists".into()),
    }
}

fn number_cell(feature: &Feature, number: f64) -> Result<Cell, String> {
    if !number.is_finite() {
        return Err("must be a finite number".into());
    }
    if feature.kind == FeatureType::Integer && number.fract() != 0.0 {
        return Err("must be a whole number".into());
    }
    if let Some(min) = feature.min.filter(|min| number < *min) {
        return Err(format!("must be at least {min}"));
    }
    if let Some(max) = feature.max.filter(|max| number > *max) {
        return Err(format!("must be at most {max}"));
    }
    Ok(Cell::Number(number))
}
