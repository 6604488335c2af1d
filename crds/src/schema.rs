//! The generated schema: the CRD as YAML. It is the only source of `crds/*.yaml`.
//!
//! Of an optional field whose type is an enum, kube writes the description of the type and drops that of the field. Such
//! a type therefore says what the field says, its default included.

use crate::{DropoutModel, RetrainPolicy};
use kube::CustomResourceExt;

/// The CRD of `DropoutModel` as YAML.
pub fn dropout_model_yaml() -> Result<String, serde_saphyr::ser::Error> {
    let yaml = serde_saphyr::to_string(&DropoutModel::crd())?;
    Ok(format!("# Generated from crds/src by `make generate`; edit the types, not this file.\n{yaml}"))
}

/// The CRD of `RetrainPolicy` as YAML.
pub fn retrain_policy_yaml() -> Result<String, serde_saphyr::ser::Error> {
    let yaml = serde_saphyr::to_string(&RetrainPolicy::crd())?;
    Ok(format!("# Generated from crds/src by `make generate`; edit the types, not this file.\n{yaml}"))
}
