//! Writes a status by server-side apply, on the resourceVersion that it was decided on: a stale one answers 409.

use crate::{call, context::Context, error::Result, labels::MANAGER, observe::Kind};
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::Serialize;
use serde_json::json;

/// Writes the status of a model or a policy.
pub async fn write<K: Kind>(context: &Context, object: &K, status: &impl Serialize) -> Result<()> {
    let api: Api<K> = Api::namespaced(context.client.clone(), &object.namespace().unwrap_or_default());
    let name = object.name_any();
    let body = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": name, "uid": object.uid(), "resourceVersion": object.resource_version()},
        "status": status,
    });
    let parameters = PatchParams::apply(MANAGER).force();
    call::once("write a status", api.patch_status(&name, &parameters, &Patch::Apply(&body))).await?;
    context.metrics.wrote("status");
    Ok(())
}
