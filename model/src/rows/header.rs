//! The header of a file: where each needed column is. It never accepts a name that is only nearly right, and never shows
//! a name that may be a cell: a file without a header begins with a patient.

use super::{Contract, cell::Rule, file::Format};
use crate::{
    input::{BadInput, Reason},
    manifest::{Feature, Manifest},
};
use std::collections::BTreeMap;

/// Where a needed column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its position, from 0.
    pub at: usize,
    /// Its name.
    pub name: &'a str,
}

/// Where the columns are.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    /// What the file is written in.
    pub format: Format,
    /// Number of columns.
    pub width: usize,
    /// The patient.
    pub patient: Place<'a>,
    /// The landmark day.
    pub landmark: Option<Place<'a>>,
    /// The landmark's date.
    pub index: Option<Place<'a>>,
    /// The mark of a censored row.
    pub censor: Option<Place<'a>>,
    /// The label.
    pub label: Option<Place<'a>>,
    /// The mark of a row whose patient received an intervention.
    pub touched: Option<Place<'a>>,
    /// The groups that the gate asks about, in its order.
    pub slices: Vec<Place<'a>>,
    /// The features, first those of the manifest, then those of production.
    pub features: Vec<(Place<'a>, &'a Feature, Rule)>,
    /// How many of the features are the manifest's.
    pub own: usize,
}

impl Layout<'_> {
    /// Renumbers the places as if the file had only the columns that are needed; the answer is where these were.
    pub fn narrow(&mut self) -> Vec<usize> {
        let mut kept = Vec::new();
        let single = [
            self.landmark.as_mut(),
            self.index.as_mut(),
            self.censor.as_mut(),
            self.label.as_mut(),
            self.touched.as_mut(),
        ];
        let features = self.features.iter_mut().map(|(place, _, _)| place);
        let places = [&mut self.patient].into_iter().chain(single.into_iter().flatten());
        for place in places.chain(&mut self.slices).chain(features) {
            place.at = kept.iter().position(|at| *at == place.at).unwrap_or_else(|| {
                kept.push(place.at);
                kept.len() - 1
            });
        }
        self.width = kept.len();
        kept
    }
}

/// The names in a header.
pub struct Header<'a> {
    file: &'a str,
    format: Format,
    names: Vec<String>,
}

impl<'a> Header<'a> {
    /// The header of a file.
    pub fn new(file: &'a str, format: Format, names: Vec<String>) -> Self {
        Self { file, format, names }
    }

    /// The layout for a contract.
    pub fn layout<'b>(&self, contract: &Contract<'b>) -> Result<Layout<'b>, BadInput> {
        let manifest = contract.manifest;
        self.check(&needed(contract), &manifest.deny)?;
        let mut layout = self.start(&manifest.patient_id, &manifest.features)?;
        layout.landmark = self.optional(manifest.landmark.as_deref(), "spec.landmark")?;
        layout.index = self.optional(manifest.index.as_deref(), "spec.index")?;
        layout.censor = self.optional(manifest.label.censor.as_deref(), "spec.label.censor")?;
        layout.label = Some(self.place(&manifest.label.column, "spec.label.column")?);
        let touched = manifest.gate.interventions.as_ref().map(|interventions| interventions.column.as_str());
        layout.touched = self.optional(touched, "spec.gate.interventions.column")?;
        for (at, slice) in manifest.gate.slices.iter().enumerate() {
            layout.slices.push(self.place(&slice.column, &format!("spec.gate.slices[{at}].column"))?);
        }
        for feature in contract.production.unwrap_or_default() {
            let place = self.place(&feature.name, "a feature of the production model")?;
            layout.features.push((place, feature, Rule::Scoring));
        }
        Ok(layout)
    }

    /// The layout of rows without labels.
    pub fn features_only<'b>(&self, patient: &'b str, features: &'b [Feature]) -> Result<Layout<'b>, BadInput> {
        let names = features.iter().map(|feature| feature.name.as_str());
        self.check(&[patient].into_iter().chain(names).collect::<Vec<_>>(), &[])?;
        self.start(patient, features)
    }

    fn start<'b>(&self, patient: &'b str, features: &'b [Feature]) -> Result<Layout<'b>, BadInput> {
        let patient = self.place(patient, "the patient's identifier")?;
        let place = |feature: &'b Feature| Ok((self.place(&feature.name, "a feature")?, feature, Rule::All));
        let features: Vec<_> = features.iter().map(place).collect::<Result<_, BadInput>>()?;
        let own = features.len();
        let width = self.names.len();
        Ok(Layout {
            format: self.format,
            width,
            patient,
            landmark: None,
            index: None,
            censor: None,
            label: None,
            touched: None,
            slices: Vec::new(),
            features,
            own,
        })
    }

    /// Refuses a line that is no header, and a name that is there twice.
    fn check(&self, needed: &[&str], denied: &[String]) -> Result<(), BadInput> {
        if !self.names.iter().any(|name| needed.contains(&name.as_str())) {
            return Err(self.no_header(needed));
        }
        let mut seen = BTreeMap::new();
        for (name, column) in self.names.iter().zip(1..) {
            let Some(first) = seen.insert(name, column) else { continue };
            let is_named = needed.contains(&name.as_str()) || denied.contains(name);
            let shown = if is_named { format!(" '{name}'") } else { String::new() };
            let message = format!(
                "{}: columns {first} and {column} have the same name{shown}; rename or remove one",
                self.place_of_names()
            );
            return Err(BadInput::new(Reason::DuplicateColumn, message));
        }
        Ok(())
    }

    /// Why a first line without any needed column is refused; it may be a patient's, so nothing of it is shown.
    fn no_header(&self, needed: &[&str]) -> BadInput {
        if self.format == Format::Parquet {
            let message =
                format!("{} has none of the {} needed columns; is it the file you mean?", self.file, needed.len());
            return BadInput::new(Reason::MissingColumn, message);
        }
        let is_needed = |part: &str| needed.contains(&part.trim_matches(['"', ' ']));
        let is_header = self.names.iter().any(|name| name.split([';', '\t', '|']).any(is_needed));
        let what = if is_header {
            "the header is not separated by commas, so separate the columns by commas".to_owned()
        } else {
            format!(
                "the first line looks like data, not a header; begin the file with a line that names the {} needed columns exactly",
                needed.len()
            )
        };
        BadInput::new(Reason::MissingColumn, format!("{}: {what}", self.place_of_names()))
    }

    fn place_of_names(&self) -> String {
        match self.format {
            Format::Csv => format!("{}, row 1", self.file),
            Format::Parquet => self.file.to_owned(),
        }
    }

    fn optional<'b>(&self, name: Option<&'b str>, who: &str) -> Result<Option<Place<'b>>, BadInput> {
        name.map(|name| self.place(name, who)).transpose()
    }

    fn place<'b>(&self, name: &'b str, who: &str) -> Result<Place<'b>, BadInput> {
        if let Some(at) = self.names.iter().position(|other| other == name) {
            return Ok(Place { at, name });
        }
        let hint = match self.near(name).as_slice() {
            [] => format!("add it to the file or change the manifest; the file has {} columns", self.names.len()),
            near => format!("is {} meant?", near.join(" or ")),
        };
        let message = format!("{} has no column '{name}', needed as {who}; {hint}", self.file);
        Err(BadInput::new(Reason::MissingColumn, message))
    }

    /// Names of the file that are nearly the wanted one.
    fn near(&self, name: &str) -> Vec<String> {
        near(name, self.names.iter().map(String::as_str).filter(|name| is_identifier(name)))
    }
}

/// Up to three names that differ by case, by up to two letters, or only by being longer.
pub fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let wanted = simple(name);
    let is_near = |other: &&str| {
        let other = simple(other);
        let within = wanted.len() >= 4 && other.len() >= 4 && (other.contains(&wanted) || wanted.contains(&other));
        other == wanted || within || (wanted.len() > 3 && distance(&wanted, &other) <= 2)
    };
    names.filter(is_near).take(3).map(|near| format!("'{near}'")).collect()
}

/// The columns that a contract needs, each there once.
fn needed<'a>(contract: &Contract<'a>) -> Vec<&'a str> {
    let mut needed = training_columns(contract.manifest);
    let production = contract.production.unwrap_or_default().iter().map(|feature| feature.name.as_str());
    let gate = &contract.manifest.gate;
    let judged = gate.slices.iter().map(|slice| slice.column.as_str());
    let judged = judged.chain(gate.interventions.as_ref().map(|interventions| interventions.column.as_str()));
    for name in contract.manifest.label.censor.as_deref().into_iter().chain(production).chain(judged) {
        if !needed.contains(&name) {
            needed.push(name);
        }
    }
    needed
}

/// The columns that training rows need, in the order they are written. What only the gate asks about is none of them.
pub fn training_columns(manifest: &Manifest) -> Vec<&str> {
    let fixed = [Some(manifest.patient_id.as_str()), manifest.landmark.as_deref(), manifest.index.as_deref()];
    let mut columns: Vec<&str> = Vec::new();
    let features = manifest.features.iter().map(|feature| feature.name.as_str());
    for name in fixed.into_iter().flatten().chain(features).chain([manifest.label.column.as_str()]) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}

/// Whether a name looks like one that a person gave to a column, and not like a cell: `[A-Za-z_][A-Za-z0-9_ .-]*`.
fn is_identifier(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "_ .-".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.len() <= 64 && name.chars().all(is_inner)
}

fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let best = (*slot + 1).min(left + 1).min(diagonal + usize::from(x != y));
            diagonal = *slot;
            *slot = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
