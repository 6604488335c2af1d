//! A `DropoutModel` as a YAML file, the same that is applied to a cluster. What it means is read elsewhere.

use crate::failure::{Failure, bytes};
pub use dropout_model::spec::Spec;
use dropout_model::spec::{MAX_SPEC, parse};
use std::path::Path;

/// Reads and checks a specification. Other documents in the same file are passed over.
pub fn read(place: &Path) -> Result<Spec, Failure> {
    let file = place.display().to_string();
    Ok(parse(&file, &bytes(place, &file, MAX_SPEC as u64)?)?)
}
