//! What answers of the API server mean: which are facts, which are errors, what is tried again and what is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    UID, alone, context, identity, launch, quickstart, release, serve,
    server::{Asked, Record, Reply, refusal, server},
    settings, stored,
};
use dropout_crds::{DropoutModelStatus, Reason, status::CandidateWork};
use dropout_operator::{
    apply::{apply, changes},
    call::{once, read},
    error::Error,
    health::Readiness,
    installed::installed,
    labels::job_name,
    observe::{
        gather::{Gathered, gather},
        observed,
    },
    render::{serving::serving, training::job},
};
use dropout_planner::plan::{Announcement, Intent, Plan};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Client};
use serde_json::{Value, json};
use std::sync::Arc;

// Single calls.

#[tokio::test]
async fn an_object_that_is_not_there_is_a_fact() {
    let (client, asked) = server(|_| refusal(404, "NotFound"));
    assert!(matches!(get(&client).await, Ok(None)));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_read_is_an_error_at_once() {
    let (client, asked) = server(|_| refusal(403, "Forbidden"));
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.label(), "api");
    assert!(error.to_string().starts_with("get it: "), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_from_a_failing_server_is_tried_three_times_and_no_more() {
    for code in [429, 500, 503, 504] {
        let (client, asked) = server(move |_| refusal(code, "Busy"));
        assert_eq!(get(&client).await.unwrap_err().label(), "api", "{code}");
        assert_eq!(asked.lock().unwrap().len(), 3, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_answered_the_second_time_is_answered() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let (client, asked) = server(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => refusal(500, "InternalError"),
        _ => Reply::Now(200, json!({"metadata": {"name": "it"}})),
    });
    assert!(matches!(get(&client).await, Ok(Some(_))));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_at_its_deadline_and_is_not_tried_again() {
    let (client, asked) = server(|_| Reply::Never);
    let before = tokio::time::Instant::now();
    let error = get(&client).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { seconds: 10, .. }), "{error}");
    assert_eq!(before.elapsed().as_secs(), 10);
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_that_came_too_late_is_a_conflict_and_is_not_tried_again() {
    let (client, asked) = server(|_| refusal(409, "Conflict"));
    let api: Api<ConfigMap> = Api::namespaced(client, "trial");
    let error = once("write it", api.create(&Default::default(), &ConfigMap::default())).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

// Kinds that the API server does not know.

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_installed_is_told_where_people_look_until_it_is() {
    for (code, sentence) in [
        (404, "the API server knows no retrainpolicies: apply crds/retrainpolicies.yaml of this release, then wait"),
        (403, "the operator may not list retrainpolicies: apply the roles of this release, then wait"),
    ] {
        let is_there = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let there = is_there.clone();
        let (client, _) = server(move |asked| {
            let is_known = asked.path.ends_with("/dropoutmodels") || there.load(std::sync::atomic::Ordering::Relaxed);
            let list = json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": {}, "items": []});
            if is_known { Reply::Now(200, list) } else { refusal(code, "Refused") }
        });
        let readiness = Readiness::default();
        let waiting = installed(&client, None, &readiness);
        assert!(tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await.is_err());
        assert_eq!(readiness.sentence().as_deref(), Some(sentence));
        is_there.store(true, std::sync::atomic::Ordering::Relaxed);
        installed(&client, None, &readiness).await;
    }
}

// The live look.

#[tokio::test]
async fn a_model_that_is_gone_is_no_error() {
    let (client, _) = server(|_| refusal(404, "NotFound"));
    assert!(gather(&client, &identity()).await.unwrap().is_none());
}

#[tokio::test]
async fn beside_a_model_without_parts_nothing_is_found_and_no_event_is_asked_for() {
    let (client, asked) = server(|asked| cluster(asked, &[]));
    let gathered = gather(&client, &identity()).await.unwrap().unwrap();
    assert_eq!(gathered.jobs.len() + gathered.pods.len() + gathered.configs.len(), 0);
    assert!(gathered.deployment.is_none() && gathered.service.is_none() && gathered.data_claim.is_none());
    assert!(paths(&asked).iter().all(|path| !path.ends_with("/events")));
}

#[tokio::test]
async fn a_look_that_is_refused_anywhere_is_an_error_and_never_an_empty_list() {
    for part in [
        "/retrainpolicies",
        "/jobs",
        "/pods",
        "/configmaps",
        "/deployments/onc-302",
        "/services/onc-302",
        "/persistentvolumeclaims/onc-302",
    ] {
        let (client, _) = server(move |asked| match asked.path.ends_with(part) {
            true => refusal(403, "Forbidden"),
            false => cluster(asked, &[]),
        });
        let error = gather(&client, &identity()).await.unwrap_err();
        assert_eq!(error.label(), "api", "{part}");
    }
}

#[tokio::test]
async fn a_job_of_somebody_else_that_has_the_needed_name_is_looked_for_by_name() {
    let mut manifest = quickstart();
    manifest["status"] = json!({"nextVersion": 4, "candidate": {
        "version": 3, "name": "v3", "stage": "Training", "since": "2026-11-20T09:00:00Z", "trigger": "FirstModel",
        "trainingHash": "t", "gateHash": "g", "work": "Train", "attempt": 1,
    }});
    let name = job_name("onc-302", UID, (3, "Train", 1));
    let job = json!({"metadata": {"name": name, "uid": "x"}});
    let model = serde_json::to_value(stored(manifest)).unwrap();
    let (client, _) = server(move |asked| match asked.path.rsplit('/').next() {
        Some("onc-302") if asked.path.contains("/dropoutmodels/") => Reply::Now(200, model.clone()),
        Some(last) if last == name => Reply::Now(200, job.clone()),
        _ => cluster(asked, &[]),
    });
    let gathered = gather(&client, &identity()).await.unwrap().unwrap();
    assert_eq!(gathered.jobs.len(), 1);
}

#[tokio::test]
async fn events_are_asked_for_only_about_a_pod_that_has_waited() {
    let pod = |name: &str, phase: &str, since: &str| json!({"metadata": {"name": name, "uid": format!("uid-{name}"), "creationTimestamp": since}, "status": {"phase": phase}});
    let now = jiff::Timestamp::now().to_string();
    let pods = [
        pod("old", "Pending", "2026-01-01T00:00:00Z"),
        pod("new", "Pending", &now),
        pod("done", "Succeeded", "2026-01-01T00:00:00Z"),
    ];
    let (client, asked) = server(move |asked| cluster(asked, &pods));
    let gathered = gather(&client, &identity()).await.unwrap().unwrap();
    let events: Vec<String> = asked
        .lock()
        .unwrap()
        .iter()
        .filter(|asked| asked.path.ends_with("/events"))
        .map(|asked| asked.query.clone())
        .collect();
    assert_eq!(events.len(), 1);
    assert!(events[0].contains("uid-old"), "{events:?}");
    let complaints = [("uid-old".to_owned(), "FailedMount: the newest".to_owned())];
    assert_eq!(gathered.complaints, complaints.into());
}

// Writes.

#[tokio::test]
async fn the_status_is_written_first_on_the_version_that_was_seen_and_then_the_task_and_the_job() {
    let (client, asked) = server(accept);
    let gathered = alone(stored(quickstart()));
    write(&client, &gathered, launching(&gathered)).await.unwrap();
    let paths = paths(&asked);
    let ends = ["/dropoutmodels/onc-302/status", "/events", "/configmaps", "/jobs"];
    assert_eq!(paths.len(), ends.len(), "{paths:?}");
    assert!(paths.iter().zip(ends).all(|(path, end)| path.ends_with(end)), "{paths:?}");
    let status = asked.lock().unwrap()[0].clone();
    assert_eq!((status.method.as_str(), &status.body["metadata"]["uid"]), ("PATCH", &json!(UID)));
    assert_eq!(status.body["metadata"]["resourceVersion"], json!("7"));
    assert!(status.query.contains("fieldManager=dropout-operator"), "{}", status.query);
}

#[tokio::test]
async fn after_a_stale_status_nothing_more_is_written() {
    let (client, asked) = server(|_| refusal(409, "Conflict"));
    let gathered = alone(stored(quickstart()));
    let error = write(&client, &gathered, launching(&gathered)).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_that_is_refused_does_not_keep_the_rest_from_being_written() {
    let (client, asked) = server(|asked| match asked.path.ends_with("/events") {
        true => refusal(403, "Forbidden"),
        false => accept(asked),
    });
    let gathered = alone(stored(quickstart()));
    write(&client, &gathered, launching(&gathered)).await.unwrap();
    assert!(paths(&asked).last().unwrap().ends_with("/jobs"));
}

#[tokio::test]
async fn a_job_that_is_there_already_is_no_error_and_one_that_is_refused_is() {
    for (code, reason, is_fine) in [(409, "AlreadyExists", true), (403, "Forbidden", false), (422, "Invalid", false)] {
        let (client, _) = server(move |asked| match asked.path.ends_with("/jobs") {
            true => refusal(code, reason),
            false => accept(asked),
        });
        let gathered = alone(stored(quickstart()));
        assert_eq!(write(&client, &gathered, launching(&gathered)).await.is_ok(), is_fine, "{code}");
    }
}

#[tokio::test]
async fn a_job_that_is_gone_already_is_pruned() {
    let (client, asked) = server(|_| refusal(404, "NotFound"));
    let mut gathered = seen();
    gathered.jobs.push(Arc::new(common::of(json!({"metadata": {"name": "old", "uid": "uid-old"}}))));
    let plan = resting(&gathered, vec![Intent::Prune(vec!["old".into(), "never-there".into()])]);
    write(&client, &gathered, plan).await.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body["preconditions"]["uid"], json!("uid-old"));
    assert_eq!(asked[0].body["propagationPolicy"], json!("Background"));
}

#[tokio::test]
async fn serving_objects_are_made_without_force_and_changed_only_as_they_were_seen() {
    let (client, asked) = server(accept);
    let mut gathered = seen();
    let intent = Intent::Serve(Box::new(serve(&gathered.model.spec, release(3))));
    write(&client, &gathered, resting(&gathered, vec![intent.clone()])).await.unwrap();
    let made = asked.lock().unwrap().split_off(0);
    assert_eq!(made.len(), 3);
    assert!(made.iter().all(|asked| !asked.query.contains("force=true")), "{made:?}");

    let found = json!({"metadata": {"name": "onc-302", "uid": "uid-seen", "resourceVersion": "41"}});
    gathered.deployment = Some(Arc::new(common::of(found)));
    write(&client, &gathered, resting(&gathered, vec![intent])).await.unwrap();
    let changed = asked.lock().unwrap().split_off(0);
    let deployment = changed.iter().find(|asked| asked.path.ends_with("/deployments/onc-302")).unwrap();
    assert!(deployment.query.contains("force=true"));
    assert_eq!(deployment.body["metadata"]["resourceVersion"], json!("41"));
    assert_eq!(deployment.body["metadata"]["uid"], json!("uid-seen"));
}

#[tokio::test]
async fn what_is_there_as_wanted_is_not_written_again() {
    let (client, _) = server(accept);
    let mut gathered = seen();
    let spec = gathered.model.spec.clone();
    let (identity, settings) = (identity(), settings());
    let frame = common::frame(&identity, &spec, &settings);
    let (launch, serve) = (launch(&spec, 3, CandidateWork::Train), serve(&spec, release(3)));
    let objects = serving(frame, &serve).unwrap();
    gathered.jobs.push(Arc::new(common::of(job(frame, &launch))));
    gathered.configs.push(Arc::new(common::of(objects.config)));
    gathered.service = Some(Arc::new(common::of(defaulted(objects.service))));
    gathered.deployment = Some(Arc::new(common::of(defaulted(objects.deployment))));
    let plan = resting(&gathered, vec![Intent::Launch(Box::new(launch)), Intent::Serve(Box::new(serve))]);
    let context = context(client);
    let observed = observed(&context, &gathered);
    assert!(changes(&context, (&gathered, &observed), &plan).unwrap().is_rest());
}

// Arrangement.

async fn get(client: &Client) -> Result<Option<ConfigMap>, Error> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), "trial");
    read("get it", || api.get_opt("it")).await
}

/// A cluster with the model, some pods of its and nothing else.
fn cluster(asked: &Asked, pods: &[Value]) -> Reply {
    let list = |kind: &str, items: &[Value]| {
        Reply::Now(200, json!({"apiVersion": "v1", "kind": kind, "metadata": {}, "items": items}))
    };
    let event = |reason: &str, message: &str, time: &str| json!({"metadata": {"name": message}, "involvedObject": {}, "reason": reason, "message": message, "lastTimestamp": time});
    match asked.path.rsplit('/').next().unwrap_or_default() {
        "onc-302" if asked.path.contains("/dropoutmodels/") => {
            Reply::Now(200, serde_json::to_value(stored(quickstart())).unwrap())
        }
        "pods" => list("PodList", pods),
        "jobs" => list("JobList", &[]),
        "configmaps" => list("ConfigMapList", &[]),
        "retrainpolicies" => list("RetrainPolicyList", &[]),
        "events" => list(
            "EventList",
            &[
                event("FailedMount", "the newest", "2026-11-20T09:05:00Z"),
                event("FailedScheduling", "an older one", "2026-11-20T09:00:00Z"),
            ],
        ),
        _ => refusal(404, "NotFound"),
    }
}

/// A server that accepts every write and answers with what it was sent.
fn accept(asked: &Asked) -> Reply {
    if asked.path.ends_with("/status") {
        return Reply::Now(200, serde_json::to_value(stored(quickstart())).unwrap());
    }
    Reply::Now(200, asked.body.clone())
}

fn paths(asked: &Record) -> Vec<String> {
    asked.lock().unwrap().iter().map(|asked| asked.path.clone()).collect()
}

/// A plan that changes the status, tells of it and starts a Job.
fn launching(gathered: &Gathered) -> Plan {
    let launch = launch(&gathered.model.spec, 1, CandidateWork::Train);
    let announcement =
        Announcement { is_warning: false, reason: Reason::TrainingStarted, message: "v1 is trained".into() };
    Plan {
        status: DropoutModelStatus { next_version: Some(2), ..DropoutModelStatus::default() },
        intents: vec![Intent::Launch(Box::new(launch))],
        announcements: vec![announcement],
        wake: None,
    }
}

/// What is known of a model that has a status.
fn seen() -> Gathered {
    let mut manifest = quickstart();
    manifest["status"] = json!({"nextVersion": 4});
    alone(stored(manifest))
}

/// A plan that leaves the status as it is.
fn resting(gathered: &Gathered, intents: Vec<Intent>) -> Plan {
    let status = gathered.model.status.clone().unwrap_or_default();
    Plan { status, intents, announcements: Vec::new(), wake: None }
}

/// Carries a plan out.
async fn write(client: &Client, gathered: &Gathered, plan: Plan) -> Result<(), Error> {
    let context = context(client.clone());
    let observed = observed(&context, gathered);
    let changes = changes(&context, (gathered, &observed), &plan)?;
    apply(&context, gathered, (&plan, changes)).await
}

/// An object with what an API server adds to it.
fn defaulted(mut object: Value) -> Value {
    object["metadata"]["uid"] = json!("uid-of-it");
    object["metadata"]["resourceVersion"] = json!("41");
    object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("1");
    object["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = json!(false);
    match object["kind"] == "Service" {
        true => object["spec"]["clusterIP"] = json!("10.0.0.1"),
        false => {
            let container = &mut object["spec"]["template"]["spec"]["containers"][0];
            container["terminationMessagePath"] = json!("/dev/termination-log");
            container["resources"]["limits"]["memory"] = json!("131072Ki");
            container["readinessProbe"]["successThreshold"] = json!(1);
            object["spec"]["template"]["spec"]["volumes"][0]["configMap"]["defaultMode"] = json!(420);
        }
    }
    object
}
