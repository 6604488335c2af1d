//! The driver: a pass per model that looks, plans and applies; beside it the one of policies. What the watches of one see
//! nudges the other.

mod nudges;
mod policies;
pub mod watching;

use crate::{
    apply::{apply, changes},
    context::Context,
    error::{Error, Result},
    observe::{
        gather::gather,
        identity, observed,
        waiting::{ask_at, needs_events},
    },
};
use dropout_crds::DropoutModel;
use dropout_planner::plan;
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    channel::mpsc::{self, UnboundedReceiver},
    future::BoxFuture,
};
use jiff::Timestamp;
use kube::{
    ResourceExt,
    runtime::{Controller, controller, controller::Action, reflector::ObjectRef, watcher},
};
use nudges::{Nudges, model_of};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use watching::ModelWatches;
pub use watching::Watching;

/// A pass over every model and policy at least this often, in case an event was lost.
const RESYNC: Duration = Duration::from_secs(600);
/// Passes at a time.
const CONCURRENCY: u16 = 4;
/// Events of one object within this time are one pass.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// What both controllers need.
#[derive(Clone)]
struct Shared {
    context: Arc<Context>,
    nudges: Nudges,
    stop: CancellationToken,
}

/// Runs until the token is cancelled, or until one of the two controllers ends. The caches are filled before the first pass.
pub fn run(watching: Watching, context: Arc<Context>, stop: CancellationToken) -> BoxFuture<'static, ()> {
    let (to_policies, for_policies) = mpsc::unbounded();
    let (to_models, for_models) = mpsc::unbounded();
    let nudges = Nudges { policies: to_policies, models: to_models, caches: context.caches.clone() };
    let shared = Shared { context, nudges, stop: stop.child_token() };
    let (watching, policies, reports) = watching.split();
    let policies = policies::run(shared.clone(), (policies, reports), for_policies);
    let models = models(shared.clone(), watching, for_models);
    async move {
        futures::join!(ended(models, &shared.stop), ended(policies, &shared.stop));
    }
    .boxed()
}

/// Waits for a controller to end. The other one cannot go on without it.
async fn ended(controller: impl Future<Output = ()>, stop: &CancellationToken) {
    controller.await;
    stop.cancel();
}

/// The controller of models.
fn models(
    shared: Shared,
    watching: ModelWatches,
    nudged: UnboundedReceiver<ObjectRef<DropoutModel>>,
) -> impl Future<Output = ()> {
    let Shared { context, nudges, stop } = shared;
    let [of_models, of_jobs, of_pods, of_claims] = [(); 4].map(|()| nudges.clone());
    let hearing = context.clone();
    let hear = move |event: &watcher::Event<_>| hearing.ledger.hear(event, || hearing.caches.models.state());
    let changed = watching.models.shown(hear).inspect_ok(move |model| of_models.model(model));
    Controller::for_stream(changed, context.caches.models.clone())
        .with_config(config())
        .owns_stream(watching.jobs.touched().inspect_ok(move |job| of_jobs.part(job)))
        .owns_stream(watching.deployments.touched())
        .owns_stream(watching.services.touched())
        .owns_stream(watching.configs.touched())
        .watches_stream(watching.pods.touched().inspect_ok(move |pod| of_pods.part(pod)), |pod| model_of(&pod))
        .watches_stream(watching.claims.touched(), move |claim| of_claims.claim(&claim))
        .reconcile_on(nudged)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile, after_error, context)
        .for_each(told)
}

/// How passes are made, of models and of policies.
fn config() -> controller::Config {
    controller::Config::default().concurrency(CONCURRENCY).debounce(DEBOUNCE)
}

async fn told<T, E: std::fmt::Display>(pass: std::result::Result<T, E>) {
    if let Err(error) = pass {
        tracing::debug!(%error, "a pass ended early");
    }
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
    if is_rest && !needs_events(cached.parts(), now) {
        return Ok(requeue(earliest(planned.wake, ask_at(cached.parts(), now)), now));
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
    Ok(earliest(planned.wake, ask_at(live.parts(), now)))
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn requeue(wake: Option<Timestamp>, now: Timestamp) -> Action {
    let until = wake.map(|wake| wake.duration_since(now).unsigned_abs());
    Action::requeue(until.map_or(RESYNC, |until| until.clamp(Duration::from_millis(200), RESYNC)))
}

fn after_error<K: ResourceExt<DynamicType = ()>>(object: Arc<K>, error: &Error, context: Arc<Context>) -> Action {
    context.metrics.failed(error.label());
    let pause = match error {
        Error::Conflict { .. } => Duration::from_millis(300),
        Error::Deadline { .. } | Error::Api { .. } | Error::Taken(_) | Error::Malformed(..) | Error::Render(..) => {
            Duration::from_secs(15)
        }
    };
    let (kind, name, namespace) = (K::kind(&()), object.name_any(), object.namespace());
    tracing::warn!(kind = &*kind, name, namespace, %error, "a pass ended early");
    Action::requeue(pause)
}
