//! Single decisions that no story tells.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod world;

use dropout_crds::{
    ConditionType, Reason,
    command::CommandName,
    dropout_model::AutomaticRollback,
    status::{JudgedOutcome, Stage},
};
use dropout_model::{manifest::Tier, task::Outcome};
use dropout_planner::{
    FleetShare, Intent, fleet_share,
    observed::{ClaimFact, RunPhase, ServingFault},
    plan,
};
use world::{Mishap, World};

fn world() -> World {
    World::new()
}

#[test]
fn a_deployment_of_somebody_else_is_left_alone_and_holds_the_rollout() {
    let mut world = world();
    world.rolling_out();
    world.foreign = Some("Deployment of Helm release web".into());
    let plan = world.reconcile(Mishap::None);
    assert_eq!(world.says(ConditionType::Stalled), "True/NameConflict");
    assert_eq!(world.stage(), Some(Stage::Held));
    assert!(!plan.intents.iter().any(|intent| matches!(intent, Intent::Serve(_))));
}

#[test]
fn a_job_of_somebody_else_is_left_alone() {
    let mut world = world();
    world.reconcile_all();
    world.job_ends(RunPhase::Foreign("CronJob backup".into()));
    let plan = world.reconcile(Mishap::None);
    assert_eq!(world.says(ConditionType::Stalled), "True/NameConflict");
    assert_eq!(plan.intents, []);
}

#[test]
fn a_suspended_new_model_waits_and_says_so() {
    let mut world = world();
    world.spec.suspend = Some(true);
    let plan = world.reconcile(Mishap::None);
    assert_eq!((plan.intents, plan.wake, plan.status.candidate), (vec![], None, None));
    assert_eq!(world.says(ConditionType::Reconciling), "False/Suspended");
}

#[test]
fn a_store_for_one_node_is_refused_unless_allowed() {
    let mut world = world();
    world.store_claim = Some(ClaimFact::Present { name: "model-store".into(), is_shared: false });
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Stalled), "True/ClaimNotShared");
    assert_eq!(world.jobs.len(), 0);
    world.spec.store.single_node = Some(dropout_crds::dropout_model::SingleNode::Allow);
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Stalled), "False/NoError");
    assert_eq!(world.jobs.len(), 1);
}

#[test]
fn a_model_in_buckets_needs_no_claim() {
    let mut world = world();
    (world.data_claim, world.store_claim) = (None, None);
    world.spec.store.single_node = None;
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Stalled), "False/NoError");
    assert_eq!(world.jobs.len(), 1);
}

#[test]
fn a_rollout_past_its_deadline_without_a_known_fault_is_rolled_back_and_not_quarantined() {
    let mut world = world();
    world.rolling_out().pass(600);
    world.reconcile_all();
    assert_eq!((world.production(), world.outcome()), (Some("v1"), JudgedOutcome::RolledBack));
    assert_eq!(world.status().quarantined, []);
}

#[test]
fn a_first_model_past_its_deadline_waits_for_its_pods_and_asks_for_a_human() {
    let mut world = world();
    world.reconcile_all();
    world.is_judged(Outcome::Passed, 0).pass(600);
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::Stalled), "True/Unavailable");
    world.is_promoted();
    assert_eq!(world.production(), Some("v1"));
    assert_eq!(world.says(ConditionType::Stalled), "False/NoError");
}

#[test]
fn without_automatic_rollback_a_candidate_at_fault_is_held_until_a_person_decides() {
    let mut world = world();
    world.spec.rollout.get_or_insert_default().automatic_rollback = Some(AutomaticRollback::Disabled);
    world.rolling_out().fault(Some(ServingFault::Candidate("it ends after the load".into())));
    world.reconcile_all();
    world.pass(100_000);
    world.reconcile_all();
    assert_eq!(world.stage(), Some(Stage::Held));
    world.commands(CommandName::RollbackTo, "production");
    assert_eq!((world.production(), world.stage(), world.outcome()), (Some("v1"), None, JudgedOutcome::RolledBack));
    assert_eq!(world.status().quarantined.len(), 1);
}

#[test]
fn rolling_back_works_while_suspended() {
    let mut world = world();
    world.with_two_versions().suspend(true).commands(CommandName::RollbackTo, "previous");
    assert_eq!(world.production(), Some("v1"));
}

#[test]
fn a_rollout_does_not_end_while_suspended() {
    let mut world = world();
    world.rolling_out().suspend(true).pods_come();
    world.reconcile_all();
    world.pass(3_600);
    world.reconcile_all();
    assert_eq!(world.says(ConditionType::RolledOut), "False/Suspended");
    world.suspend(false);
    assert_eq!(world.production(), Some("v2"));
}

#[test]
fn a_held_candidate_is_given_up_for_another_training() {
    let mut world = world();
    world.rolling_out().fault(Some(ServingFault::Environment("quota".into())));
    world.reconcile_all();
    assert_eq!(world.stage(), Some(Stage::Held));
    world.learns_more();
    let candidate = world.status().candidate.as_ref().unwrap();
    assert_eq!((candidate.name.as_str(), candidate.stage), ("v3", Stage::Training));
}

#[test]
fn an_edit_of_the_tiers_disturbs_no_training() {
    let mut world = world();
    world.reconcile_all();
    world.spec.tiers = Tier::defaults();
    world.reconcile_all();
    world.is_judged(Outcome::Passed, 0);
    assert_eq!(world.stage(), Some(Stage::RollingOut));
}

#[test]
fn a_quarantined_bundle_comes_back_only_after_its_release() {
    let mut world = world();
    world.rolling_out().fault(Some(ServingFault::Candidate("golden rows".into())));
    world.reconcile_all();
    world.commands(CommandName::Retrain, "now").is_judged(Outcome::Passed, 0);
    assert_eq!((world.production(), world.outcome()), (Some("v1"), JudgedOutcome::Failed));
    world.pass(1);
    world
        .commands(CommandName::ReleaseQuarantine, "v2")
        .commands(CommandName::Retrain, "again")
        .is_judged(Outcome::Passed, 0);
    assert_eq!(world.stage(), Some(Stage::RollingOut));
}

#[test]
fn a_command_on_a_new_object_counts_as_handled() {
    let mut world = world();
    world.commands(CommandName::RollbackTo, "previous");
    assert_eq!(world.status().handled.len(), 1);
    assert!(!world.transcript.iter().any(|line| line.contains("CommandRefused")));
}

#[test]
fn a_command_of_any_length_leaves_the_status_small() {
    let mut world = world();
    world.with_production().commands(CommandName::Retrain, &"x".repeat(100_000));
    assert!(world.status().handled["retrain"].len() < 100);
    world.is_judged(Outcome::Passed, 0);
    assert_eq!(world.stage(), None);
}

#[test]
fn a_new_image_waits_for_the_fleet_and_counts_as_a_rollout_until_it_serves() {
    let mut world = world();
    world.with_production();
    (world.image, world.fleet.rollouts) = ("inference:2".into(), 1);
    world.reconcile_all();
    assert_eq!(world.status().production.as_ref().unwrap().image, "inference:1");
    world.fleet.rollouts = 0;
    world.reconcile_all();
    assert_eq!(fleet_share(world.status()), FleetShare { is_training: false, is_rolling: true });
    world.pods_come();
    world.reconcile_all();
    assert_eq!(fleet_share(world.status()), FleetShare::default());
}

#[test]
fn a_model_between_two_attempts_takes_no_room_of_the_fleet() {
    let mut world = world();
    world.reconcile_all();
    assert!(fleet_share(world.status()).is_training);
    world.fails(world::story::out_of_memory());
    assert!(!fleet_share(world.status()).is_training);
}

#[test]
fn an_answer_to_another_task_is_a_failed_attempt() {
    let mut world = world();
    world.reconcile_all();
    world.job_answers(Outcome::Passed, 0);
    if let RunPhase::Finished(Ok(answer)) = &mut world.jobs[0].run.phase {
        answer.task = "sha256:another".into();
    }
    world.reconcile_all();
    assert_eq!(world.status().candidate.as_ref().unwrap().attempt, 2);
    assert_eq!(world.status().judged, None);
}

#[test]
fn an_answer_that_the_store_lost_too_is_a_failed_attempt() {
    let mut world = world();
    world.reconcile_all();
    world.job_loses_answer(Outcome::Passed, 0);
    world.store.answers.clear();
    world.reconcile_all();
    world.is_judged(Outcome::Passed, 0);
    assert_eq!(world.status().candidate.as_ref().unwrap().attempt, 2);
    assert_eq!(world.says(ConditionType::Trained), "False/TrainingRetried");
}

#[test]
fn parts_of_a_second_change_no_status() {
    let mut world = world();
    world.rolling_out();
    let later = world.now.checked_add(jiff::SignedDuration::from_millis(900)).unwrap();
    let plan = plan(&world.observed(), later);
    assert_eq!((Some(plan.status), plan.announcements), (world.status.clone(), vec![]));
}

#[test]
fn a_refused_first_model_asks_for_a_human_and_a_refused_second_does_not() {
    let mut world = world();
    world.reconcile_all();
    world.is_judged(Outcome::Failed, 0);
    assert_eq!(world.says(ConditionType::Stalled), format!("True/{:?}", Reason::GateFailed));
    let mut world = World::new();
    world.with_production().learns_more().is_judged(Outcome::Failed, 0);
    assert_eq!(world.says(ConditionType::Stalled), "False/NoError");
    assert_eq!(world.says(ConditionType::Ready), "True/Serving");
}

#[test]
fn a_previous_version_whose_bundle_is_quarantined_is_no_way_back() {
    let mut world = world();
    world.with_production();
    let first = world.spec.clone();
    world.learns_more().is_judged(Outcome::Passed, 0).is_promoted();
    world.spec = first;
    world.reconcile_all();
    world.is_judged(Outcome::Passed, 0).fault(Some(ServingFault::Candidate("golden rows".into())));
    world.reconcile_all();
    world.commands(CommandName::RollbackTo, "v1");
    assert_eq!(world.production(), Some("v2"));
}

#[test]
fn a_number_that_a_job_has_is_not_given_again_after_the_status_was_lost() {
    let mut world = world();
    world.reconcile_all();
    world.status = None;
    world.reconcile_all();
    assert_eq!(world.status().candidate.as_ref().unwrap().name, "v2");
    assert_eq!(world.jobs.iter().map(|job| job.run.version).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_store_in_which_every_number_is_taken_ends_the_training() {
    let mut world = world();
    world.store.versions = (1..2_000).map(|version| (version, "sha256:another".to_owned())).collect();
    world.reconcile_all();
    for _ in 0..9 {
        world.is_judged(Outcome::Passed, 0);
    }
    assert_eq!((world.outcome(), world.jobs.len()), (JudgedOutcome::TrainingFailed, 0));
    assert_eq!(world.status().candidate, None);
}
