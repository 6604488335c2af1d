//! Policies: from objects as a cluster shows them to facts, what a model is told of its policies, and what is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    alone, context,
    policy::{POLICY_UID, monitor_task, origin, policy, policy_identity, reading_a_config_map, rival, with_its_model},
    quickstart,
    server::{Asked, Record, Reply, refusal, server},
    settings, spec, stored,
};
use dropout_crds::{RetrainPolicyStatus, status::Trigger};
use dropout_model::{
    monitoring::{CONTRACT, MonitorAnswer, Reads, WindowVerdict},
    task::NoAnswer,
};
use dropout_operator::{
    apply::policy::{apply_policy, policy_changes},
    error::Error,
    observe::{
        observed,
        policy::{
            gather::{GatheredPolicy, gather_policy},
            observed_policy,
        },
    },
    render::monitor::{MonitorFrame, job, name},
};
use dropout_planner::{
    observed::{ClaimFact, FiringFact, PolicyFact},
    policy::{
        observed::{ModelFact, MonitorPhase, MonitorRunFact, ObservedPolicy, ReportFact, Rival},
        plan::{PolicyIntent, PolicyPlan},
    },
};
use kube::Client;
use serde_json::{Value, json};
use std::sync::Arc;

const JOB: &str = "onc-302-drift-monitor-0";
const TASK: &str = "sha256:task";

// Looks.

#[tokio::test]
async fn a_look_is_told_by_the_name_of_its_job_and_the_hash_of_its_task() {
    let look = MonitorRunFact { name: JOB.into(), task: TASK.into(), phase: MonitorPhase::Pending(None) };
    assert_eq!(facts(&looking(monitor_job(json!({})), None)).runs, [look]);
}

#[tokio::test]
async fn a_complete_look_has_the_answer_of_its_container() {
    assert_eq!(phase(&completed(&answer_text())), MonitorPhase::Finished(Ok(answer())));
}

#[tokio::test]
async fn a_complete_look_without_an_answer_or_with_one_to_another_task_says_so() {
    assert_eq!(phase(&completed("")), MonitorPhase::Finished(Err(NoAnswer::Empty)));
    let other = answer_text().replace(TASK, "sha256:other");
    assert_eq!(phase(&completed(&other)), MonitorPhase::Finished(Err(NoAnswer::Foreign)));
    assert!(matches!(phase(&completed("{\"contract\":")), MonitorPhase::Finished(Err(NoAnswer::Malformed(_)))));
}

#[tokio::test]
async fn a_complete_look_whose_pod_is_gone_has_lost_its_answer() {
    assert_eq!(phase(&looking(monitor_job(ended_as("Complete", "")), None)), MonitorPhase::AnswerGone);
}

#[tokio::test]
async fn a_look_whose_container_runs_is_running() {
    let status = json!({"phase": "Running", "containerStatuses": [container(json!({"running": {}}))]});
    assert_eq!(phase(&looking(monitor_job(json!({})), Some(status))), MonitorPhase::Running);
}

#[tokio::test]
async fn a_look_that_waits_says_what_for() {
    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "not found"}});
    let status = json!({"phase": "Pending", "containerStatuses": [container(waiting)]});
    let MonitorPhase::Pending(Some(sentence)) = phase(&looking(monitor_job(json!({})), Some(status))) else {
        panic!("not pending");
    };
    assert!(sentence.contains("ImagePullBackOff"), "{sentence}");
    let mut gathered = looking(monitor_job(json!({})), None);
    gathered.complaints.insert("uid-job".into(), "FailedCreate: exceeded quota".into());
    assert_eq!(phase(&gathered), MonitorPhase::Pending(Some("FailedCreate: exceeded quota".into())));
}

#[tokio::test]
async fn a_failed_look_says_why_and_repeats_nothing_that_is_no_answer() {
    for (end, sentence) in [
        (ended(1, "patient P-0042 has no age"), "the monitor ended with code 1: its log says why"),
        (ended(2, &answer_text()), "the monitor ended with code 2: the sentence"),
        (
            json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            "the monitor ran out of memory; raise spec.monitor.pod.resources.limits.memory",
        ),
    ] {
        assert_eq!(phase(&failed(end)), MonitorPhase::Failed(sentence.into()));
    }
}

#[tokio::test]
async fn a_look_past_its_deadline_says_what_it_waited_for() {
    let mut gathered = looking(monitor_job(ended_as("Failed", "DeadlineExceeded")), None);
    gathered.complaints.insert("uid-job".into(), "FailedMount: no such claim".into());
    let sentence = "the monitor's Job ran past spec.monitor.activeDeadline; it waited for FailedMount: no such claim";
    assert_eq!(phase(&gathered), MonitorPhase::Failed(sentence.into()));
}

#[tokio::test]
async fn an_evicted_look_is_not_at_fault() {
    let status = json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"});
    let gathered = looking(monitor_job(ended_as("Failed", "BackoffLimitExceeded")), Some(status));
    assert_eq!(phase(&gathered), MonitorPhase::Failed("the monitor's pod was evicted: low on memory".into()));
}

#[tokio::test]
async fn a_job_of_an_earlier_policy_of_the_name_is_foreign() {
    let mut job = monitor_job(json!({}));
    job["metadata"]["ownerReferences"][0]["uid"] = json!("uid-of-the-earlier-one");
    let MonitorPhase::Foreign(sentence) = phase(&looking(job, None)) else { panic!("not foreign") };
    assert!(sentence.contains("belongs to an earlier RetrainPolicy onc-302-drift"), "{sentence}");
}

#[tokio::test]
async fn a_job_of_somebody_else_that_has_the_name_of_the_wanted_look_is_foreign() {
    let mut gathered = with_its_model(running());
    gathered.jobs.push(Arc::new(common::of(json!({"metadata": {"name": JOB, "namespace": "trial-onc-302"}}))));
    let [run] = &facts(&gathered).runs[..] else { panic!("not one run") };
    assert_eq!((run.name.as_str(), run.task.as_str()), (JOB, TASK));
    assert!(
        matches!(&run.phase, MonitorPhase::Foreign(sentence) if sentence.contains("rename it or the RetrainPolicy"))
    );
}

#[tokio::test]
async fn a_look_that_the_api_server_refuses_is_told_as_one_that_waits() {
    let (client, _) = server(|_| refusal(500, "nothing is asked here"));
    let context = context(client);
    context.refusals.note(POLICY_UID, Err(&Error::Taken("in the way".into())));
    let runs = observed_policy(&context, &with_its_model(running())).runs;
    let phase = MonitorPhase::Pending(Some("in the way".into()));
    assert_eq!(runs, [MonitorRunFact { name: String::new(), task: TASK.into(), phase }]);
}

#[tokio::test]
async fn a_monitor_is_a_part_of_its_policy_and_no_part_of_its_model() {
    let (client, _) = server(|_| refusal(500, "nothing is asked here"));
    let mut context = context(client);
    let (jobs, mut writer) = kube::runtime::reflector::store();
    let mut training = monitor_job(json!({}));
    training["metadata"]["name"] = json!("training");
    training["metadata"]["labels"]["app.kubernetes.io/component"] = json!("job");
    for job in [monitor_job(json!({})), training] {
        writer.apply_watcher_event(&kube::runtime::watcher::Event::Apply(common::of(job)));
    }
    context.caches.jobs = jobs;
    let names = |jobs: Vec<Arc<k8s_openapi::api::batch::v1::Job>>| -> Vec<String> {
        jobs.iter().map(|job| job.metadata.name.clone().unwrap()).collect()
    };
    assert_eq!(names(context.caches.gather(&Arc::new(stored(quickstart()))).jobs), ["training"]);
    assert_eq!(names(context.caches.gather_policy(&Arc::new(common::of(policy()))).jobs), [JOB]);
    assert!(dropout_operator::labels::of_model("onc-302").contains("component!=monitor"));
    assert!(dropout_operator::labels::of_policy("p").contains("component=monitor"));
}

// Reports that somebody else made.

#[tokio::test]
async fn a_report_is_not_asked_for_absent_unlabelled_or_there() {
    let mut gathered = with_its_model(policy());
    assert_eq!(facts(&gathered).report, ReportFact::NotAsked);
    gathered = with_its_model(reading_a_config_map());
    assert_eq!(facts(&gathered).report, ReportFact::Absent("evidently".into()));
    let mut report = report();
    gathered.report = Some(Arc::new(common::of(report.clone())));
    assert_eq!(facts(&gathered).report, ReportFact::Present(origin()));
    report["metadata"]["labels"]["trialops.dev/drift-report"] = json!("onc-303");
    gathered.report = Some(Arc::new(common::of(report)));
    assert_eq!(facts(&gathered).report, ReportFact::Unlabelled("evidently".into()));
}

#[tokio::test]
async fn what_the_annotations_of_a_report_do_not_say_is_not_made_up() {
    let mut gathered = with_its_model(reading_a_config_map());
    let mut report = report();
    report["metadata"]["annotations"] = json!({});
    gathered.report = Some(Arc::new(common::of(report)));
    let ReportFact::Present(origin) = facts(&gathered).report else { panic!("not there") };
    assert_eq!((origin.model, origin.version, origin.window_end), (None, None, None));
}

// The model, its claim and the rivals.

#[tokio::test]
async fn a_model_is_absent_leaving_or_there_with_the_claim_of_its_store() {
    let mut gathered = with_its_model(policy());
    assert_eq!(facts(&gathered).store_claim, Some(ClaimFact::Absent("onc-302".into())));
    assert!(matches!(facts(&gathered).model, ModelFact::Present(model) if model.identity.name == "onc-302"));
    let mut leaving = quickstart();
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-20T09:00:00Z");
    gathered.model = Some(Arc::new(stored(leaving)));
    assert_eq!(facts(&gathered).model, ModelFact::Leaving);
    gathered.model = None;
    assert_eq!((facts(&gathered).model, facts(&gathered).store_claim), (ModelFact::Absent, None));
}

#[tokio::test]
async fn rivals_are_told_with_their_age() {
    let mut gathered = with_its_model(policy());
    gathered.rivals = vec![rival("older", "2026-11-01T00:00:00Z")];
    let created = "2026-11-01T00:00:00Z".parse().unwrap();
    assert_eq!(facts(&gathered).rivals, [Rival { created, name: "older".into() }]);
}

// What a model is told of its policies.

#[tokio::test]
async fn a_model_without_a_policy_is_told_of_none() {
    assert_eq!(told(&[]), None);
}

#[tokio::test]
async fn a_model_is_told_of_its_oldest_policy_and_of_two_of_one_age_the_lesser_name() {
    let names = |policies: &[Arc<dropout_crds::RetrainPolicy>]| told(policies).unwrap().name;
    let [young, old] = [rival("a", "2026-11-02T00:00:00Z"), rival("b", "2026-11-01T00:00:00Z")];
    assert_eq!(names(&[young.clone(), old.clone()]), "b");
    assert_eq!(names(&[rival("c", "2026-11-01T00:00:00Z"), old, young]), "b");
}

#[tokio::test]
async fn firings_that_ask_for_a_training_and_were_not_answered_are_told_oldest_first() {
    let fired = |id: &str, time: &str, action: &str, version: Value| json!({"id": id, "time": time, "action": action, "message": id, "version": version});
    let mut firing = policy();
    firing["spec"]["triggers"] = json!([
        {"name": "drift", "drift": {}}, {"name": "yearly", "schedule": {"cron": "0 0 1 1 *"}},
        {"name": "told", "newData": {"minLabelledPatients": 5}}, {"name": "answered", "drift": {}},
    ]);
    let trigger = |name: &str, fired: Value| json!({"name": name, "state": "Fired", "message": "", "fired": fired});
    firing["status"] = json!({"triggers": [
        trigger("drift", fired("second", "2026-11-20T09:00:00Z", "Retrain", Value::Null)),
        trigger("yearly", fired("first", "2026-11-20T08:00:00Z", "Retrain", Value::Null)),
        trigger("told", fired("notified", "2026-11-20T07:00:00Z", "Notify", Value::Null)),
        trigger("answered", fired("taken", "2026-11-20T07:00:00Z", "Retrain", json!("v2"))),
        trigger("of-another-spec", fired("gone", "2026-11-20T07:00:00Z", "Retrain", Value::Null)),
    ]});
    let firings = |policy: &Value| told(&[Arc::new(common::of(policy.clone()))]).unwrap().firings;
    let fact = |id: &str, trigger| FiringFact { id: id.into(), trigger, message: id.into() };
    assert_eq!(firings(&firing), [fact("first", Trigger::Schedule), fact("second", Trigger::Drift)]);
    firing["spec"]["suspend"] = json!(true);
    assert_eq!(firings(&firing), []);
}

#[tokio::test]
async fn blackouts_are_told_as_times_and_one_that_cannot_be_read_has_neither_start_nor_end() {
    let mut policy = policy();
    policy["spec"]["blackouts"] = json!([
        {"name": "lock", "start": "2026-12-20T00:00:00+01:00", "end": "2027-01-02T00:00:00Z"},
        {"name": "odd", "start": "2026-12-20T00:00:00Z", "end": "some day, who knows"},
    ]);
    let blackouts = told(&[Arc::new(common::of(policy))]).unwrap().blackouts;
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(
        blackouts,
        [
            ("lock".to_owned(), time("2026-12-19T23:00:00Z"), time("2027-01-02T00:00:00Z")),
            ("odd".to_owned(), jiff::Timestamp::MIN, jiff::Timestamp::MAX),
        ]
    );
}

// The live look.

#[tokio::test]
async fn of_a_report_the_server_is_asked_for_the_metadata_only() {
    let (client, asked) = server(cluster);
    let gathered = gather_policy(&client, &policy_identity()).await.unwrap().unwrap();
    assert!(gathered.report.is_some());
    let asked = asked.lock().unwrap();
    let of_report = asked.iter().find(|asked| asked.path.ends_with("/configmaps/evidently")).unwrap();
    assert!(of_report.accept.contains("as=PartialObjectMetadata"), "{}", of_report.accept);
}

#[tokio::test]
async fn a_look_that_is_refused_anywhere_is_an_error_and_a_policy_that_is_gone_is_none() {
    for part in [
        "/retrainpolicies",
        "/jobs",
        "/pods",
        "/configmaps",
        "/configmaps/evidently",
        "/persistentvolumeclaims/onc-302",
    ] {
        let (client, _) = server(move |asked| match asked.path.ends_with(part) {
            true => refusal(403, "Forbidden"),
            false => cluster(asked),
        });
        assert_eq!(gather_policy(&client, &policy_identity()).await.unwrap_err().label(), "api", "{part}");
    }
    let (client, _) = server(|_| refusal(404, "NotFound"));
    assert!(gather_policy(&client, &policy_identity()).await.unwrap().is_none());
}

// Writes.

#[tokio::test]
async fn the_status_is_written_first_then_the_model_is_told_of_a_firing_then_the_look_is_started() {
    let (client, asked) = server(accept);
    write(&client, &with_its_model(policy()), firing()).await.unwrap();
    let paths = paths(&asked);
    let ends = ["/retrainpolicies/onc-302-drift/status", "/events", "/configmaps", "/jobs"];
    assert_eq!(paths.len(), ends.len(), "{paths:?}");
    assert!(paths.iter().zip(ends).all(|(path, end)| path.ends_with(end)), "{paths:?}");
    let asked = asked.lock().unwrap();
    assert_eq!((asked[0].method.as_str(), &asked[0].body["metadata"]["uid"]), ("PATCH", &json!(POLICY_UID)));
    assert_eq!(asked[0].body["metadata"]["resourceVersion"], json!("11"));
    assert_eq!(asked[1].body["regarding"]["kind"], json!("DropoutModel"));
    assert_eq!(asked[1].body["reason"], json!("Fired"));
    assert_eq!(asked[3].body["metadata"]["ownerReferences"][0]["uid"], json!(POLICY_UID));
}

#[tokio::test]
async fn after_a_stale_status_no_look_is_started() {
    let (client, asked) = server(|_| refusal(409, "Conflict"));
    let error = write(&client, &with_its_model(policy()), firing()).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_look_that_is_there_and_a_status_as_it_was_are_not_written_again() {
    let (client, _) = server(accept);
    let mut gathered = with_its_model(running());
    let task = monitor_task(&quickstart(), Reads::Predictions);
    gathered.jobs.push(Arc::new(common::of(job(frame_of(&gathered, &settings()), &task))));
    let plan = resting(&gathered, vec![PolicyIntent::Look(Box::new(task))]);
    let context = context(client);
    let facts = observed_policy(&context, &gathered);
    assert!(policy_changes(&context, (&gathered, &facts), &plan).unwrap().is_rest());
}

#[tokio::test]
async fn without_a_model_no_look_is_started() {
    let (client, _) = server(accept);
    let mut gathered = with_its_model(running());
    gathered.model = None;
    let task = monitor_task(&quickstart(), Reads::Predictions);
    let plan = resting(&gathered, vec![PolicyIntent::Look(Box::new(task))]);
    let context = context(client);
    let facts = observed_policy(&context, &gathered);
    assert!(policy_changes(&context, (&gathered, &facts), &plan).unwrap().is_rest());
}

#[tokio::test]
async fn an_answered_look_is_deleted_with_its_task_by_uid() {
    let (client, asked) = server(|_| refusal(404, "NotFound"));
    let mut gathered = looking(monitor_job(json!({})), None);
    gathered.policy = Arc::new(common::of(running()));
    gathered.configs.push(Arc::new(common::of(json!({"metadata": {"name": JOB, "uid": "uid-config"}}))));
    let plan = resting(&gathered, vec![PolicyIntent::Prune(vec![JOB.into(), "never-there".into()])]);
    write(&client, &gathered, plan).await.unwrap();
    let asked = asked.lock().unwrap();
    let deleted: Vec<&Value> = asked.iter().map(|asked| &asked.body["preconditions"]["uid"]).collect();
    assert_eq!(deleted, ["uid-config", "uid-job"]);
}

#[test]
fn two_policies_and_two_tasks_have_jobs_of_two_names() {
    let gathered = with_its_model(policy());
    let settings = settings();
    let frame = frame_of(&gathered, &settings);
    let one = monitor_task(&quickstart(), Reads::Predictions);
    let other = dropout_model::monitoring::MonitorTask { until: "2026-11-21T09:00:00Z".into(), ..one.clone() };
    assert_eq!(name(frame, &one), name(frame, &one.clone()));
    assert_ne!(name(frame, &one), name(frame, &other));
    let identity = dropout_planner::observed::Identity { uid: "other".into(), ..policy_identity() };
    assert_ne!(name(frame, &one), name(MonitorFrame { policy: &identity, ..frame }, &one));
}

// Arrangement.

fn facts(gathered: &GatheredPolicy) -> ObservedPolicy {
    let (client, asked) = server(|_| refusal(500, "nothing is asked here"));
    let observed = observed_policy(&context(client), gathered);
    assert!(asked.lock().unwrap().is_empty());
    observed
}

fn phase(gathered: &GatheredPolicy) -> MonitorPhase {
    let runs = facts(gathered).runs;
    assert_eq!(runs.len(), 1);
    runs[0].phase.clone()
}

/// What a model with these policies is told.
fn told(policies: &[Arc<dropout_crds::RetrainPolicy>]) -> Option<PolicyFact> {
    let (client, _) = server(|_| refusal(500, "nothing is asked here"));
    let mut gathered = alone(stored(quickstart()));
    gathered.policies = policies.to_vec();
    observed(&context(client), &gathered).policy
}

fn frame_of<'a>(gathered: &'a GatheredPolicy, settings: &'a dropout_operator::settings::Settings) -> MonitorFrame<'a> {
    let identity = Box::leak(Box::new(policy_identity()));
    let model = Box::leak(Box::new(spec(&quickstart())));
    MonitorFrame { policy: identity, spec: &gathered.policy.spec, model, settings }
}

/// A policy whose look runs.
fn running() -> Value {
    let mut policy = policy();
    let run = json!({"task": TASK, "until": "2026-11-20T09:00:00Z", "bundle": "b", "since": "2026-11-20T09:00:00Z"});
    policy["status"] = json!({"monitor": {"run": run}});
    policy
}

fn looking(job: Value, pod: Option<Value>) -> GatheredPolicy {
    let mut gathered = with_its_model(policy());
    gathered.jobs.push(Arc::new(common::of(job)));
    gathered.pods.extend(pod.map(|status| Arc::new(common::of(monitor_pod(status)))));
    gathered
}

fn completed(text: &str) -> GatheredPolicy {
    let status = json!({"phase": "Succeeded", "containerStatuses": [container(ended(0, text))]});
    looking(monitor_job(ended_as("Complete", "CompletionsReached")), Some(status))
}

fn failed(end: Value) -> GatheredPolicy {
    let status = json!({"phase": "Failed", "containerStatuses": [container(end)]});
    looking(monitor_job(ended_as("Failed", "BackoffLimitExceeded")), Some(status))
}

fn monitor_job(status: Value) -> Value {
    let owner = json!([{
        "apiVersion": "trialops.dev/v1alpha1", "kind": "RetrainPolicy", "name": "onc-302-drift", "uid": POLICY_UID,
        "controller": true,
    }]);
    json!({
        "metadata": {
            "name": JOB, "namespace": "trial-onc-302", "uid": "uid-job", "ownerReferences": owner,
            "annotations": {"trialops.dev/task": TASK},
            "labels": {
                "app.kubernetes.io/managed-by": "dropout-operator", "app.kubernetes.io/component": "monitor",
                "trialops.dev/model": "onc-302", "trialops.dev/policy": "onc-302-drift",
            },
        },
        "spec": {"template": {}},
        "status": status,
    })
}

fn monitor_pod(status: Value) -> Value {
    json!({
        "metadata": {
            "name": "p", "namespace": "trial-onc-302", "uid": "uid-pod",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": "uid-job", "controller": true}],
        },
        "status": status,
    })
}

fn container(state: Value) -> Value {
    json!({"name": "monitor", "image": "m", "imageID": "", "ready": false, "restartCount": 0, "state": state})
}

fn ended(code: i32, message: &str) -> Value {
    json!({"terminated": {"exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" }, "message": message}})
}

fn ended_as(kind: &str, reason: &str) -> Value {
    json!({"conditions": [{"type": kind, "status": "True", "reason": reason}]})
}

fn answer() -> MonitorAnswer {
    MonitorAnswer {
        contract: CONTRACT.into(),
        task: TASK.into(),
        verdict: WindowVerdict::Drift,
        reason: "WeightedShare".into(),
        message: "the sentence".into(),
        report: Some("sha256:report".into()),
        folder: None,
        window_end: None,
        patients: Some(412),
        share: Some(0.61),
        performance: Vec::new(),
        new_labelled_patients: None,
        lost: 0,
    }
}

fn answer_text() -> String {
    answer().to_message().unwrap()
}

/// The metadata of a report as the server tells it.
fn report() -> Value {
    let origin = origin();
    json!({
        "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
        "metadata": {
            "name": "evidently", "namespace": "trial-onc-302", "uid": "uid-report", "resourceVersion": "41",
            "labels": {"trialops.dev/drift-report": "onc-302"},
            "annotations": {
                "trialops.dev/model": origin.model, "trialops.dev/version": origin.version,
                "trialops.dev/window-end": origin.window_end,
            },
        },
    })
}

/// A cluster with a policy that reads a report, its model and nothing else.
fn cluster(asked: &Asked) -> Reply {
    let list = |kind: &str| Reply::Now(200, json!({"apiVersion": "v1", "kind": kind, "metadata": {}, "items": []}));
    match asked.path.rsplit('/').next().unwrap_or_default() {
        "onc-302-drift" => Reply::Now(200, reading_a_config_map()),
        "onc-302" if asked.path.contains("/dropoutmodels/") => {
            Reply::Now(200, serde_json::to_value(stored(quickstart())).unwrap())
        }
        "evidently" => Reply::Now(200, report()),
        "retrainpolicies" => list("RetrainPolicyList"),
        "pods" => list("PodList"),
        "jobs" => list("JobList"),
        "configmaps" => list("ConfigMapList"),
        _ => refusal(404, "NotFound"),
    }
}

/// A server that accepts every write.
fn accept(asked: &Asked) -> Reply {
    match asked.path.ends_with("/status") {
        true => Reply::Now(200, policy()),
        false => Reply::Now(200, asked.body.clone()),
    }
}

fn paths(asked: &Record) -> Vec<String> {
    asked.lock().unwrap().iter().map(|asked| asked.path.clone()).collect()
}

/// A plan in which a trigger fires and a look is started.
fn firing() -> PolicyPlan {
    let status: RetrainPolicyStatus = common::of(json!({"triggers": [{
        "name": "drift", "state": "Fired", "message": "2 of 2",
        "fired": {"id": "f", "time": "2026-11-20T09:00:00Z", "action": "Retrain", "message": "2 reports in a row drifted"},
    }]}));
    let task = monitor_task(&quickstart(), Reads::Predictions);
    PolicyPlan { status, intents: vec![PolicyIntent::Look(Box::new(task))], announcements: Vec::new(), wake: None }
}

/// A plan that leaves the status as it is.
fn resting(gathered: &GatheredPolicy, intents: Vec<PolicyIntent>) -> PolicyPlan {
    let status = gathered.policy.status.clone().unwrap_or_default();
    PolicyPlan { status, intents, announcements: Vec::new(), wake: None }
}

/// Carries a plan out.
async fn write(client: &Client, gathered: &GatheredPolicy, plan: PolicyPlan) -> Result<(), Error> {
    let context = context(client.clone());
    let facts = observed_policy(&context, gathered);
    let changes = policy_changes(&context, (gathered, &facts), &plan)?;
    apply_policy(&context, gathered, (&plan, changes)).await
}
