//! What a person asks for beside the training: suspending, rolling back, releasing.

use crate::{api::*, shared_story};
use dropout_crds::ConditionType::{Ready, Reconciling};
use dropout_model::digest::digest;
use serde_json::json;

/// From nothing to v2 in production, v1 where a rollback goes.
fn promote_second(trial: &Trial) {
    trial.promote_first();
    trial.annotate("trialops.dev/retrain", "now@2026-11-20T09:00:00Z");
    trial.answer(&trial.training("v2"), |task| passed(task, "v2"));
    trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
}

#[test]
fn suspended_model_trains_nothing_until_it_goes_on() {
    shared_story("suspended", |trial| {
        trial.apply(&with(&trial.spec(), json!({"suspend": true})));
        trial.until("the suspension", |model| is(model, Reconciling, "False", "Suspended"));
        trial.rests();
        trial.apply(&trial.spec());
        trial.training("v1");
    });
}

#[test]
fn candidate_that_passes_while_suspended_rolls_out_later() {
    shared_story("suspended-later", |trial| {
        trial.apply(&trial.spec());
        let job = trial.training("v1");
        trial.apply(&with(&trial.spec(), json!({"suspend": true})));
        trial.until("the suspension", |model| is(model, Reconciling, "False", "Suspended"));
        trial.answer(&job, |task| passed(task, "v1"));
        trial.until("v1 to wait", |model| stage(model) == "Queued");
        trial.rests();
        assert!(trial.deployment().is_none());
        trial.apply(&trial.spec());
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
    });
}

#[test]
fn rollback_serves_the_previous_version_and_quarantines_the_other_until_it_is_released() {
    shared_story("rollback", |trial| {
        promote_second(trial);
        let token = "previous@2026-11-20T10:00:00Z";
        trial.annotate("trialops.dev/rollback-to", token);
        let model = trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
        let status = model.status.unwrap();
        assert_eq!(status.handled["rollback-to"], token);
        assert_eq!(status.quarantined[0].digest, digest(b"v2"));
        assert_eq!(status.previous, None);
        let deployment = trial.deployment().unwrap();
        assert_eq!(deployment.metadata.annotations.unwrap()["trialops.dev/version"], "v1");
        trial.annotate("trialops.dev/retrain", "now@2026-11-20T10:30:00Z");
        trial.answer(&trial.training("v3"), |task| passed(task, "v2"));
        let model = trial.until("the quarantined bundle to be refused", |model| entry(model, "GateFailed").is_some());
        assert!(is_production(&model, "v1"), "{model:?}");
        trial.annotate("trialops.dev/release-quarantine", "all@2026-11-20T11:00:00Z");
        trial.until("the release", |model| model.status.as_ref().unwrap().quarantined.is_empty());
        trial.rests();
    });
}

#[test]
fn command_that_cannot_be_obeyed_is_told_once() {
    shared_story("impossible", |trial| {
        trial.promote_first();
        trial.annotate("trialops.dev/rollback-to", "v7@2026-11-20T10:00:00Z");
        let model = trial.until("the refusal", |model| entry(model, "CommandRefused").is_some());
        assert!(is(&model, Ready, "True", "Serving") && is_production(&model, "v1"), "{model:?}");
        trial.rests();
    });
}
