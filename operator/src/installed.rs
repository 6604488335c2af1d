//! Whether the API server serves the kinds that are owned here, asked once before the work begins. An upgrade of the
//! operator without its CRDs is told; it is not tried for ever.

use crate::{call::once, controller::watching::api, error::Error, health::Readiness};
use dropout_crds::{DropoutModel, RetrainPolicy};
use kube::{Client, Resource, api::ListParams, core::NamespaceResourceScope};
use serde::de::DeserializeOwned;
use std::{fmt::Debug, time::Duration};

/// Pause between two questions.
const PAUSE: Duration = Duration::from_secs(5);

/// Waits until both kinds are served and may be read. What is missing is told, in the log when it changes.
pub async fn installed(client: &Client, namespace: Option<&str>, readiness: &Readiness) {
    let mut told = String::new();
    while let Err(sentence) = look(client, namespace).await {
        if told != sentence {
            tracing::error!("{sentence}");
        }
        readiness.waits_for(sentence.clone());
        told = sentence;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(client: &Client, namespace: Option<&str>) -> Result<(), String> {
    asked::<DropoutModel>(client, namespace).await?;
    asked::<RetrainPolicy>(client, namespace).await
}

async fn asked<K>(client: &Client, namespace: Option<&str>) -> Result<(), String>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let kinds = K::plural(&());
    let api = api::<K>(client, namespace);
    match once(&format!("list {kinds}"), api.list_metadata(&ListParams::default().limit(1))).await {
        Ok(_) => Ok(()),
        Err(error) => Err(sentence(&kinds, &error)),
    }
}

/// What is missing, and what to do.
fn sentence(kinds: &str, error: &Error) -> String {
    match code(error) {
        Some(404) => format!("the API server knows no {kinds}: apply crds/{kinds}.yaml of this release, then wait"),
        Some(403) => format!("the operator may not list {kinds}: apply the roles of this release, then wait"),
        _ => format!("waiting for the API server: {error}"),
    }
}

fn code(error: &Error) -> Option<u16> {
    let Error::Api { source, .. } = error else { return None };
    let kube::Error::Api(status) = source.as_ref() else { return None };
    Some(status.code)
}
