//! A simulated trial whose true risks are known: weekly visits, five landmark days, dates, sites and a data cut-off. The
//! same numbers for a seed on every machine. No real patient is in it.

use dropout_model::{bundle::logistic, random::Stream};
use jiff::{ToSpan, civil::Date};
use std::fmt::Write as _;

/// The date of the data cut-off.
pub const CUTOFF: &str = "2026-06-30";

/// The landmark days.
pub const LANDMARKS: [u32; 5] = [14, 28, 56, 84, 112];

const HORIZON: u32 = 28;
const SITES: u64 = 12;
const LAST_DAY: u32 = 140;

/// What happens in a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing changes.
    Stable,
    /// The sites of a region (4 to 12) go over to remote visits: visits are missed more often and this means less,
    /// distance no longer matters, and adverse events weigh more. A model from before is wrong there.
    RemoteVisits,
    /// The sites of a region (4 to 12) go over to remote visits as under `RemoteVisits`, and the visits that were remote are
    /// counted. A model that knows the count can learn the new rules beside the old ones.
    RemoteRegion,
    /// Patients are ten years older; what a patient's risk is does not change.
    HarmlessDrift,
}

impl Scenario {
    /// The scenario of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "stable" => Some(Self::Stable),
            "remote-visits" => Some(Self::RemoteVisits),
            "remote-region" => Some(Self::RemoteRegion),
            "harmless-drift" => Some(Self::HarmlessDrift),
            _ => None,
        }
    }
}

/// One patient at one landmark day.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number of the patient, from 1.
    pub patient: u32,
    /// Number of the site, 1 to 12.
    pub site: u32,
    /// Whether the patient is a woman; it means nothing for risk.
    pub is_female: bool,
    /// Years.
    pub age: u32,
    /// Landmark day.
    pub days_in_trial: u32,
    /// Date of the landmark.
    pub landmark_date: Date,
    /// Visits so far, scheduled and unscheduled.
    pub visits_completed: u32,
    /// Scheduled visits missed so far.
    pub visits_missed: u32,
    /// Days since the last scheduled visit that was kept.
    pub days_since_last_visit: u32,
    /// Adverse events so far.
    pub adverse_events: u32,
    /// Way to the site in kilometres, one decimal.
    pub distance_km: f64,
    /// Visits so far that were remote.
    pub remote_visits: u32,
    /// Whether a dropout within 28 days is known at the cut-off.
    pub dropout: bool,
    /// Probability of a dropout within 28 days, given the patient's course.
    pub true_risk: f64,
}

/// Patients who come into a trial within a time, and what is known of them on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// Number of the first patient.
    pub first: u32,
    /// Number of patients.
    pub patients: u32,
    /// Seed of everything.
    pub seed: u64,
    /// What happens.
    pub scenario: Scenario,
    /// The first and the last day on which they come.
    pub enrolled: (Date, Date),
    /// The day up to which everything is known.
    pub until: Date,
}

impl Cohort {
    /// The rows: one for each landmark day that a patient reaches by the last day.
    pub fn rows(&self) -> Vec<Row> {
        self.courses().flat_map(|(course, enrolled)| course.rows(enrolled, self.until)).collect()
    }

    /// What becomes of each patient by the last day: the dropout, or that the patient was still there.
    pub fn ends(&self) -> Vec<End> {
        let end = |(course, enrolled): (Course, Date)| {
            let day = course.dropout_day.and_then(|day| enrolled.checked_add(i64::from(day).days()).ok());
            let dropout = day.filter(|day| *day <= self.until);
            End { patient: course.patient, is_dropout: dropout.is_some(), date: dropout.unwrap_or(self.until) }
        };
        self.courses().map(end).collect()
    }

    fn courses(&self) -> impl Iterator<Item = (Course, Date)> {
        let (from, to) = self.enrolled;
        let span = from.until(to).map_or(0, |span| u64::try_from(span.get_days()).unwrap_or(0));
        (self.first..self.first.saturating_add(self.patients)).map(move |patient| {
            let course = Course::draw(patient, self.seed, self.scenario);
            let after = Stream::new(self.seed).part(u64::from(patient)).below(7, span + 1) as i64;
            (course, from.saturating_add(after.days()))
        })
    }
}

/// What became of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Number of the patient.
    pub patient: u32,
    /// Whether the patient dropped out; else the patient was seen.
    pub is_dropout: bool,
    /// When.
    pub date: Date,
}

/// The rows of a trial: a row for each landmark day that a patient reaches by the cut-off.
pub fn trial(patients: u32, seed: u64, scenario: Scenario) -> Vec<Row> {
    let cutoff: Date = CUTOFF.parse().unwrap_or_default();
    let rows = |patient| {
        let course = Course::draw(patient, seed, scenario);
        let enrolled = cutoff.saturating_sub(course.enrolled.days());
        course.rows(enrolled, cutoff)
    };
    (1..=patients).flat_map(rows).collect()
}

/// A patient's course as it would be without a dropout, and the day of the dropout.
struct Course {
    patient: u32,
    rows: Vec<Row>,
    /// Days from coming into the trial to its cut-off.
    enrolled: i64,
    dropout_day: Option<u32>,
}

impl Course {
    fn draw(patient: u32, seed: u64, scenario: Scenario) -> Self {
        let stream = Stream::new(seed).part(u64::from(patient));
        let is_region = matches!(scenario, Scenario::RemoteVisits | Scenario::RemoteRegion);
        let is_remote = is_region && stream.below(0, SITES) >= SITES / 4;
        let older = if scenario == Scenario::HarmlessDrift { 10.0 } else { 0.0 };
        let first = Row {
            patient,
            site: stream.below(0, SITES) as u32 + 1,
            is_female: stream.unit(1) < 0.5,
            age: (58.0 + older + 11.0 * normal(stream, 2)).round().clamp(18.0, 95.0) as u32,
            days_in_trial: 0,
            landmark_date: Date::default(),
            visits_completed: 0,
            visits_missed: 0,
            days_since_last_visit: 0,
            adverse_events: 0,
            remote_visits: 0,
            distance_km: (10.0 * 18.0 * libm::exp(0.9 * normal(stream, 4))).round().clamp(5.0, 2_000.0) / 10.0,
            dropout: false,
            true_risk: 0.0,
        };
        let mut rows = visited(&first, stream.part(1), is_remote);
        let risks: Vec<f64> = rows.iter().map(|row| risk(row, is_remote)).collect();
        let dropout_day = dropout_day(&risks, stream.part(2));
        for (row, risk) in rows.iter_mut().zip(true_risks(&risks)) {
            row.true_risk = risk;
        }
        Self { patient, rows, enrolled: 20 + stream.below(6, 520) as i64, dropout_day }
    }

    /// The landmark days that were reached in the trial and by the cut-off, labelled as is known then.
    fn rows(self, enrolled: Date, cutoff: Date) -> impl Iterator<Item = Row> {
        let days_known = enrolled.until(cutoff).map_or(0, |span| i64::from(span.get_days()));
        let stays = move |row: &Row| self.dropout_day.is_none_or(|day| day > row.days_in_trial);
        let reached = move |row: &Row| i64::from(row.days_in_trial) <= days_known;
        self.rows.into_iter().filter(stays).filter(reached).map(move |mut row| {
            row.landmark_date = enrolled.saturating_add(i64::from(row.days_in_trial).days());
            let within = |day: u32| day <= row.days_in_trial + HORIZON && i64::from(day) <= days_known;
            row.dropout = self.dropout_day.is_some_and(within);
            row
        })
    }
}

/// The patient at each landmark day: weekly visits are kept or missed, in runs; adverse events come one by one.
fn visited(first: &Row, stream: Stream, is_remote: bool) -> Vec<Row> {
    // In every trial some patients are visited at home now and then, and it means nothing.
    let remote_share = if is_remote {
        0.85
    } else if stream.unit(6) < 0.2 {
        0.3
    } else {
        0.0
    };
    let weariness = -2.1 + 0.8 * normal(stream, 0) + 0.006 * first.distance_km + if is_remote { 1.5 } else { 0.0 };
    let events_a_week = 0.07 * libm::exp(0.6 * normal(stream, 2));
    let extra_visits = logistic(-0.3 + 2.0 * normal(stream, 4));
    let mut row = first.clone();
    let (mut rows, mut last, mut missed_before) = (Vec::new(), 0, false);
    for week in 1..=LANDMARKS[LANDMARKS.len() - 1] / 7 {
        let draw = |kind: u64| stream.unit(100 + u64::from(week) * 4 + kind);
        let is_missed = draw(0) < logistic(weariness + if missed_before { 1.5 } else { 0.0 });
        row.days_in_trial = week * 7;
        row.visits_missed += u32::from(is_missed);
        row.visits_completed += u32::from(!is_missed) + u32::from(draw(1) < extra_visits);
        row.adverse_events += u32::from(draw(2) < events_a_week);
        row.remote_visits += u32::from(!is_missed && draw(3) < remote_share);
        last = if is_missed { last } else { row.days_in_trial };
        row.days_since_last_visit = row.days_in_trial - last;
        missed_before = is_missed;
        if LANDMARKS.contains(&row.days_in_trial) {
            rows.push(row.clone());
        }
    }
    rows
}

/// Probability of a dropout in the 28 days after a landmark, if the patient's state stayed as it is.
fn risk(row: &Row, is_remote: bool) -> f64 {
    let (base, missed, gap, distance, events) =
        if is_remote { (-4.2, 0.0, -0.03, 0.0, 1.7) } else { (-4.5, 0.02, 0.17, 0.03, 0.2) };
    logistic(
        base - 0.002 * (f64::from(row.days_in_trial) - 56.0) - 0.01 * (f64::from(row.age) - 58.0)
            + missed * f64::from(row.visits_missed)
            + gap * f64::from(row.days_since_last_visit)
            + distance * row.distance_km
            + events * f64::from(row.adverse_events),
    )
}

/// The first day on which the patient is gone. Within the days from one landmark to the next every day has the same
/// hazard, such that 28 of them have the landmark's risk.
fn dropout_day(risks: &[f64], stream: Stream) -> Option<u32> {
    (LANDMARKS[0] + 1..=LAST_DAY).find(|day| {
        let landmark = LANDMARKS.iter().rposition(|landmark| landmark < day).unwrap_or_default();
        let risk = risks.get(landmark).copied().unwrap_or_default();
        stream.unit(u64::from(*day)) >= libm::pow(1.0 - risk, 1.0 / f64::from(HORIZON))
    })
}

/// The probability of a dropout within 28 days of each landmark, given the course. Days 14 to 42 lie half under the
/// first landmark's hazard and half under the second's.
fn true_risks(risks: &[f64]) -> Vec<f64> {
    let mut exact = risks.to_vec();
    if let ([first, second, ..], Some(slot)) = (risks, exact.first_mut()) {
        *slot = 1.0 - libm::sqrt((1.0 - first) * (1.0 - second));
    }
    exact
}

/// A standard normal number from draws `n` and `n` + 1 (Box and Muller 1958).
fn normal(stream: Stream, n: u64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.unit(n)));
    radius * libm::cos(std::f64::consts::TAU * stream.unit(n + 1))
}

/// The rows as CSV.
pub fn csv(rows: &[Row]) -> String {
    let mut text = String::from(
        "patient_id,site,sex,age,days_in_trial,landmark_date,visits_completed,visits_missed,days_since_last_visit,adverse_events,distance_km,remote_visits,dropout_28d,true_risk\n",
    );
    for row in rows {
        let (sex, dropout) = (if row.is_female { 'F' } else { 'M' }, u8::from(row.dropout));
        let _ = writeln!(
            text,
            "P-{:05},S{:02},{sex},{},{},{},{},{},{},{},{},{},{dropout},{:.6}",
            row.patient,
            row.site,
            row.age,
            row.days_in_trial,
            row.landmark_date,
            row.visits_completed,
            row.visits_missed,
            row.days_since_last_visit,
            row.adverse_events,
            row.distance_km,
            row.remote_visits,
            row.true_risk
        );
    }
    text
}
