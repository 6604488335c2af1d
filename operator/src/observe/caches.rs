//! What the watches have told. Plans are made from it first; only a plan from a live look is carried out.

use super::{
    ClaimNames,
    gather::Gathered,
    identity, is_of, is_of_policy,
    policy::{
        gather::{GatheredPolicy, Report, report_name, rivals},
        watch_over,
    },
};
use dropout_crds::{DropoutModel, RetrainPolicy};
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Service},
};
use kube::{
    Resource, ResourceExt,
    runtime::reflector::{ObjectRef, Store},
};
use std::{collections::BTreeMap, sync::Arc};

/// One store a kind.
#[derive(Clone)]
pub struct Caches {
    /// Models.
    pub models: Store<DropoutModel>,
    /// Policies.
    pub policies: Store<RetrainPolicy>,
    /// The metadata of ConfigMaps with reports that somebody else made.
    pub reports: Store<Report>,
    /// Jobs of ours.
    pub jobs: Store<Job>,
    /// Pods of ours.
    pub pods: Store<Pod>,
    /// Deployments of ours.
    pub deployments: Store<Deployment>,
    /// Services of ours.
    pub services: Store<Service>,
    /// ConfigMaps of ours.
    pub configs: Store<ConfigMap>,
    /// All claims.
    pub claims: Store<PersistentVolumeClaim>,
}

impl Caches {
    /// Waits until every cache has been filled once.
    pub async fn filled(&self) {
        let (models, jobs, pods) = (&self.models, &self.jobs, &self.pods);
        let first = futures::join!(models.wait_until_ready(), jobs.wait_until_ready(), pods.wait_until_ready());
        let (deployments, services) = (&self.deployments, &self.services);
        let second = futures::join!(deployments.wait_until_ready(), services.wait_until_ready());
        let third = futures::join!(self.configs.wait_until_ready(), self.claims.wait_until_ready());
        let fourth = futures::join!(self.policies.wait_until_ready(), self.reports.wait_until_ready());
        tracing::debug!(?first, ?second, ?third, ?fourth, "the caches are filled");
    }

    /// Everything about a model that the watches have told.
    pub fn gather(&self, model: &Arc<DropoutModel>) -> Gathered {
        let identity = identity(model.as_ref());
        let named = |name: &str| (name.to_owned(), identity.namespace.clone());
        let claim = |name: Option<&str>| name.and_then(|name| one(&self.claims, named(name)));
        let claims = ClaimNames::of(&model.spec);
        Gathered {
            policies: watch_over(self.policies.state(), &identity),
            jobs: parts(&self.jobs, |job| is_of(job, &identity)),
            pods: parts(&self.pods, |pod| is_of(pod, &identity)),
            configs: parts(&self.configs, |config| is_of(config, &identity)),
            deployment: one(&self.deployments, named(&identity.name)),
            service: one(&self.services, named(&identity.name)),
            data_claim: claim(claims.data),
            store_claim: claim(claims.store),
            bundle_claim: claim(claims.bundle),
            holdout_claim: claim(claims.holdout),
            complaints: BTreeMap::new(),
            model: model.clone(),
        }
    }

    /// Everything about a policy that the watches have told.
    pub fn gather_policy(&self, policy: &Arc<RetrainPolicy>) -> GatheredPolicy {
        let identity = identity(policy.as_ref());
        let named = |name: &str| (name.to_owned(), identity.namespace.clone());
        let model = one(&self.models, named(&policy.spec.model_ref.name));
        GatheredPolicy {
            rivals: rivals(self.policies.state(), policy),
            jobs: parts(&self.jobs, |job| is_of_policy(job, &identity)),
            pods: parts(&self.pods, |pod| is_of_policy(pod, &identity)),
            configs: parts(&self.configs, |config| is_of_policy(config, &identity)),
            report: report_name(policy).and_then(|name| one(&self.reports, named(name))),
            store_claim: model.as_ref().and_then(|model| one(&self.claims, named(model.spec.store.claim()?))),
            complaints: BTreeMap::new(),
            model,
            policy: policy.clone(),
        }
    }
}

fn parts<K>(store: &Store<K>, is_part: impl Fn(&K) -> bool) -> Vec<Arc<K>>
where
    K: Resource<DynamicType = ()> + ResourceExt + Clone + 'static,
{
    let mut parts: Vec<Arc<K>> = store.state().into_iter().filter(|object| is_part(object)).collect();
    parts.sort_by_key(|object| object.name_any());
    parts
}

fn one<K>(store: &Store<K>, (name, namespace): (String, String)) -> Option<Arc<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    store.get(&ObjectRef::new(&name).within(&namespace))
}
