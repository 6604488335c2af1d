//! The header of a file: where each needed column is. It never accepts a name that is only nearly right.

use super::{Contract, cell::Rule};
use crate::{
    input::{BadInput, Reason},
    manifest::{Feature, Manifest},
};
use std::collections::BTreeSet;

/// Where the columns are.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    /// Number of columns.
    pub width: usize,
    /// The patient.
    pub patient: usize,
    /// The landmark day.
    pub landmark: Option<usize>,
    /// The landmark's date.
    pub index: Option<usize>,
    /// The mark of a censored row.
    pub censor: Option<usize>,
    /// The label.
    pub label: Option<usize>,
    /// The features, first those of the manifest, then those of production.
    pub features: Vec<(usize, &'a Feature, Rule)>,
    /// How many of the features are the manifest's.
    pub own: usize,
}

/// The names in a header, each there once.
pub struct Header<'a> {
    file: &'a str,
    names: Vec<String>,
}

impl<'a> Header<'a> {
    /// Checks the names of a header.
    pub fn new(file: &'a str, names: Vec<String>) -> Result<Self, BadInput> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            let message =
                format!("{file}, row 1: the header names column '{}' twice; rename or remove one", shown(twice));
            return Err(BadInput::new(Reason::DuplicateColumn, message));
        }
        Ok(Self { file, names })
    }

    /// The layout for a contract.
    pub fn layout<'b>(&self, contract: &Contract<'b>) -> Result<Layout<'b>, BadInput> {
        let manifest = contract.manifest;
        let mut layout = self.features_only(&manifest.patient_id, &manifest.features)?;
        layout.landmark = self.optional(manifest.landmark.as_deref(), "spec.landmark")?;
        layout.index = self.optional(manifest.index.as_deref(), "spec.index")?;
        layout.censor = self.optional(manifest.label.censor.as_deref(), "spec.label.censor")?;
        layout.label = Some(self.place(&manifest.label.column, "spec.label.column")?);
        for feature in contract.production.unwrap_or_default() {
            let who = "the production model, which the candidate must be compared with";
            layout.features.push((self.place(&feature.name, who)?, feature, Rule::Scoring));
        }
        Ok(layout)
    }

    /// The layout of rows without labels.
    pub fn features_only<'b>(&self, patient: &str, features: &'b [Feature]) -> Result<Layout<'b>, BadInput> {
        let patient = self.place(patient, "the patient's identifier")?;
        let place = |feature: &'b Feature| Ok((self.place(&feature.name, "a feature")?, feature, Rule::All));
        let features: Vec<_> = features.iter().map(place).collect::<Result<_, BadInput>>()?;
        let own = features.len();
        let width = self.names.len();
        Ok(Layout { width, patient, landmark: None, index: None, censor: None, label: None, features, own })
    }

    fn optional(&self, name: Option<&str>, who: &str) -> Result<Option<usize>, BadInput> {
        name.map(|name| self.place(name, who)).transpose()
    }

    fn place(&self, name: &str, who: &str) -> Result<usize, BadInput> {
        self.names.iter().position(|other| other == name).ok_or_else(|| {
            let is_one = self.names.len() == 1 && self.names.iter().any(|only| only.contains([';', '\t']));
            let near = if is_one { Vec::new() } else { self.near(name) };
            let hint = match near.as_slice() {
                [] if is_one => "the header is one single column, so separate the columns by commas".to_owned(),
                [] => format!("add it to the file or change the manifest; the file has {}", listed(&self.names)),
                near => format!("is {} meant?", near.join(" or ")),
            };
            let message = format!("{} has no column '{name}', needed as {who}; {hint}", self.file);
            BadInput::new(Reason::MissingColumn, message)
        })
    }

    /// Up to three names that differ by case, by up to two letters, or only by being longer.
    fn near(&self, name: &str) -> Vec<String> {
        let wanted = simple(name);
        let is_near = |other: &&String| {
            let other = simple(other);
            let within = wanted.len() >= 4 && other.len() >= 4 && (other.contains(&wanted) || wanted.contains(&other));
            other == wanted || within || (wanted.len() > 3 && distance(&wanted, &other) <= 2)
        };
        self.names.iter().filter(is_near).take(3).map(|near| format!("'{}'", shown(near))).collect()
    }
}

/// The columns that training rows need, in the order they are written.
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

fn listed(names: &[String]) -> String {
    let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    let first: Vec<String> = names.iter().take(8).map(|name| shown(name)).collect();
    first.join(", ") + &more
}

fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
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
