//! The generated schema: the CRD as YAML, with what the derive cannot say. It is the only source of `crds/*.yaml`.

use crate::DropoutModel;
use kube::CustomResourceExt;

/// The CRD of `DropoutModel` as YAML.
pub fn dropout_model_yaml() -> Result<String, serde_saphyr::ser::Error> {
    let mut yaml = serde_saphyr::to_string(&DropoutModel::crd())?;
    yaml.push('\n');
    Ok(format!("# Generated from crds/src by `make generate`; edit the types, not this file.\n{yaml}"))
}
