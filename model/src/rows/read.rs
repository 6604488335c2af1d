//! Reading files of rows under a contract: which files, whether they are the ones that were asked for, and where their
//! columns are. It never looks into a row.

use super::{
    Contract, Rows, Table,
    date::Day,
    file::{Opened, Records},
    header::Layout,
    reading::Reading,
};
use crate::{
    digest::digest,
    input::{BadInput, Reason},
    manifest::{Feature, Manifest},
    split::is_holdout,
};

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 30;

/// The files of a model's rows: of each the name shown in messages, and the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Files<'b> {
    /// The rows to train on; without a given holdout also those to judge on.
    pub training: (&'b str, &'b [u8]),
    /// The rows of a given holdout.
    pub holdout: Option<(&'b str, &'b [u8])>,
    /// Rows made from records.
    pub records: Option<RecordRows<'b>>,
}

/// Rows made from records: a CSV file in memory.
#[derive(Clone, Copy, Debug)]
pub struct RecordRows<'b> {
    /// Its name in messages.
    pub name: &'b str,
    /// The file. Every row of it is mature.
    pub bytes: &'b [u8],
    /// By row of the file: whether its patient is held out.
    pub held: &'b [bool],
    /// Digest of what it was made of.
    pub digest: &'b str,
}

/// Reads the rows that count from one file, CSV or Parquet. `file` is the name shown in messages. A given holdout is not
/// asked for.
pub fn read(file: &str, bytes: &[u8], contract: &Contract<'_>) -> Result<Table, BadInput> {
    read_files(Files { training: (file, bytes), holdout: None, records: None }, contract)
}

/// Reads the rows that count from the training file and the file of a given holdout. Both keep the same contract, and no
/// patient may be in both.
pub fn read_all(files: Files<'_>, contract: &Contract<'_>) -> Result<Table, BadInput> {
    let is_named = contract.manifest.data.holdout_source().is_some();
    match (is_named, files.holdout) {
        (true, None) => {
            let what = "spec.data.holdout.source names a file, but it was not given; give it beside the training file";
            Err(BadInput::new(Reason::NoData, what))
        }
        (false, Some((file, _))) => {
            let what = format!(
                "{file} was given as a holdout, but spec.data.holdout.source names none; set it or leave the file out"
            );
            Err(BadInput::new(Reason::BadManifest, what))
        }
        (true, Some(_)) | (false, None) => read_files(files, contract),
    }
}

fn read_files(files: Files<'_>, contract: &Contract<'_>) -> Result<Table, BadInput> {
    let manifest = contract.manifest;
    let digest = digests(files, manifest)?;
    let (file, bytes) = files.training;
    let (layout, records) = opened(file, bytes, contract)?;
    let mut reading = Reading::new(file, layout);
    reading.label = Some(&manifest.label);
    let cutoff = manifest.data.cutoff.as_deref().filter(|_| manifest.index.is_some());
    reading.latest = cutoff.and_then(Day::read).and_then(|day| day.before(manifest.label.maturity()));
    reading.all(records)?;
    let learned = reading.len();
    if let Some((file, bytes)) = files.holdout {
        let (layout, records) = opened(file, bytes, contract)?;
        reading.next_file(file, layout);
        reading.all(records)?;
        reading.check_apart(files.training.0)?;
    }
    let judged = reading.len();
    if let Some(records) = files.records.filter(|records| !records.held.is_empty()) {
        let (layout, rows) = opened(records.name, records.bytes, contract)?;
        reading.next_records(records.name, layout);
        reading.all(rows)?;
        reading.check_apart(files.training.0)?;
    }
    let own = reading.own();
    let (mut rows, counts) = reading.finished();
    let production = rows.columns.split_off(own);
    let given = given(manifest, &rows, (learned, judged), &files);
    let records_from = judged.min(rows.len());
    Ok(Table { rows, production, given, records_from, counts, digest })
}

/// By row: whether it is held out, if that is not the hash of the patient's identifier alone.
fn given(manifest: &Manifest, rows: &Rows, (learned, judged): (usize, usize), files: &Files<'_>) -> Vec<bool> {
    let Some(records) = files.records.filter(|_| rows.len() > judged) else {
        let judged = if files.holdout.is_some() { judged } else { 0 };
        return (0..judged).map(|row| row >= learned).collect();
    };
    let fraction = manifest.data.holdout_fraction();
    let is_held = |row: usize| match row {
        row if row >= judged => {
            let place = rows.place.get(row).and_then(|place| usize::try_from(*place).ok());
            place.and_then(|place| records.held.get(place)) == Some(&true)
        }
        row if files.holdout.is_some() => row >= learned,
        row => is_holdout(&manifest.study.id, rows.patient_of(row), fraction),
    };
    (0..rows.len()).map(is_held).collect()
}

/// Reads rows for scoring: a patient's identifier and features, no label.
pub fn read_features(file: &str, bytes: &[u8], patient: &str, features: &[Feature]) -> Result<Rows, BadInput> {
    let opened = Opened::new(file, bytes)?;
    let (layout, records) = opened.laid_out(file, |header| header.features_only(patient, features))?;
    let mut reading = Reading::new(file, layout);
    reading.all(records)?;
    Ok(reading.finished().0)
}

/// The records of a file with the cells of some columns, in the order given and unchecked. A column that is not there is
/// left out.
pub fn named_columns<'b>(file: &str, bytes: &'b [u8], columns: &[&str]) -> Result<Records<'b>, BadInput> {
    Opened::new(file, bytes)?.columns(columns)
}

/// The names of all columns of a file; a name that is there twice is refused.
pub fn column_names(file: &str, bytes: &[u8]) -> Result<Vec<String>, BadInput> {
    Opened::new(file, bytes)?.names(file)
}

/// A column of a Parquet file as numbers, missing values as NaN; `None` if its cells must be read as text, which is so for
/// every CSV file.
#[cfg(feature = "parquet")]
pub fn number_column(file: &str, bytes: &[u8], name: &str) -> Result<Option<Vec<f64>>, BadInput> {
    Opened::new(file, bytes)?.numbers(name, usize::MAX)
}

/// The first so many numbers of such a column.
#[cfg(feature = "parquet")]
pub fn first_numbers(file: &str, bytes: &[u8], (name, most): (&str, usize)) -> Result<Option<Vec<f64>>, BadInput> {
    Opened::new(file, bytes)?.numbers(name, most)
}

/// The names of all columns of a file, and its records, unchecked; a name that is there twice is refused.
pub fn all_columns<'b>(file: &str, bytes: &'b [u8]) -> Result<(Vec<String>, Records<'b>), BadInput> {
    Opened::new(file, bytes)?.all(file)
}

fn opened<'a, 'b>(file: &str, bytes: &'b [u8], contract: &Contract<'a>) -> Result<(Layout<'a>, Records<'b>), BadInput> {
    Opened::new(file, bytes)?.laid_out(file, |header| header.layout(contract))
}

/// The digest of a table, if its files are those that the manifest asks for.
fn digests(files: Files<'_>, manifest: &Manifest) -> Result<String, BadInput> {
    let wanted = manifest.data.training.digest.as_deref();
    let training = checked_digest(files.training, wanted, "spec.data.training.digest")?;
    let wanted = manifest.data.holdout_source().and_then(|source| source.digest.as_deref());
    let holdout = files.holdout.map(|holdout| checked_digest(holdout, wanted, "spec.data.holdout.source.digest"));
    let parts: Vec<String> =
        holdout.transpose()?.into_iter().chain(files.records.map(|records| records.digest.to_owned())).collect();
    if parts.is_empty() {
        return Ok(training);
    }
    let lines: String = [training].iter().chain(&parts).map(|part| format!("{part}\n")).collect();
    Ok(digest(lines.as_bytes()))
}

fn checked_digest((file, bytes): (&str, &[u8]), wanted: Option<&str>, field: &str) -> Result<String, BadInput> {
    let digest = digest(bytes);
    if wanted.is_some_and(|wanted| wanted != digest) {
        let message =
            format!("{file} has digest {digest}, but {field} asks for another; name the digest of the file you mean");
        return Err(BadInput::new(Reason::DigestMismatch, message));
    }
    Ok(digest)
}
