//! The live look: the objects a policy's facts are made from, read from the API server now. Of a report it reads the
//! metadata only; what it says is read by the monitor's Job.

use crate::{
    error::Result,
    labels,
    observe::{identity, look::Look, policy::watch_over, waiting::Parts},
};
use dropout_crds::{DropoutModel, RetrainPolicy};
use dropout_planner::observed::Identity;
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod},
};
use kube::{Client, ResourceExt, core::PartialObjectMeta};
use std::{collections::BTreeMap, sync::Arc};

/// The ConfigMap with a report, without the report: a request for it asks for the metadata only.
pub type Report = PartialObjectMeta<ConfigMap>;

/// The objects a policy's facts are made from.
#[derive(Clone, Debug)]
pub struct GatheredPolicy {
    /// The policy itself.
    pub policy: Arc<RetrainPolicy>,
    /// The model that it names.
    pub model: Option<Arc<DropoutModel>>,
    /// The other policies that name the same model.
    pub rivals: Vec<Arc<RetrainPolicy>>,
    /// Its Jobs, and a Job of somebody else that has the name of the one it needs.
    pub jobs: Vec<Arc<Job>>,
    /// Its pods.
    pub pods: Vec<Arc<Pod>>,
    /// Its ConfigMaps.
    pub configs: Vec<Arc<ConfigMap>>,
    /// The ConfigMap that the spec names, if it names one.
    pub report: Option<Arc<Report>>,
    /// The claim of the model's store.
    pub store_claim: Option<Arc<PersistentVolumeClaim>>,
    /// What the cluster complains about, by uid of a Job or pod that has waited for a while.
    pub complaints: BTreeMap<String, String>,
}

impl GatheredPolicy {
    /// Its Jobs and pods.
    pub fn parts(&self) -> Parts<'_> {
        Parts { jobs: &self.jobs, pods: &self.pods, complaints: &self.complaints }
    }
}

/// Name of the ConfigMap with a report, if the spec names one.
pub fn report_name(policy: &RetrainPolicy) -> Option<&str> {
    let source = policy.spec.monitor.as_ref()?.source.as_ref()?;
    source.config_map.as_ref().map(|config| config.name.as_str())
}

/// The others among the policies of its model.
pub fn rivals(policies: Vec<Arc<RetrainPolicy>>, policy: &RetrainPolicy) -> Vec<Arc<RetrainPolicy>> {
    let model = Identity { name: policy.spec.model_ref.name.clone(), ..identity(policy) };
    let own = policy.uid();
    watch_over(policies, &model).into_iter().filter(|rival| rival.uid() != own).collect()
}

/// Looks. None: the policy is not there any more.
pub async fn gather_policy(client: &Client, wanted: &Identity) -> Result<Option<GatheredPolicy>> {
    let look = Look { client, namespace: &wanted.namespace };
    let Some(policy) = look.one::<RetrainPolicy>(&wanted.name).await? else { return Ok(None) };
    let model: Option<Arc<DropoutModel>> = look.one(&policy.spec.model_ref.name).await?;
    let parts = labels::of_policy(&wanted.name);
    let mut gathered = GatheredPolicy {
        rivals: rivals(look.parts("").await?, &policy),
        jobs: look.parts(&parts).await?,
        pods: look.parts(&parts).await?,
        configs: look.parts(&parts).await?,
        report: match report_name(&policy) {
            Some(name) => look.one(name).await?,
            None => None,
        },
        store_claim: look.claim(model.as_ref().and_then(|model| model.spec.store.claim())).await?,
        complaints: BTreeMap::new(),
        model,
        policy,
    };
    gathered.jobs.extend(namesake(&look, &gathered).await?);
    gathered.complaints = look.complaints(gathered.parts()).await?;
    Ok(Some(gathered))
}

/// A Job of somebody else that has the name of the one that the policy's look needs.
async fn namesake(look: &Look<'_>, gathered: &GatheredPolicy) -> Result<Option<Arc<Job>>> {
    let Some(task) = looked_for(&gathered.policy) else { return Ok(None) };
    let name = labels::monitor_job_name(&gathered.policy.name_any(), &gathered.policy.uid().unwrap_or_default(), task);
    if gathered.jobs.iter().any(|job| job.name_any() == name) {
        return Ok(None);
    }
    look.one::<Job>(&name).await
}

/// Hash of the task of the look that the status says is running.
pub fn looked_for(policy: &RetrainPolicy) -> Option<&str> {
    let run = policy.status.as_ref()?.monitor.as_ref()?.run.as_ref()?;
    Some(run.task.as_str())
}
