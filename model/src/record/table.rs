//! Batches of a model's folder become one file of rows, in the columns of the manifest. It checks that all batches belong
//! together, counts what was lost, and reads no store.

use super::{
    Head, Kind, Outcome, Prediction,
    assemble::{AssembledRow, Counts, assemble},
    batch::{self, Lines},
};
use crate::{
    digest::digest,
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::Day,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the file in messages.
pub const NAME: &str = "the records";
/// The column that says which side of the split a row's patient is on.
pub const SIDE: &str = "side";

/// Batches that were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// The predictions of all batches.
    pub predictions: Vec<Prediction>,
    /// The outcomes of all batches.
    pub outcomes: Vec<Outcome>,
    /// Lines that were lost before they were written: what writers say, and a whole batch for each gap in their numbers
    /// counts as one.
    pub lost: u64,
    /// Name and digest of each batch, by rising name.
    pub batches: Vec<(String, String)>,
    written: BTreeMap<(String, bool), Writer>,
}

/// What is known of a writer's batches of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
struct Writer {
    sequences: BTreeSet<u64>,
    dropped: u64,
}

impl Records {
    /// Adds a batch of the manifest's trial; `name` is shown in messages.
    pub fn add(&mut self, manifest: &Manifest, name: &str, bytes: &[u8]) -> Result<(), BadInput> {
        let read = batch::read(bytes).map_err(|spoilt| {
            bad(format!(
                "{name}: {spoilt}; restore it, or remove it from the store so that its rows are missed knowingly"
            ))
        })?;
        check(manifest, name, &read.head)?;
        let writer = self.written.entry((read.head.writer.clone(), read.head.kind == Kind::Outcomes)).or_default();
        writer.sequences.insert(read.head.sequence);
        writer.dropped = writer.dropped.max(read.head.dropped);
        self.lost = self.written.values().map(Writer::lost).sum();
        match read.lines {
            Lines::Predictions(lines) => self.predictions.extend(lines),
            Lines::Outcomes(lines) => self.outcomes.extend(lines),
        }
        self.batches.push((name.to_owned(), digest(bytes)));
        Ok(())
    }

    /// Digest of all batches: of their digests, a line each, by rising name.
    pub fn digest(&self) -> String {
        let mut batches: Vec<&(String, String)> = self.batches.iter().collect();
        batches.sort();
        digest(batches.iter().map(|(_, digest)| format!("{digest}\n")).collect::<String>().as_bytes())
    }

    /// The rows with a label that is certain at a cut-off.
    pub fn file(&self, manifest: &Manifest, terms: Terms<'_>) -> File {
        let (rows, counts) = assemble(&manifest.label, &self.predictions, &self.outcomes, terms.cutoff);
        let columns = columns(manifest, terms.others);
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory does not fail.
        let _ = writer.write_record(columns.iter().map(|column| column.name.as_str()));
        for row in &rows {
            let _ = writer.write_record(columns.iter().map(|column| column.cell(row, &terms)));
        }
        let held = rows.iter().map(AssembledRow::is_held_out).collect();
        let last = rows.iter().map(|row| row.prediction.date.clone()).max();
        File { bytes: writer.into_inner().unwrap_or_default(), held, last, counts, lost: self.lost }
    }
}

impl Writer {
    /// Lines that it says it lost, and batches of its own that are missing between those that are there.
    fn lost(&self) -> u64 {
        let last = self.sequences.last().map_or(0, |last| last.saturating_add(1));
        let first = self.sequences.first().copied().unwrap_or(0);
        let gaps = last.saturating_sub(first).saturating_sub(self.sequences.len() as u64);
        self.dropped.saturating_add(gaps)
    }
}

/// What the rows of records are made by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The data cut-off.
    pub cutoff: Day,
    /// What the label's column holds for a patient who drops out.
    pub positive: &'a str,
    /// What it holds for one who stays.
    pub negative: &'a str,
    /// Names of features beside the manifest's, such as production's.
    pub others: &'a [String],
}

/// Rows made from records, as a CSV file in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The file.
    pub bytes: Vec<u8>,
    /// By row: whether its patient is held out.
    pub held: Vec<bool>,
    /// The newest landmark's date, `YYYY-MM-DD`; none without rows.
    pub last: Option<String>,
    /// What was counted on the way.
    pub counts: Counts,
    /// Lines that were lost before they were written.
    pub lost: u64,
}

fn check(manifest: &Manifest, name: &str, head: &Head) -> Result<(), BadInput> {
    if head.study != manifest.study.id {
        return Err(bad(format!("{name}: it is of another trial than spec.study.id")));
    }
    let key = manifest.study.pseudonym_key.as_ref().map(|key| key.id.as_str());
    if key.is_some_and(|key| key != head.key) {
        let message = format!(
            "{name}: its pseudonyms are under another key than spec.study.pseudonymKey.id names; patients would count twice; move batches under the old key out of the store"
        );
        return Err(bad(message));
    }
    let fraction = manifest.data.holdout_fraction();
    if (head.holdout_fraction - fraction).abs() > 1e-12 {
        let message = format!(
            "{name}: its patients were divided at a holdout of {}, but spec.data.holdout asks for {fraction}; patients would be judged on that were trained on",
            head.holdout_fraction
        );
        return Err(bad(message));
    }
    Ok(())
}

fn bad(message: String) -> BadInput {
    BadInput::new(Reason::BadRecords, message)
}

/// A column of the file and where its cells come from.
struct Column {
    name: String,
    from: From,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Patient,
    Landmark,
    Index,
    Label,
    Touched,
    Feature,
    Side,
    Empty,
}

/// The columns that a manifest needs. A column that records do not hold, such as a slice that is no feature, is empty: the
/// group of rows of which nothing is known. Rows that were flagged count as touched by an intervention, since one was
/// advised.
fn columns(manifest: &Manifest, others: &[String]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |name: &str, from: From| {
        if !columns.iter().any(|column| column.name == name) {
            columns.push(Column { name: name.to_owned(), from });
        }
    };
    add(&manifest.patient_id, From::Patient);
    let features =
        manifest.features.iter().map(|feature| feature.name.as_str()).chain(others.iter().map(String::as_str));
    let features: Vec<&str> = features.collect();
    if let Some(landmark) = &manifest.landmark {
        add(landmark, if features.contains(&landmark.as_str()) { From::Feature } else { From::Landmark });
    }
    if let Some(index) = &manifest.index {
        add(index, From::Index);
    }
    features.iter().for_each(|name| add(name, From::Feature));
    add(&manifest.label.column, From::Label);
    if let Some(censor) = &manifest.label.censor {
        add(censor, From::Empty);
    }
    if let Some(interventions) = &manifest.gate.interventions {
        add(&interventions.column, From::Touched);
    }
    manifest.gate.slices.iter().for_each(|slice| add(&slice.column, From::Empty));
    add(SIDE, From::Side);
    columns
}

impl Column {
    fn cell(&self, row: &AssembledRow<'_>, terms: &Terms<'_>) -> String {
        let prediction = row.prediction;
        match self.from {
            From::Patient => prediction.patient.clone(),
            From::Landmark => prediction.landmark.clone().unwrap_or_default(),
            From::Index => prediction.date.clone(),
            From::Label => if row.label { terms.positive } else { terms.negative }.to_owned(),
            From::Touched => u8::from(prediction.is_dropout).to_string(),
            From::Feature => prediction.features.get(&self.name).map(text).unwrap_or_default(),
            From::Side => if row.is_held_out() { "Holdout" } else { "Training" }.to_owned(),
            From::Empty => String::new(),
        }
    }
}

/// A JSON value as a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
