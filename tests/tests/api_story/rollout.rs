//! What goes wrong with serving pods, and what is made of it.

use crate::{api::*, shared_story};
use dropout_crds::ConditionType::{Ready, RolledOut, Stalled};
use dropout_model::digest::digest;
use serde_json::json;

/// Brings v2 to its rollout, its pods as they are to be.
fn roll_out_second(trial: &Trial, serving: Serving, rollout: serde_json::Value) {
    trial.promote_first();
    trial.apply(&with(&trial.spec(), json!({"training": {"seed": 7}, "rollout": rollout})));
    trial.serve(serving);
    trial.answer(&trial.training("v2"), |task| passed(task, "v2"));
}

#[test]
fn version_that_refuses_its_bundle_is_rolled_back_and_quarantined() {
    shared_story("refused-bundle", |trial| {
        roll_out_second(trial, Serving::Refused, json!({}));
        let model = trial.until("the rollback", |model| is(model, RolledOut, "False", "RolledBack"));
        assert!(is(&model, Ready, "True", "Serving") && is_production(&model, "v1"), "{model:?}");
        let model = trial.until("v1 to be served by all", is_current);
        let quarantined = model.status.unwrap().quarantined;
        assert_eq!((quarantined.len(), quarantined[0].digest.clone()), (1, digest(b"v2")));
        trial.rests();
    });
}

#[test]
fn version_without_its_image_is_held_while_the_old_one_serves_and_goes_on_by_itself() {
    shared_story("no-image", |trial| {
        roll_out_second(trial, Serving::NoImage, json!({}));
        let model = trial.until("the hold", |model| is(model, Stalled, "True", "Held"));
        assert!(condition(&model, Stalled).2.contains("ImagePullBackOff"), "{model:?}");
        assert!(is(&model, Ready, "True", "Serving") && is_production(&model, "v1"), "{model:?}");
        trial.rests();
        trial.serve(Serving::Ready);
        let model = trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
        assert_eq!(model.status.unwrap().quarantined, []);
    });
}

#[test]
fn version_past_its_deadline_is_rolled_back_without_quarantine() {
    shared_story("overdue", |trial| {
        roll_out_second(trial, Serving::Pending, json!({"progressDeadline": "3s"}));
        let model = trial.until("the rollback", |model| is(model, RolledOut, "False", "RolledBack"));
        assert!(is(&model, Ready, "True", "Serving") && is_production(&model, "v1"), "{model:?}");
        assert_eq!(model.status.unwrap().quarantined, []);
        trial.until("v1 to be served by all", is_current);
        trial.rests();
    });
}

#[test]
fn fault_is_only_held_where_rolling_back_is_left_to_people() {
    shared_story("by-hand", |trial| {
        roll_out_second(trial, Serving::Refused, json!({"automaticRollback": "Disabled"}));
        trial.until("the hold", |model| is(model, Stalled, "True", "Held"));
        trial.rests();
        trial.annotate("trialops.dev/rollback-to", "production@2026-11-20T10:00:00Z");
        let model = trial.until("the rollback", |model| is(model, RolledOut, "False", "RolledBack"));
        assert_eq!(model.status.unwrap().quarantined.len(), 1);
        trial.until("v1 to be served by all", is_current);
    });
}

#[test]
fn other_pods_are_rolled_without_a_training() {
    shared_story("replicas", |trial| {
        trial.promote_first();
        trial.apply(&with(&trial.spec(), json!({"serving": {"replicas": 3, "pod": {"labels": {"team": "trials"}}}})));
        trial.until("three pods", |model| is_current(model) && replicas(trial) == Some(3));
        trial.rests();
    });
}

fn replicas(trial: &Trial) -> Option<i32> {
    trial.deployment()?.status?.available_replicas
}
