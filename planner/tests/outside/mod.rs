//! What the outside does to the toy cluster: persons, Jobs, pods, mishaps, time. Drawn at random from a seed.
#![allow(clippy::wildcard_enum_match_arm, reason = "each function plays its own kind of event")]

mod draw;

use crate::world::{Mishap, World, story::bundle};
use dropout_crds::{
    DropoutModelStatus, Reason,
    command::{Command, CommandName, Malformed},
    dropout_model::AutomaticRollback,
    status::Stage,
};
use dropout_model::{manifest::Threshold, period::Period, task::Outcome};
use dropout_planner::observed::{ClaimFact, Deployed, RunFailure, ServingFault};

#[allow(unused_imports, reason = "each test binary draws its own part of the outside")]
pub use draw::{event, job_end, pods, script};

/// A whole case: what happens, and how the outside goes on once nobody does anything any more.
#[derive(Clone, Debug)]
pub struct Script {
    pub past: u8,
    pub steps: Vec<Step>,
    pub outside: Outside,
}

/// One happening, and the reconciles that follow it.
#[derive(Clone, Debug)]
pub struct Step {
    event: Event,
    mishap: Mishap,
    reconciles: usize,
    seconds: i64,
}

/// How Jobs and pods go on by themselves.
#[derive(Clone, Copy, Debug)]
pub struct Outside {
    pub jobs: JobEnd,
    pub pods: Pods,
}

#[derive(Clone, Copy, Debug)]
pub enum JobEnd {
    Answers(Outcome, u8),
    LosesAnswer(Outcome, u8),
    Fails,
    BadInput,
}

#[derive(Clone, Copy, Debug)]
pub enum Pods {
    Come,
    Stay,
    CandidateFault,
    EnvironmentFault,
}

#[derive(Clone, Debug)]
pub enum Event {
    Nothing,
    JobMovesOn,
    Job(JobEnd),
    AnswerIsLostForGood,
    Pods(Pods),
    PodsGo,
    NoPodIsLeft,
    FaultGoes,
    Features(u8),
    DataDigest(u8),
    Threshold(u8),
    Tiers(bool),
    Suspend(bool),
    Source(u8),
    Retries(u8),
    AutomaticRollback(bool),
    Soak(u8),
    Replicas(u8),
    Retrain,
    RollbackTo(&'static str),
    Release(&'static str),
    Mumble(CommandName, u8),
    HoldoutGrows(u32),
    LoseStatus,
    Claims(bool, bool),
    BundleClaim(bool),
    FleetIsFull(bool),
    FleetRolls(bool),
    NewImage(u8),
    ForeignDeployment(bool),
    TimePasses(i64),
}

/// Plays one step.
pub fn play(world: &mut World, step: &Step) {
    happen(world, &step.event);
    for at in 0..step.reconciles {
        world.reconcile(if at == 0 { step.mishap } else { Mishap::None });
    }
    world.pass(step.seconds);
}

/// Lets something happen to a model.
pub fn happen(world: &mut World, event: &Event) {
    match event {
        Event::Nothing => {}
        Event::JobMovesOn => world.job_moves_on(),
        Event::Job(end) => job_ends(world, *end),
        Event::AnswerIsLostForGood => {
            world.job_loses_answer(Outcome::Passed, 0);
            world.store.answers.clear();
        }
        Event::Pods(pods) => pods_go_on(world, *pods),
        Event::PodsGo => world.pods_go(),
        Event::NoPodIsLeft => world.no_pod_is_left(),
        Event::FaultGoes => world.fault(None),
        Event::LoseStatus => {
            world.say("the status is lost");
            world.status = None;
            world.note_loss();
        }
        Event::TimePasses(seconds) => world.pass(*seconds),
        Event::Retrain => command_is_given(world, CommandName::Retrain, "now"),
        Event::RollbackTo(argument) => command_is_given(world, CommandName::RollbackTo, argument),
        Event::Release(argument) => command_is_given(world, CommandName::ReleaseQuarantine, argument),
        Event::Mumble(name, kind) => command_is_mumbled(world, *name, *kind),
        Event::HoldoutGrows(by) => {
            world.holdout_grows(world.store.positive_patients + by);
        }
        Event::Claims(..)
        | Event::BundleClaim(_)
        | Event::FleetIsFull(_)
        | Event::FleetRolls(_)
        | Event::NewImage(_)
        | Event::ForeignDeployment(_) => {
            surround(world, event);
        }
        _ => spec_is_edited(world, event),
    }
}

fn surround(world: &mut World, event: &Event) {
    world.say(format!("the neighbourhood changes: {event:?}"));
    match event {
        Event::Claims(data, store) => {
            let claim = |name: &str, is_there| match is_there {
                true => ClaimFact::Present { name: name.into(), is_shared: true },
                false => ClaimFact::Absent(name.into()),
            };
            world.data_claim = Some(claim("trial-data", *data));
            world.store_claim = Some(claim("model-store", *store));
        }
        Event::BundleClaim(is_there) => {
            world.bundle_claim = match is_there {
                true => ClaimFact::Present { name: "bundles".into(), is_shared: false },
                false => ClaimFact::Absent("bundles".into()),
            }
        }
        Event::FleetIsFull(is_full) => world.fleet.trainings = if *is_full { 3 } else { 0 },
        Event::FleetRolls(rolls) => world.fleet.rollouts = u32::from(*rolls),
        Event::NewImage(image) => world.image = format!("inference:{image}"),
        Event::ForeignDeployment(is_foreign) => world.foreign = is_foreign.then(|| "ReplicaSet web".to_owned()),
        _ => {}
    }
}

fn spec_is_edited(world: &mut World, event: &Event) {
    world.say(format!("the spec is edited: {event:?}"));
    world.generation += 1;
    let spec = &mut world.spec;
    match event {
        Event::Features(kind) => spec.features[0].max = Some(f64::from(*kind)),
        Event::DataDigest(kind) => spec.data.training.digest = Some(format!("sha256:{kind}")),
        Event::Threshold(kind) => {
            spec.threshold = Some(Threshold { value: Some(f64::from(*kind) / 10.0), ..Threshold::default() })
        }
        Event::Tiers(is_set) => {
            spec.tiers = if *is_set { dropout_model::manifest::Tier::defaults() } else { Vec::new() }
        }
        Event::Source(kind) => {
            let source = (*kind > 0).then(|| bundle(&format!("sha256:bundle {kind}")));
            spec.training.get_or_insert_default().source = source;
        }
        Event::Suspend(is_suspended) => spec.suspend = Some(*is_suspended),
        Event::Retries(retries) => spec.training.get_or_insert_default().retries = Some(i32::from(*retries)),
        Event::AutomaticRollback(is_automatic) => {
            let by = if *is_automatic { AutomaticRollback::Enabled } else { AutomaticRollback::Disabled };
            spec.rollout.get_or_insert_default().automatic_rollback = Some(by);
        }
        Event::Soak(minutes) => spec.rollout.get_or_insert_default().soak = Some(Period::minutes(u32::from(*minutes))),
        Event::Replicas(replicas) => spec.serving.replicas = Some(i32::from(*replicas)),
        _ => {}
    }
}

/// A person puts a command on the model; an earlier one of that name is replaced.
pub fn command_is_given(world: &mut World, name: CommandName, argument: &str) {
    world.say(format!("a person commands {}: {argument}", name.name()));
    world.commands.retain(|command| command.name != name);
    world.malformed.retain(|malformed| malformed.name != name);
    let token = format!("{argument}@{}#{}", world.now, world.transcript.len());
    world.commands.push(Command { name, argument: argument.into(), token });
}

/// A person puts a value that cannot be read on the model; an earlier one of that name is replaced.
fn command_is_mumbled(world: &mut World, name: CommandName, kind: u8) {
    world.say(format!("a person mumbles {}: {kind}", name.name()));
    world.commands.retain(|command| command.name != name);
    world.malformed.retain(|malformed| malformed.name != name);
    world.malformed.push(Malformed { name, token: format!("now {kind}") });
}

fn job_ends(world: &mut World, end: JobEnd) {
    match end {
        JobEnd::Answers(outcome, kind) => world.job_answers(outcome, kind),
        JobEnd::LosesAnswer(outcome, kind) => world.job_loses_answer(outcome, kind),
        JobEnd::Fails => world.job_fails(RunFailure::OutOfMemory { container: "train".into() }),
        JobEnd::BadInput => world.job_finds_bad_input("trial.csv has no column dropped_out"),
    }
}

fn pods_go_on(world: &mut World, pods: Pods) {
    match pods {
        Pods::Come => world.pods_come(),
        Pods::Stay => {}
        Pods::CandidateFault => world.fault(Some(ServingFault::Candidate("the bundle's golden rows disagree".into()))),
        Pods::EnvironmentFault => {
            world.fault(Some(ServingFault::Environment("image inference:1 cannot be pulled".into())))
        }
    }
}

/// Lets Jobs and pods go on in one manner; false if there is nothing to go on.
pub fn goes_on(world: &mut World, outside: Outside) -> bool {
    let before = facts(world);
    if world.running().is_some() {
        job_ends(world, outside.jobs);
    } else {
        let is_rolling = world
            .status
            .as_ref()
            .and_then(|status| status.candidate.as_ref())
            .is_some_and(|c| c.stage == Stage::RollingOut);
        pods_go_on(world, if is_rolling { outside.pods } else { Pods::Stay });
    }
    before != facts(world)
}

/// Everything that could move.
pub fn facts(world: &World) -> (Option<DropoutModelStatus>, Vec<dropout_planner::observed::Run>, Option<Deployed>) {
    (world.status.clone(), world.jobs.iter().map(|job| job.run.clone()).collect(), world.deployed.clone())
}

/// Most trainings that may still follow: one and its retries, and the same again if a command waits for a candidate
/// that is under way.
pub fn trainings_to_come(world: &World) -> usize {
    let once = 1 + world.spec.retries() as usize;
    let handled = |command: &Command| {
        world.status.as_ref().is_none_or(|status| status.handled.get("retrain") == Some(&command.token))
    };
    let is_waiting = world.commands.iter().any(|command| command.name == CommandName::Retrain && !handled(command));
    let is_under_way = world.status.as_ref().is_some_and(|status| status.candidate.is_some());
    if is_waiting && is_under_way { 2 * once } else { once }
}

/// How often the present candidate's number was taken: each of these costs a training and no retry.
pub fn raises(world: &World) -> usize {
    let history = world.status.as_ref().map(|status| status.history.as_slice()).unwrap_or_default();
    history.iter().filter(|entry| entry.reason == Reason::VersionTaken.name()).count()
}
