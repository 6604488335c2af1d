//! What is taken from whom: keys of named clients, their rows, wrong keys, on the real binary and without a port.
#![allow(clippy::unwrap_used)]

mod common;

use axum::http::{Request, StatusCode};
use common::{
    Folder, GOOD, KEY, Service, bytes,
    calls::{call, post},
    connect, get, policy, predict, until,
};
use dropout_inference::{
    context::Context,
    keys::Keys,
    row::LandmarkFields,
    version::{Decisions, Terms, Version},
};
use dropout_model::digest::digest;
use std::{fs, io::Write, sync::Arc, time::Duration};

fn limited(rows_per_second: u32) -> Arc<Context> {
    let context = Context::new().limited(Some(rows_per_second));
    context.accept(Keys::new([KEY]));
    let (policy, landmark) = (Decisions::Given(policy()), LandmarkFields::default());
    let terms =
        Terms { name: "v3".into(), digest: None, policy, accepts: Vec::new(), landmark, metrics: Default::default() };
    context.serve(Version::read(&bytes(), terms).unwrap());
    Arc::new(context)
}

#[tokio::test]
async fn more_rows_than_a_client_may_have_wait_as_they_are_told() {
    let context = limited(5);
    let batch = format!(r#"{{"rows":[{}]}}"#, vec![GOOD; 100].join(","));
    let request =
        Request::post("/v1/predict:batch").header("x-api-key", KEY).header("content-type", "application/json");
    assert_eq!(call(&context, request.body(batch.into()).unwrap()).await.0, StatusCode::OK);
    let (status, headers, problem) = call(&context, post(GOOD)).await;
    assert_eq!((status, &problem["status"]), (StatusCode::TOO_MANY_REQUESTS, &429.into()));
    let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((18..=20).contains(&wait), "{wait}");
}

#[test]
fn a_key_is_renewed_without_a_gap_and_a_revoked_one_is_refused_without_a_restart() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let is = |key: &str, status: u16| predict(service.port, key, GOOD).0 == status;
    // Who waits shows many wrong keys, and is told to wait.
    let is_refused = |key: &str| matches!(predict(service.port, key, GOOD).0, 401 | 429);
    assert!(is(KEY, 200) && is("second", 401));
    folder.write("keys/app", format!("{KEY}\n{}\n", digest(b"second")).as_bytes());
    until("both keys are accepted", || is(KEY, 200) && is("second", 200));
    folder.write("keys/app", digest(b"second").as_bytes());
    until("the old key is refused", || is_refused(KEY) && is("second", 200));
    folder.write("keys/app", b"sha256:nonsense");
    until("nothing is accepted", || is_refused("second"));
    assert_eq!(get(service.health, "/readyz").0, 503);
    fs::remove_file(folder.path("keys/app")).unwrap();
    folder.write("keys/nurses", b"third");
    until("another client is", || is("third", 200));
    service.terminate();
    let (_, log) = service.end();
    assert!(log.contains(r#""client":"app""#) && log.contains(r#""client":"nurses""#), "{log}");
    assert!(log.contains(r#""entries":"app""#), "{log}");
    for secret in [KEY, "second", "third", "nonsense"] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[test]
fn a10_a_client_that_never_reads_is_left() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let mut stream = connect(service.port);
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let ask = format!("GET /openapi.json HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n\r\n");
    // Far more answers than both ends have room for.
    let asked = (0..1_000_000).take_while(|_| stream.write_all(ask.as_bytes()).is_ok()).count();
    assert!(asked < 1_000_000, "every request was taken");
    until("the connection is closed", || {
        get(service.health, "/metrics").2.contains("dropout_inference_connections 0\n")
    });
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
}

#[test]
fn a06_many_wrong_keys_of_an_address_are_told_to_wait_and_the_right_one_still_passes() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    // A refused body is not read, so each key has a connection of its own.
    let ask = |key: &str| predict(service.port, key, GOOD);
    let answers: Vec<(u16, String, String)> = (0..40).map(|at| ask(&format!("wrong-{at}"))).collect();
    assert!(answers[..20].iter().all(|(status, ..)| *status == 401));
    let (status, head, _) = answers.last().unwrap();
    assert!(*status == 429 && head.to_lowercase().contains("retry-after: "), "{head}");
    assert_eq!(ask(KEY).0, 200);
}
