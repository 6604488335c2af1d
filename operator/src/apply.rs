//! The only writer of the cluster. Status first, then intents, then events; every write is safe to repeat.

mod config;
mod serving;
mod status;
mod training;

use crate::{context::Context, error::Result, observe::gather::Gathered, render::Frame};
use dropout_planner::{
    observed::Observed,
    plan::{Announcement, Intent, Plan},
};
use kube::{
    Resource, ResourceExt,
    runtime::events::{Event, EventType},
};

/// What a plan would change in the cluster as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The status differs.
    status: bool,
    /// Jobs to start.
    launches: Vec<training::Start>,
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
            Intent::Launch(launch) => changes.launches.extend(training::start(frame, launch, gathered)?),
            Intent::Serve(serve) => changes.serving = serving::difference(frame, serve, (gathered, observed))?,
            Intent::Withdraw => changes.serving = serving::withdrawal(gathered)?,
            Intent::Prune(names) => changes.prune.extend(training::present(names, gathered)),
        }
    }
    Ok(changes)
}

/// Writes them.
pub async fn apply(context: &Context, gathered: &Gathered, decided: (&Plan, Changes)) -> Result<()> {
    let (plan, changes) = decided;
    if changes.status {
        status::write(context, &gathered.model, &plan.status).await?;
        announce(context, gathered, &plan.announcements).await;
    }
    // The Deployment holds the record that must survive the loss of a status, so it comes before a Job.
    serving::write(context, gathered, changes.serving).await?;
    for start in changes.launches {
        let launched = training::launch(context, gathered, start).await;
        context.refusals.note(&gathered.model.uid().unwrap_or_default(), launched.as_ref());
        launched?;
    }
    training::prune(context, gathered, &changes.prune).await
}

/// Tells the announcements as events. A failure is logged, never more: events are for people.
async fn announce(context: &Context, gathered: &Gathered, announcements: &[Announcement]) {
    let about = gathered.model.object_ref(&());
    for announcement in announcements {
        let reason = announcement.reason.name();
        context.metrics.decided(&reason);
        tracing::info!(model = about.name, namespace = about.namespace, reason, "{}", announcement.message);
        let event = Event {
            type_: if announcement.is_warning { EventType::Warning } else { EventType::Normal },
            reason,
            note: Some(announcement.message.chars().take(1_000).collect()),
            action: "Plan".into(),
            secondary: None,
        };
        let published = tokio::time::timeout(crate::call::DEADLINE, context.recorder.publish(&event, &about)).await;
        if !matches!(published, Ok(Ok(()))) {
            tracing::warn!(model = about.name, "an event could not be written");
        }
    }
}
