//! Objects of somebody else that have the names we need: told, waited for, never touched.

use crate::{api::*, shared_story};
use dropout_crds::ConditionType::Stalled;
use dropout_model::digest::{json_digest, short};
use k8s_openapi::api::{apps::v1::Deployment, batch::v1::Job, core::v1::Service};
use kube::ResourceExt;
use serde_json::{Value, json};

fn foreign_deployment() -> Value {
    let labels = json!({"app": "other"});
    let container = json!({"name": "other", "image": "other:1"});
    json!({
        "metadata": {"name": MODEL},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
}

fn foreign_job(name: &str) -> Value {
    let container = json!({"name": "other", "image": "other:1"});
    json!({
        "metadata": {"name": name},
        "spec": {"suspend": true, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
    })
}

/// Lets the model find the name taken, sees that the object stays as it was, takes it away and sees the model go on.
fn stays_untouched<K: Kind>(trial: &Trial, object: Value, go_on: impl FnOnce()) {
    let before: K = trial.create(object);
    let name = before.name_any();
    go_on();
    let model = trial.until("the conflict", |model| is(model, Stalled, "True", "NameConflict"));
    let sentence = condition(&model, Stalled).2;
    assert!(sentence.contains(&format!("{} {name}", K::kind(&()))), "{sentence}");
    trial.rests();
    let after: K = trial.get(&name).unwrap();
    assert_eq!(before.uid(), after.uid());
    assert_eq!(before.owner_references(), after.owner_references());
    assert!(!after.managed_fields().iter().any(|entry| entry.manager.as_deref() == Some("dropout-operator")));
    trial.delete::<K>(&name);
    // Nobody watches what is not ours; a look follows within a minute, or when the model is touched.
    trial.annotate("example.org/seen", "yes");
}

#[test]
fn deployment_of_somebody_else_is_never_taken_over() {
    shared_story("deployment", |trial| {
        stays_untouched::<Deployment>(trial, foreign_deployment(), || {
            trial.apply(&trial.spec());
            trial.answer(&trial.training("v1"), |task| passed(task, "v1"));
        });
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
    });
}

#[test]
fn service_of_somebody_else_is_never_taken_over() {
    shared_story("service", |trial| {
        let service = json!({"metadata": {"name": MODEL}, "spec": {"ports": [{"port": 80}]}});
        stays_untouched::<Service>(trial, service, || {
            trial.apply(&trial.spec());
            trial.answer(&trial.training("v1"), |task| passed(task, "v1"));
        });
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
    });
}

#[test]
fn job_of_somebody_else_is_never_taken_over() {
    shared_story("job", |trial| {
        let model = trial.apply(&with(&trial.spec(), json!({"suspend": true})));
        let hash = json_digest(&(model.uid().unwrap(), "Train", 1, 1));
        let name = format!("{MODEL}-v1-train-{}", short(&hash, 8));
        stays_untouched::<Job>(trial, foreign_job(&name), || {
            trial.apply(&trial.spec());
        });
        trial.answer(&trial.training("v1"), |task| passed(task, "v1"));
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
    });
}
