//! The watches and the caches that they fill. It decides nothing and reads nothing twice.

use crate::{
    labels,
    observe::{caches::Caches, policy::gather::Report},
    watches::WATCH_SECONDS,
};
use dropout_crds::{DropoutModel, RetrainPolicy};
use futures::{Stream, TryStreamExt};
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Service},
};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::NamespaceResourceScope,
    runtime::{
        WatchStreamExt,
        reflector::{self, store::Writer},
        watcher,
    },
};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// One watch with its cache.
pub struct Watch<K: Resource<DynamicType = ()> + Clone + Debug + 'static> {
    api: Api<K>,
    config: watcher::Config,
    writer: Writer<K>,
}

impl<K> Watch<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    /// Every object that came, changed or went, when the cache has it already.
    pub fn touched(self) -> impl Stream<Item = Result<K, watcher::Error>> + Send {
        self.shown(|_| ())
    }

    /// As `touched`; of every object only what is kept goes into the cache.
    pub fn kept(self, keep: impl FnMut(&mut K) + Send) -> impl Stream<Item = Result<K, watcher::Error>> + Send {
        let watcher = watcher(self.api, self.config).default_backoff();
        watcher.modify(keep).reflect(self.writer).touched_objects()
    }

    /// As `touched`; every event is shown first, when the cache has it already.
    pub fn shown(
        self,
        show: impl Fn(&watcher::Event<K>) + Send,
    ) -> impl Stream<Item = Result<K, watcher::Error>> + Send {
        watcher(self.api, self.config).default_backoff().reflect(self.writer).inspect_ok(show).touched_objects()
    }
}

/// Of a report's ConfigMap drops what we do not read: `kubectl apply` keeps a copy of the whole report in an annotation.
pub fn keep_ours(report: &mut Report) {
    report.metadata.managed_fields = None;
    report.annotations_mut().retain(|key, _| key.starts_with(labels::GROUP));
}

/// The watches of models and of what belongs to them.
pub struct ModelWatches {
    pub(super) models: Watch<DropoutModel>,
    pub(super) jobs: Watch<Job>,
    pub(super) pods: Watch<Pod>,
    pub(super) deployments: Watch<Deployment>,
    pub(super) services: Watch<Service>,
    pub(super) configs: Watch<ConfigMap>,
    pub(super) claims: Watch<PersistentVolumeClaim>,
}

/// All watches, and the caches they fill.
pub struct Watching {
    of_models: ModelWatches,
    policies: Watch<RetrainPolicy>,
    reports: Watch<Report>,
    paths: [String; 8],
}

impl Watching {
    /// The paths that are watched, as the API server knows them.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The watches of the two controllers.
    pub(super) fn split(self) -> (ModelWatches, Watch<RetrainPolicy>, Watch<Report>) {
        (self.of_models, self.policies, self.reports)
    }

    /// Prepares the watches of one namespace, or of all.
    pub fn new(client: &Client, namespace: Option<&str>) -> (Self, Caches) {
        let any = || watcher::Config::default().timeout(WATCH_SECONDS);
        let ours = || any().labels(&labels::ours());
        let (models, model_watch) = watch(client, namespace, any());
        let (policies, policy_watch) = watch(client, namespace, any());
        let (jobs, job_watch) = watch(client, namespace, ours());
        let (pods, pod_watch) = watch(client, namespace, ours());
        let (deployments, deployment_watch) = watch(client, namespace, ours());
        let (services, service_watch) = watch(client, namespace, ours());
        let (configs, config_watch) = watch(client, namespace, ours());
        let (claims, claim_watch) = watch(client, namespace, any());
        // Of these the API server is asked for the metadata only.
        let (reports, report_watch) = watch(client, namespace, any().labels(labels::REPORT));
        let of_models = ModelWatches {
            models: model_watch,
            jobs: job_watch,
            pods: pod_watch,
            deployments: deployment_watch,
            services: service_watch,
            configs: config_watch,
            claims: claim_watch,
        };
        let watching = Self { of_models, policies: policy_watch, reports: report_watch, paths: paths(namespace) };
        (watching, Caches { models, policies, reports, jobs, pods, deployments, services, configs, claims })
    }
}

fn paths(namespace: Option<&str>) -> [String; 8] {
    [
        DropoutModel::url_path(&(), namespace),
        RetrainPolicy::url_path(&(), namespace),
        Job::url_path(&(), namespace),
        Pod::url_path(&(), namespace),
        Deployment::url_path(&(), namespace),
        Service::url_path(&(), namespace),
        ConfigMap::url_path(&(), namespace),
        PersistentVolumeClaim::url_path(&(), namespace),
    ]
}

fn watch<K>(client: &Client, namespace: Option<&str>, config: watcher::Config) -> (reflector::Store<K>, Watch<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync,
{
    let (store, writer) = reflector::store();
    (store, Watch { api: api(client, namespace), config, writer })
}

/// The API of a kind in one namespace, or in all.
pub fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}
