//! A `DropoutModel` as a YAML file, the same that is applied to a cluster: its name, and which columns mean what. It decides
//! nothing.

use crate::failure::{Failure, bytes};
use dropout_model::{
    input::{BadInput, Reason},
    manifest::Manifest,
};
use serde_json::Value;

/// Largest specification that is read, in bytes.
const MAX_SPEC: usize = 1 << 20;

/// A model's name and manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `metadata.name`.
    pub name: String,
    /// What the columns are.
    pub manifest: Manifest,
}

/// Reads and checks a specification; other documents of the file are passed over.
pub fn read(file: &str) -> Result<Spec, Failure> {
    let bytes = bytes(file, MAX_SPEC)?;
    if bytes.len() > MAX_SPEC {
        return Err(bad(file, "has more than 1 MiB; is it a DropoutModel?").into());
    }
    let text = String::from_utf8(bytes).map_err(|_| bad(file, "is no UTF-8 text"))?;
    let spec = parsed(file, &text)?;
    spec.manifest.check().map_err(|error| BadInput { message: format!("{file}: {}", error.message), ..error })?;
    Ok(spec)
}

fn parsed(file: &str, text: &str) -> Result<Spec, BadInput> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| bad(file, &format!("is no YAML: {error}")))?;
    let mut models = documents.iter().filter(|document| document["kind"] == "DropoutModel");
    let (Some(model), None) = (models.next(), models.next()) else {
        return Err(bad(file, "must hold one document of kind DropoutModel, and one only"));
    };
    let name = model["metadata"]["name"].as_str().ok_or_else(|| bad(file, "has no metadata.name"))?;
    let manifest = serde_json::from_value(model["spec"].clone());
    let manifest = manifest.map_err(|error| bad(file, &format!("has a spec that cannot be used: {error}")))?;
    Ok(Spec { name: name.to_owned(), manifest })
}

fn bad(file: &str, what: &str) -> BadInput {
    BadInput::new(Reason::BadManifest, format!("{file} {what}"))
}
