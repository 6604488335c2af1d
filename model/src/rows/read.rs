//! Reading a CSV file under a contract. It reports the first problem with file, row and column, counts the rest, and
//! never repeats a cell.

use super::{
    Column, Contract, Counts, Rows, Table,
    cell::{self, Value},
    date::Day,
    file::{Records, opened},
    header::{Layout, Place},
    renumber,
};
use crate::{
    digest::digest,
    input::{BadInput, Reason},
    manifest::{Feature, FeatureType, Label},
};
use csv::ByteRecord;
use std::collections::{HashMap, HashSet};

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 30;

/// Reads the rows that count. `file` is the name shown in messages.
pub fn read(file: &str, bytes: &[u8], contract: &Contract<'_>) -> Result<Table, BadInput> {
    let manifest = contract.manifest;
    let digest = digest(bytes);
    if manifest.data.training.digest.as_ref().is_some_and(|wanted| *wanted != digest) {
        let message = format!(
            "{file} has digest {digest}, but spec.data.training.digest asks for another; name the digest of the file you mean"
        );
        return Err(BadInput::new(Reason::DigestMismatch, message));
    }
    let (layout, places) = opened(file, bytes, |header| header.layout(contract))?;
    let mut reading = Reading::new(file, layout);
    reading.label = Some(&manifest.label);
    let cutoff = manifest.data.cutoff.as_deref().filter(|_| manifest.index.is_some());
    reading.latest = cutoff.and_then(Day::read).and_then(|day| day.before(manifest.label.maturity()));
    reading.all(places)?;
    reading.check_label(&manifest.label)?;
    let mut rows = reading.rows;
    let production = rows.columns.split_off(reading.layout.own);
    Ok(Table { rows, production, given: Vec::new(), counts: reading.counts, digest })
}

/// Reads rows for scoring: a patient's identifier and features, no label.
pub fn read_features(file: &str, bytes: &[u8], patient: &str, features: &[Feature]) -> Result<Rows, BadInput> {
    let (layout, places) = opened(file, bytes, |header| header.features_only(patient, features))?;
    let mut reading = Reading::new(file, layout);
    reading.all(places)?;
    Ok(reading.rows)
}

/// The state of a reading.
struct Reading<'a> {
    file: &'a str,
    layout: Layout<'a>,
    label: Option<&'a Label>,
    /// The last day on which a landmark's label was certain at the cut-off.
    latest: Option<Day>,
    rows: Rows,
    counts: Counts,
    patients: HashMap<String, u32>,
    landmarks: HashMap<String, u32>,
    seen: HashSet<(u32, u32)>,
    label_values: Vec<String>,
    first: Option<BadInput>,
}

/// Why a row is refused: the column (if one is to blame), the word, the rest of the sentence.
type Problem<'a> = (Option<&'a str>, Reason, String);

impl<'a> Reading<'a> {
    fn new(file: &'a str, layout: Layout<'a>) -> Self {
        let column = |kind| match kind {
            FeatureType::Number | FeatureType::Integer => Column::Numbers(Vec::new()),
            FeatureType::Category => Column::Levels(Vec::new()),
        };
        let columns = layout.features.iter().map(|(_, feature, _)| column(feature.kind)).collect();
        Self {
            file,
            layout,
            label: None,
            latest: None,
            rows: Rows { columns, ..Rows::default() },
            counts: Counts::default(),
            patients: HashMap::new(),
            landmarks: HashMap::new(),
            seen: HashSet::new(),
            label_values: Vec::new(),
            first: None,
        }
    }

    fn all(&mut self, records: Records<'_>) -> Result<(), BadInput> {
        let mut values = Vec::new();
        for record in records {
            let Ok((row, record)) = record else { break };
            if let Err((column, reason, what)) = self.take(&record, &mut values) {
                let column = column.map_or(String::new(), |column| format!(", column '{column}'"));
                let message = format!("{}, row {row}{column}: {what}", self.file);
                let first = self.first.get_or_insert(BadInput { reason, message, problems: 0 });
                first.problems += 1;
            }
            self.counts.rows += 1;
        }
        match self.first.take() {
            Some(bad) => Err(bad),
            None if self.rows.is_empty() => Err(BadInput::new(Reason::NoRows, self.no_rows())),
            None => {
                self.number_names();
                Ok(())
            }
        }
    }

    /// Numbers patients and landmarks by their first row that counts.
    fn number_names(&mut self) {
        let every: Vec<usize> = (0..self.rows.len()).collect();
        let rows = &mut self.rows;
        (rows.patient, rows.patients) = renumber(&every, &rows.patient, &names(&self.patients));
        if self.layout.landmark.is_some() {
            (rows.landmark, rows.landmarks) = renumber(&every, &rows.landmark, &names(&self.landmarks));
        }
    }

    fn no_rows(&self) -> String {
        let Counts { rows, immature, censored, .. } = self.counts;
        format!(
            "{} has no row that counts: {rows} rows, {immature} immature at the cut-off, {censored} censored",
            self.file
        )
    }

    fn take(&mut self, record: &ByteRecord, values: &mut Vec<Value>) -> Result<(), Problem<'a>> {
        let width = self.layout.width;
        if record.len() != width {
            let what = format!("has {} cells, the header has {width}; quote cells that hold a comma", record.len());
            return Err((None, Reason::RaggedRow, what));
        }
        let (patient, landmark) = self.who(record)?;
        let is_mature = self.is_mature(record)?;
        let is_censored = self.is_censored(record)?;
        let counts = is_mature && !is_censored;
        let label = self.read_label(record, counts)?;
        values.clear();
        for (place, feature, rule) in &self.layout.features {
            let read = cell::read(feature, text(record, *place)?, *rule);
            values.push(read.map_err(|(reason, what)| (Some(place.name), reason, what))?);
        }
        match (is_mature, is_censored) {
            (false, _) => self.counts.immature += 1,
            (true, true) => self.counts.censored += 1,
            (true, false) => self.keep((patient, landmark), label, values),
        }
        Ok(())
    }

    fn who(&mut self, record: &ByteRecord) -> Result<(u32, u32), Problem<'a>> {
        let place = self.layout.patient;
        let patient = text(record, place)?.trim();
        if patient.is_empty() {
            let what = "the patient's identifier is empty; fill it in".to_owned();
            return Err((Some(place.name), Reason::EmptyPatientId, what));
        }
        let patient = number_of(&mut self.patients, patient);
        let Some(place) = self.layout.landmark.or(self.layout.index) else { return Ok((patient, 0)) };
        let landmark = number_of(&mut self.landmarks, text(record, place)?.trim());
        if !self.seen.insert((patient, landmark)) {
            let what = "an earlier row has the same patient and landmark; keep one of them".to_owned();
            return Err((None, Reason::DuplicateRow, what));
        }
        Ok((patient, if self.layout.landmark.is_some() { landmark } else { 0 }))
    }

    fn is_mature(&self, record: &ByteRecord) -> Result<bool, Problem<'a>> {
        let Some(place) = self.layout.index else { return Ok(true) };
        match Day::read(text(record, place)?.trim()) {
            Some(day) => Ok(self.latest.is_some_and(|latest| day <= latest)),
            None => {
                let what = "the landmark's date is no date; write it as YYYY-MM-DD".to_owned();
                Err((Some(place.name), Reason::BadDate, what))
            }
        }
    }

    fn is_censored(&self, record: &ByteRecord) -> Result<bool, Problem<'a>> {
        let Some(place) = self.layout.censor else { return Ok(false) };
        match text(record, place)?.trim() {
            "1" => Ok(true),
            "0" | "" => Ok(false),
            _ => {
                let what = "the censor cell is neither 1 nor 0 nor empty; write 1 or 0".to_owned();
                Err((Some(place.name), Reason::BadCensor, what))
            }
        }
    }

    fn read_label(&mut self, record: &ByteRecord, counts: bool) -> Result<bool, Problem<'a>> {
        let (Some(place), Some(label)) = (self.layout.label, self.label) else { return Ok(false) };
        let column = Some(place.name);
        let value = text(record, place)?.trim();
        if value.is_empty() && counts {
            let what = "the label is empty, but the row counts; fill it in or mark the row as censored".to_owned();
            return Err((column, Reason::MissingLabel, what));
        }
        if !value.is_empty() && !self.label_values.iter().any(|known| known == value) {
            if self.label_values.len() == 2 {
                let what = "the label has a third value; it must have two, correct it".to_owned();
                return Err((column, Reason::LabelValues, what));
            }
            self.label_values.push(value.to_owned());
        }
        Ok(value == label.positive_value())
    }

    fn keep(&mut self, (patient, landmark): (u32, u32), label: bool, values: &[Value]) {
        self.rows.patient.push(patient);
        self.rows.landmark.push(landmark);
        if self.label.is_some() {
            self.rows.label.push(label);
        }
        self.rows.place.push(self.counts.rows as u32);
        self.counts.mature += 1;
        for (column, value) in self.rows.columns.iter_mut().zip(values) {
            match (column, value) {
                (Column::Numbers(numbers), Value::Number(number)) => numbers.push(*number),
                (Column::Levels(levels), Value::Level(level)) => levels.push(*level),
                (Column::Numbers(numbers), Value::Level(_)) => numbers.push(f64::NAN),
                (Column::Levels(levels), Value::Number(_)) => levels.push(Column::MISSING),
            }
        }
    }

    fn check_label(&mut self, label: &Label) -> Result<(), BadInput> {
        let positive = label.positive_value();
        let (file, column) = (self.file, &label.column);
        if self.label_values.len() == 2 && !self.label_values.iter().any(|value| value == positive) {
            let message = format!(
                "{file}, column '{column}': the label has two values, but none is '{positive}'; set spec.label.positive to the one that means dropout"
            );
            return Err(BadInput::new(Reason::LabelValues, message));
        }
        let positives = self.rows.positives();
        if positives == 0 || positives == self.rows.len() {
            let message = format!(
                "{file}, column '{column}': all {} rows that count have one label; both are needed to learn from",
                self.rows.len()
            );
            return Err(BadInput::new(Reason::OneClass, message));
        }
        Ok(())
    }
}

fn text<'r, 'a>(record: &'r ByteRecord, place: Place<'a>) -> Result<&'r str, Problem<'a>> {
    let cell = record.get(place.at).unwrap_or_default();
    std::str::from_utf8(cell)
        .map_err(|_| (Some(place.name), Reason::NotText, "is no UTF-8 text; save the file as UTF-8".to_owned()))
}

fn number_of(numbers: &mut HashMap<String, u32>, name: &str) -> u32 {
    if let Some(number) = numbers.get(name) {
        return *number;
    }
    let number = numbers.len() as u32;
    numbers.insert(name.to_owned(), number);
    number
}

fn names(numbers: &HashMap<String, u32>) -> Vec<String> {
    let mut names = vec![String::new(); numbers.len()];
    for (name, number) in numbers {
        if let Some(slot) = names.get_mut(*number as usize) {
            slot.clone_from(name);
        }
    }
    names
}
