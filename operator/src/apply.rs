//! The only writer of the cluster. Status first, then intents, then events; every write is safe to repeat.

mod config;
mod events;
mod jobs;
pub mod policy;
mod serving;
mod status;

use crate::{
    context::Context,
    error::Result,
    observe::gather::Gathered,
    render::{Frame, training},
};
use dropout_planner::{
    observed::Observed,
    plan::{Intent, Launch, Plan},
};
use jobs::{Start, There};
use kube::{Resource, ResourceExt};

/// What a plan would change in the cluster as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The status differs.
    status: bool,
    /// Jobs to start.
    launches: Vec<Start>,
    /// Parts of serving that differ.
    serving: serving::Difference,
    /// Names of Jobs to delete.
    prune: Vec<String>,
}

impl Changes {
    /// Whether nothing is to be written.
    pub fn is_rest(&self) -> bool {
        *self == Self::default()
    }
}

/// What a plan would change. Pure.
pub fn changes(context: &Context, seen: (&Gathered, &Observed), plan: &Plan) -> Result<Changes> {
    let (gathered, observed) = seen;
    let frame = Frame { identity: &observed.identity, spec: &observed.spec, settings: &context.settings };
    let mut changes = Changes { status: gathered.model.status.as_ref() != Some(&plan.status), ..Changes::default() };
    for intent in &plan.intents {
        match intent {
            Intent::Launch(launch) => changes.launches.extend(start(frame, launch, gathered)?),
            Intent::Serve(serve) => changes.serving = serving::difference(frame, serve, (gathered, observed))?,
            Intent::Withdraw => changes.serving = serving::withdrawal(gathered)?,
            Intent::Prune(names) => changes.prune.extend(jobs::present(names, &gathered.jobs)),
        }
    }
    Ok(changes)
}

/// What a launch would write: nothing if the Job is there.
fn start(frame: Frame<'_>, launch: &Launch, gathered: &Gathered) -> Result<Option<Start>> {
    let name = training::name(frame, launch);
    if gathered.jobs.iter().any(|job| job.name_any() == name) {
        return Ok(None);
    }
    Ok(Some(Start { config: training::task_config(frame, launch)?, job: training::job(frame, launch) }))
}

/// Writes them.
pub async fn apply(context: &Context, gathered: &Gathered, decided: (&Plan, Changes)) -> Result<()> {
    let (plan, changes) = decided;
    let (namespace, uid) = (gathered.model.namespace().unwrap_or_default(), gathered.model.uid().unwrap_or_default());
    if changes.status {
        status::write(context, gathered.model.as_ref(), &plan.status).await?;
        context.ledger.note(&uid, &plan.status);
        events::announce(context, &gathered.model.object_ref(&()), &plan.announcements).await;
    }
    // The Deployment holds the record that must survive the loss of a status, so it comes before a Job.
    serving::write(context, gathered, changes.serving).await?;
    for start in changes.launches {
        let launched = jobs::launch(context, &namespace, start).await;
        context.refusals.note(&uid, launched.as_ref());
        launched?;
    }
    let there = There { jobs: &gathered.jobs, configs: &gathered.configs };
    jobs::prune(context, (&namespace, there), &changes.prune).await
}
