//! Single questions to the API server: one object, the objects with some labels, and what its events complain about.

use super::{
    trouble::short,
    waiting::{Parts, waiting},
};
use crate::{call::read, error::Result};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ListParams, ObjectList},
    core::NamespaceResourceScope,
};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

/// Events that say only that something waits, not why.
const EMPTY_WORDS: [&str; 2] = ["Unhealthy", "BackOff"];

/// A look at one namespace.
pub struct Look<'a> {
    /// The client.
    pub client: &'a Client,
    /// The namespace.
    pub namespace: &'a str,
}

/// A kind of object in a namespace.
pub trait Kind: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned {}

impl<K> Kind for K where K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{}

impl Look<'_> {
    /// The object of a name, if there is one.
    pub async fn one<K: Kind>(&self, name: &str) -> Result<Option<Arc<K>>> {
        let api: Api<K> = Api::namespaced(self.client.clone(), self.namespace);
        let found = read(&format!("get {} {name}", K::kind(&())), || api.get_opt(name)).await?;
        Ok(found.map(Arc::new))
    }

    /// The claim of a name, if a name is given and there is one.
    pub async fn claim(&self, name: Option<&str>) -> Result<Option<Arc<PersistentVolumeClaim>>> {
        match name {
            Some(name) => self.one(name).await,
            None => Ok(None),
        }
    }

    /// The objects that a selector of labels means, by name.
    pub async fn parts<K: Kind>(&self, selector: &str) -> Result<Vec<Arc<K>>> {
        let mut parts = self.list::<K>(&ListParams::default().labels(selector)).await?.items;
        parts.sort_by_key(|object| object.name_any());
        Ok(parts.into_iter().map(Arc::new).collect())
    }

    /// The objects that a selector of labels or fields means.
    pub async fn list<K: Kind>(&self, parameters: &ListParams) -> Result<ObjectList<K>> {
        let api: Api<K> = Api::namespaced(self.client.clone(), self.namespace);
        read(&format!("list {}", K::plural(&())), || api.list(parameters)).await
    }

    /// Asks the cluster's events about what has waited for a while. By uid of the Job or pod.
    pub async fn complaints(&self, parts: Parts<'_>) -> Result<BTreeMap<String, String>> {
        let mut complaints = BTreeMap::new();
        for uid in waiting(parts, Timestamp::now()) {
            let parameters = ListParams::default().fields(&format!("involvedObject.uid={uid},type=Warning")).limit(50);
            if let Some(sentence) = newest(self.list::<Event>(&parameters).await?.items) {
                complaints.insert(uid, sentence);
            }
        }
        Ok(complaints)
    }
}

fn newest(mut events: Vec<Event>) -> Option<String> {
    events.retain(|event| event.reason.as_deref().is_some_and(|reason| !EMPTY_WORDS.contains(&reason)));
    events.sort_by_key(|event| {
        event.last_timestamp.as_ref().map(|time| time.0).or_else(|| event.event_time.as_ref().map(|time| time.0))
    });
    let event = events.pop()?;
    Some(format!("{}: {}", event.reason.unwrap_or_default(), short(&event.message.unwrap_or_default())))
}
