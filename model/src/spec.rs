//! A `DropoutModel` as a YAML file: the same file that is applied to a cluster. Only what decides about learning, judging and
//! watching is read. It opens no file.

use crate::{
    input::{BadInput, Reason},
    manifest::Manifest,
};
use serde_json::Value;

/// Largest specification that is read, in bytes.
pub const MAX_SPEC: usize = 1 << 20;

/// Name, namespace and manifest of a `DropoutModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`, or `default`.
    pub namespace: String,
    /// The parts of `spec` that are read.
    pub manifest: Manifest,
}

/// The checked specification in the bytes of a file of at most [`MAX_SPEC`]; other documents of the file are passed over.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Spec, BadInput> {
    if bytes.len() > MAX_SPEC {
        return Err(BadInput::new(Reason::TooLarge, format!("{file} has more than 1 MiB; is it a DropoutModel?")));
    }
    let text = str::from_utf8(bytes).map_err(|_| bad(file, "is no UTF-8 text"))?;
    let spec = model(file, text)?;
    spec.manifest.check().map_err(|error| BadInput { message: format!("{file}: {}", error.message), ..error })?;
    Ok(spec)
}

fn model(file: &str, text: &str) -> Result<Spec, BadInput> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_specification_is_refused_by_the_file_s_name() {
        let refusal = |bytes: &[u8]| parse("model.yaml", bytes).unwrap_err().message;
        let cases: [(&[u8], &str); 6] = [
            (&vec![b' '; MAX_SPEC + 1], "model.yaml has more than 1 MiB"),
            (b"\xff", "model.yaml is no UTF-8 text"),
            (b"kind: [", "model.yaml is no YAML"),
            (b"kind: DropoutModel\n---\nkind: DropoutModel\n", "model.yaml must hold exactly one document"),
            (b"kind: DropoutModel\n", "model.yaml has no spec"),
            (b"kind: DropoutModel\nspec: {}\n", "model.yaml has a bad spec"),
        ];
        for (bytes, words) in cases {
            assert!(refusal(bytes).starts_with(words), "{}", refusal(bytes));
        }
    }
}
