//! The live look: the objects a model's facts are made from, read from the API server now.

use super::{ClaimNames, Identity, identity, look::Look, policy::watch_over, waiting::Parts};
use crate::{
    error::Result,
    labels::{self, job_name},
    render::training::work,
};
use dropout_crds::{DropoutModel, RetrainPolicy};
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Service},
};
use kube::{Client, ResourceExt};
use std::{collections::BTreeMap, sync::Arc};

/// The objects a model's facts are made from.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The model itself.
    pub model: Arc<DropoutModel>,
    /// The policies that name it.
    pub policies: Vec<Arc<RetrainPolicy>>,
    /// Its Jobs, and a Job of somebody else that has the name of the one it needs.
    pub jobs: Vec<Arc<Job>>,
    /// Its pods.
    pub pods: Vec<Arc<Pod>>,
    /// Its ConfigMaps.
    pub configs: Vec<Arc<ConfigMap>>,
    /// The Deployment of its name, whoever owns it.
    pub deployment: Option<Arc<Deployment>>,
    /// The Service of its name, whoever owns it.
    pub service: Option<Arc<Service>>,
    /// The claim of the training data, if they are on one.
    pub data_claim: Option<Arc<PersistentVolumeClaim>>,
    /// The claim of the store, if it is on one.
    pub store_claim: Option<Arc<PersistentVolumeClaim>>,
    /// The claim of the bundle that was trained elsewhere, if the spec names one.
    pub bundle_claim: Option<Arc<PersistentVolumeClaim>>,
    /// The claim of the holdout, if the spec names one.
    pub holdout_claim: Option<Arc<PersistentVolumeClaim>>,
    /// What the cluster complains about, by uid of a Job or pod that has waited for a while.
    pub complaints: BTreeMap<String, String>,
}

impl Gathered {
    /// Its Jobs and pods.
    pub fn parts(&self) -> Parts<'_> {
        Parts { jobs: &self.jobs, pods: &self.pods, complaints: &self.complaints }
    }
}

/// Looks. None: the model is not there any more.
pub async fn gather(client: &Client, wanted: &Identity) -> Result<Option<Gathered>> {
    let look = Look { client, namespace: &wanted.namespace };
    let Some(model) = look.one::<DropoutModel>(&wanted.name).await? else { return Ok(None) };
    let identity = identity(model.as_ref());
    let parts = labels::of_model(&identity.name);
    let claims = ClaimNames::of(&model.spec);
    let mut gathered = Gathered {
        policies: watch_over(look.parts::<RetrainPolicy>("").await?, &identity),
        jobs: look.parts::<Job>(&parts).await?,
        pods: look.parts::<Pod>(&parts).await?,
        configs: look.parts::<ConfigMap>(&parts).await?,
        deployment: look.one(&identity.name).await?,
        service: look.one(&identity.name).await?,
        data_claim: look.claim(claims.data).await?,
        store_claim: look.claim(claims.store).await?,
        bundle_claim: look.claim(claims.bundle).await?,
        holdout_claim: look.claim(claims.holdout).await?,
        complaints: BTreeMap::new(),
        model,
    };
    gathered.jobs.extend(namesake(&look, &gathered, &identity).await?);
    gathered.complaints = look.complaints(gathered.parts()).await?;
    Ok(Some(gathered))
}

/// A Job of somebody else that has the name of the one the candidate needs.
async fn namesake(look: &Look<'_>, gathered: &Gathered, identity: &Identity) -> Result<Option<Arc<Job>>> {
    let Some(candidate) = gathered.model.status.as_ref().and_then(|status| status.candidate.as_ref()) else {
        return Ok(None);
    };
    let step = (candidate.version, work(candidate.work), candidate.attempt);
    let name = job_name(&identity.name, &identity.uid, step);
    if gathered.jobs.iter().any(|job| job.name_any() == name) {
        return Ok(None);
    }
    look.one::<Job>(&name).await
}
