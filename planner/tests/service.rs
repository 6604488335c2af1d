//! What becomes of pods that flap, that move to another image, or whose bundle must not be served.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod world;

use dropout_crds::{
    ConditionType,
    status::{JudgedOutcome, Stage},
};
use dropout_model::task::Outcome;
use dropout_planner::{Intent, fleet_share, observed::ServingFault};
use world::{Mishap, World};

fn world() -> World {
    World::new()
}

#[test]
fn pods_of_a_quarantined_first_model_are_withdrawn_until_none_is_asked_for() {
    let mut world = world();
    world.reconcile_all();
    world.is_judged(Outcome::Passed, 0).fault(Some(ServingFault::Candidate("golden rows".into())));
    let plan = world.reconcile(Mishap::Crash);
    assert_eq!((plan.intents.first(), plan.wake.is_some()), (Some(&Intent::Withdraw), true));
    let plan = world.reconcile(Mishap::None);
    assert_eq!(plan.intents.first(), Some(&Intent::Withdraw));
    let plan = world.reconcile(Mishap::None);
    assert_eq!((plan.intents, plan.wake), (vec![], None));
}

#[test]
fn a_stalled_model_that_moves_to_a_new_image_counts_as_a_rollout() {
    let mut world = world();
    world.with_production().learns_more().job_finds_bad_input("no column dropped_out");
    world.reconcile_all();
    world.image = "inference:2".into();
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Reconciling), "False/BadInput");
    assert!(fleet_share(world.status()).is_rolling);
    world.pods_come();
    world.reconcile_all();
    assert!(!fleet_share(world.status()).is_rolling);
}

#[test]
fn a_model_whose_deployment_is_somebody_elses_takes_no_new_image() {
    let mut world = world();
    world.with_production();
    (world.image, world.foreign) = ("inference:2".into(), Some("Deployment of Helm release web".into()));
    world.reconcile_all();
    assert!(!fleet_share(world.status()).is_rolling);
}

#[test]
fn flapping_pods_reach_the_first_deadline() {
    let mut world = world();
    world.rolling_out();
    for _ in 0..20 {
        world.pass(30);
        world.pods_come();
        world.reconcile_all();
        world.pass(10);
        world.pods_go();
        world.reconcile_all();
    }
    assert_eq!((world.stage(), world.production(), world.outcome()), (None, Some("v1"), JudgedOutcome::RolledBack));
}

#[test]
fn pods_that_soaked_while_suspended_and_went_get_a_new_deadline() {
    let mut world = world();
    world.rolling_out().suspend(true).pods_come();
    world.reconcile_all();
    world.pass(100_000);
    world.pods_go();
    world.reconcile_all();
    assert_eq!(world.stage(), Some(Stage::RollingOut));
    world.pass(600);
    world.reconcile_all();
    assert_eq!((world.stage(), world.outcome()), (None, JudgedOutcome::RolledBack));
}
