//! Creates immutable ConfigMaps. One of the same name is looked at, never patched and never taken over.

use super::jobs::{exactly, unless_gone};
use crate::{
    call,
    context::Context,
    error::{Error, Result},
    labels::{CONTENT, MANAGER},
};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, PostParams},
};
use serde_json::Value;

/// Creates a ConfigMap. If one of its name is there: the same one will do; one of ours with other content is deleted,
/// and the next pass creates it anew; one of somebody else is an error.
pub async fn create(context: &Context, namespace: &str, wanted: Value) -> Result<()> {
    let wanted: ConfigMap = serde_json::from_value(wanted).map_err(|error| Error::Render("a ConfigMap", error))?;
    let api: Api<ConfigMap> = Api::namespaced(context.client.clone(), namespace);
    let parameters = PostParams { field_manager: Some(MANAGER.into()), ..PostParams::default() };
    context.metrics.wrote("config");
    match call::once("create a ConfigMap", api.create(&parameters, &wanted)).await {
        Err(Error::Conflict { .. }) => look(&api, &wanted).await,
        created => created.map(drop),
    }
}

async fn look(api: &Api<ConfigMap>, wanted: &ConfigMap) -> Result<()> {
    let name = wanted.name_any();
    let Some(there) = call::read("get a ConfigMap", || api.get_opt(&name)).await? else {
        return Err(Error::Conflict { what: "create a ConfigMap".into() });
    };
    if owner(&there) != owner(wanted) {
        return Err(Error::Taken(format!("a ConfigMap {name} that is not ours is in the way; delete it")));
    }
    if there.annotations().get(CONTENT) == wanted.annotations().get(CONTENT) {
        return Ok(());
    }
    let exact: DeleteParams = exactly(there.uid().unwrap_or_default());
    unless_gone(call::once("delete a ConfigMap", api.delete(&name, &exact)).await.map(drop))?;
    Err(Error::Conflict { what: "create a ConfigMap".into() })
}

fn owner(config: &ConfigMap) -> Option<&str> {
    config.owner_references().iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
}
