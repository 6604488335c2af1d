//! The three containers in a folder that stands for a pod: the whole story, every bad end, and nothing that a trainer may
//! not see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    cluster::{Cluster, STORE, task, trial},
    four, manifest, seven, simulated, table,
};
use dropout_model::{
    bundle::Bundle,
    digest::digest,
    manifest::Target,
    policy::resolve,
    split::is_holdout,
    task::{Answer, Outcome, Task, Work, answer_file, bundle_file, report_file},
};
use dropout_trainer::{
    evaluation::training_rows,
    job::{Step, Training},
    train,
};
use serde_json::{Value, json};
use std::{fs, path::Path};

#[test]
fn a_first_model_a_better_one_and_the_same_again_are_answered_and_kept() {
    let cluster = Cluster::new("whole");
    let first_task = task(1, &simulated(four()), None);
    let first = cluster.answered(&first_task);
    assert_eq!((first.outcome, first.reason.as_str()), (Outcome::Passed, "FloorsMet"), "{}", first.message);
    let evidence = first.evidence.as_ref().unwrap();
    let bundle = cluster.read(&format!("{STORE}/{}", bundle_file(&evidence.bundle)));
    assert_eq!(digest(&bundle), evidence.bundle);
    assert_eq!(digest(&cluster.read(&format!("{STORE}/{}", report_file(&evidence.report)))), evidence.report);
    assert_eq!(evidence.data, digest(&cluster.read("data/trial.csv")));
    let index: Value = serde_json::from_slice(&cluster.read(&format!("{STORE}/versions/1.json"))).unwrap();
    let expected = json!({"version": 1, "bundle": evidence.bundle, "report": evidence.report, "data": evidence.data});
    assert_eq!(index, expected);
    assert!(cluster.has(&format!("{STORE}/{}", answer_file(&first_task.hash()))));

    let second = cluster.answered(&task(2, &simulated(seven()), Some(&first)));
    assert_eq!(second.reason, "MarginAndConfidenceMet", "{}", second.message);
    let figure = &second.evidence.as_ref().unwrap().metrics[0];
    assert_eq!(figure.metric.name(), "recall_at_capacity");
    assert!(figure.candidate > figure.production.unwrap());

    let third = cluster.answered(&task(3, &simulated(seven()), Some(&second)));
    assert_eq!(third.outcome, Outcome::Unchanged);
    assert!(!cluster.has(&format!("{STORE}/versions/3.json")));

    let worse = cluster.answered(&task(4, &simulated(four()), Some(&second)));
    assert_eq!(worse.outcome, Outcome::Failed);
    assert_eq!(worse.evidence.unwrap().bundle, evidence.bundle);
}

#[test]
fn a_laptop_and_a_pod_give_the_same_bundle() {
    let cluster = Cluster::new("laptop");
    let spec = simulated(seven());
    let answer = cluster.answered(&task(1, &spec, None));
    let manifest = manifest(&spec);
    let table = table(&manifest, trial(1).as_bytes());
    let bundle = train(&manifest, &training_rows(&manifest, &table), &table.digest).unwrap().bundle;
    assert_eq!(answer.evidence.unwrap().bundle, digest(&bundle.to_bytes().unwrap()));
}

#[test]
fn the_trainer_sees_no_holdout_no_production_and_no_other_column() {
    let cluster = Cluster::new("blind");
    cluster.answered(&task(1, &simulated(four()), None));
    let rows = String::from_utf8(cluster.read("scratch/in/rows.csv")).unwrap();
    let head = "patient_id,days_in_trial,landmark_date,age,visits_completed,adverse_events,dropout_28d";
    assert_eq!(rows.lines().next().unwrap(), head);
    let patients = rows.lines().skip(1).map(|row| row.split(',').next().unwrap());
    assert!(patients.clone().count() > 1_000);
    assert!(patients.clone().all(|patient| !is_holdout("ONC-302", patient, 0.25)));
    let told: Training = serde_json::from_slice(&cluster.read("scratch/in/training.json")).unwrap();
    assert_eq!((told.rows, told.data_digest), (rows.lines().count() - 1, digest(trial(1).as_bytes())));
}

#[test]
fn prepare_answers_bad_data_with_the_place_and_exit_code_2() {
    let cluster = Cluster::new("bad");
    let good = task(1, &simulated(four()), None);
    cluster.write("data/trial.csv", trial(1).replacen(",14,", ",c4n4ry,", 1).as_bytes());
    let answer = cluster.refused(&good);
    assert_eq!((answer.outcome, answer.reason.as_str()), (Outcome::BadInput, "NotANumber"));
    let what = "trial.csv, row 2, column 'days_in_trial': is no number, but the feature is an Integer; correct it or leave the cell empty for a missing value";
    assert_eq!(answer.message, what);

    let (_, headless) = trial(1).split_once('\n').map(|(head, rest)| (head.to_owned(), rest.to_owned())).unwrap();
    cluster.write("data/trial.csv", headless.as_bytes());
    let answer = cluster.refused(&good);
    assert_eq!(answer.reason, "MissingColumn");
    assert!(answer.message.contains("row 1: the first line looks like data, not a header"), "{}", answer.message);
    assert!(headless.split([',', '\n']).take(3).all(|cell| !answer.message.contains(cell)), "{}", answer.message);

    let mut denied = simulated(four());
    denied["deny"] = json!(["age"]);
    assert_eq!(cluster.refused(&task(1, &denied, None)).reason, "DeniedFeature");

    let few: String = trial(1).lines().take(60).map(|line| format!("{line}\n")).collect();
    cluster.write("data/trial.csv", few.as_bytes());
    assert_eq!(cluster.refused(&good).reason, "FewDropouts");

    fs::remove_file(cluster.root.join("data/trial.csv")).unwrap();
    let answer = cluster.refused(&good);
    assert_eq!((answer.reason.as_str(), answer.message.as_str()), ("NoData", "trial.csv is not there; check the path"));
    assert!(!cluster.has(&format!("{STORE}/versions/1.json")));
}

#[test]
fn a_version_that_another_bundle_has_is_answered_as_taken() {
    let cluster = Cluster::new("taken");
    cluster.answered(&task(1, &simulated(four()), None));
    let answer = cluster.answered(&task(1, &simulated(seven()), None));
    assert_eq!((answer.outcome, answer.evidence), (Outcome::VersionTaken, None));
    assert_eq!(cluster.answered(&task(2, &simulated(seven()), None)).outcome, Outcome::Passed);
}

#[test]
fn a_lost_answer_is_read_again_and_a_repeated_job_repeats_it() {
    let cluster = Cluster::new("lost");
    let first = task(1, &simulated(four()), None);
    let (_, said) = cluster.job(&first);
    let read = Task { work: Work::Read(first.hash()), ..first.clone() };
    for step in [Step::Read, Step::Evaluate] {
        assert_eq!(cluster.again(&read, &[step]).1, said);
    }
    cluster.write("data/trial.csv", b"gone");
    assert_eq!(cluster.again(&first, &[Step::Evaluate]).1, said);
    let nothing = Task { work: Work::Read("sha256:00".into()), ..first };
    let (done, text) = cluster.again(&nothing, &[Step::Read]);
    assert_eq!((done.unwrap_err().code(), text.as_str()), (1, ""));
}

#[test]
fn evaluate_alone_judges_a_stored_bundle_under_an_edited_gate() {
    let cluster = Cluster::new("alone");
    let first = cluster.answered(&task(1, &simulated(four()), None));
    let second = cluster.answered(&task(2, &simulated(seven()), Some(&first)));
    let mut strict = simulated(seven());
    strict["gate"] = json!({"primary": {"metric": "recall_at_capacity", "margin": 0.9}});
    let stored = second.evidence.unwrap().bundle;
    let again = Task { work: Work::Evaluate(stored.clone()), ..task(2, &strict, Some(&first)) };
    let (done, text) = cluster.again(&again, &[Step::Evaluate]);
    done.unwrap();
    let answer = Answer::read(&text, &again.hash()).unwrap();
    assert_eq!((answer.outcome, answer.evidence.unwrap().bundle), (Outcome::Failed, stored));

    let mut target = simulated(four());
    target["threshold"] = json!({"targetRecall": 0.5});
    let digest = first.evidence.as_ref().unwrap().bundle.clone();
    let again = Task { work: Work::Evaluate(digest), ..task(1, &target, Some(&first)) };
    let (_, text) = cluster.again(&again, &[Step::Evaluate]);
    let answer = Answer::read(&text, &again.hash()).unwrap();
    assert_eq!(answer.outcome, Outcome::Unchanged);
    assert!(answer.evidence.unwrap().threshold > first.evidence.unwrap().threshold);
}

#[test]
fn the_served_bundle_is_evaluated_by_its_own_features_when_the_spec_names_others() {
    let cluster = Cluster::new("again");
    let first = cluster.answered(&task(1, &simulated(four()), None));
    let evidence = first.evidence.as_ref().unwrap();
    let mut edited = simulated(seven());
    edited["features"].as_array_mut().unwrap().push(json!({"name": "not_in_the_file", "type": "Number"}));
    edited["threshold"] = json!({"targetRecall": 0.5});
    let again = Task { work: Work::Evaluate(evidence.bundle.clone()), ..task(2, &edited, Some(&first)) };
    let evaluate = |task: &Task| {
        let _ = fs::remove_dir_all(cluster.root.join(STORE).join("answers"));
        let (done, text) = cluster.again(task, &[Step::Evaluate]);
        (done.map_err(|failure| failure.code()), Answer::read(&text, &task.hash()).unwrap())
    };
    let (done, answer) = evaluate(&again);
    assert_eq!((done, answer.outcome), (Ok(()), Outcome::Unchanged), "{}", answer.message);
    let found = answer.evidence.unwrap();
    assert_eq!(found.bundle, evidence.bundle);
    let bundle = cluster.read(&format!("{STORE}/{}", bundle_file(&evidence.bundle)));
    let points = Bundle::read(&bundle, None).unwrap().thresholds;
    assert_eq!(found.threshold, resolve(Target::Recall(0.5), &points));
    assert!(found.threshold > evidence.threshold);

    let mut own = simulated(four());
    own["threshold"] = edited["threshold"].clone();
    let same = Task { manifest: manifest(&own), ..again.clone() };
    assert_eq!(evaluate(&same).1.evidence.unwrap().metrics, found.metrics);

    cluster.write("data/trial.csv", trial(1).replace(",F,58,", ",F,,").as_bytes());
    assert_eq!(evaluate(&again).1.outcome, Outcome::Unchanged);
    cluster.write("data/trial.csv", trial(1).replacen("adverse_events", "other", 1).as_bytes());
    let (done, answer) = evaluate(&again);
    assert_eq!((done, answer.reason.as_str()), (Err(2), "MissingColumn"));
    assert!(answer.message.contains("'adverse_events', needed as a feature of the production model"), "{answer:?}");

    cluster.write("data/trial.csv", trial(1).as_bytes());
    let second = cluster.answered(&task(2, &simulated(seven()), Some(&first)));
    let challenger =
        Task { work: Work::Evaluate(evidence.bundle.clone()), ..task(3, &simulated(seven()), Some(&second)) };
    assert_eq!(evaluate(&challenger).1.reason, "ForeignModel");
}

#[test]
fn environment_faults_are_no_answers() {
    let cluster = Cluster::new("environment");
    let first_task = task(1, &simulated(four()), None);
    let first = cluster.answered(&first_task);
    let bundle = cluster.root.join(STORE).join(bundle_file(&first.evidence.as_ref().unwrap().bundle));
    let moved = bundle.with_extension("moved");
    fs::rename(&bundle, &moved).unwrap();
    let next = task(2, &simulated(seven()), Some(&first));
    let (done, text) = cluster.job(&next);
    assert_eq!((done.unwrap_err().code(), text.as_str()), (1, ""));
    fs::write(&bundle, b"spoilt").unwrap();
    assert_eq!(cluster.job(&next).0.unwrap_err().code(), 1);
    fs::rename(moved, bundle).unwrap();
    assert_eq!(cluster.answered(&next).outcome, Outcome::Passed);
}

#[test]
fn data_that_changed_while_training_are_no_evidence() {
    let cluster = Cluster::new("moving");
    let task = task(1, &simulated(four()), None);
    let (done, _) = cluster.again(&task, &[Step::Prepare, Step::Train]);
    done.unwrap();
    cluster.write("data/trial.csv", trial(2).as_bytes());
    let (done, text) = cluster.again(&task, &[Step::Evaluate]);
    assert_eq!((done.unwrap_err().code(), text.as_str()), (1, ""));
}

#[test]
fn a_column_that_production_needs_is_named_when_it_is_gone() {
    let cluster = Cluster::new("gone");
    let first = cluster.answered(&task(1, &simulated(seven()), None));
    cluster.write("data/trial.csv", trial(1).replacen("distance_km", "km", 1).as_bytes());
    let answer = cluster.refused(&task(2, &simulated(four()), Some(&first)));
    assert_eq!(answer.reason, "MissingColumn");
    assert!(
        answer.message.contains("'distance_km', needed as a feature of the production model"),
        "{}",
        answer.message
    );
}

#[test]
fn a_manifest_that_learns_to_live_with_missing_values_can_still_be_compared() {
    let cluster = Cluster::new("missing");
    let first = cluster.answered(&task(1, &simulated(four()), None));
    let mut spec = simulated(seven());
    spec["features"][0]["onMissing"] = json!("Indicate");
    cluster.write("data/trial.csv", trial(1).replace(",F,58,", ",F,,").as_bytes());
    assert_eq!(cluster.refused(&task(2, &simulated(seven()), Some(&first))).reason, "MissingValue");
    assert_eq!(cluster.answered(&task(2, &spec, Some(&first))).outcome, Outcome::Passed);
}

#[test]
fn a_task_of_another_contract_is_refused() {
    let cluster = Cluster::new("contract");
    let answer = cluster.refused(&Task { contract: "other".into(), ..task(1, &simulated(four()), None) });
    assert_eq!(answer.reason, "BadManifest");
    assert!(Path::new(&cluster.root).exists());
}
