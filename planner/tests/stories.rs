//! The golden stories: what a person sees when a model lives through something. `UPDATE_GOLDEN=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod world;

use dropout_crds::command::CommandName;
use dropout_model::task::Outcome;
use dropout_planner::observed::{ClaimFact, RunFailure, ServingFault};
use world::{World, story::out_of_memory};

/// Compares a story with its golden file.
fn is_told(name: &str, story: impl FnOnce(&mut World)) {
    let mut world = World::new();
    story(&mut world);
    assert_eq!(world.ledger.broken, [], "{}", world.transcript.join("\n"));
    world.is_golden(name);
}

#[test]
fn first_model() {
    is_told("first_model", |world| {
        world.say("a person applies the DropoutModel");
        world.reconcile_all();
        for _ in 0..3 {
            world.pass(100);
            world.job_moves_on();
            world.reconcile_all();
        }
        world.is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn second_is_promoted() {
    is_told("second_is_promoted", |world| {
        world.with_production().learns_more().is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn refused() {
    is_told("refused", |world| {
        world.with_production().learns_more().is_judged(Outcome::Failed, 0);
    });
}

#[test]
fn three_are_refused_one_after_another() {
    is_told("three_are_refused_one_after_another", |world| {
        world.with_production();
        for _ in 0..3 {
            world.learns_more().is_judged(Outcome::Failed, 0);
        }
        world.say("somebody deletes the status");
        world.status = None;
        world.note_loss();
        world.reconcile_all();
        world.holdout_grows(77).learns_more().is_judged(Outcome::Inconclusive, 0);
    });
}

#[test]
fn bundle_from_elsewhere() {
    is_told("bundle_from_elsewhere", |world| {
        world.bundle_claim = ClaimFact::Absent("bundles".into());
        world.names_bundle("sha256:first").waits();
        world.say("a person creates the claim");
        world.bundle_claim = ClaimFact::Present { name: "bundles".into(), is_shared: false };
        world.waits().pass(60);
        for _ in 0..2 {
            world.job_moves_on();
            world.reconcile_all();
        }
        world.is_judged(Outcome::Passed, 0).is_promoted();
        world.names_bundle("sha256:second").is_judged(Outcome::Failed, 0);
    });
}

#[test]
fn command_that_cannot_be_read() {
    is_told("command_that_cannot_be_read", |world| {
        world.with_production().mumbles(CommandName::Retrain, "now").pass(3_600);
        world.reconcile_all();
        world.mumbles(CommandName::RollbackTo, "v1@yesterday");
        world.commands(CommandName::Retrain, "now").is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn first_model_is_refused() {
    is_told("first_model_is_refused", |world| {
        world.reconcile_all();
        world.is_judged(Outcome::Failed, 0);
    });
}

#[test]
fn inconclusive() {
    is_told("inconclusive", |world| {
        world.with_production().learns_more().is_judged(Outcome::Inconclusive, 0);
    });
}

#[test]
fn unchanged() {
    is_told("unchanged", |world| {
        world.with_production().commands(CommandName::Retrain, "now").is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn two_failures_then_success() {
    is_told("two_failures_then_success", |world| {
        world.reconcile_all();
        world.fails(RunFailure::Evicted("node n1 ran out of disk".into())).waits();
        world
            .fails(RunFailure::Deadline(Some("its pod is unschedulable: 0/3 nodes have enough memory".into())))
            .waits();
        world.is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn out_of_memory_to_the_end() {
    is_told("out_of_memory_to_the_end", |world| {
        world.with_production().learns_more();
        world.fails(out_of_memory()).waits().fails(out_of_memory()).waits().fails(out_of_memory());
    });
}

#[test]
fn bad_input() {
    is_told("bad_input", |world| {
        world.with_production().learns_more().pass(30);
        world.job_finds_bad_input("file:///trial.csv has no column dropped_out; it has 14 others");
        world.reconcile_all();
    });
}

#[test]
fn rolled_back_by_fault() {
    is_told("rolled_back_by_fault", |world| {
        world.with_production().learns_more().is_judged(Outcome::Passed, 0).pass(15);
        world.fault(Some(ServingFault::Candidate("golden row 3 gives 0.412, not 0.377".into())));
        world.reconcile_all();
        world.pods_follow();
    });
}

#[test]
fn held_by_the_environment_then_resumes() {
    is_told("held_by_the_environment_then_resumes", |world| {
        world.with_production().learns_more().is_judged(Outcome::Passed, 0).pass(15);
        world.fault(Some(ServingFault::Environment("image inference:1 cannot be pulled: registry answers 503".into())));
        world.reconcile_all();
        world.pass(3_600);
        world.reconcile_all();
        world.fault(None);
        world.reconcile_all();
        world.is_promoted();
    });
}

#[test]
fn rolled_back_by_command() {
    is_told("rolled_back_by_command", |world| {
        world.with_two_versions().commands(CommandName::RollbackTo, "v1").pods_follow();
        world.commands(CommandName::RollbackTo, "v7");
        world.commands(CommandName::ReleaseQuarantine, "v2");
    });
}

#[test]
fn suspended() {
    is_told("suspended", |world| {
        world.with_production().learns_more().suspend(true).is_judged(Outcome::Passed, 0);
        world.commands(CommandName::Retrain, "now").suspend(false).is_promoted();
        world.is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn spec_edited_mid_training() {
    is_told("spec_edited_mid_training", |world| {
        world.with_production().learns_more().pass(200);
        world.job_moves_on();
        world.reconcile_all();
        world.learns_more().is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn status_lost() {
    is_told("status_lost", |world| {
        world.with_two_versions().commands(CommandName::Retrain, "now").is_judged(Outcome::Passed, 0);
        world.say("somebody deletes the status");
        world.status = None;
        world.note_loss();
        world.reconcile_all();
    });
}

#[test]
fn status_lost_mid_rollout() {
    is_told("status_lost_mid_rollout", |world| {
        world.with_production().learns_more().is_judged(Outcome::Passed, 0);
        world.say("somebody deletes the status");
        world.status = None;
        world.note_loss();
        world.reconcile_all();
        world.is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn answer_lost() {
    is_told("answer_lost", |world| {
        world.reconcile_all();
        world.pass(600);
        world.job_loses_answer(Outcome::Passed, 0);
        world.reconcile_all();
        world.is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn queued() {
    is_told("queued", |world| {
        world.fleet.trainings = 3;
        world.reconcile_all();
        world.waits();
        world.say("another model's training ends");
        world.fleet.trainings = 2;
        world.waits().is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn claim_comes_late() {
    is_told("claim_comes_late", |world| {
        world.data_claim = Some(ClaimFact::Absent("trial-data".into()));
        world.reconcile_all();
        world.waits();
        world.say("a person creates the claim");
        world.data_claim = Some(ClaimFact::Present { name: "trial-data".into(), is_shared: false });
        world.waits().is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn threshold_edited() {
    is_told("threshold_edited", |world| {
        world.with_production().threshold(0.35).is_judged(Outcome::Passed, 0).pods_follow();
    });
}

#[test]
fn threshold_edited_after_a_refusal() {
    is_told("threshold_edited_after_a_refusal", |world| {
        world.with_production().learns_more().is_judged(Outcome::Failed, 0).threshold(0.35);
        world.is_judged(Outcome::Failed, 0).is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn number_taken() {
    is_told("number_taken", |world| {
        world.store.versions.insert(1, "sha256:of an earlier model".into());
        world.reconcile_all();
        world.is_judged(Outcome::Passed, 0).is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn threshold_edited_after_a_refusal_on_bad_data() {
    is_told("threshold_edited_after_a_refusal_on_bad_data", |world| {
        world.with_production().learns_more().is_judged(Outcome::Failed, 0).threshold(0.35);
        world.is_judged(Outcome::Failed, 0).pass(30);
        world.job_finds_bad_input("file:///trial.csv has no column dropped_out; it has 14 others");
        world.reconcile_all();
        world.pass(86_400);
        world.reconcile_all();
        world.threshold(0.4).is_judged(Outcome::Failed, 0).is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn threshold_edited_and_its_evaluation_fails_to_the_end() {
    is_told("threshold_edited_and_its_evaluation_fails_to_the_end", |world| {
        world.with_production().learns_more().is_judged(Outcome::Failed, 0).threshold(0.35);
        world.is_judged(Outcome::Failed, 0);
        world.fails(out_of_memory()).waits().fails(out_of_memory()).waits().fails(out_of_memory());
        world.pass(86_400);
        world.reconcile_all();
        world.commands(CommandName::Retrain, "now").is_judged(Outcome::Failed, 0).is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn rolled_back_to_another_threshold() {
    is_told("rolled_back_to_another_threshold", |world| {
        world.with_production().threshold_and_features(0.35).is_judged(Outcome::Passed, 0).is_promoted();
        world.commands(CommandName::RollbackTo, "v1").pods_follow();
        world.is_judged(Outcome::Passed, 0).pods_follow();
    });
}

#[test]
fn threshold_edited_while_a_candidate_waits() {
    is_told("threshold_edited_while_a_candidate_waits", |world| {
        world.with_production().learns_more().suspend(true).is_judged(Outcome::Passed, 0);
        world.threshold(0.35).threshold(0.4).suspend(false).is_judged(Outcome::Passed, 0).is_promoted();
    });
}

#[test]
fn threshold_edited_mid_rollout() {
    is_told("threshold_edited_mid_rollout", |world| {
        world.rolling_out().threshold(0.35).is_promoted().is_judged(Outcome::Passed, 0);
    });
}

#[test]
fn first_model_is_rolled_back_by_fault() {
    is_told("first_model_is_rolled_back_by_fault", |world| {
        world.reconcile_all();
        world.is_judged(Outcome::Passed, 0).pass(15);
        world.fault(Some(ServingFault::Candidate("golden row 3 gives 0.412, not 0.377".into())));
        world.reconcile_all();
        world.learns_more().is_judged(Outcome::Passed, 0).is_promoted();
    });
}
