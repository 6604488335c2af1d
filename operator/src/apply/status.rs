//! Writes a status by server-side apply, on the resourceVersion that it was decided on: a stale one answers 409.

use crate::{call, context::Context, error::Result, labels::MANAGER};
use dropout_crds::{DropoutModel, DropoutModelStatus};
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::json;

/// Writes a model's status.
pub async fn write(context: &Context, model: &DropoutModel, status: &DropoutModelStatus) -> Result<()> {
    let namespace = model.namespace().unwrap_or_default();
    let api: Api<DropoutModel> = Api::namespaced(context.client.clone(), &namespace);
    let body = json!({
        "apiVersion": DropoutModel::api_version(&()),
        "kind": DropoutModel::kind(&()),
        "metadata": {"name": model.name_any(), "uid": model.uid(), "resourceVersion": model.resource_version()},
        "status": status,
    });
    let parameters = PatchParams::apply(MANAGER).force();
    let name = model.name_any();
    call::once("write a status", api.patch_status(&name, &parameters, &Patch::Apply(&body))).await?;
    context.ledger.note(&model.uid().unwrap_or_default(), status);
    context.metrics.wrote("status");
    Ok(())
}
