//! A `DropoutModel` as a YAML file: the same file that is applied to a cluster. Only what decides about learning and
//! judging is read.

use crate::failure::{Failure, bytes};
use dropout_model::{
    input::{BadInput, Reason},
    manifest::Manifest,
};
use serde_json::Value;
use std::path::Path;

/// Largest specification that is read, in bytes.
const MAX_SPEC: u64 = 1 << 20;

/// Name, namespace and manifest of a `DropoutModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`, or `default`.
    pub namespace: String,
    /// The parts of `spec` that decide about learning and judging.
    pub manifest: Manifest,
}

/// Reads and checks a specification. Other documents in the same file are passed over.
pub fn read(place: &Path) -> Result<Spec, Failure> {
    let file = place.display().to_string();
    let bytes = bytes(place, &file, MAX_SPEC)?;
    let text = String::from_utf8(bytes).map_err(|_| bad(&file, "is no UTF-8 text"))?;
    let spec = parse(&file, &text)?;
    spec.manifest.check().map_err(|error| BadInput { message: format!("{file}: {}", error.message), ..error })?;
    Ok(spec)
}

fn parse(file: &str, text: &str) -> Result<Spec, BadInput> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| bad(file, &format!("is no YAML: {error}")))?;
    let is_model = |value: &&Value| value.get("kind").and_then(Value::as_str) == Some("DropoutModel");
    let mut models = documents.iter().filter(is_model);
    let (Some(model), None) = (models.next(), models.next()) else {
        return Err(bad(file, "must hold exactly one document of kind DropoutModel"));
    };
    let text = |pointer: &str| model.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let spec = model.get("spec").ok_or_else(|| bad(file, "has no spec"))?;
    let manifest: Manifest =
        serde_json::from_value(spec.clone()).map_err(|error| bad(file, &format!("has a bad spec: {error}")))?;
    Ok(Spec {
        name: text("/metadata/name").ok_or_else(|| bad(file, "has no metadata.name"))?,
        namespace: text("/metadata/namespace").unwrap_or_else(|| "default".to_owned()),
        manifest,
    })
}

fn bad(file: &str, what: &str) -> BadInput {
    BadInput::new(Reason::BadManifest, format!("{file} {what}"))
}
