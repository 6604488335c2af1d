//! What goes wrong with Jobs, and what is made of it.

use crate::{api::*, shared_story, story};
use dropout_crds::{
    ConditionType::{Stalled, Trained},
    DropoutModel,
    status::{CandidateWork, Failure},
};
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kube::ResourceExt;
use serde_json::json;

/// Lets the first attempt of v1 end in some way; the failure that is told.
fn failure(trial: &Trial, end: impl FnOnce(&Job)) -> Failure {
    trial.apply(&trial.spec());
    end(&trial.training("v1"));
    let failed = |model: &DropoutModel| is(model, Trained, "False", "TrainingRetried");
    let model = trial.until("the failure", failed);
    let status = model.status.unwrap();
    let candidate = status.candidate.unwrap();
    assert_eq!((candidate.attempt, candidate.retry_at.is_some()), (2, true));
    status.last_failure.unwrap()
}

fn assert_failure(failure: &Failure, reason: &str, words: &str) {
    assert_eq!((failure.reason.as_str(), failure.attempt), (reason, 1));
    assert!(failure.message.contains(words), "{}", failure.message);
}

#[test]
fn container_killed_for_memory_is_told_with_the_field_to_raise() {
    shared_story("oom", |trial| {
        let failure = failure(trial, |job| trial.end(job, &End::out_of_memory("train")));
        assert_failure(
            &failure,
            "OutOfMemory",
            "container train was ended for want of memory: raise spec.training.pod",
        );
    });
}

#[test]
fn exit_code_1_is_tried_again_and_what_a_foreign_image_left_is_not_repeated() {
    shared_story("exit", |trial| {
        let failure = failure(trial, |job| trial.end(job, &End::with_code("train", 1, "patient P-0017 has no age")));
        assert_failure(&failure, "Exit", "container train ended with code 1: see its log");
        assert!(!failure.message.contains("P-0017"), "{}", failure.message);
    });
}

#[test]
fn evicted_pod_without_the_disruption_condition_costs_an_attempt() {
    shared_story("evicted", |trial| {
        let failure = failure(trial, |job| {
            let message = "The node was low on resource: memory.";
            trial.set_status(&trial.pod_of(job), &json!({"phase": "Failed", "reason": "Evicted", "message": message}));
        });
        assert_failure(&failure, "Evicted", "the pod was evicted or its node lost: The node was low on resource");
    });
}

#[test]
fn disrupted_pod_is_replaced_by_the_job_and_costs_no_attempt() {
    shared_story("disrupted", |trial| {
        trial.apply(&trial.spec());
        let job = trial.training("v1");
        let pod = trial.pod_of(&job);
        let time = "2026-11-20T09:00:00Z";
        let condition = json!({"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "lastTransitionTime": time});
        trial.set_status(&pod, &json!({"phase": "Failed", "reason": "Evicted", "conditions": [condition]}));
        trial.answer(&job, |task| passed(task, "v1"));
        let model = trial.until("v1 to be production", |model| is_production(model, "v1"));
        assert_eq!(model.status.unwrap().last_failure, None);
    });
}

#[test]
fn job_past_its_deadline_is_told_with_the_field_to_raise() {
    shared_story("deadline", |trial| {
        trial.apply(&with(&trial.spec(), json!({"training": {"activeDeadline": "2s"}})));
        let model = trial.until("the deadline", |model| is(model, Trained, "False", "TrainingRetried"));
        assert_failure(
            &model.status.unwrap().last_failure.unwrap(),
            "Deadline",
            "passed spec.training.activeDeadline (2s)",
        );
    });
}

#[test]
fn answer_that_is_no_json_is_a_failed_attempt() {
    shared_story("broken", |trial| {
        let failure = failure(trial, |job| trial.end(job, &End::with_code("evaluate", 0, r#"{"contract": "#)));
        assert_failure(&failure, "NoAnswer", "its answer is not readable");
    });
}

#[test]
fn unreadable_answer_is_not_repeated() {
    shared_story("unreadable", |trial| {
        let failure = failure(trial, |job| {
            let text = json!({"contract": "x", "task": "x", "outcome": "P-0017", "reason": "", "message": ""});
            trial.end(job, &End::with_code("evaluate", 0, text.to_string()));
        });
        assert_failure(&failure, "NoAnswer", "its answer is not readable");
        assert!(!failure.message.contains("P-0017"), "{}", failure.message);
    });
}

#[test]
fn answer_to_another_task_is_a_failed_attempt() {
    shared_story("foreign", |trial| {
        let failure = failure(trial, |job| trial.answer(job, |_| passed(&bundle("another task"), "v1")));
        assert_failure(&failure, "NoAnswer", "its answer is to another task");
    });
}

#[test]
fn lost_answer_is_read_from_the_store_and_nothing_trains_again() {
    shared_story("empty", |trial| {
        trial.apply(&trial.spec());
        let job = trial.training("v1");
        trial.end(&job, &End::with_code("evaluate", 0, ""));
        let read = trial.job("v1", CandidateWork::Read, 1);
        assert_eq!(task_of(&read), task_of(&job));
        assert!(entry(&trial.model(), "AnswerLost").is_some());
        trial.answer(&read, |task| passed(task, "v1"));
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
    });
}

#[test]
fn answer_of_a_pod_that_is_gone_is_read_from_the_store() {
    shared_story("gone", |trial| {
        trial.apply(&trial.spec());
        let job = trial.training("v1");
        let pod = trial.pod_of(&job);
        trial.answer(&job, |task| passed(task, "v1"));
        trial.delete::<Pod>(&pod.name_any());
        trial.answer(&trial.job("v1", CandidateWork::Read, 1), |task| passed(task, "v1"));
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
    });
}

#[test]
fn last_attempt_that_fails_needs_a_human_and_the_command_retrain_goes_on() {
    shared_story("retries", |trial| {
        failure(trial, |job| trial.end(job, &End::with_code("train", 1, "")));
        trial.end(&trial.job("v1", CandidateWork::Train, 2), &End::with_code("train", 1, ""));
        let model = trial.until("the failure", |model| is(model, Stalled, "True", "TrainingFailed"));
        assert_eq!(model.status.unwrap().last_failure.unwrap().attempt, 2);
        trial.rests();
        trial.annotate("trialops.dev/retrain", "now@2026-11-20T09:00:00Z");
        trial.answer(&trial.training("v2"), |task| passed(task, "v2"));
        trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
    });
}

#[test]
fn training_waits_for_its_claim_and_says_so() {
    story("no-claim", None, |trial| {
        trial.apply(&trial.spec());
        let model = trial.until("the missing claim", |model| is(model, Stalled, "True", "ClaimNotFound"));
        assert!(condition(&model, Stalled).2.contains("PersistentVolumeClaim onc-302"), "{model:?}");
        trial.rests();
        trial.create_claim("ReadWriteMany");
        trial.training("v1");
        trial.until("the claim to be seen", |model| is(model, Stalled, "False", "NoError"));
    });
}

#[test]
fn store_for_one_node_is_refused_unless_the_spec_allows_it() {
    story("one-node", Some("ReadWriteOnce"), |trial| {
        let mut model = trial.spec();
        model["spec"]["store"].as_object_mut().unwrap().remove("singleNode");
        trial.apply(&model);
        trial.until("the refusal", |model| is(model, Stalled, "True", "ClaimNotShared"));
        trial.rests();
        trial.apply(&trial.spec());
        trial.training("v1");
        trial.until("the permission to be seen", |model| is(model, Stalled, "False", "NoError"));
    });
}

#[test]
fn model_deleted_while_it_trains_takes_everything_along() {
    shared_story("deleted", |trial| {
        trial.apply(&trial.spec());
        let job = trial.training("v1");
        trial.pod_of(&job);
        trial.delete::<DropoutModel>(MODEL);
        let ours = "app.kubernetes.io/managed-by=dropout-operator";
        let is_empty = || trial.list::<Job>(ours).is_empty() && trial.list::<ConfigMap>(ours).is_empty();
        trial.wait("the garbage to be collected", || is_empty().then_some(()));
        trial.wait("the pods to go", || trial.list::<Pod>("").is_empty().then_some(()));
        trial.promote_first();
    });
}

#[test]
fn spec_edited_while_it_trains_abandons_the_job_and_makes_another_version() {
    shared_story("edited", |trial| {
        trial.apply(&trial.spec());
        let old = trial.training("v1");
        trial.pod_of(&old);
        trial.apply(&with(&trial.spec(), json!({"training": {"seed": 7}})));
        let new = trial.training("v2");
        trial.wait("the old Job to go", || trial.get::<Job>(&old.name_any()).is_none().then_some(()));
        assert!(entry(&trial.model(), "TrainingAbandoned").is_some());
        trial.answer(&new, |task| passed(task, "v2"));
        trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
    });
}
