//! The controller of policies: a pass looks, plans and applies, as one of a model does.

use super::{
    RESYNC, Shared, after_error, config, earliest, requeue, told,
    watching::{Watch, keep_ours},
};
use crate::{
    apply::policy::{apply_policy, policy_changes},
    context::Context,
    error::Result,
    observe::{
        identity,
        policy::{
            gather::{Report, gather_policy},
            observed_policy,
        },
        waiting::{ask_at, needs_events},
    },
};
use dropout_crds::RetrainPolicy;
use dropout_planner::plan_policy;
use futures::{StreamExt, TryStreamExt, channel::mpsc::UnboundedReceiver};
use jiff::Timestamp;
use kube::runtime::{Controller, controller::Action, reflector::ObjectRef};
use std::sync::Arc;

/// Runs until the token is cancelled.
pub fn run(
    shared: Shared,
    (policies, reports): (Watch<RetrainPolicy>, Watch<Report>),
    nudged: UnboundedReceiver<ObjectRef<RetrainPolicy>>,
) -> impl Future<Output = ()> {
    let Shared { context, nudges, stop } = shared;
    let of_reports = nudges.clone();
    let changed = policies.touched().inspect_ok(move |policy| nudges.policy(policy));
    Controller::for_stream(changed, context.caches.policies.clone())
        .with_config(config())
        .watches_stream(reports.kept(keep_ours), move |report| of_reports.readers(&report))
        .reconcile_on(nudged)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile, after_error, context)
        .for_each(told)
}

/// Looks, plans and applies. A plan from the caches that is not rest is made again from a live look; only that one is
/// carried out.
async fn reconcile(policy: Arc<RetrainPolicy>, context: Arc<Context>) -> Result<Action> {
    context.metrics.passed();
    if policy.metadata.deletion_timestamp.is_some() {
        return Ok(Action::requeue(RESYNC));
    }
    let now = Timestamp::now();
    let cached = context.caches.gather_policy(&policy);
    let facts = observed_policy(&context, &cached);
    let planned = plan_policy(&facts, now);
    let is_rest = policy_changes(&context, (&cached, &facts), &planned)?.is_rest();
    if is_rest && !needs_events(cached.parts(), now) {
        return Ok(requeue(earliest(planned.wake, ask_at(cached.parts(), now)), now));
    }
    let wake = act(&context, &policy).await?;
    Ok(requeue(wake, now))
}

/// The pass that may write: looks at the cluster itself.
async fn act(context: &Context, policy: &RetrainPolicy) -> Result<Option<Timestamp>> {
    let Some(live) = gather_policy(&context.client, &identity(policy)).await? else { return Ok(None) };
    if live.policy.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let now = Timestamp::now();
    let facts = observed_policy(context, &live);
    let planned = plan_policy(&facts, now);
    let changes = policy_changes(context, (&live, &facts), &planned)?;
    apply_policy(context, &live, (&planned, changes)).await?;
    Ok(earliest(planned.wake, ask_at(live.parts(), now)))
}
