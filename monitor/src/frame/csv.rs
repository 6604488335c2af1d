//! A CSV or Parquet file as a frame, read once in one pass. Only the columns that are asked for are kept. It never repeats a
//! cell.

use super::{ColumnSpec, Frame, MISSING, Names, Values};
use crate::report::ColumnKind;
use dropout_model::{
    digest::digest,
    input::{BadInput, Reason},
    rows::{MAX_FILE, all_columns},
};
use std::{fs::File, io::Read, path::Path};

/// Columns with a meaning of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles<'a> {
    /// The patient.
    pub patient: Option<&'a str>,
    /// The landmark day.
    pub landmark: Option<&'a str>,
    /// The model's risk.
    pub risk: Option<&'a str>,
    /// The label, and its value for a dropout.
    pub label: Option<(&'a str, &'a str)>,
}

/// Reads a file.
pub fn read(place: &Path, name: &str, asked: (&[ColumnSpec], Roles<'_>)) -> Result<Frame, BadInput> {
    let no = |why: String| BadInput::new(Reason::NoData, format!("{name} {why}"));
    let file = File::open(place).map_err(|error| no(format!("cannot be opened: {}; check the path", error.kind())))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| no(format!("cannot be read: {}; is it a file?", error.kind())))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(BadInput::new(Reason::TooLarge, format!("{name} has more than {MAX_FILE} bytes")));
    }
    read_bytes(&bytes, name, asked)
}

/// Reads the bytes of a file; `name` is shown in messages.
pub fn read_bytes(bytes: &[u8], name: &str, (schema, roles): (&[ColumnSpec], Roles<'_>)) -> Result<Frame, BadInput> {
    let (names, records) = all_columns(name, bytes)?;
    let place = |wanted: &str| names.iter().position(|own| own == wanted);
    let mut columns: Vec<Building> =
        schema.iter().filter_map(|spec| Some(Building::new(spec, place(&spec.name)?))).collect();
    let mut others = Others::new(&roles, place);
    let mut rows = 0;
    for record in records {
        let (row, record) = record?;
        if record.len() != names.len() {
            let what = format!("{name}, row {row}: has {} cells, the header has {}", record.len(), names.len());
            return Err(BadInput::new(Reason::RaggedRow, format!("{what}; quote cells that hold a comma")));
        }
        let cell = |at: usize| {
            let text = std::str::from_utf8(record.get(at).unwrap_or_default());
            let what = || format!("{name}, row {row}: is no UTF-8 text; save the file as UTF-8");
            text.map(str::trim).map_err(|_| BadInput::new(Reason::NotText, what()))
        };
        columns.iter_mut().try_for_each(|column| cell(column.at).map(|text| column.push(text)))?;
        others.push(cell)?;
        rows += 1;
    }
    let columns = columns.into_iter().map(Building::finished).collect();
    let compared = |name: &&String| schema.iter().any(|spec| spec.name == **name);
    let unknown = names.iter().filter(|name| !compared(name)).cloned().collect();
    let frame = Frame {
        others: unknown,
        sources: vec![name.to_owned()],
        digest: Some(digest(bytes)),
        rows,
        columns,
        ..Frame::default()
    };
    Ok(others.finished(frame))
}

/// A column of which rows are read.
struct Building {
    name: String,
    at: usize,
    values: Vals,
}

enum Vals {
    Numbers(Vec<f64>, u64),
    Categories(Names, Vec<u32>),
}

impl Building {
    fn new(spec: &ColumnSpec, at: usize) -> Self {
        let values = match spec.kind {
            ColumnKind::Num => Vals::Numbers(Vec::new(), 0),
            ColumnKind::Cat | ColumnKind::Unknown => Vals::Categories(Names::default(), Vec::new()),
        };
        Self { name: spec.name.clone(), at, values }
    }

    fn push(&mut self, cell: &str) {
        match &mut self.values {
            Vals::Numbers(numbers, texts) => {
                let number = if cell.is_empty() { Ok(f64::NAN) } else { cell.parse::<f64>() };
                *texts += u64::from(number.is_err());
                numbers.push(number.ok().filter(|number| number.is_finite()).unwrap_or(f64::NAN));
            }
            Vals::Categories(names, codes) => codes.push(if cell.is_empty() { MISSING } else { names.number(cell) }),
        }
    }

    fn finished(self) -> (String, Values) {
        let values = match self.values {
            Vals::Numbers(numbers, texts) => Values::Numbers { numbers, texts },
            Vals::Categories(names, codes) => Values::Categories { names: names.finished(), codes },
        };
        (self.name, values)
    }
}

/// The columns with a meaning of their own.
struct Others<'a> {
    patient: Option<(usize, Names, Vec<u32>)>,
    landmark: Option<(usize, Names, Vec<u32>)>,
    risk: Option<(usize, Vec<f64>)>,
    label: Option<(usize, &'a str, Vec<Option<bool>>)>,
}

impl<'a> Others<'a> {
    fn new(roles: &Roles<'a>, place: impl Fn(&str) -> Option<usize>) -> Self {
        let named = |name: Option<&str>| Some((place(name?)?, Names::default(), Vec::new()));
        Self {
            patient: named(roles.patient),
            landmark: named(roles.landmark),
            risk: roles.risk.and_then(&place).map(|at| (at, Vec::new())),
            label: roles.label.and_then(|(name, positive)| Some((place(name)?, positive, Vec::new()))),
        }
    }

    fn push<'r>(&mut self, cell: impl Fn(usize) -> Result<&'r str, BadInput>) -> Result<(), BadInput> {
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

    fn finished(self, frame: Frame) -> Frame {
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
