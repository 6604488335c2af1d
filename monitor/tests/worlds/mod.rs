//! Trials whose truth is known: ten columns and the model's risk, with or without a shift, with one row of a patient or
//! several. It judges nothing.

use dropout_model::random::Stream;
use dropout_monitor::frame::{ColumnSpec, Frame, Values};
use dropout_monitor::report::ColumnKind;

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// One row a patient, other patients in each window.
    Plain,
    /// One to six rows a patient that resemble each other, other patients in each window.
    Clustered,
    /// The same patients on later landmark days, and some new ones; columns grow with the days in trial.
    Ageing,
}

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub world: World,
    /// Patients of the reference and of a window.
    pub sizes: (usize, usize),
    /// Standard deviations that three columns move in every window.
    pub shift: f64,
    pub has_risk: bool,
    pub weight: Option<f64>,
}

/// Numeric columns; the first three may be shifted.
const NUMBERS: usize = 6;
/// Levels of the columns of categories.
const LEVELS: [u32; 4] = [2, 3, 5, 12];
/// Days between landmarks, and the last landmark.
const STEP: f64 = 28.0;
const LAST: usize = 10;
/// Share of a number's variance that is the patient's own.
const OWN: f64 = 0.7;

/// One policy: a reference, and windows against it.
pub struct Trial {
    setting: Setting,
    seed: u64,
}

impl Trial {
    pub fn new(setting: Setting, seed: u64) -> Self {
        Self { setting, seed }
    }

    pub fn schema(&self) -> Vec<ColumnSpec> {
        let importance = self.setting.weight;
        let number = |at: usize| ColumnSpec { importance, ..ColumnSpec::named(&format!("x{at}")) };
        let category =
            |levels: &u32| ColumnSpec { kind: ColumnKind::Cat, importance, ..ColumnSpec::named(&format!("c{levels}")) };
        let time = ColumnSpec { is_time: true, is_whole: true, importance, ..ColumnSpec::named("days_in_trial") };
        let time = (self.setting.world == World::Ageing).then_some(time);
        (0..NUMBERS).map(number).chain(LEVELS.iter().map(category)).chain(time).collect()
    }

    pub fn reference(&self) -> Frame {
        let count = self.setting.sizes.0 as u64;
        let mut rows = Vec::new();
        for patient in 0..count {
            match self.setting.world {
                World::Plain => rows.push((patient, 1)),
                World::Clustered => rows.extend((1..=self.visits(patient)).map(|visit| (patient, visit))),
                World::Ageing => rows.extend((1..=self.landmark(patient, 0.0)).map(|visit| (patient, visit))),
            }
        }
        self.frame(&rows, 0.0)
    }

    /// The rows of a window, from 0.
    pub fn window(&self, window: u64) -> Frame {
        let (before, count) = (self.setting.sizes.0 as u64, self.setting.sizes.1 as u64);
        let own = before + window * count..before + (window + 1) * count;
        let rows = match self.setting.world {
            World::Plain => own.map(|patient| (patient, 1)).collect(),
            World::Clustered => {
                own.flat_map(|patient| (1..=self.visits(patient)).map(move |visit| (patient, visit))).collect()
            }
            World::Ageing => self.seen(window),
        };
        self.frame(&rows, self.setting.shift)
    }

    /// In an ageing trial: as many patients as a window has, of those that are at a landmark then, at random.
    fn seen(&self, window: u64) -> Vec<(u64, usize)> {
        let now = STEP * (window + 1) as f64;
        let all = self.setting.sizes.0 as u64 * 3;
        let is_seen = |patient: &u64| {
            let visit = (now - self.enrolled(*patient)) / STEP;
            (1.0..(LAST + 1) as f64).contains(&visit)
        };
        let mut seen: Vec<(u64, u64)> = (0..all)
            .filter(is_seen)
            .map(|patient| (self.stream(patient).part(1000 + window).below(0, 1 << 40), patient))
            .collect();
        seen.sort_unstable();
        seen.truncate(self.setting.sizes.1);
        seen.into_iter().map(|(_, patient)| (patient, self.landmark(patient, now))).collect()
    }

    /// Day of enrolment: those of the reference before its cut-off at 0, the others after, at the same pace.
    fn enrolled(&self, patient: u64) -> f64 {
        let (n, length) = (self.setting.sizes.0 as u64, STEP * (LAST - 1) as f64);
        let day = self.stream(patient).unit(0) * length;
        if patient < n { -STEP - day } else { -STEP + day + length * ((patient / n) as f64 - 1.0) }
    }

    /// The last landmark that was reached on a day.
    fn landmark(&self, patient: u64, day: f64) -> usize {
        (((day - self.enrolled(patient)) / STEP) as usize).clamp(1, LAST)
    }

    fn visits(&self, patient: u64) -> usize {
        1 + (self.stream(patient).unit(0) * 6.0) as usize
    }

    fn stream(&self, patient: u64) -> Stream {
        Stream::new(self.seed).part(patient)
    }

    fn frame(&self, rows: &[(u64, usize)], shift: f64) -> Frame {
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); NUMBERS];
        let mut categories: Vec<Vec<u32>> = vec![Vec::new(); LEVELS.len()];
        let mut frame = Frame { rows: rows.len(), ..Frame::default() };
        for (patient, visit) in rows {
            let (own, noise) = (self.stream(*patient), self.stream(*patient).part(*visit as u64));
            let mut logit = -1.0;
            for (at, column) in columns.iter_mut().enumerate() {
                let value = self.number((own, noise), at, *visit) + if at < 3 { shift } else { 0.0 };
                logit += 0.4 * value;
                column.push(value);
            }
            for (column, levels) in categories.iter_mut().zip(LEVELS) {
                column.push((own.unit(200 + u64::from(levels)) * f64::from(levels)) as u32);
            }
            frame.patient.push(*patient as u32);
            if self.setting.world == World::Ageing {
                frame.landmark.push(*visit as u32 - 1);
            }
            if self.setting.has_risk {
                frame.risk.push(1.0 / (1.0 + (-logit).exp()));
            }
        }
        if self.setting.world == World::Ageing {
            frame.landmarks = (1..=LAST).map(|visit| (28 * visit).to_string()).collect();
            let days = rows.iter().map(|(_, visit)| 28.0 * *visit as f64).collect();
            frame.columns.push(("days_in_trial".to_owned(), Values::Numbers { numbers: days, texts: 0 }));
        }
        let numbers = columns.into_iter().enumerate();
        frame.columns.extend(numbers.map(|(at, numbers)| (format!("x{at}"), Values::Numbers { numbers, texts: 0 })));
        let names = |levels: u32| (0..levels).map(|level| format!("L{level}")).collect();
        let categories = categories.into_iter().zip(LEVELS);
        frame.columns.extend(
            categories
                .map(|(codes, levels)| (format!("c{levels}"), Values::Categories { names: names(levels), codes })),
        );
        frame
    }

    /// A number of standard deviation 1; with several rows a patient most of it is the patient's own; in an ageing trial every
    /// second one grows by a fifth of a standard deviation a landmark.
    fn number(&self, (own, noise): (Stream, Stream), at: usize, visit: usize) -> f64 {
        let (mine, other) = (normal(own, 10 + 2 * at as u64), normal(noise, 10 + 2 * at as u64));
        match self.setting.world {
            World::Plain => mine,
            World::Clustered => OWN.sqrt() * mine + (1.0 - OWN).sqrt() * other,
            World::Ageing => {
                let growth = if at.is_multiple_of(2) { 0.2 * visit as f64 } else { 0.0 };
                OWN.sqrt() * mine + (1.0 - OWN).sqrt() * other + growth
            }
        }
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(stream: Stream, n: u64) -> f64 {
    let radius = (-2.0 * (1.0 - stream.unit(n)).ln()).sqrt();
    radius * (2.0 * std::f64::consts::PI * stream.unit(n + 1)).cos()
}
