//! From Jobs, pods and a Deployment as a cluster shows them to facts: one test a way in which they can end or stick.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    UID, alone, context, quickstart,
    server::{refusal, server},
    stored,
};
use dropout_crds::{
    command::{CommandName, Malformed},
    status::CandidateWork,
};
use dropout_model::task::{Answer, CONTRACT, NoAnswer, Outcome};
use dropout_operator::observe::{gather::Gathered, observed};
use dropout_planner::observed::{ClaimFact, Deployed, Observed, Run, RunFailure, RunPhase, ServingFact, ServingFault};
use serde_json::{Value, json};
use std::sync::Arc;

const JOB: &str = "onc-302-v3-train-0";
const TASK: &str = "sha256:task";
const IMAGE: &str = "registry.example/dropout-trainer:1";

// Jobs that have not ended.

#[tokio::test]
async fn a_job_without_a_pod_is_pending() {
    assert_eq!(phase(&gathered(job(json!({})), None)), RunPhase::Pending(None));
}

#[tokio::test]
async fn a_job_whose_pod_a_quota_refuses_is_pending_with_the_clusters_complaint() {
    let mut gathered = gathered(job(json!({})), None);
    let complaint = "FailedCreate: exceeded quota: small".to_owned();
    gathered.complaints.insert("uid-job".into(), complaint.clone());
    assert_eq!(phase(&gathered), RunPhase::Pending(Some(complaint)));
}

#[tokio::test]
async fn a_pod_that_no_node_takes_is_pending_with_the_schedulers_reason() {
    let unscheduled = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu."},
    ]});
    let gathered = gathered(job(json!({})), Some(pod(unscheduled)));
    let reason = "no node takes the pod: 0/1 nodes: Insufficient cpu.";
    assert_eq!(phase(&gathered), RunPhase::Pending(Some(reason.into())));
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_keeps_a_job_pending() {
    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "not found"}});
    let status = json!({"phase": "Pending", "initContainerStatuses": [container("prepare", waiting)]});
    let reason = format!("container prepare waits for {IMAGE}: ImagePullBackOff: not found");
    assert_eq!(phase(&gathered(job(json!({})), Some(pod(status)))), RunPhase::Pending(Some(reason)));
}

#[tokio::test]
async fn a_pod_that_waits_for_its_volume_is_pending_with_the_clusters_complaint() {
    let waiting = json!({"waiting": {"reason": "PodInitializing"}});
    let status = json!({"phase": "Pending", "initContainerStatuses": [container("prepare", waiting)]});
    let mut gathered = gathered(job(json!({})), Some(pod(status)));
    gathered.complaints.insert("uid-pod".into(), "FailedMount: no such claim".into());
    assert_eq!(phase(&gathered), RunPhase::Pending(Some("FailedMount: no such claim".into())));
}

#[tokio::test]
async fn a_running_job_says_which_of_its_containers_are_done() {
    let status = |prepare: Value, train: Value| json!({"phase": "Pending", "initContainerStatuses": [container("prepare", prepare), container("train", train)]});
    let running = || json!({"running": {}});
    let waiting = || json!({"waiting": {"reason": "PodInitializing"}});
    for (prepare, train, is_prepared, is_trained) in [
        (running(), waiting(), false, false),
        (ended(0, ""), running(), true, false),
        (ended(0, ""), ended(0, ""), true, true),
    ] {
        let gathered = gathered(job(json!({})), Some(pod(status(prepare, train))));
        assert_eq!(phase(&gathered), RunPhase::Running { is_prepared, is_trained });
    }
}

// Jobs that ended well.

#[tokio::test]
async fn a_complete_job_has_the_answer_of_its_last_container() {
    assert_eq!(
        phase(&completed(&answer_text(Outcome::VersionTaken))),
        RunPhase::Finished(Ok(answer(Outcome::VersionTaken)))
    );
}

#[tokio::test]
async fn a_complete_job_without_an_answer_says_so() {
    assert_eq!(phase(&completed("")), RunPhase::Finished(Err(NoAnswer::Empty)));
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_malformed_and_told_by_its_place() {
    let malformed = NoAnswer::Malformed("it ends too early at line 1 column 12".into());
    assert_eq!(phase(&completed("{\"contract\":")), RunPhase::Finished(Err(malformed)));
}

#[tokio::test]
async fn an_answer_that_passed_without_evidence_is_malformed() {
    let malformed = NoAnswer::Malformed("it has no evidence".into());
    assert_eq!(phase(&completed(&answer_text(Outcome::Passed))), RunPhase::Finished(Err(malformed)));
}

#[tokio::test]
async fn an_answer_to_another_task_is_foreign() {
    let text = answer_text(Outcome::BadInput).replace(TASK, "sha256:other");
    assert_eq!(phase(&completed(&text)), RunPhase::Finished(Err(NoAnswer::Foreign)));
}

#[tokio::test]
async fn a_complete_job_whose_pod_is_gone_has_lost_its_answer() {
    assert_eq!(phase(&gathered(job(complete()), None)), RunPhase::AnswerGone);
}

// Jobs that failed.

#[tokio::test]
async fn a_container_that_found_its_input_bad_answers_with_its_own_words() {
    let text = answer_text(Outcome::BadInput);
    let failure = RunFailure::BadInput(answer(Outcome::BadInput));
    assert_eq!(phase(&failed("BackoffLimitExceeded", ended(2, &text))), RunPhase::Failed(failure));
}

#[tokio::test]
async fn a_container_that_found_its_input_bad_without_an_answer_is_answered_for() {
    let RunPhase::Failed(RunFailure::BadInput(answer)) = phase(&failed("BackoffLimitExceeded", ended(2, "Traceback")))
    else {
        panic!("not bad input");
    };
    assert_eq!((answer.outcome, answer.task.as_str()), (Outcome::BadInput, TASK));
    assert_eq!(answer.message, "container train ended with code 2: it found its input bad; its log says what");
}

#[tokio::test]
async fn what_a_foreign_container_left_is_not_repeated() {
    let failure = RunFailure::Exit { container: "train".into(), code: 1, message: String::new() };
    let phase = phase(&failed("BackoffLimitExceeded", ended(1, "patient P-0042 has no age")));
    assert_eq!(phase, RunPhase::Failed(failure));
}

#[tokio::test]
async fn what_our_container_answered_is_repeated() {
    let failure = RunFailure::Exit { container: "train".into(), code: 1, message: "the sentence".into() };
    let phase = phase(&failed("BackoffLimitExceeded", ended(1, &answer_text(Outcome::BadInput))));
    assert_eq!(phase, RunPhase::Failed(failure));
}

#[tokio::test]
async fn a_container_that_the_kernel_ended_for_memory_is_out_of_memory() {
    let end = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let failure = RunFailure::OutOfMemory { container: "train".into() };
    assert_eq!(phase(&failed("BackoffLimitExceeded", end)), RunPhase::Failed(failure));
}

#[tokio::test]
async fn a_job_past_its_deadline_says_what_it_waited_for() {
    let mut gathered = gathered(job(ended_as("Failed", "DeadlineExceeded")), None);
    gathered.complaints.insert("uid-job".into(), "FailedCreate: exceeded quota".into());
    let failure = RunFailure::Deadline(Some("FailedCreate: exceeded quota".into()));
    assert_eq!(phase(&gathered), RunPhase::Failed(failure));
}

#[tokio::test]
async fn an_evicted_pod_is_evicted_and_not_at_fault() {
    let status = json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."});
    let gathered = gathered(job(ended_as("Failed", "BackoffLimitExceeded")), Some(pod(status)));
    let failure = RunFailure::Evicted("The node was low on resource: memory.".into());
    assert_eq!(phase(&gathered), RunPhase::Failed(failure));
}

#[tokio::test]
async fn an_evicted_pod_whose_container_was_ended_with_it_is_evicted() {
    let mut status = json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"});
    let killed = json!({"terminated": {"exitCode": 137, "reason": "Error"}});
    status["initContainerStatuses"] = json!([container("prepare", ended(0, "")), container("train", killed)]);
    let gathered = gathered(job(ended_as("Failed", "BackoffLimitExceeded")), Some(pod(status)));
    assert_eq!(phase(&gathered), RunPhase::Failed(RunFailure::Evicted("low on memory".into())));
}

#[tokio::test]
async fn the_newest_pod_says_why_a_job_failed() {
    let mut older = pod(json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}));
    older["metadata"]["name"] = json!("a");
    older["metadata"]["creationTimestamp"] = json!("2026-11-20T09:00:00Z");
    let mut gathered = failed("BackoffLimitExceeded", ended(1, ""));
    gathered.pods.insert(0, Arc::new(common::of(older)));
    let failure = RunFailure::Exit { container: "train".into(), code: 1, message: String::new() };
    assert_eq!(phase(&gathered), RunPhase::Failed(failure));
}

#[tokio::test]
async fn a_failed_job_without_a_pod_fails_for_no_known_reason() {
    let gathered = gathered(job(ended_as("Failed", "BackoffLimitExceeded")), None);
    assert_eq!(phase(&gathered), RunPhase::Failed(RunFailure::Unknown("BackoffLimitExceeded".into())));
}

// Whose a Job is.

#[tokio::test]
async fn a_job_of_an_earlier_model_of_the_name_is_foreign() {
    let mut job = job(complete());
    job["metadata"]["ownerReferences"][0]["uid"] = json!("uid-of-the-earlier-one");
    let RunPhase::Foreign(sentence) = phase(&gathered(job, None)) else { panic!("not foreign") };
    assert!(sentence.contains("belongs to an earlier DropoutModel onc-302"), "{sentence}");
}

#[tokio::test]
async fn a_job_of_somebody_else_with_the_needed_name_is_foreign() {
    let mut manifest = quickstart();
    manifest["status"] = json!({"candidate": {
        "version": 3, "name": "v3", "stage": "Training", "since": "2026-11-20T09:00:00Z", "trigger": "FirstModel",
        "trainingHash": "t", "gateHash": "g", "work": "Train", "attempt": 1, "task": TASK,
    }});
    let mut gathered = alone(stored(manifest));
    let job = json!({"metadata": {"name": JOB, "namespace": "trial-onc-302", "uid": "x"}, "spec": {"template": {}}});
    gathered.jobs.push(Arc::new(common::of(job)));
    let phase = phase(&gathered);
    assert!(
        matches!(&phase, RunPhase::Foreign(sentence) if sentence.contains("that is not ours is in the way")),
        "{phase:?}"
    );
}

#[tokio::test]
async fn a_run_has_the_names_that_its_labels_say() {
    let run = Run {
        name: JOB.into(),
        version: 3,
        work: CandidateWork::Train,
        attempt: 2,
        task: TASK.into(),
        phase: RunPhase::Pending(None),
    };
    assert_eq!(facts(&gathered(job(json!({})), None)).runs, [run]);
}

// Serving.

#[tokio::test]
async fn without_a_deployment_nothing_is_served() {
    assert_eq!(facts(&alone(stored(quickstart()))).serving, ServingFact::Absent);
}

#[tokio::test]
async fn a_deployment_is_seen_with_its_pods_and_its_record() {
    let record = json!({"production": null, "previous": null, "nextVersion": 4, "judged": null, "quarantined": []});
    let mut deployment = deployment();
    deployment["metadata"]["annotations"]["trialops.dev/record"] = json!(record.to_string());
    let gathered = serving(
        deployment,
        vec![serving_pod("a", "new", true), serving_pod("b", "new", false), serving_pod("c", "old", true)],
    );
    let deployed = Deployed {
        record: Some(common::of(record)),
        version: "v3".into(),
        digest: "sha256:bundle".into(),
        template: "new".into(),
        replicas: 2,
        updated_available: 1,
        available: 2,
        total: 3,
        fault: None,
    };
    assert_eq!(facts(&gathered).serving, ServingFact::Ours(Box::new(deployed)));
}

#[tokio::test]
async fn until_its_controller_has_seen_the_template_no_pod_counts_as_updated() {
    let mut deployment = deployment();
    deployment["metadata"]["generation"] = json!(8);
    assert_eq!(deployed(&serving(deployment, vec![serving_pod("a", "new", true)])).updated_available, 0);
}

#[tokio::test]
async fn a_pod_on_its_way_out_does_not_count() {
    let mut leaving = serving_pod("a", "new", true);
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-20T09:00:00Z");
    let deployed = deployed(&serving(deployment(), vec![leaving, serving_pod("b", "new", true)]));
    assert_eq!((deployed.updated_available, deployed.total), (1, 1));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_none() {
    let mut deployment = deployment();
    deployment["metadata"]["annotations"]["trialops.dev/record"] = json!("{broken");
    assert_eq!(deployed(&serving(deployment, Vec::new())).record, None);
}

#[tokio::test]
async fn a_process_that_refuses_its_bundle_puts_the_fault_on_the_candidate() {
    let fault = fault_of(json!({"waiting": {"reason": "CrashLoopBackOff"}}), (ended(3, "digest differs"), 1));
    let sentence = "the serving process refused the bundle: digest differs; restore its file in the store or give the \
                    command retrain";
    assert_eq!(fault, Some(ServingFault::Candidate(sentence.into())));
}

#[tokio::test]
async fn a_process_that_ends_again_and_again_puts_the_fault_on_the_candidate() {
    let waiting = || json!({"waiting": {"reason": "CrashLoopBackOff"}});
    let sentence = "the serving process ended 2 times, last with code 101: panicked";
    assert_eq!(fault_of(waiting(), (ended(101, "panicked"), 2)), Some(ServingFault::Candidate(sentence.into())));
    assert_eq!(fault_of(waiting(), (ended(101, "panicked"), 1)), None);
}

#[tokio::test]
async fn a_process_that_refuses_its_configuration_does_not_put_the_fault_on_the_candidate() {
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    assert_eq!(fault_of(waiting, (ended(2, "no keys"), 5)), None);
}

#[tokio::test]
async fn a_process_that_the_kernel_ended_puts_the_fault_on_the_environment() {
    let end = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let fault = fault_of(json!({"running": {}}), (end, 5));
    assert!(
        matches!(&fault, Some(ServingFault::Environment(sentence)) if sentence.contains("limits.memory")),
        "{fault:?}"
    );
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_puts_the_fault_on_the_environment() {
    let waiting = json!({"waiting": {"reason": "ErrImagePull", "message": "unauthorized"}});
    let fault = fault_of(waiting, (json!({}), 0));
    let sentence = format!("container inference waits for {IMAGE}: ErrImagePull: unauthorized");
    assert_eq!(fault, Some(ServingFault::Environment(sentence)));
}

#[tokio::test]
async fn a_missing_secret_puts_the_fault_on_the_environment() {
    let mut gathered = serving(deployment(), vec![serving_pod("a", "new", false)]);
    let complaint = "FailedMount: secret \"onc-302-keys\" not found".to_owned();
    gathered.complaints.insert("uid-a".into(), complaint.clone());
    assert_eq!(deployed(&gathered).fault, Some(ServingFault::Environment(complaint)));
}

#[tokio::test]
async fn a_pod_that_a_quota_refuses_puts_the_fault_on_the_environment() {
    let mut deployment = deployment();
    deployment["status"]["conditions"] =
        json!([{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}]);
    let fault = deployed(&serving(deployment, Vec::new())).fault;
    assert_eq!(fault, Some(ServingFault::Environment("a serving pod was refused: exceeded quota: small".into())));
}

#[tokio::test]
async fn a_fault_of_an_old_template_is_no_fault_of_the_new_one() {
    let mut old = serving_pod("a", "old", false);
    old["status"]["containerStatuses"] = json!([container("inference", ended(3, "digest differs"))]);
    assert_eq!(deployed(&serving(deployment(), vec![old])).fault, None);
}

#[tokio::test]
async fn a_deployment_of_somebody_else_is_foreign() {
    let mut deployment = deployment();
    deployment["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "x/v1", "kind": "Release", "name": "web", "uid": "x", "controller": true}]);
    let sentence = "the Deployment onc-302 belongs to Release web; rename one of the two";
    assert_eq!(facts(&serving(deployment, Vec::new())).serving, ServingFact::Foreign(sentence.into()));
}

#[tokio::test]
async fn a_deployment_of_ours_without_an_owner_is_ours() {
    let mut deployment = deployment();
    deployment["metadata"]["ownerReferences"] = json!([]);
    assert!(matches!(facts(&serving(deployment, Vec::new())).serving, ServingFact::Ours(_)));
}

#[tokio::test]
async fn a_service_of_somebody_else_is_foreign_whatever_the_deployment() {
    let mut gathered = serving(deployment(), Vec::new());
    gathered.service =
        Some(Arc::new(common::of(json!({"metadata": {"name": "onc-302", "namespace": "trial-onc-302"}}))));
    let sentence = "a Service onc-302 that is not ours is in the way; rename it or the DropoutModel";
    assert_eq!(facts(&gathered).serving, ServingFact::Foreign(sentence.into()));
}

// Claims and the model itself.

#[tokio::test]
async fn a_claim_is_absent_or_there_for_one_node_or_for_all() {
    let mut gathered = alone(stored(quickstart()));
    assert_eq!(facts(&gathered).data_claim, Some(ClaimFact::Absent("onc-302".into())));
    let claim = |mode: &str| Some(Arc::new(common::of(json!({"spec": {"accessModes": [mode]}}))));
    gathered.data_claim = claim("ReadWriteOnce");
    gathered.store_claim = claim("ReadWriteMany");
    let facts = facts(&gathered);
    assert_eq!(facts.data_claim, Some(ClaimFact::Present { name: "onc-302".into(), is_shared: false }));
    assert_eq!(facts.store_claim, Some(ClaimFact::Present { name: "onc-302".into(), is_shared: true }));
    assert_eq!(facts.bundle_claim, None);
    let mut gathered = alone(stored(common::with_a_bundle()));
    assert_eq!(self::facts(&gathered).bundle_claim, Some(ClaimFact::Absent("models".into())));
    let in_buckets = self::facts(&alone(stored(common::with_buckets())));
    let claims = [in_buckets.data_claim, in_buckets.store_claim, in_buckets.bundle_claim, in_buckets.holdout_claim];
    assert_eq!(claims, [None, None, None, None]);
    gathered.bundle_claim = claim("ReadOnlyMany");
    let there = ClaimFact::Present { name: "models".into(), is_shared: false };
    assert_eq!(self::facts(&gathered).bundle_claim, Some(there));
}

#[tokio::test]
async fn an_empty_status_is_a_lost_one() {
    let mut manifest = quickstart();
    manifest["status"] = json!({});
    assert_eq!(facts(&alone(stored(manifest))).status, None);
}

#[tokio::test]
async fn a_command_is_seen_and_a_malformed_one_is_told_apart() {
    let mut manifest = quickstart();
    manifest["metadata"]["annotations"] = json!({
        "trialops.dev/rollback-to": "v2@2026-11-20T09:00:00Z", "trialops.dev/retrain": "now", "other": "x",
    });
    let facts = facts(&alone(stored(manifest)));
    let arguments: Vec<&str> = facts.commands.iter().map(|command| command.argument.as_str()).collect();
    assert_eq!(arguments, ["v2"]);
    assert_eq!(facts.malformed, [Malformed { name: CommandName::Retrain, token: "now".into() }]);
}

// Arrangement.

/// The facts that are made of what was gathered.
fn facts(gathered: &Gathered) -> Observed {
    let (client, asked) = server(|_| refusal(500, "nothing is asked here"));
    let observed = observed(&context(client), gathered);
    assert!(asked.lock().unwrap().is_empty());
    observed
}

/// The phase of the only run.
fn phase(gathered: &Gathered) -> RunPhase {
    let runs = facts(gathered).runs;
    assert_eq!(runs.len(), 1);
    runs[0].phase.clone()
}

fn deployed(gathered: &Gathered) -> Deployed {
    facts(gathered).deployed().unwrap().clone()
}

fn gathered(job: Value, pod: Option<Value>) -> Gathered {
    let mut gathered = alone(stored(quickstart()));
    gathered.jobs.push(Arc::new(common::of(job)));
    gathered.pods.extend(pod.map(|pod| Arc::new(common::of(pod))));
    gathered
}

/// A Job that is complete, whose last container left a text.
fn completed(text: &str) -> Gathered {
    let status = json!({
        "phase": "Succeeded",
        "initContainerStatuses": [container("prepare", ended(0, "prepared")), container("train", ended(0, "trained"))],
        "containerStatuses": [container("evaluate", ended(0, text))],
    });
    gathered(job(complete()), Some(pod(status)))
}

/// A Job that failed for a reason, whose container `train` ended so.
fn failed(reason: &str, end: Value) -> Gathered {
    let status = json!({
        "phase": "Failed",
        "initContainerStatuses": [container("prepare", ended(0, "")), container("train", end)],
        "containerStatuses": [container("evaluate", json!({"waiting": {"reason": "PodInitializing"}}))],
    });
    gathered(job(ended_as("Failed", reason)), Some(pod(status)))
}

fn job(status: Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": JOB, "namespace": "trial-onc-302", "uid": "uid-job",
            "labels": {
                "app.kubernetes.io/managed-by": "dropout-operator", "app.kubernetes.io/component": "job",
                "trialops.dev/model": "onc-302", "trialops.dev/version": "v3", "trialops.dev/work": "Train",
                "trialops.dev/attempt": "2",
            },
            "annotations": {"trialops.dev/task": TASK},
            "ownerReferences": owner(),
        },
        "spec": {"template": {}},
        "status": status,
    })
}

fn owner() -> Value {
    json!([{
        "apiVersion": "trialops.dev/v1alpha1", "kind": "DropoutModel", "name": "onc-302", "uid": UID, "controller": true,
    }])
}

fn complete() -> Value {
    ended_as("Complete", "CompletionsReached")
}

fn ended_as(kind: &str, reason: &str) -> Value {
    json!({"conditions": [{"type": kind, "status": "True", "reason": reason}]})
}

fn pod(status: Value) -> Value {
    json!({
        "metadata": {
            "name": "onc-302-v3-train-0-abcde", "namespace": "trial-onc-302", "uid": "uid-pod",
            "creationTimestamp": "2026-11-20T09:30:00Z",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": "uid-job", "controller": true}],
        },
        "status": status,
    })
}

fn container(name: &str, state: Value) -> Value {
    json!({"name": name, "image": IMAGE, "imageID": "", "ready": false, "restartCount": 0, "state": state})
}

fn ended(code: i32, message: &str) -> Value {
    json!({"terminated": {"exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" }, "message": message}})
}

fn answer(outcome: Outcome) -> Answer {
    Answer {
        contract: CONTRACT.into(),
        task: TASK.into(),
        outcome,
        reason: "Word".into(),
        message: "the sentence".into(),
        evidence: None,
    }
}

fn answer_text(outcome: Outcome) -> String {
    serde_json::to_string(&answer(outcome)).unwrap()
}

fn serving(deployment: Value, pods: Vec<Value>) -> Gathered {
    let mut gathered = alone(stored(quickstart()));
    gathered.deployment = Some(Arc::new(common::of(deployment)));
    gathered.pods.extend(pods.into_iter().map(|pod| Arc::new(common::of(pod))));
    gathered
}

fn deployment() -> Value {
    let labels = json!({
        "app.kubernetes.io/managed-by": "dropout-operator", "app.kubernetes.io/component": "serving",
        "trialops.dev/model": "onc-302",
    });
    json!({
        "metadata": {
            "name": "onc-302", "namespace": "trial-onc-302", "uid": "uid-deployment", "generation": 7, "labels": labels,
            "annotations": {
                "trialops.dev/template": "new", "trialops.dev/version": "v3", "trialops.dev/bundle": "sha256:bundle",
            },
            "ownerReferences": owner(),
        },
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {}},
        "status": {"observedGeneration": 7, "availableReplicas": 2},
    })
}

fn serving_pod(name: &str, template: &str, is_ready: bool) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "trial-onc-302", "uid": format!("uid-{name}"),
            "labels": {
                "app.kubernetes.io/managed-by": "dropout-operator", "app.kubernetes.io/component": "serving",
                "trialops.dev/model": "onc-302", "trialops.dev/template": template,
            },
        },
        "status": {"conditions": [{"type": "Ready", "status": if is_ready { "True" } else { "False" }}]},
    })
}

/// What is wrong when the one serving pod's container is in a state, after it ended so and was started again so often.
fn fault_of(state: Value, (last, restarts): (Value, i32)) -> Option<ServingFault> {
    let mut status = container("inference", state);
    status["lastState"] = last;
    status["restartCount"] = json!(restarts);
    let mut pod = serving_pod("a", "new", false);
    pod["status"]["containerStatuses"] = json!([status]);
    deployed(&serving(deployment(), vec![pod])).fault
}
