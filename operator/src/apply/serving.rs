//! Writes the serving objects by server-side apply, with the uid and resourceVersion that they were decided on, and
//! deletes serving ConfigMaps that no pod needs any more.

use super::{
    config,
    jobs::{exactly, unless_gone},
};
use crate::{
    call,
    context::Context,
    error::{Error, Result},
    labels::{COMPONENT, MANAGER, SERVING},
    observe::{Ownership, gather::Gathered, identity, ownership},
    render::{
        Frame,
        serving::{ServingObjects, serving},
    },
    subset::holds,
};
use dropout_planner::{observed::Observed, plan::Serve};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
};
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
    core::NamespaceResourceScope,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

/// Parts of serving that differ from what is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    config: Option<Value>,
    service: Option<Value>,
    deployment: Option<Value>,
    stale: Vec<(String, String)>,
}

/// What a serve would write.
pub fn difference(frame: Frame<'_>, serve: &Serve, seen: (&Gathered, &Observed)) -> Result<Difference> {
    let (gathered, observed) = seen;
    let ServingObjects { config, service, deployment } = serving(frame, serve)?;
    let name = config.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let has_config = gathered.configs.iter().any(|config| config.name_any() == name);
    let deployment = to_write(gathered.deployment.as_deref(), deployment)?;
    Ok(Difference {
        config: (!has_config).then_some(config),
        service: to_write(gathered.service.as_deref(), service)?,
        stale: if deployment.is_none() && is_settled(observed) { stale(gathered, &name) } else { Vec::new() },
        deployment,
    })
}

/// What lets no pod serve any more: our Deployment as it is, with no replicas. It stays, for the record it holds.
pub fn withdrawal(gathered: &Gathered) -> Result<Difference> {
    let Some(deployment) = gathered.deployment.as_deref() else { return Ok(Difference::default()) };
    let is_over = deployment.spec.as_ref().and_then(|spec| spec.replicas) == Some(0);
    if is_over || ownership("Deployment", deployment, &identity(gathered.model.as_ref())) != Ownership::Ours {
        return Ok(Difference::default());
    }
    let metadata = &deployment.metadata;
    let mut spec = serde_json::to_value(&deployment.spec).map_err(|error| Error::Render("a Deployment", error))?;
    if let Some(fields) = spec.as_object_mut() {
        fields.insert("replicas".into(), json!(0));
    }
    let wanted = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": metadata.name, "namespace": metadata.namespace, "uid": metadata.uid,
            "resourceVersion": metadata.resource_version, "labels": metadata.labels,
            "annotations": metadata.annotations, "ownerReferences": metadata.owner_references,
        },
        "spec": spec,
    });
    Ok(Difference { deployment: Some(wanted), ..Difference::default() })
}

/// The wanted object with the found one's uid and resourceVersion, unless the found one already is as wanted.
fn to_write<K: Serialize + ResourceExt>(found: Option<&K>, mut wanted: Value) -> Result<Option<Value>> {
    let Some(found) = found else { return Ok(Some(wanted)) };
    let there = serde_json::to_value(found).map_err(|error| Error::Render("a serving object", error))?;
    if holds(&there, &wanted) {
        return Ok(None);
    }
    if let Some(metadata) = wanted.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.insert("uid".into(), found.uid().into());
        metadata.insert("resourceVersion".into(), found.resource_version().into());
    }
    Ok(Some(wanted))
}

/// Whether every pod is of the present template.
fn is_settled(observed: &Observed) -> bool {
    observed
        .deployed()
        .is_some_and(|deployed| deployed.total == deployed.replicas && deployed.updated_available == deployed.replicas)
}

/// Names and uids of serving ConfigMaps other than the one in use.
fn stale(gathered: &Gathered, in_use: &str) -> Vec<(String, String)> {
    let model = identity(gathered.model.as_ref());
    let is_ours = |config: &ConfigMap| ownership("ConfigMap", config, &model) == Ownership::Ours;
    let is_stale = |config: &&std::sync::Arc<ConfigMap>| {
        let is_serving = config.labels().get(COMPONENT).is_some_and(|component| component == SERVING);
        is_serving && config.name_any() != in_use && is_ours(config)
    };

    gathered.configs.iter().filter(is_stale).filter_map(|config| Some((config.name_any(), config.uid()?))).collect()
}

/// Writes the differences: first what pods read, then the pods' template.
pub async fn write(context: &Context, gathered: &Gathered, difference: Difference) -> Result<()> {
    let namespace = gathered.model.namespace().unwrap_or_default();
    if let Some(config) = difference.config {
        config::create(context, &namespace, config).await?;
    }
    if let Some(service) = difference.service {
        server_side_apply::<Service>(context, &namespace, service).await?;
    }
    if let Some(deployment) = difference.deployment {
        server_side_apply::<Deployment>(context, &namespace, deployment).await?;
    }
    let configs: Api<ConfigMap> = Api::namespaced(context.client.clone(), &namespace);
    for (name, uid) in difference.stale {
        unless_gone(call::once("delete a serving file", configs.delete(&name, &exactly(uid))).await.map(drop))?;
        context.metrics.wrote("prune");
    }
    Ok(())
}

async fn server_side_apply<K>(context: &Context, namespace: &str, wanted: Value) -> Result<()>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(context.client.clone(), namespace);
    let name = wanted.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    // Force only over an object whose uid and resourceVersion we have seen: one that came meanwhile is not taken over.
    let is_known = wanted.pointer("/metadata/resourceVersion").is_some();
    let parameters = PatchParams { force: is_known, ..PatchParams::apply(MANAGER) };
    let what = format!("apply {} {name}", K::kind(&()));
    call::once(&what, api.patch(&name, &parameters, &Patch::Apply(&wanted))).await?;
    context.metrics.wrote("serving");
    Ok(())
}
