//! The seeded simulation: the outside does anything at any time, and each property holds at every plan. A case that
//! breaks one prints its transcript. `DROPOUT_SIMULATION_CASES` sets the number of cases of each property.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod outside;
mod world;

use dropout_crds::Reason;
use outside::{Outside, Script, script};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};
use world::{World, check::Property};

/// Cases of each property, unless the environment says otherwise.
const CASES: u32 = 160;

/// A runner with a seed, so that the same cases run every time.
fn runner(seed: u64) -> TestRunner {
    let cases = std::env::var("DROPOUT_SIMULATION_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let rng_seed = RngSeed::Fixed(seed);
    TestRunner::new(Config { cases, rng_seed, failure_persistence: None, max_shrink_iters: 400, ..Config::default() })
}

/// Runs cases of a property, each property with a seed of its own.
fn holds(property: Property) {
    let result = runner(0xD20 + property as u64).run(&script(), |script| {
        let world = played(&script);
        match world.ledger.broken.iter().find(|(broken, _)| *broken == property) {
            Some((_, what)) => {
                Err(proptest::test_runner::TestCaseError::fail(format!("{what}\n{}", world.transcript.join("\n"))))
            }
            None => Ok(()),
        }
    });
    if let Err(error) = result {
        panic!("{property:?}: {error}");
    }
}

/// A world in which a script was played, and that was left alone after it.
fn played(script: &Script) -> World {
    let mut world = World::new();
    match script.past {
        0 => {}
        1 => _ = world.with_production(),
        _ => _ = world.with_two_versions(),
    }
    for step in &script.steps {
        outside::play(&mut world, step);
    }
    settle(&mut world, script.outside);
    world
}

/// Steps after which a world that is left alone must be at rest.
const STEPS: usize = 150;

/// Leaves the world alone: only its Jobs and pods go on, in one manner, until nothing moves any more.
fn settle(world: &mut World, outside: Outside) {
    let bound = outside::trainings_to_come(world);
    let before = world.ledger.trainings;
    let mut quiet = 0;
    for _ in 0..STEPS {
        let facts = outside::facts(world);
        let plan = world.reconcile(world::Mishap::None);
        let moves = outside::goes_on(world, outside);
        let is_quiet = !moves && facts == outside::facts(world);
        quiet = if is_quiet { quiet + 1 } else { 0 };
        match plan.wake {
            _ if !is_quiet => world.pass(1),
            Some(wake) if quiet < 5 => world.now = world.now.max(wake),
            Some(_) | None => break,
        }
    }
    world.expect_settled(Property::ComesToRest, quiet > 0, format!("it still moves after {STEPS} steps"));
    world.check_rest();
    let trainings = world.ledger.trainings - before;
    let bound = bound + outside::raises(world);
    world.expect_settled(
        Property::TrainingsBounded,
        trainings <= bound,
        format!("{trainings} trainings, {bound} at most"),
    );
}

#[test]
fn at_most_one_training_is_in_flight() {
    holds(Property::OneTraining);
}

#[test]
fn a_version_is_never_used_twice() {
    holds(Property::VersionOnce);
}

#[test]
fn production_changes_only_to_a_version_that_passed_on_its_own_answer_or_back_to_previous() {
    holds(Property::ProductionProven);
}

#[test]
fn no_plan_withdraws_the_last_available_version() {
    holds(Property::NeverWithdrawn);
}

#[test]
fn no_failure_makes_production_worse() {
    holds(Property::FailureHarmless);
}

#[test]
fn planning_twice_decides_and_says_nothing_more_than_planning_once() {
    holds(Property::TwiceIsOnce);
}

#[test]
fn left_alone_the_world_comes_to_rest() {
    holds(Property::ComesToRest);
}

#[test]
fn every_state_that_is_not_at_rest_has_a_wake_in_the_future() {
    holds(Property::WakeAhead);
}

#[test]
fn wait_after_k_failures_never_shrinks() {
    holds(Property::WaitGrows);
}

#[test]
fn at_most_one_and_retries_trainings_follow_when_the_outside_stops_changing() {
    holds(Property::TrainingsBounded);
}

#[test]
fn a_suspended_model_starts_and_promotes_nothing() {
    holds(Property::SuspendedStartsNothing);
}

#[test]
fn no_job_is_pruned_before_its_result_stands_in_the_status() {
    holds(Property::PrunedWhenTaken);
}

#[test]
fn no_rollout_begins_under_a_gate_that_is_no_longer_asked_for() {
    holds(Property::JudgedAsAsked);
}

#[test]
fn at_rest_production_has_the_threshold_that_is_asked_for_or_says_why_not() {
    holds(Property::ThresholdResolved);
}

#[test]
fn a_rollout_of_a_new_image_counts_until_all_pods_are_there() {
    holds(Property::RoomKept);
}

#[test]
fn looks_never_fall_unless_the_holdout_grew_by_a_quarter_and_survive_a_lost_status() {
    holds(Property::LooksKept);
}

#[test]
fn the_cases_reach_every_decision() {
    let (told, looks) = (RefCell::new(BTreeSet::new()), Cell::new(0));
    let run = runner(0xD0).run(&script(), |script| {
        let ledger = played(&script).ledger;
        told.borrow_mut().extend(ledger.told);
        looks.set(looks.get().max(ledger.looks));
        Ok(())
    });
    assert!(run.is_ok());
    assert!(looks.get() >= 3, "{} looks at one holdout at most", looks.get());
    let decisions = [
        Reason::Queued,
        Reason::TrainingStarted,
        Reason::TrainingRetried,
        Reason::TrainingFailed,
        Reason::TrainingAbandoned,
        Reason::AnswerLost,
        Reason::VersionTaken,
        Reason::BadInput,
        Reason::GatePassed,
        Reason::GateFailed,
        Reason::GateInconclusive,
        Reason::Unchanged,
        Reason::RollingOut,
        Reason::Held,
        Reason::Promoted,
        Reason::RolledBack,
        Reason::CommandDone,
        Reason::CommandRefused,
        Reason::ClaimNotFound,
        Reason::StatusRestored,
        Reason::ImageUpdated,
    ];
    let missing: Vec<&Reason> = decisions.iter().filter(|reason| !told.borrow().contains(reason)).collect();
    assert_eq!(missing, Vec::<&Reason>::new());
}
