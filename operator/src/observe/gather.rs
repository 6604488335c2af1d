//! The live look: the objects a model's facts are made from, read from the API server now.

use super::{ClaimNames, Identity, identity, trouble::short};
use crate::{
    call::read,
    error::Result,
    labels::{self, job_name},
    render::training::work,
};
use dropout_crds::DropoutModel;
use dropout_planner::observed::later;
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, Event, PersistentVolumeClaim, Pod, Service},
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ListParams, ObjectList},
    core::NamespaceResourceScope,
};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

/// Seconds that a pod or Job may wait before the cluster's events are asked why.
const PATIENCE: i64 = 5;
/// Seconds after which they are asked again.
const ASK_AGAIN: i64 = 20;
/// Events that say only that something waits, not why.
const EMPTY_WORDS: [&str; 2] = ["Unhealthy", "BackOff"];

/// The objects a model's facts are made from.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The model itself.
    pub model: Arc<DropoutModel>,
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

/// Looks. None: the model is not there any more.
pub async fn gather(client: &Client, wanted: &Identity) -> Result<Option<Gathered>> {
    let look = Look { client, namespace: &wanted.namespace };
    let Some(model) = look.one::<DropoutModel>(&wanted.name).await? else { return Ok(None) };
    let identity = identity(&model);
    let claims = ClaimNames::of(&model.spec);
    let mut gathered = Gathered {
        jobs: look.parts::<Job>(&identity.name).await?,
        pods: look.parts::<Pod>(&identity.name).await?,
        configs: look.parts::<ConfigMap>(&identity.name).await?,
        deployment: look.one(&identity.name).await?,
        service: look.one(&identity.name).await?,
        data_claim: look.claim(claims.data).await?,
        store_claim: look.claim(claims.store).await?,
        bundle_claim: look.claim(claims.bundle).await?,
        holdout_claim: look.claim(claims.holdout).await?,
        complaints: BTreeMap::new(),
        model,
    };
    look.namesake(&mut gathered, &identity).await?;
    look.complaints(&mut gathered).await?;
    Ok(Some(gathered))
}

struct Look<'a> {
    client: &'a Client,
    namespace: &'a str,
}

impl Look<'_> {
    async fn claim(&self, name: Option<&str>) -> Result<Option<Arc<PersistentVolumeClaim>>> {
        match name {
            Some(name) => self.one(name).await,
            None => Ok(None),
        }
    }

    async fn one<K>(&self, name: &str) -> Result<Option<Arc<K>>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), self.namespace);
        let found = read(&format!("get {} {name}", K::kind(&())), || api.get_opt(name)).await?;
        Ok(found.map(Arc::new))
    }

    async fn parts<K>(&self, model: &str) -> Result<Vec<Arc<K>>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let parameters = ListParams::default().labels(&labels::of_model(model));
        let mut parts = self.list::<K>(&parameters).await?.items;
        parts.sort_by_key(|object| object.name_any());
        Ok(parts.into_iter().map(Arc::new).collect())
    }

    async fn list<K>(&self, parameters: &ListParams) -> Result<ObjectList<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), self.namespace);
        read(&format!("list {}", K::plural(&())), || api.list(parameters)).await
    }

    /// A Job of somebody else that has the name of the one the candidate needs.
    async fn namesake(&self, gathered: &mut Gathered, identity: &Identity) -> Result<()> {
        let Some(candidate) = gathered.model.status.as_ref().and_then(|status| status.candidate.as_ref()) else {
            return Ok(());
        };
        let step = (candidate.version, work(candidate.work), candidate.attempt);
        let name = job_name(&identity.name, &identity.uid, step);
        if gathered.jobs.iter().any(|job| job.name_any() == name) {
            return Ok(());
        }
        gathered.jobs.extend(self.one::<Job>(&name).await?);
        Ok(())
    }

    /// Asks the cluster's events about what has waited for a while.
    async fn complaints(&self, gathered: &mut Gathered) -> Result<()> {
        for uid in waiting(gathered, Timestamp::now()) {
            let parameters = ListParams::default().fields(&format!("involvedObject.uid={uid},type=Warning")).limit(50);
            let events = self.list::<Event>(&parameters).await?.items;
            if let Some(sentence) = newest(events) {
                gathered.complaints.insert(uid, sentence);
            }
        }
        Ok(())
    }
}

/// The uids of Jobs without a pod and of pods without a running container, if they have waited for a while.
fn waiting(gathered: &Gathered, now: Timestamp) -> Vec<String> {
    let has_waited = |since: &Timestamp| now.duration_since(*since).as_secs() >= PATIENCE;
    waiters(gathered).into_iter().filter(|(_, since)| has_waited(since)).map(|(uid, _)| uid).collect()
}

/// Whether something has waited for so long that only the cluster's events can say why: caches do not hold them.
pub fn needs_events(gathered: &Gathered, now: Timestamp) -> bool {
    !waiting(gathered, now).is_empty()
}

/// When the events should be asked, if something waits.
pub fn ask_at(gathered: &Gathered, now: Timestamp) -> Option<Timestamp> {
    let at = |since: Timestamp| {
        let has_waited = now.duration_since(since).as_secs() >= PATIENCE;
        let (from, seconds) = if has_waited { (now, ASK_AGAIN) } else { (since, PATIENCE + 1) };
        later(from, seconds)
    };
    waiters(gathered).into_iter().map(|(_, since)| at(since)).min()
}

/// Jobs without a pod and pods without a running or a ready container, with the time since which they wait.
fn waiters(gathered: &Gathered) -> Vec<(String, Timestamp)> {
    let owners: Vec<String> =
        gathered.pods.iter().flat_map(|pod| pod.owner_references().iter().map(|owner| owner.uid.clone())).collect();
    let jobs = gathered.jobs.iter().filter(|job| {
        let is_over =
            job.status.as_ref().is_some_and(|status| status.completion_time.is_some() || status.failed.is_some());
        let has_pod = job.uid().is_some_and(|uid| owners.contains(&uid));
        !is_over && !has_pod
    });
    let pods = gathered.pods.iter().filter(|pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let is_ready = pod.status.as_ref().and_then(|status| status.conditions.as_ref()).is_some_and(|conditions| {
            conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
        });
        let is_serving = pod.labels().get(labels::COMPONENT).is_some_and(|component| component == labels::SERVING);
        let is_leaving = pod.metadata.deletion_timestamp.is_some();
        !is_leaving && (phase == Some("Pending") || (is_serving && phase == Some("Running") && !is_ready))
    });
    let jobs = jobs.filter_map(|job| Some((job.uid()?, job.creation_timestamp()?.0)));
    jobs.chain(pods.filter_map(|pod| Some((pod.uid()?, pod.creation_timestamp()?.0)))).collect()
}

fn newest(mut events: Vec<Event>) -> Option<String> {
    events.retain(|event| event.reason.as_deref().is_some_and(|reason| !EMPTY_WORDS.contains(&reason)));
    events.sort_by_key(|event| {
        event.last_timestamp.as_ref().map(|time| time.0).or_else(|| event.event_time.as_ref().map(|time| time.0))
    });
    let event = events.pop()?;
    Some(format!("{}: {}", event.reason.unwrap_or_default(), short(&event.message.unwrap_or_default())))
}
