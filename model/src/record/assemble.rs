//! Records become labelled rows: the first prediction of each patient and day, with what became of the patient by the
//! horizon. What is not known for certain is no label, and everything left out is counted.

use super::{Event, Outcome, Prediction, Side};
use crate::{manifest::Label, rows::Day};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A row made from a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct AssembledRow<'a> {
    /// The prediction.
    pub prediction: &'a Prediction,
    /// Whether the patient dropped out within the horizon.
    pub label: bool,
}

/// What came of all records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Predictions read.
    pub predictions: u64,
    /// Outcomes read, the same event once.
    pub outcomes: u64,
    /// Predictions of a patient and day that has an earlier one.
    pub repeated: u64,
    /// Rows whose label was not certain at the cut-off.
    pub immature: u64,
    /// Rows whose patient was not followed to the horizon.
    pub censored: u64,
    /// Rows of which nothing says what became of the patient by the horizon.
    pub unlabelled: u64,
    /// Rows of patients whose outcomes contradict each other.
    pub contradictory: u64,
    /// Predictions made after their patient had dropped out, finished or was lost.
    pub late: u64,
    /// Outcomes of patients without a prediction.
    pub unknown: u64,
    /// Rows with a label.
    pub labelled: u64,
}

/// What became of a patient, as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Course {
    dropout: BTreeSet<Day>,
    completed: BTreeSet<Day>,
    censored: BTreeSet<Day>,
    /// The last day on which the patient was seen in the trial.
    seen: Option<Day>,
}

impl Course {
    fn add(&mut self, event: Event, day: Day) {
        match event {
            Event::Dropout => drop(self.dropout.insert(day)),
            Event::Completed => drop(self.completed.insert(day)),
            Event::Censored => drop(self.censored.insert(day)),
            Event::Seen => self.seen = self.seen.max(Some(day)),
        }
    }

    /// A patient leaves once and in one way, and is not seen in the trial after leaving it.
    fn is_contradictory(&self) -> bool {
        let ends = self.dropout.len() + self.completed.len() + self.censored.len();
        let left = self.end();
        ends > 1 || left.is_some_and(|left| self.seen.is_some_and(|seen| seen > left))
    }

    /// The day on which the patient left, in whatever way.
    fn end(&self) -> Option<Day> {
        self.dropout.iter().chain(&self.completed).chain(&self.censored).min().copied()
    }

    /// What is known about a row of a day whose horizon ends on another: `Some` is a label.
    fn label(&self, (day, horizon): (Day, Day)) -> Told {
        if let Some(dropout) = self.dropout.first() {
            return if *dropout <= day { Told::Late } else { Told::Label(*dropout <= horizon) };
        }
        if let Some(completed) = self.completed.first() {
            return if *completed < day { Told::Late } else { Told::Label(false) };
        }
        if self.seen.is_some_and(|seen| seen >= horizon) {
            return Told::Label(false);
        }
        match self.censored.first() {
            Some(censored) if *censored < day => Told::Late,
            Some(censored) if *censored >= horizon => Told::Label(false),
            Some(_) => Told::Censored,
            None => Told::Nothing,
        }
    }
}

enum Told {
    Label(bool),
    Censored,
    Late,
    Nothing,
}

/// Makes rows of records. A row counts only if its day plus `label.maturesAfter` is at or before the cut-off. Its label
/// is 1 if the patient dropped out after its day and at or before its day plus the horizon. It is 0 only if the patient
/// finished, was seen or was lost for another reason at or after the horizon's end, or finished before it, or dropped out
/// after it; else the row is censored (lost before the horizon) or unlabelled. Predictions and outcomes come in any order;
/// rows leave by patient and day.
pub fn assemble<'a>(
    label: &Label,
    predictions: &'a [Prediction],
    outcomes: &[Outcome],
    cutoff: Day,
) -> (Vec<AssembledRow<'a>>, Counts) {
    let mut counts = Counts { predictions: predictions.len() as u64, ..Counts::default() };
    let courses = courses(outcomes, &mut counts);
    let first = first(predictions, &mut counts);
    let known: BTreeSet<&str> = first.keys().map(|(patient, _)| *patient).collect();
    counts.unknown = courses.iter().filter(|(patient, _)| !known.contains(*patient)).map(|(_, (_, n))| n).sum();
    let nothing = Course::default();
    let latest = cutoff.before(label.maturity());
    let mut rows = Vec::new();
    for ((patient, day), prediction) in first {
        let course = courses.get(patient).map_or(&nothing, |(course, _)| course);
        let Some(horizon) = day.after(label.horizon) else { continue };
        if latest.is_none_or(|latest| day > latest) {
            counts.immature += 1;
        } else if course.is_contradictory() {
            counts.contradictory += 1;
        } else {
            match course.label((day, horizon)) {
                Told::Label(label) => rows.push(AssembledRow { prediction, label }),
                Told::Censored => counts.censored += 1,
                Told::Late => counts.late += 1,
                Told::Nothing => counts.unlabelled += 1,
            }
        }
    }
    counts.labelled = rows.len() as u64;
    (rows, counts)
}

/// What became of each patient, with the number of events told.
fn courses<'a>(outcomes: &'a [Outcome], counts: &mut Counts) -> BTreeMap<&'a str, (Course, u64)> {
    let mut seen = BTreeSet::new();
    let mut courses: BTreeMap<&str, (Course, u64)> = BTreeMap::new();
    for outcome in outcomes {
        let Some(day) = Day::read(&outcome.date) else { continue };
        if seen.insert((outcome.patient.as_str(), outcome.event, day)) {
            let (course, events) = courses.entry(&outcome.patient).or_default();
            course.add(outcome.event, day);
            *events += 1;
        }
    }
    counts.outcomes = seen.len() as u64;
    courses
}

/// The first prediction of each patient and day, by the time of its answer; of two at the same time the lesser identity.
fn first<'a>(predictions: &'a [Prediction], counts: &mut Counts) -> BTreeMap<(&'a str, Day), &'a Prediction> {
    let mut first: BTreeMap<(&str, Day), &Prediction> = BTreeMap::new();
    for prediction in predictions {
        let Some(day) = Day::read(&prediction.date) else { continue };
        let order = |prediction: &'a Prediction| (&prediction.time, &prediction.id);
        let slot = first.entry((&prediction.patient, day)).or_insert(prediction);
        if order(slot) != order(prediction) {
            counts.repeated += 1;
            if order(prediction) < order(slot) {
                *slot = prediction;
            }
        }
    }
    first
}

impl AssembledRow<'_> {
    /// Whether the patient is held out.
    pub fn is_held_out(&self) -> bool {
        self.prediction.side == Side::Holdout
    }
}
