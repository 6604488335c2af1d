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
}

/// Reads the rows that count from one file, CSV or Parquet. `file` is the name shown in messages. A given holdout is not
/// asked for.
pub fn read(file: &str, bytes: &[u8], contract: &Contract<'_>) -> Result<Table, BadInput> {
    read_files(Files { training: (file, bytes), holdout: None }, contract)
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
    let judged = files.holdout.map_or(0, |_| reading.len());
    let own = reading.own();
    let (mut rows, counts) = reading.finished();
    let production = rows.columns.split_off(own);
    Ok(Table { rows, production, given: (0..judged).map(|row| row >= learned).collect(), counts, digest })
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

fn opened<'a, 'b>(file: &str, bytes: &'b [u8], contract: &Contract<'a>) -> Result<(Layout<'a>, Records<'b>), BadInput> {
    Opened::new(file, bytes)?.laid_out(file, |header| header.layout(contract))
}

/// The digest of a table, if its files are those that the manifest asks for.
fn digests(files: Files<'_>, manifest: &Manifest) -> Result<String, BadInput> {
    let wanted = manifest.data.training.digest.as_deref();
    let training = checked_digest(files.training, wanted, "spec.data.training.digest")?;
    let Some(holdout) = files.holdout else { return Ok(training) };
    let wanted = manifest.data.holdout_source().and_then(|source| source.digest.as_deref());
    let holdout = checked_digest(holdout, wanted, "spec.data.holdout.source.digest")?;
    Ok(digest(format!("{training}\n{holdout}\n").as_bytes()))
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
