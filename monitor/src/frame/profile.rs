//! A reference that is kept: its columns as they are in memory, the numbers' order beside them, so that nobody reads or sorts them
//! again. It is told by its digests and is no exchange format: the rows it was made from remain the source.
//!
//! All numbers are little endian: `DROPREF1`, the length of the head (u32), the head as JSON, then by row the patient (u32), the
//! landmark day (u32), the risk (f64) and the label (u8: 0, 1, 2 for unknown), each if the head says so, and by column either
//! the numbers by row (f64) with the places of those that are there in rising order (u32), or the codes by row (u32). The
//! SHA-256 of all this, as `sha256:<hex>`, is the end.

use super::{ColumnSpec, Frame, Roles, Values};
use crate::report::ColumnKind;
use dropout_model::{
    digest::digest,
    input::{BadInput, Reason},
};
use serde::{Deserialize, Serialize};

/// What a profile begins with; the last byte is the version of the format.
const MAGIC: &[u8] = b"DROPREF1";
/// Bytes of the digest at the end, as text.
const END: usize = 71;

/// What stands before the numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    /// Digest of the bundle that was trained on the rows; none if they were not kept for one.
    bundle: Option<String>,
    /// Digest of the rows that it was made from; reports name it as that of the reference.
    source: Option<String>,
    sources: Vec<String>,
    rows: usize,
    landmarks: Vec<String>,
    /// Whether rows have a patient, a landmark day, a risk, a label.
    roles: [bool; 4],
    others: Vec<String>,
    columns: Vec<Own>,
}

/// A column.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Own {
    name: String,
    is_whole: bool,
    /// Of numbers: cells that hold text, and how many numbers there are. Of categories: their names.
    texts: u64,
    filled: usize,
    categories: Option<Vec<String>>,
}

/// The profile of a reference; `bundle` is the digest of the bundle that was trained on it.
pub fn profile(frame: &Frame, schema: &[ColumnSpec], bundle: Option<&str>) -> Vec<u8> {
    let columns: Vec<(&String, &Values, Vec<u32>)> =
        frame.columns.iter().map(|(name, values)| (name, values, rising(values))).collect();
    let is_whole = |name: &str| schema.iter().any(|spec| spec.name == name && spec.is_whole);
    let own = |(name, values, order): &(&String, &Values, Vec<u32>)| {
        let (texts, categories) = match values {
            Values::Numbers { texts, .. } => (*texts, None),
            Values::Categories { names, .. } => (0, Some(names.clone())),
        };
        Own { name: (*name).clone(), is_whole: is_whole(name), texts, filled: order.len(), categories }
    };
    let head = Head {
        bundle: bundle.map(str::to_owned),
        source: frame.digest.clone(),
        sources: frame.sources.clone(),
        rows: frame.rows,
        landmarks: frame.landmarks.clone(),
        roles: [&frame.patient.is_empty(), &frame.landmark.is_empty(), &frame.risk.is_empty(), &frame.label.is_empty()]
            .map(|is_empty| !is_empty),
        others: frame.others.clone(),
        columns: columns.iter().map(own).collect(),
    };
    let mut bytes = MAGIC.to_vec();
    // A head of texts and numbers always has a JSON form; if not, what is written cannot be read and says so.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    bytes.extend((head.len() as u32).to_le_bytes());
    bytes.extend(head);
    bytes.extend(frame.patient.iter().chain(&frame.landmark).flat_map(|number| number.to_le_bytes()));
    bytes.extend(frame.risk.iter().flat_map(|risk| risk.to_le_bytes()));
    bytes.extend(frame.label.iter().map(|label| label.map_or(2, u8::from)));
    for (_, values, order) in columns {
        match values {
            Values::Numbers { numbers, .. } => bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes())),
            Values::Categories { codes, .. } => bytes.extend(codes.iter().flat_map(|code| code.to_le_bytes())),
        }
        bytes.extend(order.iter().flat_map(|row| row.to_le_bytes()));
    }
    let end = digest(&bytes);
    bytes.extend(end.as_bytes());
    bytes
}

/// Whether bytes are a profile, of whatever version.
pub fn is_profile(bytes: &[u8]) -> bool {
    MAGIC.split_last().is_some_and(|(_, begin)| bytes.starts_with(begin))
}

/// The columns of a profile.
pub fn schema(bytes: &[u8], name: &str) -> Result<Vec<ColumnSpec>, BadInput> {
    let (head, _) = opened(bytes, name)?;
    Ok(head.columns.iter().map(Own::spec).collect())
}

/// The frame of a profile; the columns that are asked for must be of the types that it was made with. `name` is shown in
/// messages.
pub fn read(bytes: &[u8], name: &str, (asked, roles): (&[ColumnSpec], Roles<'_>)) -> Result<Frame, BadInput> {
    let (head, mut rest) = opened(bytes, name)?;
    check(name, &head, (asked, roles))?;
    let damaged = || unreadable(name, "is damaged");
    let rows = |is_there: bool| if is_there { head.rows } else { 0 };
    let [patient, landmark, risk, label] = head.roles.map(rows);
    let mut frame = Frame {
        digest: head.source,
        sources: head.sources,
        rows: head.rows,
        others: head.others,
        kept_for: head.bundle,
        patient: taken(&mut rest, patient, u32::from_le_bytes).ok_or_else(damaged)?,
        landmark: taken(&mut rest, landmark, u32::from_le_bytes).ok_or_else(damaged)?,
        landmarks: head.landmarks,
        risk: taken(&mut rest, risk, f64::from_le_bytes).ok_or_else(damaged)?,
        label: taken(&mut rest, label, |[label]| [Some(false), Some(true)].get(usize::from(label)).copied().flatten())
            .ok_or_else(damaged)?,
        ..Frame::default()
    };
    for own in head.columns {
        let is_asked = asked.iter().any(|spec| spec.name == own.name);
        let (values, order) = own.values(&mut rest, head.rows).ok_or_else(damaged)?;
        if is_asked {
            frame.rising.insert(own.name.clone(), order);
            frame.columns.push((own.name, values));
            continue;
        }
        frame.others.push(own.name);
    }
    if rest.is_empty() { Ok(frame) } else { Err(damaged()) }
}

/// Head and body of a profile whose digest is right.
fn opened<'b>(bytes: &'b [u8], name: &str) -> Result<(Head, &'b [u8]), BadInput> {
    if bytes.len() > MAGIC.len() && !bytes.starts_with(MAGIC) {
        return Err(unreadable(name, "is of another version of the format"));
    }
    let damaged = || unreadable(name, "is damaged or cut off");
    let (own, end) = bytes.len().checked_sub(END).and_then(|at| bytes.split_at_checked(at)).ok_or_else(damaged)?;
    if digest(own).as_bytes() != end {
        return Err(damaged());
    }
    let (length, rest) = own.get(MAGIC.len()..).and_then(<[u8]>::split_first_chunk::<4>).ok_or_else(damaged)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
    let (head, body) = rest.split_at_checked(length).ok_or_else(damaged)?;
    Ok((serde_json::from_slice(head).map_err(|_| damaged())?, body))
}

fn unreadable(name: &str, what: &str) -> BadInput {
    let message = format!("{name} {what}: remove it and make it again from the rows of the reference");
    BadInput::new(Reason::BadProfile, message)
}

/// Whether a profile has the roles and the types that are asked for.
fn check(name: &str, head: &Head, (asked, roles): (&[ColumnSpec], Roles<'_>)) -> Result<(), BadInput> {
    let [patient, landmark, risk, _] = head.roles;
    let needed = [
        (roles.patient, patient, "patients"),
        (roles.landmark, landmark, "landmark days"),
        (roles.risk, risk, "risks"),
    ];
    if let Some((_, _, what)) =
        needed.iter().find(|(column, is_there, _)| column.is_some() && !is_there && head.rows > 0)
    {
        return Err(unreadable(name, &format!("was made without {what}")));
    }
    let is_other = |own: &&Own| asked.iter().any(|spec| spec.name == own.name && spec.kind != own.spec().kind);
    match head.columns.iter().find(is_other) {
        Some(own) => Err(unreadable(name, &format!("was made with column '{}' of another type", own.name))),
        None => Ok(()),
    }
}

/// So many values from the begin of some bytes.
fn taken<const N: usize, T>(rest: &mut &[u8], count: usize, value: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
    let (own, others) = rest.split_at_checked(count.checked_mul(N)?)?;
    *rest = others;
    Some(own.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect())
}

impl Own {
    fn spec(&self) -> ColumnSpec {
        let kind = if self.categories.is_some() { ColumnKind::Cat } else { ColumnKind::Num };
        ColumnSpec { kind, is_whole: self.is_whole, ..ColumnSpec::named(&self.name) }
    }

    /// Its values, and the rows of its numbers in rising order.
    fn values(&self, rest: &mut &[u8], rows: usize) -> Option<(Values, Vec<u32>)> {
        if let Some(names) = self.categories.clone() {
            return Some((Values::Categories { names, codes: taken(rest, rows, u32::from_le_bytes)? }, Vec::new()));
        }
        let numbers = taken(rest, rows, f64::from_le_bytes)?;
        Some((Values::Numbers { numbers, texts: self.texts }, taken(rest, self.filled, u32::from_le_bytes)?))
    }
}

/// Rows of a column of numbers in the order of the numbers; missing ones are left out.
fn rising(values: &Values) -> Vec<u32> {
    let Values::Numbers { numbers, .. } = values else { return Vec::new() };
    let at = |row: &u32| numbers.get(*row as usize).copied().unwrap_or(f64::NAN);
    let mut rows: Vec<u32> = (0..numbers.len() as u32).filter(|row| at(row).is_finite()).collect();
    rows.sort_unstable_by(|a, b| at(a).total_cmp(&at(b)).then(a.cmp(b)));
    rows
}
