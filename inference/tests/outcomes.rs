//! `POST /v1/outcomes` and the fields of the landmark, without a port: what is taken, what is refused and how, and that
//! nothing is answered as taken that is not in the store.
#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use common::{
    Folder, GOOD, KEY, bytes,
    calls::{call, context, post, problem_json, unloaded},
    kept::{lines, pseudonyms},
    policy,
};
use dropout_inference::{
    context::Context,
    keeping::Keeping,
    records::Records,
    row::LandmarkFields,
    version::{Decisions, Terms, Version},
};
use dropout_model::record::{Event, Kind, Outcome};
use jiff::{ToSpan, Zoned, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::sync::Arc;

const SEEN: &str = r#"{"patient_id":"P-001","event":"Seen","date":"2026-01-31"}"#;

/// A context that keeps records in a folder.
fn keeping(folder: &Folder) -> Arc<Context> {
    let context = unloaded();
    let setting = folder.setting(0);
    let landmark = LandmarkFields { date: setting.index.clone(), day: setting.landmark.clone() };
    let terms = Terms {
        name: "v3".into(),
        digest: None,
        policy: Decisions::Given(policy()),
        accepts: Vec::new(),
        landmark,
        metrics: Default::default(),
    };
    context.serve(Version::read(&bytes(), terms).unwrap());
    let keeping = Keeping::of(setting).unwrap();
    context.keep(Records::start(keeping, context.version().unwrap(), context.metrics().records()).unwrap());
    context
}

fn telling(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/v1/outcomes").header("x-api-key", KEY).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

fn today() -> Date {
    Zoned::now().with_time_zone(TimeZone::UTC).date()
}

#[tokio::test]
async fn an_outcome_is_in_the_store_when_it_is_answered_and_the_same_one_has_the_same_id() {
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    let (status, _, first) = call(&context, telling(SEEN)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let batches = folder.outcomes();
    let kept = lines(&batches);
    let patient = pseudonyms().of("P-001").text();
    let id = first["ids"][0].as_str().unwrap().to_owned();
    let expected = |time: &str| Outcome {
        id: id.clone(),
        time: time.into(),
        patient: patient.clone(),
        event: Event::Seen,
        date: "2026-01-31".into(),
    };
    assert_eq!(kept, [expected(&kept[0].time)]);
    let head = &batches[0].head;
    assert_eq!((head.kind, head.sequence, head.dropped, head.study.as_str()), (Kind::Outcomes, 0, 0, "ONC-302"));
    assert_eq!(batches[0].name, format!("outcomes/{}/{}-0.ndjson.gz", &kept[0].time[..10], head.writer));

    let list = format!(r#"{{"outcomes":[{SEEN},{},{SEEN}]}}"#, SEEN.replace("P-001", "P-002"));
    let (status, _, second) = call(&context, telling(list)).await;
    assert_eq!((status, &second["ids"][0], &second["ids"][2]), (StatusCode::ACCEPTED, &json!(id), &json!(id)));
    assert_ne!(second["ids"][1], json!(id));
    let batches = folder.outcomes();
    let kept: Vec<Vec<&str>> =
        batches.iter().map(|batch| batch.lines.iter().map(|line| line.id.as_str()).collect()).collect();
    assert_eq!(kept, [vec![id.as_str()], vec![id.as_str(), second["ids"][1].as_str().unwrap()]]);
    assert_eq!(batches[1].head.sequence, 1);
}

#[tokio::test]
async fn a_thousand_outcomes_of_the_longest_kind_are_taken_at_once() {
    let (folder, id) = (Folder::keeping(0), "x".repeat(124));
    let context = keeping(&folder);
    let (_, _, answer) = call(&context, post(GOOD.replace("P-001", &format!("{id}0001")))).await;
    let item = |at: usize| {
        let mut item = json!({"patient_id": format!("{id}{at:04}"), "event": "Completed", "date": "2026-01-31"});
        if at == 1 {
            item["prediction_id"] = answer["prediction_id"].clone();
        }
        item
    };
    let body = json!({"outcomes": (0..1000).map(item).collect::<Vec<_>>()}).to_string();
    let (status, _, answer) = call(&context, telling(body)).await;
    assert_eq!((status, answer["ids"].as_array().unwrap().len()), (StatusCode::ACCEPTED, 1000));
    assert_eq!(lines(&folder.outcomes()).len(), 1000);
    let more = json!({"outcomes": (0..1001).map(|_| 1).collect::<Vec<_>>()}).to_string();
    let (_, _, answer) = call(&context, telling(more)).await;
    assert_eq!(answer["errors"], json!([{"field": "outcomes", "problem": "must hold 1 to 1000 items"}]));
    let (status, _, _) = call(&context, telling(" ".repeat((256 << 10) + 1))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_prediction_is_known_to_every_process_and_only_for_its_patient() {
    let (folder, other) = (Folder::keeping(0), Folder::keeping(0));
    other.write("pseudonym/key", &[b'o'; 40]);
    let contexts = [keeping(&folder), keeping(&folder)];
    let stranger = keeping(&other);
    let (_, _, answer) = call(&contexts[0], post(GOOD)).await;
    let id = answer["prediction_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let with = |patient: &str, id: &Value| {
        let mut body = json!({"patient_id": patient, "event": "Dropout", "date": "2026-01-31"});
        body["prediction_id"] = id.clone();
        telling(body.to_string())
    };
    for context in &contexts {
        assert_eq!(call(context, with("P-001", &json!(id))).await.0, StatusCode::ACCEPTED);
        assert_eq!(call(context, with("P-001", &Value::Null)).await.0, StatusCode::ACCEPTED);
        for (patient, id) in [("P-002", id), ("P-001", &"0".repeat(32)), ("P-001", "no-id"), ("P-001", "")] {
            let (status, _, answer) = call(context, with(patient, &json!(id))).await;
            let problem = answer["errors"][0]["problem"].as_str().unwrap();
            assert_eq!(
                (status, &answer["errors"][0]["field"]),
                (StatusCode::UNPROCESSABLE_ENTITY, &json!("prediction_id"))
            );
            assert!(problem.contains("unknown prediction") && (id.is_empty() || !problem.contains(id)), "{problem}");
        }
    }
    assert_eq!(call(&stranger, with("P-001", &json!(id))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn bad_outcomes_are_refused_with_place_and_field_and_nothing_of_the_request_is_taken() {
    const DATE: &str = "must be a date, YYYY-MM-DD, from 1900-01-01 to at most one day in the future";
    const EVENT: &str = "must be Dropout, Completed, Censored or Seen";
    const ID: &str = "must be a text of 1 to 128 characters";
    let with = |from: &str, to: &str| SEEN.replace(from, to);
    let future = (today() + 2.days()).to_string();
    let cases = [
        (with("P-001", ""), "patient_id", ID),
        (with(r#""P-001""#, "1"), "patient_id", ID),
        (with(r#""P-001""#, "null"), "patient_id", ID),
        (with(r#""patient_id":"P-001","#, ""), "patient_id", ID),
        (with("P-001", &"x".repeat(129)), "patient_id", ID),
        (with("Seen", "seen"), "event", EVENT),
        (with("Seen", "Canary"), "event", EVENT),
        (with(r#""Seen""#, "[]"), "event", EVENT),
        (with(r#""event":"Seen","#, ""), "event", EVENT),
        (with("2026-01-31", "2026-02-30"), "date", DATE),
        (with("2026-01-31", "31/01/2026"), "date", DATE),
        (with("2026-01-31", "2026-01-31T00:00:00Z"), "date", DATE),
        (with("2026-01-31", "0001-01-01"), "date", DATE),
        (with("2026-01-31", &future), "date", DATE),
        (with(r#""2026-01-31""#, "20260131"), "date", DATE),
        (with(r#","date":"2026-01-31""#, ""), "date", DATE),
        (with("}", r#","site":"canary"}"#), "site", "is no field of an outcome"),
        (with("}", r#","date":"2026-01-30"}"#), "date", "is given twice"),
        (with("}", r#","\u0064ate":"2026-01-31"}"#), "date", "is given twice"),
        (with("}", r#","prediction_id":7}"#), "prediction_id", "must be a text"),
    ];
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    for (body, field, problem) in cases {
        for (body, field) in [
            (body.clone(), field.to_owned()),
            (format!(r#"{{"outcomes":[{SEEN},{body}]}}"#), format!("outcomes[1].{field}")),
        ] {
            let (status, headers, answer) = call(&context, telling(body.clone())).await;
            assert_eq!(
                (status, &headers["content-type"]),
                (StatusCode::UNPROCESSABLE_ENTITY, &problem_json()),
                "{body}"
            );
            assert_eq!(answer["errors"], json!([{"field": field, "problem": problem}]), "{body}");
        }
    }
    assert!(folder.outcomes().is_empty());
}

#[tokio::test]
async fn bodies_that_hold_no_outcomes_are_refused_as_a_whole() {
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    for (body, field, problem) in [
        ("[1]".to_owned(), "", "must be a JSON object"),
        ("7".to_owned(), "", "must be a JSON object"),
        (r#"{"outcomes":[]}"#.to_owned(), "outcomes", "must hold 1 to 1000 items"),
        (r#"{"outcomes":{}}"#.to_owned(), "outcomes", "must be a list, and the only field"),
        (format!(r#"{{"outcomes":[{SEEN}],"date":"x"}}"#), "outcomes", "must be a list, and the only field"),
        (format!(r#"{{"outcomes":[{SEEN}],"outcomes":[{SEEN}]}}"#), "outcomes", "must be a list, and the only field"),
        (format!(r#"{{"outcomes":[{SEEN},7]}}"#), "outcomes[1]", "must be an object"),
    ] {
        let (status, _, answer) = call(&context, telling(body.clone())).await;
        assert_eq!(
            (status, &answer["errors"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!([{"field": field, "problem": problem}])),
            "{body}"
        );
    }
    for body in ["", "{", r#"{"patient_id":"canary"#, "{} {}", &"[".repeat(100_000)] {
        let (status, _, answer) = call(&context, telling(body.to_owned())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!answer.to_string().contains("canary"));
    }
    let many = format!(r#"{{"outcomes":[{}]}}"#, vec!["{}"; 1000].join(","));
    let (_, _, answer) = call(&context, telling(many)).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 32);
    assert!(folder.outcomes().is_empty());
}

#[tokio::test]
async fn outcomes_that_contradict_each_other_are_refused_together() {
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    let item = |(event, date): (&str, &str)| json!({"patient_id": "P-001", "event": event, "date": date});
    let other = json!({"patient_id": "P-002", "event": "Dropout", "date": "2026-01-01"});
    let contradicts = "contradicts outcomes[1]: a patient leaves once and in one way";
    for (first, second, field, problem) in [
        (("Dropout", "2026-01-31"), ("Completed", "2026-02-10"), "outcomes[2].event", contradicts),
        (("Completed", "2026-01-31"), ("Dropout", "2026-01-31"), "outcomes[2].event", contradicts),
        (("Dropout", "2026-01-31"), ("Dropout", "2026-01-30"), "outcomes[2].event", contradicts),
        (("Censored", "2026-01-31"), ("Completed", "2026-01-31"), "outcomes[2].event", contradicts),
        (
            ("Dropout", "2026-01-31"),
            ("Seen", "2026-02-01"),
            "outcomes[2].date",
            "is after outcomes[1], with which the patient left",
        ),
    ] {
        let body = json!({"outcomes": [other.clone(), item(first), item(second)]}).to_string();
        let (status, _, answer) = call(&context, telling(body.clone())).await;
        assert_eq!(
            (status, &answer["errors"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!([{"field": field, "problem": problem}])),
            "{body}"
        );
    }
    assert!(folder.outcomes().is_empty());
    let fine = [item(("Seen", "2026-01-31")), item(("Dropout", "2026-01-31")), item(("Dropout", "2026-01-31")), other];
    assert_eq!(call(&context, telling(json!({"outcomes": fine}).to_string())).await.0, StatusCode::ACCEPTED);
    assert_eq!(lines(&folder.outcomes()).len(), 3);
}

#[tokio::test]
async fn outcomes_are_refused_while_the_store_is_down_and_taken_when_it_is_back() {
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    assert_eq!(call(&context, telling(SEEN)).await.0, StatusCode::ACCEPTED);
    folder.lose_store();
    for _ in 0..3 {
        let (status, headers, answer) = call(&context, telling(SEEN)).await;
        assert_eq!(
            (status, &headers["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"2".parse().unwrap()),
            "{answer}"
        );
    }
    folder.return_store();
    assert_eq!(call(&context, telling(SEEN)).await.0, StatusCode::ACCEPTED);
    let sequences: Vec<u64> = folder.outcomes().iter().map(|batch| batch.head.sequence).collect();
    assert_eq!(sequences, [0, 1]);
    let numbers = context.metrics().text().unwrap();
    assert!(
        numbers.contains("outcomes_written_total 2") && numbers.contains("record_store_failures_total 3"),
        "{numbers}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_told_at_the_same_time_are_all_in_the_store() {
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    let tasks: Vec<_> = (0..12)
        .map(|client| {
            let context = Arc::clone(&context);
            tokio::spawn(async move {
                for at in 0..20 {
                    let body = SEEN.replace("P-001", &format!("P-{client}-{at}"));
                    assert_eq!(call(&context, telling(body)).await.0, StatusCode::ACCEPTED);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let batches = folder.outcomes();
    let sequences: Vec<u64> = batches.iter().map(|batch| batch.head.sequence).collect();
    assert_eq!(sequences, (0..batches.len() as u64).collect::<Vec<_>>());
    assert_eq!(lines(&batches).len(), 240);
}

#[tokio::test]
async fn without_records_there_are_no_outcomes_and_no_fields_of_the_landmark() {
    let (status, _, answer) = call(&context(), telling(SEEN)).await;
    assert_eq!(
        (status, &answer["detail"]),
        (StatusCode::CONFLICT, &json!("This service keeps no records, so it takes no outcomes."))
    );
    let (status, _, _) = call(&context(), post(GOOD.replace('}', r#","visit_date":"2026-01-31"}"#))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let unkeyed = Request::post("/v1/outcomes").body(Body::from(SEEN)).unwrap();
    assert_eq!(call(&context(), unkeyed).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn fields_of_the_landmark_are_checked_and_never_repeated() {
    const DATE: &str = "must be a date, YYYY-MM-DD, from 1900-01-01 to at most one day in the future";
    const DAY: &str = "must be a number or a text of 1 to 32 letters, digits, points, hyphens, underscores and spaces";
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    let with = |field: &str, value: &str| GOOD.replace('}', &format!(r#","{field}":{value}}}"#));
    let days = |days: i32| format!("\"{}\"", today() + days.days());
    for (field, value) in [
        ("visit_date", days(1)),
        ("visit_date", "null".into()),
        ("trial_day", "56.5".into()),
        ("trial_day", "null".into()),
    ] {
        assert_eq!(call(&context, post(with(field, &value))).await.0, StatusCode::OK, "{field} {value}");
    }
    let cases = [
        (with("visit_date", &days(2)), "visit_date", DATE),
        (with("visit_date", r#""2026-02-30""#), "visit_date", DATE),
        (with("visit_date", "20260131"), "visit_date", DATE),
        (with("visit_date", r#""2026-01-31","visit_date":"2026-01-31""#), "visit_date", "is given twice"),
        (with("trial_day", "true"), "trial_day", DAY),
        (with("trial_day", r#""""#), "trial_day", DAY),
        (with("trial_day", r#""a\nb""#), "trial_day", DAY),
        (with("trial_day", &format!("\"{}\"", "9".repeat(33))), "trial_day", DAY),
        (with("trial_date", "1"), "trial_date", "is no field of this model"),
    ];
    for (body, field, problem) in cases {
        let (status, _, answer) = call(&context, post(body.clone())).await;
        assert_eq!(
            (status, &answer["errors"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!([{"field": field, "problem": problem}])),
            "{body}"
        );
    }
    let request = Request::get("/v1/model").header("x-api-key", KEY).body(Body::empty()).unwrap();
    let (_, _, card) = call(&context, request).await;
    assert_eq!((&card["index"], &card["landmark"]), (&json!("visit_date"), &json!("trial_day")));
}

#[tokio::test]
async fn any_changed_byte_of_an_outcome_is_taken_or_refused_and_never_a_fault() {
    let folder = Folder::keeping(0);
    let context = keeping(&folder);
    let body = format!(r#"{{"outcomes":[{SEEN}]}}"#);
    for at in 0..body.len() {
        for byte in *b"\0\"\\{}[],:0- \xff" {
            let mut body = body.clone().into_bytes();
            body[at] = byte;
            let status = call(&context, telling(body)).await.0.as_u16();
            assert!([202, 400, 422].contains(&status), "byte {byte} at {at}: {status}");
        }
    }
}
