//! Records of the real binary: what they hold, what they never hold, and what becomes of them when the store, the process
//! or the key is not there.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    Folder, GOOD, KEY, Service, binary, bytes, connect, get,
    kept::{Batch, ask, batches, lines, pseudonyms},
    predict, tell, until,
};
use dropout_inference::{
    keeping::Keeping,
    metrics::Metrics,
    moment::Moment,
    records::{Kept, Records},
    row::LandmarkFields,
    version::{Decisions, Terms, Version},
};
use dropout_model::{
    bundle::Cell,
    digest::digest,
    record::{CONTRACT, Head, Kind, PREDICTIONS, Prediction, Side},
    split::is_holdout,
};
use dropout_store::Store;
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    sync::Arc,
    thread::spawn,
    time::Duration,
};

/// An hour: nothing is written but at the end.
const NEVER: u64 = 3600;

fn body(at: usize) -> String {
    let mut body = json!({
        "patient_id": format!("canary-P-{at:03}"), "age": 20 + at % 60, "distance_km": at as f64 + 0.1,
        "missed_visits": at % 4, "arm": if at.is_multiple_of(2) { "A" } else { "B" },
    });
    let fields = body.as_object_mut().unwrap();
    match at % 4 {
        0 => drop(fields.insert("visit_date".into(), json!("2026-01-31"))),
        1 => drop(fields.insert("trial_day".into(), json!(56))),
        2 => drop(fields.insert("missed_visits".into(), Value::Null)),
        _ => drop(fields.insert("trial_day".into(), json!("V 3"))),
    }
    body.to_string()
}

/// Asks for predictions on one connection; each answer is 200.
fn ask_all(port: u16, places: std::ops::Range<usize>) -> Vec<(Value, Value)> {
    let mut stream = connect(port);
    let asked = places.map(|at| {
        let body = body(at);
        let (status, answer) = ask(&mut stream, &body);
        assert_eq!(status, 200, "{answer}");
        (serde_json::from_str(&body).unwrap(), serde_json::from_str(&answer).unwrap())
    });
    asked.collect()
}

/// What a record must be, but for its time.
fn expected((asked, answered): &(Value, Value), time: &str) -> Prediction {
    let patient = asked["patient_id"].as_str().unwrap();
    let features = ["age", "distance_km", "missed_visits", "arm"];
    let value = |name: &str| match name {
        // A Number is a number whether or not it was sent with a point.
        "missed_visits" => asked[name].as_f64().map_or(Value::Null, Value::from),
        _ => asked[name].clone(),
    };
    Prediction {
        id: answered["prediction_id"].as_str().unwrap().into(),
        time: time.into(),
        patient: pseudonyms().of(patient).text(),
        side: if is_holdout("ONC-302", patient, 0.25) { Side::Holdout } else { Side::Training },
        date: asked["visit_date"].as_str().unwrap_or(&time[..10]).into(),
        landmark: asked.get("trial_day").map(|day| day.as_str().map_or("56", |text| text).to_owned()),
        features: features.into_iter().map(|name| (name.to_owned(), value(name))).collect(),
        risk: answered["probability"].as_f64().unwrap(),
        version: "v3".into(),
        bundle: digest(&bytes()),
        is_dropout: answered["dropout_prediction"] == 1,
        tier: answered["risk_level"].as_str().unwrap().into(),
    }
}

fn assert_kept(kept: &[Prediction], asked: &[(Value, Value)]) {
    assert_eq!(kept.len(), asked.len());
    let by_id: HashMap<&str, &Prediction> = kept.iter().map(|one| (one.id.as_str(), one)).collect();
    for pair in asked {
        let kept = by_id[pair.1["prediction_id"].as_str().unwrap()];
        assert_eq!(*kept, expected(pair, &kept.time));
        assert_eq!(kept.risk.to_bits(), pair.1["probability"].as_f64().unwrap().to_bits());
    }
}

/// Each batch is under the name of its writer, number and day, and numbers have no gap.
fn assert_in_order(batches: &[Batch<Prediction>]) {
    let mut next: HashMap<&str, u64> = HashMap::new();
    for Batch { name, head, lines, text } in batches {
        let number = next.entry(&head.writer).or_default();
        let expected = Head {
            contract: CONTRACT.into(),
            kind: Kind::Predictions,
            study: "ONC-302".into(),
            key: "2026-01".into(),
            holdout_fraction: 0.25,
            writer: head.writer.clone(),
            sequence: *number,
            dropped: 0,
            lines: lines.len() as u64,
        };
        assert_eq!(*head, expected);
        *number += 1;
        let day = &name[PREDICTIONS.len() + 1..][..10];
        assert_eq!(*name, format!("records/{day}/{}-{}.ndjson.gz", head.writer, head.sequence));
        assert!(lines.iter().all(|line| line.time.len() == 24 && line.time.starts_with(day)));
        assert!(!text.contains("canary"), "an identifier is in {name}");
    }
}

#[test]
fn records_are_what_was_asked_and_answered() {
    let folder = Folder::keeping(NEVER);
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let asked = ask_all(service.port, 0..120);
    let numbers = get(service.health, "/metrics").2;
    assert!(numbers.contains("dropout_inference_records_waiting 120"), "{numbers}");
    service.terminate();
    assert_eq!(service.end().0.code(), Some(0));
    let batches = folder.predictions();
    assert_eq!(batches.len(), 1);
    assert_in_order(&batches);
    let kept = lines(&batches);
    assert_kept(&kept, &asked);
    assert_eq!(kept.iter().map(|one| one.side == Side::Holdout).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn batches_are_numbered_without_a_gap_and_written_in_time() {
    let folder = Folder::keeping(0);
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let mut asked = Vec::new();
    for wave in 0..4 {
        asked.extend(ask_all(service.port, wave * 10..wave * 10 + 10));
        until("the wave is written", || lines(&folder.predictions()).len() == asked.len());
    }
    let numbers = get(service.health, "/metrics").2;
    for line in
        ["records_written_total 40", "records_waiting 0", "records_dropped_total 0", "record_store_failures_total 0"]
    {
        assert!(numbers.contains(&format!("dropout_inference_{line}\n")), "{line} is not in\n{numbers}");
    }
    let batches = folder.predictions();
    assert!(batches.len() >= 4);
    assert_in_order(&batches);
    assert_kept(&lines(&batches), &asked);
}

#[test]
fn a_killed_process_loses_what_was_not_written_and_the_next_is_another_writer() {
    let folder = Folder::keeping(0);
    let service = Service::start(&folder, &[]).ready();
    let asked = ask_all(service.port, 0..10);
    until("they are written", || lines(&folder.predictions()).len() == 10);
    service.kill();

    folder.write_serving_with(&digest(&bytes()), Some(folder.setting(NEVER)));
    let service = Service::start(&folder, &[]).ready();
    ask_all(service.port, 10..20);
    service.kill();
    assert_kept(&lines(&folder.predictions()), &asked);

    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let later = ask_all(service.port, 20..30);
    service.terminate();
    assert_eq!(service.end().0.code(), Some(0));
    let batches = folder.predictions();
    assert_in_order(&batches);
    assert_kept(&lines(&batches), &[asked, later].concat());
    assert_eq!(batches.iter().map(|batch| &batch.head.writer).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn a_store_that_is_down_changes_no_answer_and_gets_all_records_when_it_is_back() {
    let folder = Folder::keeping(0);
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let before = ask_all(service.port, 0..50);
    folder.lose_store();
    let down: Vec<_> = (0..10).flat_map(|_| ask_all(service.port, 0..50)).collect();
    until("a failure is counted", || {
        !get(service.health, "/metrics").2.contains("dropout_inference_record_store_failures_total 0\n")
    });
    let bits = |(_, answer): &(Value, Value)| answer["probability"].as_f64().unwrap().to_bits();
    assert!(down.iter().zip(before.iter().cycle()).all(|(one, same)| bits(one) == bits(same)));
    assert_eq!(get(service.health, "/readyz").0, 200);
    folder.return_store();
    let asked = [before, down].concat();
    until("all are written", || lines(&folder.predictions()).len() == asked.len());
    let batches = folder.predictions();
    assert_in_order(&batches);
    assert_kept(&lines(&batches), &asked);
    service.terminate();
    let (_, log) = service.end();
    for sentence in ["records cannot be written", "records are written again"] {
        assert_eq!(log.matches(sentence).count(), 1, "{log}");
    }
}

#[test]
fn a_store_that_is_down_at_the_end_does_not_keep_the_process_and_the_loss_is_said() {
    let folder = Folder::keeping(NEVER);
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    ask_all(service.port, 0..30);
    folder.lose_store();
    service.terminate();
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains(r#""lost":30"#), "{log}");
}

#[test]
fn two_processes_share_one_store() {
    let folder = Folder::keeping(0);
    let services: Vec<_> = (0..2).map(|_| Service::start(&folder, &["--drain", "0s"]).ready()).collect();
    let clients: Vec<_> = (0..8)
        .map(|at| (services[at % 2].port, at * 100..at * 100 + 100))
        .map(|(port, places)| spawn(move || ask_all(port, places)))
        .collect();
    let asked: Vec<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    for service in services {
        service.terminate();
        assert_eq!(service.end().0.code(), Some(0));
    }
    let batches = folder.predictions();
    assert_in_order(&batches);
    assert_kept(&lines(&batches), &asked);
    assert_eq!(batches.iter().map(|batch| &batch.head.writer).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn without_a_good_pseudonym_key_the_service_is_not_ready_and_says_why() {
    let folder = Folder::keeping(NEVER);
    fs::remove_file(folder.path("pseudonym/key")).unwrap();
    let service = Service::start(&folder, &["--drain", "0s"]);
    let reason = || get(service.health, "/readyz").2;
    until("its absence is said", || reason().contains("pseudonym/key cannot be read"));
    assert_eq!((predict(service.port, KEY, GOOD).0, tell(service.port, "{}").0), (503, 503));
    folder.write("pseudonym/key", b"canary-short-key");
    until("its length is said", || reason().contains("has 16 bytes; it must have 32 to 4096"));
    folder.write("pseudonym/key", &[b'x'; 32]);
    let service = service.ready();
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
    service.terminate();
    let log = service.end().1;
    assert!(log.contains("16 bytes") && !log.contains("canary"), "{log}");
}

#[test]
fn alone_it_keeps_records_in_a_folder_under_the_bundle_s_trial() {
    let folder = Folder::keeping(NEVER);
    let mut command = binary(&["--port", "0", "--health-port", "0", "--address", "127.0.0.1", "--drain", "0s"]);
    command.env("API_KEY", KEY).env("MODEL_PATH", folder.path("bundle.json")).env("RECORDS", folder.path("own"));
    command.env("PSEUDONYM_KEY_FILE", folder.path("pseudonym/key")).env("INDEX", "visit_date");
    let service = Service::spawn(command).ready();
    assert_eq!(predict(service.port, KEY, &GOOD.replace('}', r#","visit_date":"2026-02-01"}"#)).0, 200);
    assert_eq!(predict(service.port, KEY, &GOOD.replace('}', r#","trial_day":5}"#)).0, 422);
    assert_eq!(tell(service.port, r#"{"patient_id":"P-001","event":"Seen","date":"2026-02-01"}"#).0, 202);
    service.terminate();
    assert_eq!(service.end().0.code(), Some(0));
    let batches: Vec<Batch<Prediction>> = batches(&Store::at(&folder.path("own")), PREDICTIONS);
    let head = &batches[0].head;
    assert_eq!((head.study.as_str(), head.key.as_str(), head.holdout_fraction), ("ONC-302", "default", 0.25));
    assert_eq!((batches.len(), batches[0].lines[0].date.as_str()), (1, "2026-02-01"));
}

#[test]
fn nothing_but_records_holds_features_and_nothing_at_all_an_identifier_or_a_key() {
    let folder = Folder::keeping(0);
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let secret = GOOD.replace("P-001", "canary-id").replace("40.5", "40.512345");
    let (status, _, answer) = predict(service.port, KEY, &secret.replace('}', r#","trial_day":"canaryday"}"#));
    assert_eq!(status, 200);
    let mut answers = answer;
    for (from, to) in [("}", r#","visit_date":"canary-date"}"#), ("}", r#","trial_day":"canary/day"}"#)] {
        let (status, _, answer) = predict(service.port, KEY, &secret.replace(from, to));
        assert_eq!(status, 422, "{answer}");
        answers.push_str(&answer);
    }
    let told = r#"{"patient_id":"canary-id","event":"Seen","date":"2026-02-01"}"#;
    let bad =
        [told.replace("Seen", "canary-event"), told.replace("2026-02-01", "canary-date"), told.replace('}', "canary")];
    for (body, expected) in [(told.to_owned(), 202)].into_iter().chain(bad.into_iter().zip([422, 422, 400])) {
        let (status, _, answer) = tell(service.port, &body);
        assert_eq!(status, expected, "{answer}");
        answers.push_str(&answer);
    }
    until("it is written", || lines(&folder.predictions()).len() == 1);
    folder.lose_store();
    assert_eq!((predict(service.port, KEY, &secret).0, tell(service.port, told).0), (200, 503));
    let numbers = get(service.health, "/metrics").2;
    answers.push_str(&get(service.health, "/readyz").2);
    folder.return_store();
    service.terminate();
    let (_, log) = service.end();
    let pseudonym = pseudonyms().of("canary-id").text();
    for text in [&log, &numbers, &answers] {
        assert!(!text.contains("canary") && !text.contains("40.512345") && !text.contains(&pseudonym), "{text}");
    }
    let kept: String = folder.predictions().into_iter().map(|batch| batch.text).collect();
    let told: String = folder.outcomes().into_iter().map(|batch| batch.text).collect();
    assert!(kept.contains("40.512345") && kept.contains("canaryday") && told.contains(&pseudonym));
    let identifier = ["canary-id", KEY, "canary-pseudonym"];
    assert!(identifier.iter().all(|canary| !kept.contains(canary) && !told.contains(canary)));
}

/// Records in this process, as a service would keep them.
fn records(folder: &Folder, metrics: &Metrics) -> (Arc<Version>, Records) {
    let (policy, landmark) = (Decisions::Given(common::policy()), LandmarkFields::default());
    let terms =
        Terms { name: "v3".into(), digest: None, policy, accepts: Vec::new(), landmark, metrics: Default::default() };
    let version = Arc::new(Version::read(&bytes(), terms).unwrap());
    let keeping = Keeping::of(folder.setting(0)).unwrap();
    let records = Records::start(keeping, &version, metrics.records()).unwrap();
    (version, records)
}

/// A prediction with so many bytes beside its numbers.
fn kept(version: &Arc<Version>, records: &Records, bytes: usize) -> Kept {
    Kept {
        version: Arc::clone(version),
        id: "0".repeat(32),
        moment: Moment::now(),
        patient: records.patient("P-1"),
        date: None,
        landmark: None,
        cells: vec![Cell::Number(1.0), Cell::Number(2.5), Cell::Missing, Cell::Category("B".repeat(bytes))],
        risk: 0.5,
    }
}

#[tokio::test]
async fn what_a_store_that_is_down_makes_too_much_is_counted_and_told_by_the_next_head() {
    for (asked, weight) in [(60_000, 1), (2_000, 40_000)] {
        let (folder, metrics) = (Folder::keeping(0), Metrics::new());
        let (version, records) = records(&folder, &metrics);
        folder.lose_store();
        for _ in 0..asked {
            records.keep(kept(&version, &records, weight));
        }
        let numbers = metrics.records();
        let (waiting, dropped) = (numbers.waiting.get(), numbers.dropped.get());
        assert!(dropped > 0 && waiting > 0, "{waiting} {dropped}");
        // A full batch is 10,000 lines or 4 MiB and one line, the queue 16,384 or 8 MiB.
        let most = if weight == 1 { 26_384 } else { (12 << 20) / weight as i64 + 2 };
        assert!(waiting <= most, "{waiting} wait, at most {most} may");
        folder.return_store();
        assert_eq!(records.flush(Duration::from_secs(60)).await, 0);
        let batches = folder.predictions();
        let sequences: Vec<u64> = batches.iter().map(|batch| batch.head.sequence).collect();
        assert_eq!(sequences, (0..batches.len() as u64).collect::<Vec<_>>());
        let told = batches.last().unwrap().head.dropped;
        assert_eq!((told, lines(&batches).len() as u64 + told), (numbers.dropped.get(), asked));
        assert!(batches.is_sorted_by_key(|batch| batch.head.dropped));
    }
}

#[tokio::test]
async fn a_batch_holds_one_day_and_is_in_its_folder() {
    let (folder, metrics) = (Folder::keeping(NEVER), Metrics::new());
    let (version, records) = records(&folder, &metrics);
    let days = ["2026-02-27T23:59:59.999Z", "2026-02-28T00:00:00Z", "2026-02-28T23:59:59Z", "2026-03-01T12:00:00Z"];
    for day in days {
        let moment = Moment::from(day.parse::<jiff::Timestamp>().unwrap());
        records.keep(Kept { moment, ..kept(&version, &records, 1) });
    }
    assert_eq!(records.flush(Duration::from_secs(60)).await, 0);
    let batches = folder.predictions();
    assert_in_order(&batches);
    let dates: Vec<Vec<String>> =
        batches.iter().map(|batch| batch.lines.iter().map(|line| line.date.clone()).collect()).collect();
    assert_eq!(dates, [vec!["2026-02-27"], vec!["2026-02-28", "2026-02-28"], vec!["2026-03-01"]]);
}

#[tokio::test]
async fn losses_are_told_though_nothing_follows_them() {
    let (folder, metrics) = (Folder::keeping(0), Metrics::new());
    let (_, records) = records(&folder, &metrics);
    metrics.records().dropped.inc_by(7);
    until("the loss is told", || folder.predictions().last().is_some_and(|batch| batch.head.dropped == 7));
    assert_eq!(records.flush(Duration::from_secs(60)).await, 0);
    let batches = folder.predictions();
    assert_eq!((batches.len(), batches[0].head.lines), (1, 0));
}
