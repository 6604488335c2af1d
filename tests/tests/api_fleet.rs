//! Limits over all models, a new serving image, and two operators with one Lease. The tests share the Lease, so one runs
//! at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;

use api::{End, Flags, IMAGE, MODEL, Operator, Trial, condition, is, is_current, is_production, passed, stage, world};
use dropout_crds::{ConditionType::Trained, DropoutModel, status::CandidateWork};
use k8s_openapi::api::{apps::v1::Deployment, batch::v1::Job, coordination::v1::Lease};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams},
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The one Lease.
fn lease() -> MutexGuard<'static, ()> {
    static LEASE: Mutex<()> = Mutex::new(());
    LEASE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An operator that trains one model at a time, and no model of an earlier test.
fn operator_with_room_for_one() -> Operator {
    let all: Api<DropoutModel> = Api::all(world().client.clone());
    for model in world().block_on(all.list(&ListParams::default())).unwrap() {
        let models: Api<DropoutModel> = Api::namespaced(world().client.clone(), &model.namespace().unwrap());
        world().block_on(models.delete(MODEL, &DeleteParams::background())).unwrap();
    }
    Operator::start(world(), Flags { max_trainings: 1, ..Flags::default() })
}

/// Two models, the first of which trains while the second waits.
fn one_trains_and_one_waits(namespaces: [&str; 2]) -> [Trial; 2] {
    let [first, second] = namespaces.map(Trial::new);
    first.apply(&first.spec());
    first.training("v1");
    second.apply(&second.spec());
    let model = second.until("the queue", |model| stage(model) == "Queued");
    assert_eq!(condition(&model, Trained).2, "v1 waits: 1 of 1 trainings of all models run");
    [first, second]
}

#[test]
fn training_waits_until_the_fleet_has_room() {
    let _lease = lease();
    let _operator = operator_with_room_for_one();
    let [first, second] = one_trains_and_one_waits(["room-1", "room-2"]);
    second.rests();
    first.answer(&first.training("v1"), |task| passed(task, "v1"));
    second.training("v1");
}

#[test]
fn wait_for_the_next_attempt_leaves_room_for_others() {
    let _lease = lease();
    let _operator = operator_with_room_for_one();
    let [first, second] = one_trains_and_one_waits(["retry-1", "retry-2"]);
    first.end(&first.training("v1"), &End::with_code("train", 1, ""));
    first.until("the failure", |model| is(model, Trained, "False", "TrainingRetried"));
    // It looks every 15 s, or when it is touched.
    second.annotate("example.org/seen", "yes");
    second.training("v1");
    // The next attempt is due after 10 s, but now the other one has the room.
    thread::sleep(Duration::from_secs(12));
    assert!(first.list::<Job>("trialops.dev/attempt=2").is_empty());
    second.answer(&second.training("v1"), |task| passed(task, "v1"));
    first.job("v1", CandidateWork::Train, 2);
}

#[test]
fn deleted_model_leaves_its_room_to_others() {
    let _lease = lease();
    let _operator = operator_with_room_for_one();
    let [first, second] = one_trains_and_one_waits(["deleted-1", "deleted-2"]);
    first.delete::<DropoutModel>(MODEL);
    second.training("v1");
}

#[test]
fn new_serving_image_is_rolled_without_a_training() {
    let _lease = lease();
    let operator = Operator::start(world(), Flags::default());
    let trial = Trial::new("image");
    trial.promote_first();
    operator.kill();
    let flags = Flags { inference_image: "inference:2".into(), ..Flags::default() };
    let _operator = Operator::start(world(), flags);
    // The condition of the same reason lasts only until the pods are there; the history keeps it.
    let is_told = |model: &DropoutModel| {
        model.status.iter().any(|status| status.history.iter().any(|entry| entry.reason == "ImageUpdated"))
    };
    trial.until("the rollout", is_told);
    trial.until("all pods", |model| is_production(model, "v1") && is_current(model));
    let image = |deployment: Deployment| deployment.spec?.template.spec?.containers.pop()?.image;
    assert_eq!(trial.deployment().and_then(image).as_deref(), Some("inference:2"));
    assert_ne!(IMAGE, "inference:2");
    trial.rests();
}

#[test]
fn second_operator_waits_for_the_lease_and_takes_over_when_the_first_ends() {
    let _lease = lease();
    let api: Api<Lease> = Api::namespaced(world().client.clone(), "dropout-system");
    let holder = || world().block_on(api.get("dropout-operator")).unwrap().spec.unwrap().holder_identity;
    let first = Operator::start(world(), Flags { identity: "first".into(), ..Flags::default() });
    let second = Operator::launch(world(), Flags { identity: "second".into(), ..Flags::default() });
    let trial = Trial::new("lease");
    trial.promote_first();
    assert_eq!(holder().as_deref(), Some("first"));
    let start = Instant::now();
    first.end_in_order();
    trial.wait("the other to lead", || (holder().as_deref() == Some("second")).then_some(()));
    assert!(start.elapsed() < Duration::from_secs(10), "the Lease was not given back: {:?}", start.elapsed());
    trial.annotate("trialops.dev/retrain", "now@2026-11-20T09:00:00Z");
    trial.answer(&trial.training("v2"), |task| passed(task, "v2"));
    trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
    assert!(second.is_running());
    second.end_in_order();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(holder(), None);
}
