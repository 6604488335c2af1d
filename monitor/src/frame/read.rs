//! A CSV or Parquet file as a frame. Only the columns that are asked for are kept; a CSV file is never in memory as a whole
//! unless something is wrong with it, and then a slower reading says what and where. It never repeats a cell.

use super::{
    ColumnSpec, Frame, Values,
    building::{Building, Others},
    plain, profile,
};
use crate::report::ColumnKind;
use csv::StringRecord;
use dropout_model::{
    digest::{Digesting, digest},
    input::{BadInput, Reason},
    rows::{MAX_FILE, all_columns, column_names, named_columns, number_column},
};
use std::{collections::BTreeMap, convert::Infallible, fs::File, io::Read, path::Path};

/// Bytes of a CSV file that are read at a time.
const BUFFER: usize = 1 << 18;
/// What a Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";

/// Columns with a meaning of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles<'a> {
    /// The patient.
    pub patient: Option<&'a str>,
    /// The landmark day.
    pub landmark: Option<&'a str>,
    /// The model's risk.
    pub risk: Option<&'a str>,
    /// The label, and its value for a dropout; it need not be there.
    pub label: Option<(&'a str, &'a str)>,
}

impl<'a> Roles<'a> {
    /// The columns that must be there.
    fn needed(&self) -> impl Iterator<Item = &'a str> {
        [self.patient, self.landmark, self.risk].into_iter().flatten()
    }

    /// Whether a column has a role.
    pub fn has(&self, name: &str) -> bool {
        self.needed().chain(self.label.map(|(label, _)| label)).any(|own| own == name)
    }

    fn check(&self, file: &str, names: &[String]) -> Result<(), BadInput> {
        match self.needed().find(|needed| !names.iter().any(|name| name == needed)) {
            Some(column) => {
                let message = format!(
                    "{file} has no column '{column}', which is needed; its header names {} columns",
                    names.len()
                );
                Err(BadInput::new(Reason::MissingColumn, message))
            }
            None => Ok(()),
        }
    }
}

/// The columns that are compared, and those with a role.
type Asked<'a> = (&'a [ColumnSpec], Roles<'a>);

/// Reads a file; `name` is shown in messages.
pub fn read(place: &Path, name: &str, asked: Asked<'_>) -> Result<Frame, BadInput> {
    let mut begin = [0; 8];
    let is_binary = opened(place, name)?.read_exact(&mut begin).is_ok()
        && (begin.starts_with(PARQUET) || profile::is_profile(&begin));
    if !is_binary {
        let quick = unquoted(opened(place, name)?, name, asked);
        let quick = quick.map_or_else(|| Ok(streamed(opened(place, name)?, name, asked)), |frame| Ok(Some(frame)))?;
        if let Some(frame) = quick {
            return Ok(frame);
        }
    }
    read_bytes(&whole(place, name)?, name, asked)
}

/// All bytes of a file.
pub fn whole(place: &Path, name: &str) -> Result<Vec<u8>, BadInput> {
    let mut bytes = Vec::new();
    let no = |error: std::io::Error| {
        BadInput::new(Reason::NoData, format!("{name} cannot be read: {}; is it a file?", error.kind()))
    };
    opened(place, name)?.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(no)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(BadInput::new(Reason::TooLarge, format!("{name} has more than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}

fn opened(place: &Path, name: &str) -> Result<File, BadInput> {
    let no = |error: std::io::Error| {
        BadInput::new(Reason::NoData, format!("{name} cannot be opened: {}; check the path", error.kind()))
    };
    File::open(place).map_err(no)
}

/// Reads the bytes of a file; `name` is shown in messages.
pub fn read_bytes(bytes: &[u8], name: &str, asked: Asked<'_>) -> Result<Frame, BadInput> {
    if profile::is_profile(bytes) {
        return profile::read(bytes, name, asked);
    }
    if bytes.starts_with(PARQUET) { columnar(bytes, name, asked) } else { careful(bytes, name, asked) }
}

/// A frame that grows row by row.
struct Growing<'a> {
    columns: Vec<Building>,
    others: Others<'a>,
    rows: usize,
}

impl<'a> Growing<'a> {
    fn new(names: &[String], (schema, roles): Asked<'a>) -> Self {
        let place = |wanted: &str| names.iter().position(|own| own == wanted);
        let columns = schema.iter().filter_map(|spec| Some(Building::new(spec, place(&spec.name)?))).collect();
        Self { columns, others: Others::new(&roles, place), rows: 0 }
    }

    fn push<'r, E>(&mut self, cell: impl Fn(usize) -> Result<&'r str, E>) -> Result<(), E> {
        self.columns.iter_mut().try_for_each(|column| cell(column.at).map(|text| column.push(text)))?;
        self.others.push(cell)?;
        self.rows += 1;
        Ok(())
    }

    fn finished(self, frame: Frame) -> Frame {
        let columns = self.columns.into_iter().map(Building::finished).collect();
        self.others.finished(Frame { rows: self.rows, columns, ..frame })
    }
}

/// A frame without rows.
fn bare(name: &str, names: &[String], (schema, roles): Asked<'_>) -> Frame {
    let is_other = |name: &&String| !schema.iter().any(|spec| spec.name == **name) && !roles.has(name);
    Frame {
        others: names.iter().filter(is_other).cloned().collect(),
        sources: vec![name.to_owned()],
        ..Frame::default()
    }
}

/// A CSV file without quotes that is as it should be, in one pass; none if it is not.
fn unquoted(file: File, name: &str, asked: Asked<'_>) -> Option<Frame> {
    if file.metadata().ok()?.len() > MAX_FILE {
        return None;
    }
    let (mut stream, mut found) = (Digesting::new(file), None);
    plain::each(&mut stream, |cells| {
        let Some((names, growing)) = &mut found else {
            let names: Vec<String> = (0..cells.len()).map(|at| cells.get(at).to_owned()).collect();
            let growing = is_sound(&names, name, asked.1).then(|| Growing::new(&names, asked))?;
            found = Some((names, growing));
            return Some(());
        };
        let Ok(()) = growing.push(|at| Ok::<_, Infallible>(cells.get(at)));
        (cells.len() == names.len()).then_some(())
    })?;
    let (names, growing) = found?;
    Some(growing.finished(Frame { digest: Some(stream.finished()), ..bare(name, &names, asked) }))
}

/// Whether a header names every column once, and all that are needed.
fn is_sound(names: &[String], file: &str, roles: Roles<'_>) -> bool {
    let is_twice = names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|other| other == name));
    !names.is_empty() && !is_twice && roles.check(file, names).is_ok()
}

/// A CSV file that is as it should be, in one pass; none if it is not.
fn streamed(file: File, name: &str, asked: Asked<'_>) -> Option<Frame> {
    if file.metadata().ok()?.len() > MAX_FILE {
        return None;
    }
    let mut stream = Digesting::new(file);
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER).from_reader(&mut stream);
    let header = reader.byte_headers().ok()?;
    let names: Vec<String> = header
        .iter()
        .map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()))
        .collect::<Result<_, _>>()
        .ok()?;
    if !is_sound(&names, name, asked.1) {
        return None;
    }
    let (mut growing, mut record) = (Growing::new(&names, asked), StringRecord::new());
    while reader.read_record(&mut record).ok()? {
        let Ok(()) = growing.push(|at| Ok::<_, Infallible>(record.get(at).unwrap_or_default().trim()));
    }
    drop(reader);
    Some(growing.finished(Frame { digest: Some(stream.finished()), ..bare(name, &names, asked) }))
}

/// A CSV file whose faults are told with their places.
fn careful(bytes: &[u8], name: &str, asked: Asked<'_>) -> Result<Frame, BadInput> {
    let (names, records) = all_columns(name, bytes)?;
    asked.1.check(name, &names)?;
    let mut growing = Growing::new(&names, asked);
    for record in records {
        let (row, record) = record?;
        if record.len() != names.len() {
            let what = format!("{name}, row {row}: has {} cells, the header has {}", record.len(), names.len());
            return Err(BadInput::new(Reason::RaggedRow, format!("{what}; quote cells that hold a comma")));
        }
        let what = || format!("{name}, row {row}: is no UTF-8 text; save the file as UTF-8");
        growing.push(|at| {
            let text = std::str::from_utf8(record.get(at).unwrap_or_default());
            text.map(str::trim).map_err(|_| BadInput::new(Reason::NotText, what()))
        })?;
    }
    Ok(growing.finished(Frame { digest: Some(digest(bytes)), ..bare(name, &names, asked) }))
}

/// A Parquet file: columns of numbers as they are, the others through text.
fn columnar(bytes: &[u8], name: &str, (schema, roles): Asked<'_>) -> Result<Frame, BadInput> {
    let names = column_names(name, bytes)?;
    roles.check(name, &names)?;
    let wanted = |spec: &&ColumnSpec| spec.kind == ColumnKind::Num && names.contains(&spec.name);
    let mut quick: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for column in schema.iter().filter(wanted).map(|spec| spec.name.as_str()).chain(roles.risk) {
        quick.extend(number_column(name, bytes, column)?.map(|numbers| (column, numbers)));
    }
    let slow: Vec<ColumnSpec> = schema.iter().filter(|spec| !quick.contains_key(spec.name.as_str())).cloned().collect();
    let risk = roles.risk.and_then(|risk| quick.remove(risk));
    let others = Roles { risk: roles.risk.filter(|_| risk.is_none()), ..roles };
    let is_slow = |name: &&String| slow.iter().any(|spec| spec.name == **name) || others.has(name);
    let mut texts: Vec<String> = names.iter().filter(is_slow).cloned().collect();
    if texts.is_empty() && quick.is_empty() {
        texts.extend(names.first().cloned());
    }
    let frame = texted(bytes, name, (&texts, (&slow, others)))?;
    let rows = quick.values().map(Vec::len).chain(risk.as_ref().map(Vec::len)).max().unwrap_or(0).max(frame.rows);
    let number = |(name, numbers): (&str, Vec<f64>)| (name.to_owned(), finite(numbers));
    let columns = frame.columns.into_iter().chain(quick.into_iter().map(number)).collect();
    let digest = Some(digest(bytes));
    let bare = bare(name, &names, (schema, roles));
    let risk = risk.unwrap_or(frame.risk);
    Ok(Frame { rows, columns, risk, digest, others: bare.others, sources: bare.sources, ..frame })
}

fn finite(mut numbers: Vec<f64>) -> Values {
    numbers.iter_mut().filter(|number| !number.is_finite()).for_each(|number| *number = f64::NAN);
    Values::Numbers { numbers, texts: 0 }
}

/// The columns of a Parquet file that go through text.
fn texted(bytes: &[u8], name: &str, (texts, asked): (&[String], Asked<'_>)) -> Result<Frame, BadInput> {
    let mut growing = Growing::new(texts, asked);
    if texts.is_empty() {
        return Ok(growing.finished(Frame::default()));
    }
    let columns: Vec<&str> = texts.iter().map(String::as_str).collect();
    for record in named_columns(name, bytes, &columns)? {
        let (row, record) = record?;
        let what = || format!("{name}, row {row} of the table: is no UTF-8 text; write it as text");
        growing.push(|at| {
            let text = std::str::from_utf8(record.get(at).unwrap_or_default());
            text.map(str::trim).map_err(|_| BadInput::new(Reason::NotText, what()))
        })?;
    }
    Ok(growing.finished(Frame::default()))
}
