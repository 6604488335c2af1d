//! Columns that grow cell by cell. They read no file and never repeat a cell.

use super::{ColumnSpec, Frame, MISSING, Names, Roles, Values};
use crate::report::ColumnKind;

/// A column of which rows are read.
pub struct Building {
    /// Its name.
    name: String,
    /// Its place in a record.
    pub at: usize,
    values: Vals,
}

enum Vals {
    Numbers(Vec<f64>, u64),
    Categories(Names, Vec<u32>),
}

impl Building {
    /// A column without rows.
    pub fn new(spec: &ColumnSpec, at: usize) -> Self {
        let values = match spec.kind {
            ColumnKind::Num => Vals::Numbers(Vec::new(), 0),
            ColumnKind::Cat | ColumnKind::Unknown => Vals::Categories(Names::default(), Vec::new()),
        };
        Self { name: spec.name.clone(), at, values }
    }

    /// One cell more.
    pub fn push(&mut self, cell: &str) {
        match &mut self.values {
            Vals::Numbers(numbers, texts) => {
                let number = if cell.is_empty() { Ok(f64::NAN) } else { cell.parse::<f64>() };
                *texts += u64::from(number.is_err());
                numbers.push(number.ok().filter(|number| number.is_finite()).unwrap_or(f64::NAN));
            }
            Vals::Categories(names, codes) => codes.push(if cell.is_empty() { MISSING } else { names.number(cell) }),
        }
    }

    /// Its name and values.
    pub fn finished(self) -> (String, Values) {
        let values = match self.values {
            Vals::Numbers(numbers, texts) => Values::Numbers { numbers, texts },
            Vals::Categories(names, codes) => Values::Categories { names: names.finished(), codes },
        };
        (self.name, values)
    }
}

/// The columns with a meaning of their own.
pub struct Others<'a> {
    patient: Option<(usize, Names, Vec<u32>)>,
    landmark: Option<(usize, Names, Vec<u32>)>,
    risk: Option<(usize, Vec<f64>)>,
    label: Option<(usize, &'a str, Vec<Option<bool>>)>,
}

impl<'a> Others<'a> {
    /// Without rows; `place` tells where a column stands in a record.
    pub fn new(roles: &Roles<'a>, place: impl Fn(&str) -> Option<usize>) -> Self {
        let named = |name: Option<&str>| Some((place(name?)?, Names::default(), Vec::new()));
        Self {
            patient: named(roles.patient),
            landmark: named(roles.landmark),
            risk: roles.risk.and_then(&place).map(|at| (at, Vec::new())),
            label: roles.label.and_then(|(name, positive)| Some((place(name)?, positive, Vec::new()))),
        }
    }

    /// The cells of one row more; `cell` tells them by their place.
    pub fn push<'r, E>(&mut self, cell: impl Fn(usize) -> Result<&'r str, E>) -> Result<(), E> {
        for (at, names, numbers) in self.patient.iter_mut().chain(&mut self.landmark) {
            let number = names.number(cell(*at)?);
            numbers.push(number);
        }
        if let Some((at, risks)) = &mut self.risk {
            risks.push(cell(*at)?.parse().unwrap_or(f64::NAN));
        }
        if let Some((at, positive, labels)) = &mut self.label {
            let text = cell(*at)?;
            labels.push((!text.is_empty()).then_some(text == *positive));
        }
        Ok(())
    }

    /// A frame with them.
    pub fn finished(self, frame: Frame) -> Frame {
        let (landmark, landmarks) =
            self.landmark.map(|(_, names, numbers)| (numbers, names.finished())).unwrap_or_default();
        Frame {
            patient: self.patient.map(|(_, _, numbers)| numbers).unwrap_or_default(),
            landmark,
            landmarks,
            risk: self.risk.map(|(_, risks)| risks).unwrap_or_default(),
            label: self.label.map(|(_, _, labels)| labels).unwrap_or_default(),
            ..frame
        }
    }
}
