//! From the body of a request to a row of cells, each within its feature's bounds. It never repeats a value.

use crate::{
    body::{self, Draft, Given},
    moment::{self, Moment},
    problem::{Fault, Problem},
};
use dropout_model::{
    bundle::Cell,
    manifest::{Feature, FeatureType, OnMissing},
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// Field of the patient's identifier.
pub const PATIENT_ID: &str = "patient_id";

/// Longest landmark, in characters.
pub const MAX_LANDMARK: usize = 32;

/// Largest size of a number without a bound of its own: no measure of a patient is larger, and sums of such numbers stay finite.
pub const MAX_NUMBER: f64 = 1e15;

/// Fields of a request that are no features: they say which row it is, and are kept in records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LandmarkFields {
    /// Field of the landmark's date.
    pub date: Option<String>,
    /// Field of the landmark day.
    pub day: Option<String>,
}

/// A row that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Identifier of the patient. It goes into nothing that leaves the process.
    pub patient: String,
    /// The landmark's date, `YYYY-MM-DD`, if the client gave it.
    pub date: Option<String>,
    /// The landmark day, if the client gave it.
    pub landmark: Option<String>,
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
    landmark: LandmarkFields,
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
        let ignored = ignored.iter().cloned().collect();
        Ok(Self { features: features.to_vec(), places, ignored, landmark: LandmarkFields::default() })
    }

    /// The same, with fields for the landmark.
    pub fn with_landmark(self, landmark: LandmarkFields) -> Self {
        Self { landmark, ..self }
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

    /// Field of the landmark's date.
    pub fn date_field(&self) -> Option<&str> {
        self.landmark.date.as_deref()
    }

    /// Field of the landmark day. It may be a feature as well.
    pub fn landmark_field(&self) -> Option<&str> {
        self.landmark.day.as_deref()
    }

    /// Names that may stand in a body and are ignored, in order.
    pub fn ignored(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Whether a name that is no feature may stand in a body all the same.
    pub fn ignores(&self, name: &str) -> bool {
        self.ignored.contains(name)
    }

    /// Reads a body that arrived at a moment.
    pub fn read(&self, body: &[u8], moment: Moment) -> Result<Row, Problem> {
        let mut draft = body::read(self, body)?;
        let cells = self.cells(&mut draft);
        let date = draft.date.take().and_then(|given| kept(date(given, moment), self.date_field(), &mut draft));
        let landmark = draft.landmark.take().and_then(|given| kept(day(given), self.landmark_field(), &mut draft));
        if !draft.problems.is_empty() {
            return Err(Problem::fields(draft.problems));
        }
        let missing = cells.iter().enumerate().filter(|(_, cell)| **cell == Cell::Missing);
        let imputed = missing.map(|(at, _)| at).collect();
        let landmark = landmark.or_else(|| self.landmark_feature(&cells));
        Ok(Row { patient: draft.patient.unwrap_or_default(), date, landmark, cells, imputed })
    }

    /// The cells that could be made; the problems of the others are in the draft.
    fn cells(&self, draft: &mut Draft) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(self.features.len());
        for (at, feature) in self.features.iter().enumerate() {
            let given = draft.given.get_mut(at).and_then(Option::take).unwrap_or(Given::Nothing);
            match cell(feature, given) {
                Ok(cell) => cells.push(cell),
                Err((fault, problem)) => draft.refuse(&feature.name, fault, problem),
            }
        }
        cells
    }

    /// The landmark day where it is a feature.
    fn landmark_feature(&self, cells: &[Cell]) -> Option<String> {
        let at = self.place(self.landmark_field()?)?;
        match cells.get(at)? {
            Cell::Number(number) => Some(number.to_string()),
            Cell::Category(text) => Some(text.clone()),
            Cell::Missing => None,
        }
    }
}

/// What was read of a field, or a problem in the draft.
fn kept(read: Result<Option<String>, &'static str>, field: Option<&str>, draft: &mut Draft) -> Option<String> {
    read.unwrap_or_else(|problem| {
        draft.refuse(field.unwrap_or_default(), Fault::Form, problem);
        None
    })
}

fn date(given: Given, moment: Moment) -> Result<Option<String>, &'static str> {
    match given {
        Given::Nothing => Ok(None),
        Given::Text(text) if moment.allows(&text) => Ok(Some(text)),
        Given::Text(_) | Given::Number(_) | Given::Other => Err(moment::DATE),
    }
}

/// A landmark day is written as the training data have it: mostly a number, or a name such as `V3`.
fn day(given: Given) -> Result<Option<String>, &'static str> {
    match given {
        Given::Nothing => Ok(None),
        Given::Number(number) if number.is_finite() => Ok(Some(number.to_string())),
        Given::Text(text) if is_landmark(&text) => Ok(Some(text)),
        Given::Text(_) | Given::Number(_) | Given::Other => {
            Err("must be a number or a text of 1 to 32 letters, digits, points, hyphens, underscores and spaces")
        }
    }
}

fn is_landmark(text: &str) -> bool {
    let is_plain = |one: char| one.is_alphanumeric() || ".-_ ".contains(one);
    text.trim() == text && (1..=MAX_LANDMARK).contains(&text.chars().count()) && text.chars().all(is_plain)
}

/// What is wrong with a value.
type Wrong = (Fault, Cow<'static, str>);

/// The cell that a value gives for a feature, or what is wrong with it.
fn cell(feature: &Feature, given: Given) -> Result<Cell, Wrong> {
    let form = |problem: &'static str| Err((Fault::Form, problem.into()));
    match (feature.kind, given) {
        (_, Given::Nothing) if feature.when_missing() == OnMissing::Refuse => {
            Err((Fault::Missing, "is required".into()))
        }
        (_, Given::Nothing) => Ok(Cell::Missing),
        (FeatureType::Number | FeatureType::Integer, Given::Number(number)) => number_cell(feature, number),
        (FeatureType::Category, Given::Text(text)) if feature.values.contains(&text) => Ok(Cell::Category(text)),
        (FeatureType::Number, _) => form("must be a number"),
        (FeatureType::Integer, _) => form("must be a whole number"),
        (FeatureType::Category, _) => form("must be one of the values that GET /v1/model lists"),
    }
}

fn number_cell(feature: &Feature, number: f64) -> Result<Cell, Wrong> {
    if !number.is_finite() {
        return Err((Fault::Bound, "must be a finite number".into()));
    }
    if feature.kind == FeatureType::Integer && number.fract() != 0.0 {
        return Err((Fault::Form, "must be a whole number".into()));
    }
    let (min, max) = (feature.min.unwrap_or(-MAX_NUMBER), feature.max.unwrap_or(MAX_NUMBER));
    if number < min {
        return Err((Fault::Bound, format!("must be at least {min}").into()));
    }
    if number > max {
        return Err((Fault::Bound, format!("must be at most {max}").into()));
    }
    Ok(Cell::Number(number))
}
