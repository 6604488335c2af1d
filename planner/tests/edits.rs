//! What an edit of the gate or the threshold does to a verdict, to a candidate that waits and to production.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod world;

use dropout_crds::{
    ConditionType,
    command::CommandName,
    status::{CandidateWork, JudgedOutcome, Stage},
};
use dropout_model::task::Outcome;
use dropout_planner::observed::ServingFault;
use world::{Mishap, World};

fn world() -> World {
    World::new()
}

#[test]
fn an_evaluation_that_ends_without_a_threshold_keeps_the_verdict_and_is_not_repeated() {
    let mut world = world();
    world.with_production().learns_more().is_judged(Outcome::Failed, 0).threshold(0.35).is_judged(Outcome::Failed, 0);
    world.job_finds_bad_input("no column dropped_out");
    world.reconcile_all();
    let status = world.status().clone();
    let judged = status.judged.as_ref().unwrap();
    assert_eq!((judged.version, judged.outcome), (2, JudgedOutcome::Failed));
    assert_eq!(judged.gate_hash, world.spec.gate_hash());
    assert_eq!(status.unresolved.as_ref().map(|left| left.outcome), Some(JudgedOutcome::BadInput));
    assert_eq!(status.last_failure.as_ref().map(|failure| failure.reason.as_str()), Some("BadInput"));
    assert_eq!(world.says(ConditionType::Stalled), "True/BadInput");
    world.pass(100_000);
    let plan = world.reconcile(Mishap::None);
    assert_eq!((plan.status, plan.announcements, plan.wake), (status, vec![], None));
}

#[test]
fn a_failed_evaluation_leaves_the_verdict_on_a_quarantined_candidate() {
    let mut world = world();
    world.rolling_out().fault(Some(ServingFault::Candidate("golden rows".into())));
    world.reconcile_all();
    world.threshold(0.35).job_finds_bad_input("no column dropped_out");
    world.reconcile_all();
    let judged = world.status().judged.clone().unwrap();
    assert_eq!(
        (judged.version, judged.outcome, judged.gate_hash),
        (2, JudgedOutcome::RolledBack, world.spec.gate_hash())
    );
    assert_eq!(world.stage(), None);
}

#[test]
fn a_threshold_that_came_back_by_a_rollback_is_resolved_once_and_not_while_suspended() {
    let mut world = world();
    world.with_production().threshold_and_features(0.35).is_judged(Outcome::Passed, 0).is_promoted();
    world.suspend(true).commands(CommandName::RollbackTo, "v1");
    assert_eq!((world.production(), world.stage()), (Some("v1"), None));
    world.suspend(false);
    assert_eq!(world.stage(), Some(Stage::Training));
    world.job_finds_bad_input("no column dropped_out");
    world.reconcile_all();
    world.pass(100_000);
    world.reconcile_all();
    assert_eq!((world.stage(), world.outcome()), (None, JudgedOutcome::RolledBack));
    world.threshold(0.4).is_judged(Outcome::Passed, 0);
    let production = world.status().production.clone().unwrap();
    assert_eq!((production.threshold, production.gate_hash), (0.4, Some(world.spec.gate_hash())));
    assert_eq!(world.status().unresolved, None);
}

#[test]
fn a_release_without_a_gate_is_left_as_it_is() {
    let mut world = world();
    world.with_production();
    world.status.as_mut().unwrap().production.as_mut().unwrap().gate_hash = None;
    world.reconcile_all();
    assert_eq!(world.stage(), None);
}

#[test]
fn a_candidate_that_waits_is_refused_by_the_new_gate_and_its_training_is_not_repeated() {
    let mut world = world();
    world.with_production().learns_more().suspend(true).is_judged(Outcome::Passed, 0);
    let first = world.spec.threshold.clone();
    world.threshold(0.35);
    world.spec.threshold = first;
    world.suspend(false);
    let candidate = world.status().candidate.clone().unwrap();
    assert_eq!((candidate.name.as_str(), candidate.work, candidate.release), ("v2", CandidateWork::Evaluate, None));
    world.is_judged(Outcome::Failed, 0);
    assert_eq!((world.production(), world.stage(), world.outcome()), (Some("v1"), None, JudgedOutcome::Failed));
    assert_eq!(world.ledger.trainings, 2);
}

#[test]
fn a_candidate_that_is_judged_anew_is_trained_again_if_the_status_is_lost() {
    let mut world = world();
    world.with_production().learns_more().suspend(true).is_judged(Outcome::Passed, 0).threshold(0.35);
    world.status = None;
    world.note_loss();
    world.suspend(false);
    let candidate = world.status().candidate.clone().unwrap();
    assert_eq!((candidate.name.as_str(), candidate.work), ("v3", CandidateWork::Train));
}
