//! A Job whose model takes rows from records: the new cohort is learned from and judged on, and production has never seen
//! it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::cluster::{Cluster, STORE, task};
use common::{integer, seven, simulated};
use dropout_model::{
    bundle::Bundle,
    record::{CONTRACT, Event, Head, Kind, Outcome, Prediction, Side, batch},
    split::is_holdout,
    task::{Outcome as Judged, RecordsAsked, Task, bundle_file, report_file},
};
use dropout_trainer::{
    job::Step,
    simulate::{Cohort, End, Row, Scenario},
};
use jiff::civil::date;
use serde_json::{Value, json};
use std::{fs, process::Command};

/// The specification with records.
fn spec() -> Value {
    let mut spec = simulated([seven(), vec![integer("remote_visits")]].concat());
    spec["training"]["algorithms"] = json!(["GradientBoosting"]);
    spec["study"]["pseudonymKey"] = json!({"secretRef": {"name": "k"}, "id": "k1"});
    spec["data"]["records"] = json!("Append");
    spec["gate"]["evaluate"] = json!("Recent");
    spec
}

fn asking(version: u32, spec: &Value, production: Option<&dropout_model::task::Answer>) -> Task {
    Task { records: Some(RecordsAsked { cutoff: "2026-11-20".into() }), ..task(version, spec, production) }
}

fn head(kind: Kind) -> Head {
    Head {
        contract: CONTRACT.into(),
        kind,
        study: "ONC-302".into(),
        key: "k1".into(),
        holdout_fraction: 0.25,
        writer: "w".into(),
        sequence: 0,
        dropped: 0,
        lines: 0,
    }
}

fn pseudonym(row: &Row) -> String {
    format!("{:064x}", row.patient)
}

fn prediction(row: &Row) -> Prediction {
    let date = row.landmark_date.to_string();
    Prediction {
        id: format!("{}-{date}", row.patient),
        time: format!("{date}T08:00:00.000Z"),
        patient: pseudonym(row),
        side: if is_holdout("ONC-302", &format!("N-{}", row.patient), 0.25) { Side::Holdout } else { Side::Training },
        date,
        landmark: None,
        features: [
            ("age", json!(row.age)),
            ("days_in_trial", json!(row.days_in_trial)),
            ("visits_completed", json!(row.visits_completed)),
            ("adverse_events", json!(row.adverse_events)),
            ("visits_missed", json!(row.visits_missed)),
            ("days_since_last_visit", json!(row.days_since_last_visit)),
            ("distance_km", json!(row.distance_km)),
            ("remote_visits", json!(row.remote_visits)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        risk: 0.2,
        version: "v1".into(),
        bundle: "sha256:b".into(),
        is_dropout: false,
        tier: "Low".into(),
    }
}

/// Patients who came after production was trained, in a region that has gone over to remote visits.
fn cohort() -> Cohort {
    Cohort {
        first: 5_001,
        patients: 2_400,
        seed: 77,
        scenario: Scenario::RemoteRegion,
        enrolled: (date(2026, 7, 1), date(2026, 9, 20)),
        until: date(2026, 11, 20),
    }
}

fn outcome(end: &End) -> Outcome {
    let event = if end.is_dropout { Event::Dropout } else { Event::Seen };
    let date = end.date.to_string();
    Outcome {
        id: format!("{}", end.patient),
        time: format!("{date}T00:00:00.000Z"),
        patient: format!("{:064x}", end.patient),
        event,
        date,
    }
}

fn with_cohort(name: &str) -> Cluster {
    let cluster = Cluster::new(name);
    let rows = cohort().rows();
    let outcomes: Vec<Outcome> = cohort().ends().iter().map(outcome).collect();
    for folder in ["records/2026-10-01", "outcomes/2026-10-01"] {
        fs::create_dir_all(cluster.root.join(STORE).join(folder)).unwrap();
    }
    let predictions: Vec<Prediction> = rows.iter().map(prediction).collect();
    let bytes = batch::write(&head(Kind::Predictions), &predictions).unwrap();
    cluster.write(&format!("{STORE}/records/2026-10-01/w-0.ndjson.gz"), &bytes);
    let bytes = batch::write(&head(Kind::Outcomes), &outcomes).unwrap();
    cluster.write(&format!("{STORE}/outcomes/2026-10-01/w-0.ndjson.gz"), &bytes);
    cluster
}

#[test]
fn a_candidate_learns_from_records_and_is_judged_on_them() {
    let cluster = with_cohort("records");
    let mut before = spec();
    before["data"].as_object_mut().unwrap().remove("records");
    let first = cluster.answered(&task(1, &before, None));
    let second = cluster.answered(&asking(2, &spec(), Some(&first)));
    assert_eq!(second.outcome, Judged::Passed, "{}", second.message);
    let evidence = second.evidence.unwrap();
    let bundle = cluster.read(&format!("{STORE}/{}", bundle_file(&evidence.bundle)));
    let bundle = Bundle::read(&bundle, Some(&evidence.bundle)).unwrap();
    // The newest landmark that is 28 days old: what is younger was neither learned from nor judged on.
    let is_old = |day: &jiff::civil::Date| *day <= date(2026, 10, 23);
    let newest = cohort().rows().iter().map(|row| row.landmark_date).filter(is_old).max().unwrap();
    assert_eq!(bundle.cutoff, Some(newest.to_string()));
    let report: Value =
        serde_json::from_slice(&cluster.read(&format!("{STORE}/{}", report_file(&evidence.report)))).unwrap();
    let counts = &report["records"]["counts"];
    assert!(counts["labelled"].as_u64().unwrap() > 1_500, "{counts}");
    assert_eq!(counts["contradictory"], 0);
    let rows = String::from_utf8(cluster.read("scratch/in/rows.csv")).unwrap();
    let held = |patient: u32| is_holdout("ONC-302", &format!("N-{patient}"), 0.25);
    let of_records: Vec<u32> =
        rows.lines().filter_map(|line| u32::from_str_radix(line.split(',').next()?, 16).ok()).collect();
    assert!(of_records.len() > 1_000 && of_records.iter().all(|patient| !held(*patient)));
}

#[test]
fn the_same_records_give_the_same_bundle_on_a_later_day() {
    let cluster = with_cohort("records-later");
    // All labels are certain by the first of the days: the time of the training is the only thing that differs.
    let bundle = |day: &str| {
        let asked = Task { records: Some(RecordsAsked { cutoff: day.into() }), ..task(1, &spec(), None) };
        let answer = cluster.answered(&asked);
        assert_eq!(answer.outcome, Judged::Passed, "{day}: {}", answer.message);
        answer.evidence.unwrap().bundle
    };
    assert_eq!(bundle("2027-01-20"), bundle("2027-06-20"));
}

#[test]
fn a_batch_that_comes_between_prepare_and_evaluate_counts_next_time_and_one_that_changes_is_told() {
    let cluster = with_cohort("between");
    let asked = asking(1, &spec(), None);
    let (done, _) = cluster.again(&asked, &[Step::Prepare, Step::Train]);
    done.unwrap();
    let late = batch::write(&Head { sequence: 1, ..head(Kind::Predictions) }, &[] as &[Prediction]).unwrap();
    cluster.write(&format!("{STORE}/records/2026-10-01/w-1.ndjson.gz"), &late);
    let (done, text) = cluster.again(&asked, &[Step::Evaluate]);
    done.unwrap();
    assert!(text.contains("FloorsMet"), "{text}");

    let other = Task { version: 2, ..asking(2, &spec(), None) };
    let (done, _) = cluster.job(&other);
    done.unwrap();
    let asked = Task { version: 3, ..asking(3, &spec(), None) };
    let (done, _) = cluster.again(&asked, &[Step::Prepare, Step::Train]);
    done.unwrap();
    fs::remove_file(cluster.root.join(STORE).join("records/2026-10-01/w-1.ndjson.gz")).unwrap();
    let (done, _) = cluster.again(&asked, &[Step::Evaluate]);
    let failure = done.unwrap_err();
    assert_eq!(failure.code(), 1);
    assert!(
        failure.to_string().contains("records/2026-10-01/w-1.ndjson.gz is no longer what was trained on"),
        "{failure}"
    );
}

#[test]
fn a_spoilt_batch_is_bad_input_by_its_name() {
    let cluster = with_cohort("spoilt");
    let name = "records/2026-10-01/w-0.ndjson.gz";
    let mut bytes = cluster.read(&format!("{STORE}/{name}"));
    bytes.truncate(bytes.len() / 2);
    cluster.write(&format!("{STORE}/{name}"), &bytes);
    let answer = cluster.refused(&asking(1, &spec(), None));
    assert_eq!((answer.outcome, answer.reason.as_str()), (Judged::BadInput, "BadRecords"));
    assert!(answer.message.starts_with(&format!("{name}: it is damaged or cut off")), "{}", answer.message);
}

#[test]
fn assemble_writes_labelled_rows_on_a_laptop() {
    let cluster = with_cohort("assemble");
    let file = cluster.root.join("model.yaml");
    let manifest = json!({"apiVersion": "trialops.dev/v1alpha1", "kind": "DropoutModel",
        "metadata": {"name": "onc-302"}, "spec": spec()});
    fs::write(&file, manifest.to_string()).unwrap();
    let out = cluster.root.join("rows.csv");
    let run = |cutoff: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_dropout-trainer"))
            .args(["assemble", "--cutoff", cutoff, "--spec"])
            .arg(&file)
            .arg("--records")
            .arg(cluster.root.join(STORE))
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run("2026-11-20");
    assert_eq!(code, Some(0), "{told}");
    let rows = fs::read_to_string(&out).unwrap();
    assert!(rows.starts_with("patient_id,days_in_trial,landmark_date,age,"), "{rows:.120}");
    assert!(told.starts_with(&format!("{} rows of ", rows.lines().count() - 1)), "{told}");
    assert!(rows.lines().next().unwrap().ends_with(",dropout_28d,side"));
    assert_eq!(run("soon").0, Some(2));
}
