//! The driver: watches, and a pass per model that looks, plans and applies.

use crate::{
    apply::{apply, changes},
    context::Context,
    error::{Error, Result},
    labels,
    observe::{
        caches::Caches,
        gather::{ask_at, gather, needs_events},
        identity, observed,
    },
    watches::WATCH_SECONDS,
};
use dropout_crds::DropoutModel;
use dropout_planner::plan;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, future::BoxFuture};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, Resource, ResourceExt,
    core::NamespaceResourceScope,
    runtime::{
        Controller, WatchStreamExt, controller,
        controller::Action,
        reflector::{self, ObjectRef, store::Writer},
        watcher,
    },
};
use serde::de::DeserializeOwned;
use std::{fmt::Debug, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// A pass over every model at least this often, in case an event was lost.
const RESYNC: Duration = Duration::from_secs(600);
/// Passes at a time.
const CONCURRENCY: u16 = 4;
/// Events of one model within this time are one pass.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// One watch with its cache.
struct Watch<K: Resource<DynamicType = ()> + Clone + Debug + 'static> {
    api: Api<K>,
    config: watcher::Config,
    writer: Writer<K>,
}

impl<K> Watch<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    fn touched(self) -> impl Stream<Item = Result<K, watcher::Error>> + Send {
        self.shown(|_| ())
    }

    /// As `touched`; every event is shown first, when the cache has it already.
    fn shown(self, show: impl Fn(&watcher::Event<K>) + Send) -> impl Stream<Item = Result<K, watcher::Error>> + Send {
        watcher(self.api, self.config).default_backoff().reflect(self.writer).inspect_ok(show).touched_objects()
    }
}

/// All watches, and the caches they fill.
pub struct Watching {
    models: Watch<DropoutModel>,
    jobs: Watch<k8s_openapi::api::batch::v1::Job>,
    pods: Watch<Pod>,
    deployments: Watch<k8s_openapi::api::apps::v1::Deployment>,
    services: Watch<k8s_openapi::api::core::v1::Service>,
    configs: Watch<k8s_openapi::api::core::v1::ConfigMap>,
    claims: Watch<k8s_openapi::api::core::v1::PersistentVolumeClaim>,
    paths: [String; 7],
}

impl Watching {
    /// The paths that are watched, as the API server knows them.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// Prepares the watches of one namespace, or of all.
    pub fn new(client: &Client, namespace: Option<&str>) -> (Self, Caches) {
        let any = || watcher::Config::default().timeout(WATCH_SECONDS);
        let ours = || any().labels(&labels::ours());
        let (models, model_watch) = watch(client, namespace, any());
        let (jobs, job_watch) = watch(client, namespace, ours());
        let (pods, pod_watch) = watch(client, namespace, ours());
        let (deployments, deployment_watch) = watch(client, namespace, ours());
        let (services, service_watch) = watch(client, namespace, ours());
        let (configs, config_watch) = watch(client, namespace, ours());
        let (claims, claim_watch) = watch(client, namespace, any());
        let watching = Self {
            models: model_watch,
            jobs: job_watch,
            pods: pod_watch,
            deployments: deployment_watch,
            services: service_watch,
            configs: config_watch,
            claims: claim_watch,
            paths: paths(namespace),
        };
        (watching, Caches { models, jobs, pods, deployments, services, configs, claims })
    }
}

fn paths(namespace: Option<&str>) -> [String; 7] {
    use k8s_openapi::api::{apps::v1::Deployment, batch::v1::Job, core::v1 as core};
    [
        DropoutModel::url_path(&(), namespace),
        Job::url_path(&(), namespace),
        Pod::url_path(&(), namespace),
        Deployment::url_path(&(), namespace),
        core::Service::url_path(&(), namespace),
        core::ConfigMap::url_path(&(), namespace),
        core::PersistentVolumeClaim::url_path(&(), namespace),
    ]
}

fn watch<K>(client: &Client, namespace: Option<&str>, config: watcher::Config) -> (reflector::Store<K>, Watch<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync,
{
    let (store, writer) = reflector::store();
    let api = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    (store, Watch { api, config, writer })
}

/// Runs until the token is cancelled. The caches are filled before the first pass.
pub fn run(watching: Watching, context: Arc<Context>, stop: CancellationToken) -> BoxFuture<'static, ()> {
    let models = context.caches.models.clone();
    let known = context.caches.models.clone();
    let of_claim = move |claim: k8s_openapi::api::core::v1::PersistentVolumeClaim| users(&known, &claim);
    let config = controller::Config::default().concurrency(CONCURRENCY).debounce(DEBOUNCE);
    let hearing = context.clone();
    let hear = move |event: &watcher::Event<_>| hearing.ledger.hear(event, || hearing.caches.models.state());
    Controller::for_stream(watching.models.shown(hear), models)
        .with_config(config)
        .owns_stream(watching.jobs.touched())
        .owns_stream(watching.deployments.touched())
        .owns_stream(watching.services.touched())
        .owns_stream(watching.configs.touched())
        .watches_stream(watching.pods.touched(), |pod| model_of(&pod))
        .watches_stream(watching.claims.touched(), of_claim)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile, after_error, context)
        .for_each(|pass| async move {
            if let Err(error) = pass {
                tracing::debug!(%error, "a pass ended early");
            }
        })
        .boxed()
}

/// The model that a pod of ours belongs to, by label.
fn model_of(pod: &Pod) -> Option<ObjectRef<DropoutModel>> {
    let name = pod.labels().get(labels::MODEL)?;
    Some(ObjectRef::new(name).within(&pod.namespace()?))
}

/// The models that use a claim.
fn users(
    models: &reflector::Store<DropoutModel>,
    claim: &k8s_openapi::api::core::v1::PersistentVolumeClaim,
) -> Vec<ObjectRef<DropoutModel>> {
    let (name, namespace) = (claim.name_any(), claim.namespace());
    let uses =
        |model: &Arc<DropoutModel>| model.namespace() == namespace && model.spec.claims().any(|claim| claim == name);
    models.state().iter().filter(|model| uses(model)).map(|model| ObjectRef::from_obj(model.as_ref())).collect()
}

/// Looks, plans and applies. A plan from the caches that is not rest is made again from a live look; only that one is
/// carried out.
async fn reconcile(model: Arc<DropoutModel>, context: Arc<Context>) -> Result<Action> {
    context.metrics.passed();
    if model.metadata.deletion_timestamp.is_some() {
        context.ledger.forget(&model.uid().unwrap_or_default());
        return Ok(Action::requeue(RESYNC));
    }
    let now = Timestamp::now();
    let cached = context.caches.gather(&model);
    let facts = observed(&context, &cached);
    let planned = plan(&facts, now);
    let is_rest = changes(&context, (&cached, &facts), &planned)?.is_rest();
    if is_rest && !needs_events(&cached, now) {
        return Ok(requeue(earliest(planned.wake, ask_at(&cached, now)), now));
    }
    let wake = act(&context, &model).await?;
    Ok(requeue(wake, now))
}

/// The pass that may write: looks at the cluster itself, under the one turn.
async fn act(context: &Context, model: &DropoutModel) -> Result<Option<Timestamp>> {
    let _turn = context.turn.lock().await;
    let Some(live) = gather(&context.client, &identity(model)).await? else {
        context.ledger.forget(&model.uid().unwrap_or_default());
        return Ok(None);
    };
    if live.model.metadata.deletion_timestamp.is_some() {
        context.ledger.forget(&live.model.uid().unwrap_or_default());
        return Ok(None);
    }
    let now = Timestamp::now();
    let facts = observed(context, &live);
    let planned = plan(&facts, now);
    let changes = changes(context, (&live, &facts), &planned)?;
    apply(context, &live, (&planned, changes)).await?;
    Ok(earliest(planned.wake, ask_at(&live, now)))
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn requeue(wake: Option<Timestamp>, now: Timestamp) -> Action {
    let until = wake.map(|wake| wake.duration_since(now).unsigned_abs());
    Action::requeue(until.map_or(RESYNC, |until| until.clamp(Duration::from_millis(200), RESYNC)))
}

fn after_error(model: Arc<DropoutModel>, error: &Error, context: Arc<Context>) -> Action {
    context.metrics.failed(error.label());
    let pause = match error {
        Error::Conflict { .. } => Duration::from_millis(300),
        Error::Deadline { .. } | Error::Api { .. } | Error::Taken(_) | Error::Malformed(..) | Error::Render(..) => {
            Duration::from_secs(15)
        }
    };
    tracing::warn!(model = model.name_any(), namespace = model.namespace(), %error, "a pass ended early");
    Action::requeue(pause)
}
