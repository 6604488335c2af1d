//! A `DropoutModel` as a YAML file, the same that is applied to a cluster. What it means is read elsewhere.

use crate::failure::{Failure, bytes};
pub use dropout_model::spec::Spec;
use dropout_model::spec::{MAX_SPEC, parse};

/// Reads and checks a specification; other documents of the file are passed over.
pub fn read(file: &str) -> Result<Spec, Failure> {
    Ok(parse(file, &bytes(file, MAX_SPEC)?)?)
}
