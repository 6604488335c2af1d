//! Models that were trained elsewhere, looks at the holdout, and commands that cannot be read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod world;

use dropout_crds::{
    ConditionType,
    command::{CommandName, Malformed},
    status::{CandidateWork, HoldoutLooks},
};
use dropout_model::task::{Looked, Outcome};
use dropout_planner::observed::{ClaimFact, RunPhase};
use world::{World, story::out_of_memory};

fn world() -> World {
    World::new()
}

fn absent() -> ClaimFact {
    ClaimFact::Absent("bundles".into())
}

#[test]
fn a_bundle_whose_claim_is_missing_waits_and_says_so() {
    let mut world = world();
    world.bundle_claim = absent();
    world.names_bundle("sha256:a");
    assert_eq!((world.says(ConditionType::Stalled).as_str(), world.jobs.len()), ("True/ClaimNotFound", 0));
    world.bundle_claim = ClaimFact::Present { name: "bundles".into(), is_shared: false };
    world.waits();
    assert_eq!((world.says(ConditionType::Stalled).as_str(), world.jobs.len()), ("False/NoError", 1));
}

#[test]
fn the_claim_of_a_bundle_is_needed_by_no_other_job() {
    let mut world = world();
    world.names_bundle("sha256:a").is_judged(Outcome::Passed, 0).is_promoted();
    world.bundle_claim = absent();
    world.threshold(0.35);
    assert_eq!(world.jobs.last().unwrap().run.work, CandidateWork::Evaluate);
    assert_eq!(world.says(ConditionType::Stalled), "False/NoError");
    let mut world = World::new();
    world.bundle_claim = absent();
    world.reconcile_all();
    assert_eq!(world.jobs.len(), 1);
}

#[test]
fn a_bundle_with_another_digest_is_another_candidate_and_the_same_one_is_none() {
    let mut world = world();
    world.names_bundle("sha256:a").is_judged(Outcome::Passed, 0).is_promoted();
    let trainings = world.ledger.trainings;
    world.names_bundle("sha256:a");
    assert_eq!((world.stage(), world.ledger.trainings), (None, trainings));
    world.names_bundle("sha256:b");
    assert_eq!(world.status().candidate.as_ref().map(|candidate| candidate.name.as_str()), Some("v2"));
    assert_eq!(world.ledger.trainings, trainings + 1);
}

#[test]
fn a_bundle_is_imported_once_its_data_is_prepared() {
    let mut world = world();
    world.names_bundle("sha256:a");
    world.job_ends(RunPhase::Running { is_prepared: false, is_trained: false });
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Trained), "Unknown/TrainingStarted");
    world.job_ends(RunPhase::Running { is_prepared: true, is_trained: false });
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Trained), "True/Imported");
    world.is_judged(Outcome::Passed, 0).is_promoted();
    assert_eq!(world.says(ConditionType::Trained), "True/Imported");
}

#[test]
fn a_first_model_is_no_look_and_each_comparison_is_one() {
    let mut world = world();
    world.with_production();
    assert_eq!(world.status().holdout, None);
    let outcomes = [Outcome::Failed, Outcome::Inconclusive, Outcome::Passed];
    for (looks, outcome) in (1..).zip(outcomes) {
        world.learns_more().is_judged(outcome, 0);
        let holdout = HoldoutLooks { patients: 240, positive_patients: 61, looks };
        assert_eq!(world.status().holdout, Some(holdout));
    }
    world.is_promoted().commands(CommandName::Retrain, "now").is_judged(Outcome::Passed, 0);
    assert_eq!(world.status().holdout.map(|holdout| holdout.looks), Some(3), "the served bundle was no look");
}

#[test]
fn a_task_is_told_the_looks_and_stays_the_same_through_retries_and_a_lost_answer() {
    let mut world = world();
    world.with_production().learns_more().is_judged(Outcome::Failed, 0).learns_more();
    let task = |world: &World| world.jobs.last().unwrap().launch.clone();
    let first = task(&world);
    assert_eq!(first.task.looked, Some(Looked { looks: 1, positive_patients: 61 }));
    world.fails(out_of_memory()).waits();
    let second = task(&world);
    assert_eq!((second.attempt, &second.task), (2, &first.task));
    world.job_loses_answer(Outcome::Failed, 0);
    world.reconcile_all();
    assert_eq!(task(&world).answers, first.answers);
    world.is_judged(Outcome::Failed, 0);
    assert_eq!((world.status().holdout.map(|holdout| holdout.looks), world.stage()), (Some(2), None));
}

#[test]
fn a_holdout_that_grew_by_a_quarter_is_looked_at_anew_and_one_that_grew_less_is_not() {
    let mut world = world();
    world.with_production().learns_more().is_judged(Outcome::Failed, 0);
    world.holdout_grows(76).learns_more().is_judged(Outcome::Failed, 0);
    let base = HoldoutLooks { patients: 240, positive_patients: 61, looks: 2 };
    assert_eq!(world.status().holdout, Some(base));
    world.holdout_grows(77).learns_more().is_judged(Outcome::Failed, 0);
    assert_eq!(world.status().holdout, Some(HoldoutLooks { patients: 256, positive_patients: 77, looks: 1 }));
}

#[test]
fn a_gate_that_is_edited_after_a_refusal_looks_again() {
    let mut world = world();
    world.with_production().learns_more().is_judged(Outcome::Failed, 0).threshold(0.35).is_judged(Outcome::Failed, 0);
    assert_eq!(world.status().holdout.map(|holdout| holdout.looks), Some(2));
}

#[test]
fn a_command_that_cannot_be_read_is_told_once_a_value_and_repeated_to_nobody() {
    let mut world = world();
    world.with_production();
    for (told, token) in [(1, "P-0017"), (1, "P-0017"), (2, "P-0018")] {
        world.mumbles(CommandName::RollbackTo, token);
        let refusals = world.status().history.iter().filter(|entry| entry.reason == "CommandRefused");
        assert_eq!(refusals.count(), told, "{token}");
    }
    assert!(world.status().history.iter().all(|entry| !entry.message.contains("P-00")));
    assert_eq!((world.production(), world.stage()), (Some("v1"), None));
    world.status = None;
    world.note_loss();
    world.reconcile_all();
    assert!(world.status().history.iter().all(|entry| entry.reason != "CommandRefused"));
}

#[test]
fn a_retraining_that_is_abandoned_leaves_a_command_that_cannot_be_read_told() {
    let mut world = world();
    world.with_production().commands(CommandName::Retrain, "now");
    world.commands.clear();
    world.malformed.push(Malformed { name: CommandName::Retrain, token: "again".into() });
    world.reconcile_all();
    world.learns_more();
    let refusals = world.status().history.iter().filter(|entry| entry.reason == "CommandRefused");
    assert_eq!(refusals.count(), 1);
}
