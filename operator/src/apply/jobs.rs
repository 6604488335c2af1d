//! Starts Jobs by POST and deletes them. What exists already is looked at, never patched: a Job's template is immutable.

use super::config;
use crate::{
    call,
    context::Context,
    error::{Error, Result},
};
use k8s_openapi::api::{batch::v1::Job, core::v1::ConfigMap};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, PostParams, Preconditions, PropagationPolicy},
};
use serde_json::Value;
use std::sync::Arc;

/// A Job with its ConfigMap, ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The ConfigMap of its task.
    pub config: Value,
    /// The Job.
    pub job: Value,
}

/// The names among `names` of Jobs that are there and not yet being deleted.
pub fn present(names: &[String], jobs: &[Arc<Job>]) -> Vec<String> {
    let is_there =
        |name: &&String| jobs.iter().any(|job| job.name_any() == **name && job.metadata.deletion_timestamp.is_none());
    names.iter().filter(is_there).cloned().collect()
}

/// Writes the ConfigMap, then the Job. A Job of its name may be there already, from a pass that was cut short or from
/// somebody else: the next look tells which.
pub async fn launch(context: &Context, namespace: &str, start: Start) -> Result<()> {
    let job: Job = serde_json::from_value(start.job).map_err(|error| Error::Render("a Job", error))?;
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), namespace);
    let parameters = PostParams { field_manager: Some(crate::labels::MANAGER.into()), ..PostParams::default() };
    config::create(context, namespace, start.config).await?;
    unless_there(call::once("create a Job", jobs.create(&parameters, &job)).await.map(drop))?;
    context.metrics.wrote("job");
    Ok(())
}

fn unless_there(created: Result<()>) -> Result<()> {
    match created {
        Err(Error::Conflict { .. }) => Ok(()),
        other => other,
    }
}

/// What a look has found.
#[derive(Clone, Copy, Debug)]
pub struct There<'a> {
    /// Jobs.
    pub jobs: &'a [Arc<Job>],
    /// ConfigMaps.
    pub configs: &'a [Arc<ConfigMap>],
}

/// Deletes Jobs, with their pods, and their ConfigMaps. The Job goes last: as long as it is there, a pass that was cut
/// short is repeated.
pub async fn prune(context: &Context, (namespace, there): (&str, There<'_>), names: &[String]) -> Result<()> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), namespace);
    let configs: Api<ConfigMap> = Api::namespaced(context.client.clone(), namespace);
    for name in names {
        let job = there.jobs.iter().find(|job| job.name_any() == *name).and_then(|job| job.uid());
        let config = there.configs.iter().find(|config| config.name_any() == *name).and_then(|config| config.uid());
        if let Some(uid) = config {
            unless_gone(call::once("delete a task", configs.delete(name, &exactly(uid))).await.map(drop))?;
        }
        if let Some(uid) = job {
            unless_gone(call::once("delete a Job", jobs.delete(name, &exactly(uid))).await.map(drop))?;
        }
        context.metrics.wrote("prune");
    }
    Ok(())
}

/// Deletes this object and no other of its name, its children in the background.
pub fn exactly(uid: String) -> DeleteParams {
    DeleteParams {
        preconditions: Some(Preconditions { uid: Some(uid), resource_version: None }),
        propagation_policy: Some(PropagationPolicy::Background),
        ..DeleteParams::default()
    }
}

/// Something that is gone already was deleted.
pub fn unless_gone(deleted: Result<()>) -> Result<()> {
    match deleted {
        Err(Error::Api { source, .. }) if matches!(source.as_ref(), kube::Error::Api(status) if status.is_not_found()) => {
            Ok(())
        }
        other => other,
    }
}
