//! The state of a reading: checks records one by one and keeps the rows that count. It reports the first problem with
//! file, row and column, counts the rest, and never repeats a cell.

use super::{
    Column, Counts, Rows,
    cell::{self, Value},
    date::Day,
    file::Records,
    groups::Grouping,
    header::Layout,
    mark::{Mark, Problem, is_marked, text},
    renumber,
};
use crate::{
    input::{BadInput, Reason},
    manifest::{FeatureType, Label},
};
use csv::ByteRecord;
use std::collections::{HashMap, HashSet};

/// The state of a reading.
pub struct Reading<'a> {
    file: &'a str,
    layout: Layout<'a>,
    /// What is read as label.
    pub label: Option<&'a Label>,
    /// The last day on which a landmark's label was certain at the cut-off.
    pub latest: Option<Day>,
    rows: Rows,
    counts: Counts,
    patients: HashMap<String, u32>,
    landmarks: HashMap<String, u32>,
    slices: Vec<Grouping<'a>>,
    seen: HashSet<(u32, u32)>,
    label_values: Vec<String>,
    first: Option<BadInput>,
    start: Start,
    /// Patients of this file that were in an earlier one.
    again: HashSet<u32>,
    /// Whether the rows were made from records: nobody can mend one that is unfit, so it is counted and left out.
    is_of_records: bool,
}

/// What was read before the file that is being read.
#[derive(Clone, Copy, Default)]
struct Start {
    counts: Counts,
    /// Rows that count, and patients.
    kept: usize,
    patients: usize,
}

/// A row whose cells were checked.
struct Checked<'r> {
    who: (u32, u32),
    day: Option<Day>,
    label: bool,
    touched: bool,
    groups: Vec<&'r str>,
}

impl<'a> Reading<'a> {
    /// A reading of a first file.
    pub fn new(file: &'a str, layout: Layout<'a>) -> Self {
        let column = |kind| match kind {
            FeatureType::Number | FeatureType::Integer => Column::Numbers(Vec::new()),
            FeatureType::Category => Column::Levels(Vec::new()),
        };
        let columns = layout.features.iter().map(|(_, feature, _)| column(feature.kind)).collect();
        let slices = layout.slices.iter().map(|place| Grouping::new(place.name)).collect();
        Self {
            file,
            layout,
            label: None,
            latest: None,
            rows: Rows { columns, ..Rows::default() },
            counts: Counts::default(),
            patients: HashMap::new(),
            landmarks: HashMap::new(),
            slices,
            seen: HashSet::new(),
            label_values: Vec::new(),
            first: None,
            start: Start::default(),
            again: HashSet::new(),
            is_of_records: false,
        }
    }

    /// Goes on with another file under the same contract.
    pub fn next_file(&mut self, file: &'a str, layout: Layout<'a>) {
        self.start = Start { counts: self.counts, kept: self.rows.len(), patients: self.patients.len() };
        (self.file, self.layout) = (file, layout);
        self.seen.clear();
    }

    /// Goes on with rows that were made from records: each is mature, and one that is unfit is counted and left out.
    pub fn next_records(&mut self, file: &'a str, layout: Layout<'a>) {
        self.next_file(file, layout);
        self.again.clear();
        self.is_of_records = true;
    }

    /// Number of rows that count.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many of the features are the manifest's.
    pub const fn own(&self) -> usize {
        self.layout.own
    }

    /// Reads all records of a file; the error is the first problem with the number of all.
    pub fn all(&mut self, records: Records<'_>) -> Result<(), BadInput> {
        let mut values = Vec::new();
        for record in records {
            let (row, record) = record?;
            let taken = self.take(&record, &mut values);
            self.counts.unfit += usize::from(self.is_of_records && taken.is_err());
            if let Some((column, reason, what)) = taken.err().filter(|_| !self.is_of_records) {
                let column = column.map_or(String::new(), |column| format!(", column '{column}'"));
                let message = format!("{}, {}{column}: {what}", self.file, self.layout.format.row(row));
                let first = self.first.get_or_insert(BadInput { reason, message, problems: 0 });
                first.problems += 1;
            }
            self.counts.rows += 1;
        }
        match self.first.take() {
            Some(bad) => Err(bad),
            None if self.is_of_records => self.slices.iter().try_for_each(|slice| slice.check(self.file)),
            None if self.rows.len() == self.start.kept => Err(BadInput::new(Reason::NoRows, self.no_rows())),
            None => {
                self.slices.iter().try_for_each(|slice| slice.check(self.file))?;
                self.label.map_or(Ok(()), |label| self.check_label(label))
            }
        }
    }

    /// Refuses patients that are in the files of both sides, whether or not their rows count. Patients are numbered in the
    /// order of the files, so one of the second file that has a number of the first is in both.
    pub fn check_apart(&self, training: &str) -> Result<(), BadInput> {
        let count = self.again.len();
        if count == 0 {
            return Ok(());
        }
        let who = if count == 1 { "1 patient is".to_owned() } else { format!("{count} patients are") };
        let message = format!(
            "{who} in both {training} and {}; remove them from one, so that nobody is judged on who was trained on",
            self.file
        );
        Err(BadInput::new(Reason::InBothFiles, message))
    }

    /// The rows, with patients and landmarks numbered by their first row that counts, and the counts.
    pub fn finished(self) -> (Rows, Counts) {
        let every: Vec<usize> = (0..self.rows.len()).collect();
        let mut rows = self.rows;
        (rows.patient, rows.patients) = renumber(&every, &rows.patient, &names(&self.patients));
        if self.layout.landmark.is_some() {
            (rows.landmark, rows.landmarks) = renumber(&every, &rows.landmark, &names(&self.landmarks));
        }
        rows.slices = self.slices.into_iter().map(Grouping::finished).collect();
        (rows, self.counts)
    }

    fn no_rows(&self) -> String {
        let before = self.start.counts;
        let rows = self.counts.rows - before.rows;
        let immature = self.counts.immature - before.immature;
        let censored = self.counts.censored - before.censored;
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
        let who = self.who(record)?;
        let day = self.day(record)?;
        let is_mature = self.is_mature(day);
        let is_censored = is_marked(record, self.layout.censor, Mark::Censored)?;
        let touched = is_marked(record, self.layout.touched, Mark::Touched)?;
        let label = self.read_label(record, is_mature && !is_censored)?;
        let groups =
            self.layout.slices.iter().map(|place| Ok(text(record, *place)?.trim())).collect::<Result<_, _>>()?;
        values.clear();
        for (place, feature, rule) in &self.layout.features {
            let read = cell::read(feature, text(record, *place)?, *rule);
            values.push(read.map_err(|(reason, what)| (Some(place.name), reason, what))?);
        }
        match (is_mature, is_censored) {
            (false, _) => self.counts.immature += 1,
            (true, true) => self.counts.censored += 1,
            (true, false) => self.keep(&Checked { who, day, label, touched, groups }, values),
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
        if (patient as usize) < self.start.patients {
            self.again.insert(patient);
        }
        let Some(place) = self.layout.landmark.or(self.layout.index) else { return Ok((patient, 0)) };
        let landmark = number_of(&mut self.landmarks, text(record, place)?.trim());
        if !self.seen.insert((patient, landmark)) {
            let what = "an earlier row has the same patient and landmark; keep one of them".to_owned();
            return Err((None, Reason::DuplicateRow, what));
        }
        Ok((patient, if self.layout.landmark.is_some() { landmark } else { 0 }))
    }

    fn day(&self, record: &ByteRecord) -> Result<Option<Day>, Problem<'a>> {
        let Some(place) = self.layout.index else { return Ok(None) };
        let what = || "the landmark's date is no date; write it as YYYY-MM-DD".to_owned();
        let day = Day::read(text(record, place)?.trim());
        day.map(Some).ok_or_else(|| (Some(place.name), Reason::BadDate, what()))
    }

    fn is_mature(&self, day: Option<Day>) -> bool {
        self.is_of_records
            || self.layout.index.is_none()
            || self.latest.is_some_and(|latest| day.is_some_and(|day| day <= latest))
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

    fn keep(&mut self, row: &Checked<'_>, values: &[Value]) {
        self.rows.patient.push(row.who.0);
        self.rows.landmark.push(row.who.1);
        if self.label.is_some() {
            self.rows.label.push(row.label);
        }
        if self.layout.touched.is_some() {
            self.rows.touched.push(row.touched);
        }
        self.rows.day.extend(row.day);
        self.rows.place.push((self.counts.rows - self.start.counts.rows) as u32);
        for (slice, group) in self.slices.iter_mut().zip(&row.groups) {
            slice.push(group);
        }
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

    fn check_label(&self, label: &Label) -> Result<(), BadInput> {
        let positive = label.positive_value();
        let (file, column) = (self.file, &label.column);
        if self.label_values.len() == 2 && !self.label_values.iter().any(|value| value == positive) {
            let message = format!(
                "{file}, column '{column}': the label has two values, but none is '{positive}'; set spec.label.positive to the one that means dropout"
            );
            return Err(BadInput::new(Reason::LabelValues, message));
        }
        let labels = self.rows.label.get(self.start.kept..).unwrap_or_default();
        let positives = labels.iter().filter(|label| **label).count();
        if positives == 0 || positives == labels.len() {
            let purpose = if self.start.kept == 0 { "learn from" } else { "judge on" };
            let message = format!(
                "{file}, column '{column}': all {} rows that count have one label; both are needed to {purpose}",
                labels.len()
            );
            return Err(BadInput::new(Reason::OneClass, message));
        }
        Ok(())
    }
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
