//! Writes what was decided about a policy: its status first, then the monitor's Jobs. It starts no training.

use super::{
    events,
    jobs::{self, Start, There},
    status,
};
use crate::{
    context::Context,
    error::Result,
    observe::policy::gather::GatheredPolicy,
    render::monitor::{self, MonitorFrame},
};
use dropout_crds::retrain_policy::{Firing, RetrainPolicyStatus};
use dropout_model::monitoring::MonitorTask;
use dropout_planner::policy::{
    observed::{ModelFact, ObservedPolicy},
    plan::{PolicyIntent, PolicyPlan},
};
use kube::{Resource, ResourceExt, runtime::events::EventType};

/// What a plan would change in the cluster as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyChanges {
    /// The status differs.
    status: bool,
    /// Looks to start.
    looks: Vec<Start>,
    /// Names of Jobs to delete.
    prune: Vec<String>,
}

impl PolicyChanges {
    /// Whether nothing is to be written.
    pub fn is_rest(&self) -> bool {
        *self == Self::default()
    }
}

/// What a plan would change. Pure.
pub fn policy_changes(
    context: &Context,
    seen: (&GatheredPolicy, &ObservedPolicy),
    plan: &PolicyPlan,
) -> Result<PolicyChanges> {
    let (gathered, _) = seen;
    let is_told = gathered.policy.status.as_ref() == Some(&plan.status);
    let mut changes = PolicyChanges { status: !is_told, ..PolicyChanges::default() };
    for intent in &plan.intents {
        match intent {
            PolicyIntent::Look(task) => changes.looks.extend(look(context, seen, task)?),
            PolicyIntent::Prune(names) => changes.prune.extend(jobs::present(names, &gathered.jobs)),
        }
    }
    Ok(changes)
}

/// What a look would write: nothing if the Job is there, or if there is no model to look at.
fn look(context: &Context, seen: (&GatheredPolicy, &ObservedPolicy), task: &MonitorTask) -> Result<Option<Start>> {
    let (gathered, observed) = seen;
    let ModelFact::Present(model) = &observed.model else { return Ok(None) };
    let frame = MonitorFrame {
        policy: &observed.identity,
        spec: &observed.spec,
        model: &model.spec,
        settings: &context.settings,
    };
    let name = monitor::name(frame, task);
    if gathered.jobs.iter().any(|job| job.name_any() == name) {
        return Ok(None);
    }
    Ok(Some(Start { config: monitor::task_config(frame, task)?, job: monitor::job(frame, task) }))
}

/// Writes them.
pub async fn apply_policy(
    context: &Context,
    gathered: &GatheredPolicy,
    decided: (&PolicyPlan, PolicyChanges),
) -> Result<()> {
    let (plan, changes) = decided;
    let policy = gathered.policy.as_ref();
    let (namespace, uid) = (policy.namespace().unwrap_or_default(), policy.uid().unwrap_or_default());
    if changes.status {
        status::write(context, policy, &plan.status).await?;
        events::announce(context, &policy.object_ref(&()), &plan.announcements).await;
        tell_model(context, gathered, &plan.status).await;
    }
    for start in changes.looks {
        let launched = jobs::launch(context, &namespace, start).await;
        context.refusals.note(&uid, launched.as_ref());
        launched?;
        context.metrics.looked();
    }
    let there = There { jobs: &gathered.jobs, configs: &gathered.configs };
    jobs::prune(context, (&namespace, there), &changes.prune).await
}

/// Tells the model's readers that a policy has fired.
async fn tell_model(context: &Context, gathered: &GatheredPolicy, status: &RetrainPolicyStatus) {
    for firing in new_firings(gathered.policy.status.as_ref(), status) {
        let action = format!("{:?}", firing.action);
        context.metrics.fired(&action);
        if let Some(model) = &gathered.model {
            let sentence = format!("{} {}: {}", gathered.policy.name_any(), action, firing.message);
            let word = firing.action.reason().name();
            events::tell(context, &model.object_ref(&()), (EventType::Normal, &word, &sentence)).await;
        }
    }
}

/// The firings that were not there before.
fn new_firings<'a>(
    before: Option<&RetrainPolicyStatus>,
    after: &'a RetrainPolicyStatus,
) -> impl Iterator<Item = &'a Firing> {
    let of = |status: &'_ RetrainPolicyStatus| -> Vec<String> {
        status.triggers.iter().filter_map(|trigger| trigger.fired.as_ref().map(|firing| firing.id.clone())).collect()
    };
    let known = before.map(of).unwrap_or_default();
    after.triggers.iter().filter_map(|trigger| trigger.fired.as_ref()).filter(move |firing| !known.contains(&firing.id))
}
