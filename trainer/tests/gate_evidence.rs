//! What a Job makes of out-of-fold risks, looks, groups and touched rows: what it keeps, what it refuses, and that the
//! answer stays short.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    cluster::{Cluster, STORE, task, trial},
    four, manifest, seven, simulated,
};
use dropout_model::{
    bundle::Bundle,
    digest::digest,
    gate::Decided,
    manifest::{Gate, Manifest},
    policy::resolve,
    rows::{Contract, Groups, Table, read},
    task::{Answer, Looked, MAX_ANSWER, Outcome, Served, Task, Work, out_of_fold_file, path},
};
use dropout_trainer::{Contest, evaluate, evaluation::training_rows, job::Step, report::Report, train};
use serde_json::{Value, json};
use std::fs;

/// A file of one risk a training row, but for `missing` of them.
fn risks(cluster: &Cluster, missing: usize) -> Vec<u8> {
    let rows = String::from_utf8(cluster.read("scratch/in/rows.csv")).unwrap().lines().count() - 1;
    let risk = |row: usize| format!("0.{}\n", 1 + row % 9);
    format!("risk\n{}", (0..rows - missing).map(risk).collect::<String>()).into_bytes()
}

const LEFT: &str = "scratch/out/out_of_fold.csv";

fn trained(cluster: &Cluster, task: &Task) {
    for part in ["scratch/in", "scratch/out"] {
        let _ = fs::remove_dir_all(cluster.root.join(part));
    }
    cluster.again(task, &[Step::Prepare, Step::Train]).0.unwrap();
    let _ = fs::remove_file(cluster.root.join(LEFT));
}

fn evaluated(cluster: &Cluster, task: &Task) -> (Result<(), u8>, Answer) {
    let (done, text) = cluster.again(task, &[Step::Evaluate]);
    (done.map_err(|failure| failure.code()), Answer::read(&text, &task.hash()).unwrap())
}

#[test]
fn out_of_fold_risks_are_kept_beside_the_bundle_and_refused_if_they_do_not_fit() {
    let cluster = Cluster::new("fold");
    let task = task(1, &simulated(four()), None);
    trained(&cluster, &task);
    let bad: [(&str, Vec<u8>, &str); 3] = [
        ("short", risks(&cluster, 2), "write one for each row of rows.csv, in its order"),
        ("no number", b"risk\n0.5\nc4n4ry\n".to_vec(), "out_of_fold.csv, row 3"),
        ("no header", b"0.5\n".to_vec(), "out_of_fold.csv, row 1"),
    ];
    for (what, bytes, part) in bad {
        cluster.write(LEFT, &bytes);
        let (done, answer) = evaluated(&cluster, &task);
        assert_eq!(
            (done, answer.outcome, answer.reason.as_str()),
            (Err(2), Outcome::BadInput, "ForeignModel"),
            "{what}"
        );
        assert!(answer.message.contains(part) && !answer.message.contains("c4n4ry"), "{what}: {}", answer.message);
    }
    fs::remove_file(cluster.root.join(LEFT)).unwrap();
    fs::create_dir(cluster.root.join(LEFT)).unwrap();
    assert!(evaluated(&cluster, &task).1.message.contains("is no regular file"));
    fs::remove_dir(cluster.root.join(LEFT)).unwrap();
    assert!(!cluster.has(&format!("{STORE}/outoffold")));

    cluster.write(LEFT, &risks(&cluster, 0));
    let (done, answer) = evaluated(&cluster, &task);
    assert_eq!((done, answer.outcome), (Ok(()), Outcome::Passed), "{}", answer.message);
    let evidence = answer.evidence.unwrap();
    assert_eq!(evidence.look, Some(1));
    let kept = out_of_fold_file(&evidence.bundle, &evidence.data);
    assert_eq!(cluster.read(&format!("{STORE}/{kept}")), risks(&cluster, 0));
    assert!(path::OUT_OF_FOLD == "out_of_fold.csv" && kept.len() == "outoffold/sha256-.csv".len() + 64 + 1 + 12);
}

/// A gate that asks for recent patients, with few enough for a quarter of a small trial.
fn asking(least: i32) -> Value {
    let mut spec = simulated(seven());
    spec["gate"] = json!({
        "evaluate": "Recent", "minPatients": least, "minPositivePatients": 10,
        "primary": {"metric": "roc_auc", "comparison": "Absolute", "margin": 0.0},
    });
    spec
}

#[test]
fn recent_patients_decide_from_the_holdout_out_of_fold_or_from_the_store() {
    let cluster = Cluster::new("recent");
    let mut before = simulated(four());
    before["data"]["cutoff"] = json!("2025-12-31");
    let first = cluster.answered(&task(1, &before, None));
    assert_eq!(first.outcome, Outcome::Passed, "{}", first.message);
    let decided = |task: &Task| {
        let (done, answer) = evaluated(&cluster, task);
        done.unwrap();
        let report = &answer.evidence.as_ref().unwrap().report;
        let report = cluster.read(&format!("{STORE}/{}", dropout_model::task::report_file(report)));
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert!(!String::from_utf8(serde_json::to_vec(&report).unwrap()).unwrap().contains("P-"));
        (report["evidence"]["decided"].as_str().unwrap().to_owned(), report["evidence"].clone(), answer)
    };
    let held = task(2, &asking(50), Some(&first));
    trained(&cluster, &held);
    let (found, evidence, answer) = decided(&held);
    assert_eq!(found, "Recent", "{}", answer.message);
    let recent = evidence["patients"].as_i64().unwrap();
    assert!(answer.evidence.unwrap().patients as i64 > recent, "all held out patients are counted in the answer");

    let more = i32::try_from(recent + 1).unwrap();
    let pooled = task(2, &asking(more), Some(&first));
    trained(&cluster, &pooled);
    let (found, _, answer) = decided(&pooled);
    assert_eq!(
        (found.as_str(), answer.outcome, answer.reason.as_str()),
        ("Nothing", Outcome::Inconclusive, "TooFewPatients")
    );
    assert_eq!(answer.evidence.unwrap().look, None);
    let pooled = Task { version: 3, ..pooled };
    cluster.write(LEFT, &risks(&cluster, 0));
    let (done, _) = evaluated(&cluster, &pooled);
    // Version 3 would be the same bundle as version 2, which may be.
    assert_eq!(done, Ok(()));
    let (found, _, answer) = decided(&pooled);
    assert_eq!(found, "OutOfFold", "{}", answer.message);
    let bundle = answer.evidence.unwrap().bundle;

    fs::remove_dir_all(cluster.root.join("scratch/out")).unwrap();
    let alone = Task { version: 3, work: Work::Evaluate(bundle), ..task(3, &asking(more), Some(&first)) };
    assert_eq!(decided(&alone).0, "OutOfFold");
}

#[test]
fn the_look_of_a_task_is_counted_answered_and_asks_for_more() {
    let cluster = Cluster::new("looks");
    let first = cluster.answered(&task(1, &simulated(four()), None));
    let positive_patients = first.evidence.as_ref().unwrap().positive_patients;
    let looked = |looks, positive_patients| Some(Looked { looks, positive_patients });
    let at = |looked| Task { looked, ..task(2, &simulated(seven()), Some(&first)) };
    let look = |looked| cluster.answered(&at(looked)).evidence.unwrap();
    assert_eq!(look(None).look, Some(1));
    let later = look(looked(3, positive_patients));
    assert_eq!(later.look, Some(4));
    let confidence = later.checks.iter().find(|check| check.name == "confidence").unwrap();
    assert!(confidence.message.contains("99.75 %") && confidence.message.contains("look 4"), "{}", confidence.message);
    assert_eq!(look(looked(3, positive_patients / 2)).look, Some(1));
    let second = cluster.answered(&at(None));
    assert_eq!(cluster.answered(&task(3, &simulated(seven()), Some(&second))).evidence.unwrap().look, None);
}

fn judged(spec: &Value, change: impl Fn(&mut Table)) -> Report {
    let (few, all) = (manifest(&simulated(four())), manifest(spec));
    let text = trial(1);
    let table = |manifest, production| read("trial.csv", text.as_bytes(), &Contract { manifest, production }).unwrap();
    let learn = |manifest, table: &Table| -> Bundle {
        train(manifest, &training_rows(manifest, table), &table.digest).unwrap().bundle
    };
    let production = learn(&few, &table(&few, None));
    // What the gate asks beside is put into the table by `change`.
    let read_for = Manifest { gate: Gate::default(), ..all.clone() };
    let mut table = table(&read_for, Some(production.features.as_slice()));
    let candidate = learn(&manifest(&simulated(seven())), &table);
    change(&mut table);
    let identity = |bundle: &Bundle| digest(&bundle.to_bytes().unwrap());
    let served =
        Served { digest: identity(&production), threshold: resolve(all.threshold.target(), &production.thresholds) };
    let contest = Contest {
        manifest: &all,
        table: &table,
        candidate: (&candidate, &identity(&candidate)),
        production: Some((&production, &served)),
        out_of_fold: None,
        looked: None,
    };
    let report = evaluate(&contest).unwrap();
    assert_eq!(report.to_bytes().unwrap(), evaluate(&contest).unwrap().to_bytes().unwrap());
    report
}

#[test]
fn the_answer_stays_short_with_sixteen_columns_of_sixty_four_long_groups() {
    let mut spec = simulated(seven());
    let column = |at: usize| format!("{:\u{1f3e5}<60}{at:02}", "");
    spec["gate"]["slices"] = (0..16).map(|at| json!({"column": column(at), "minPatients": 5})).collect();
    let report = judged(&spec, |table| {
        let group: Vec<u16> = table.rows.patient.iter().map(|patient| (patient % 64) as u16).collect();
        let names: Vec<String> = (0..64).map(|at| format!("{at:02}{}", "\u{1}\u{1f3e5}".repeat(300))).collect();
        let groups = |at| Groups { column: column(at), names: names.clone(), group: group.clone() };
        table.rows.slices = (0..16).map(groups).collect();
    });
    assert_eq!(
        (report.slices.len(), report.checks.iter().filter(|check| check.name.starts_with("slice/")).count()),
        (16, 16)
    );
    assert!(report.slices.iter().all(|slice| slice.groups.iter().all(|group| group.name.chars().count() <= 32)));
    let answer = report.answer(&digest(b"task"), &digest(b"report"));
    let text = answer.to_message().unwrap();
    assert!(text.len() <= MAX_ANSWER, "{}", text.len());
    assert_eq!(Answer::read(&text, &digest(b"task")).unwrap().outcome, report.outcome);
}

#[test]
fn touched_rows_decide_nothing_and_are_reported_apart() {
    let mut spec = simulated(seven());
    spec["gate"]["interventions"] = json!({"column": "called"});
    let touch = |table: &mut Table| {
        table.rows.touched = (0..table.rows.len()).map(|row| row % 5 == 0).collect();
    };
    let report = judged(&spec, touch);
    assert_eq!((report.outcome, report.reason.as_str()), (Outcome::Inconclusive, "TouchedByInterventions"));
    assert_eq!((report.evidence.look, report.evidence.decided), (None, Decided::All));
    let untouched = report.untouched.unwrap();
    assert_eq!(untouched.rows.rows + untouched.touched_rows, report.rows.holdout.rows);
    assert_eq!(untouched.metrics.len(), report.metrics.len());
    spec["gate"]["interventions"]["touched"] = json!("Accept");
    let report = judged(&spec, touch);
    assert_eq!(report.outcome, Outcome::Passed, "{}", report.message);
    assert!(report.untouched.is_some() && judged(&simulated(seven()), |_| {}).untouched.is_none());
}
