//! `erase`: takes a patient out of the records of a model.

use super::Arguments;
use crate::{failure::Failure, records};
use dropout_model::pseudonym::Pseudonyms;
use dropout_store::Store;
use std::{fs, io::Read as _, path::Path};

/// Its lines of the help.
pub const HELP: &str = "--store DIR|s3://BUCKET/FOLDER [--credentials DIR] (--pseudonym HEX | --key FILE --patient-id-file FILE|-)
               takes a patient out of all recorded predictions and outcomes; the store is the model's folder of it. The keys
               of a bucket are the usual variables, or files of a folder, such as a mounted Secret. The identifier is read from a file or standard input, so that it stands in no shell history. Bundles,
               references and reports that were made before are not changed; retrain to forget what was learned";

/// Does it.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let store = store(arguments.needed("store")?, arguments.optional("credentials"))?;
    let pseudonym = pseudonym(arguments)?;
    let erased = records::erase(&store, &pseudonym)?;
    println!("{} lines taken out of {} of {} batches", erased.lines, erased.changed, erased.batches);
    Ok(0)
}

fn store(place: &str, credentials: Option<&str>) -> Result<Store, Failure> {
    if !place.starts_with("s3://") {
        return Ok(Store::at(Path::new(place)));
    }
    Ok(Store::open_with(place, Path::new("/"), credentials.map(Path::new))?)
}

fn pseudonym(arguments: &Arguments) -> Result<String, Failure> {
    if let Some(hex) = arguments.optional("pseudonym") {
        let is_one = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let no = || Failure::Usage("--pseudonym must be 64 hex digits, letters in lower case".to_owned());
        return is_one.then(|| hex.to_owned()).ok_or_else(no);
    }
    let file = arguments.needed("key")?;
    let key = fs::read(file).map_err(|cause| Failure::Disk { what: "read", place: file.to_owned(), cause })?;
    let pseudonyms = Pseudonyms::new(&key).map_err(|error| Failure::Usage(format!("{file}: {error}")))?;
    let patient = patient(arguments.needed("patient-id-file")?)?;
    Ok(pseudonyms.of(patient.trim_end_matches(['\r', '\n'])).text())
}

fn patient(file: &str) -> Result<String, Failure> {
    let failed = |cause| Failure::Disk { what: "read", place: file.to_owned(), cause };
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    fs::read_to_string(file).map_err(failed)
}
