//! The real binary: readiness, exit codes, keys that change, silent connections, the cap, and an end that loses nothing.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, GOOD, KEY, Service, binary, bytes, connect, get, head, predict, response, until};
use dropout_model::digest::digest;
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{sleep, spawn},
    time::{Duration, Instant},
};

#[test]
fn missing_bundle_is_waited_for_and_said_in_readyz() {
    let folder = Folder::filled();
    fs::rename(folder.path("bundle.json"), folder.path("later.json")).unwrap();
    let service = Service::start(&folder, &[]);
    until("the reason is known", || get(service.health, "/readyz").2.contains("cannot be read"));
    let (status, _, reason) = get(service.health, "/readyz");
    assert_eq!((status, reason.contains("bundle.json")), (503, true), "{reason}");
    assert_eq!((get(service.health, "/livez").0, predict(service.port, KEY, GOOD).0), (200, 503));

    fs::rename(folder.path("later.json"), folder.path("bundle.json")).unwrap();
    let service = service.ready();
    let ready = format!("ready: v3 {}\n", digest(&bytes()));
    assert_eq!(get(service.health, "/readyz").2, ready);

    // A store that goes away later takes nothing from a running service.
    fs::remove_file(folder.path("bundle.json")).unwrap();
    assert_eq!((get(service.health, "/readyz").0, predict(service.port, KEY, GOOD).0), (200, 200));
}

#[test]
fn changed_byte_in_the_bundle_is_exit_3() {
    let folder = Folder::filled();
    let mut changed = bytes();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    folder.write("bundle.json", &changed);
    assert_eq!(refusal(&folder), (Some(3), "its bytes have changed".into()));
}

#[test]
fn golden_row_that_disagrees_is_exit_3_even_with_the_right_digest() {
    let folder = Folder::filled();
    let mut bundle = common::bundle();
    bundle.golden[1].risk += 1e-6;
    let bytes = bundle.to_bytes().unwrap();
    folder.write("bundle.json", &bytes);
    folder.write_serving(&digest(&bytes));
    assert_eq!(refusal(&folder), (Some(3), "golden row 2 scores".into()));
}

/// The exit code, and which of the two sentences the log holds.
fn refusal(folder: &Folder) -> (Option<i32>, String) {
    let (status, log) = Service::start(folder, &[]).end();
    let sentence = ["its bytes have changed", "golden row 2 scores"].into_iter().find(|part| log.contains(part));
    (status.code(), sentence.unwrap_or(&log).to_owned())
}

#[test]
fn bad_settings_are_exit_2() {
    let folder = Folder::filled();
    folder.write("serving.json", b"{}");
    for flags in [&["--serving", &folder.text("serving.json")][..], &["--nonsense"], &[]] {
        let output = binary(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn port_that_is_taken_is_exit_1() {
    let folder = Folder::filled();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = binary(&["--port", &port, "--health-port", "0", "--address", "127.0.0.1"]);
    command.env("API_KEY", KEY).env("MODEL_PATH", folder.path("bundle.json"));
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}

#[test]
fn alone_it_needs_a_bundle_and_a_key_and_takes_the_threshold_from_the_bundle() {
    let folder = Folder::filled();
    let mut command = binary(&["--port", "0", "--health-port", "0", "--address", "127.0.0.1"]);
    command.env("API_KEY", KEY).env("MODEL_PATH", folder.path("bundle.json"));
    let service = Service::spawn(command).ready();
    let (status, _, body) = predict(service.port, KEY, GOOD);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["model_version"]), (200, &"unversioned".into()));
    assert_eq!(answer["policy_hash"], Value::from(common::policy().hash()));
}

#[test]
fn keys_are_reread_when_the_mounted_secret_changes() {
    // As kubelet lays a Secret out: app -> ..data/app, ..data -> a folder that is replaced.
    let folder = Folder::filled();
    fs::remove_dir_all(folder.path("keys")).unwrap();
    fs::create_dir(folder.path("keys")).unwrap();
    let service = Service::start(&folder, &[]);
    until("the reason is known", || get(service.health, "/readyz").2.contains("holds no API key"));

    let point = |to: &str| {
        symlink(to, folder.path("keys/..new")).unwrap();
        fs::rename(folder.path("keys/..new"), folder.path("keys/..data")).unwrap();
    };
    folder.write("keys/..one/app", b"first\n");
    folder.write("keys/..two/app", b"second");
    point("..one");
    symlink("..data/app", folder.path("keys/app")).unwrap();
    let service = service.ready();
    assert_eq!((predict(service.port, "first", GOOD).0, predict(service.port, "second", GOOD).0), (200, 401));
    point("..two");
    until("the second key is accepted", || predict(service.port, "second", GOOD).0 == 200);
    // Who waited has shown many wrong keys by now, and may be told to wait.
    let is_refused = |key: &str| matches!(predict(service.port, key, GOOD).0, 401 | 429);
    assert!(is_refused("first"));

    // A folder that cannot be read leaves the keys as they were; an empty one revokes them.
    fs::rename(folder.path("keys"), folder.path("gone")).unwrap();
    sleep(Duration::from_secs(3));
    assert_eq!((predict(service.port, "second", GOOD).0, get(service.health, "/readyz").0), (200, 200));
    fs::create_dir(folder.path("keys")).unwrap();
    until("the second key is revoked", || is_refused("second"));
    assert_eq!(get(service.health, "/readyz").0, 503);
}

/// Whether the other side ends the connection within a generous bound, whatever it says before.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    ended.is_ok() || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[test]
fn silent_slow_and_idle_connections_are_closed_on_both_ports() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &["--header-timeout", "1s"]).ready();
    for port in [service.port, service.health] {
        let mut silent = connect(port);
        let mut slow = connect(port);
        slow.write_all(b"POST /predict HTTP/1.1\r\nhost: x\r\nx-api-").unwrap();
        assert!(is_closed(&mut silent) && is_closed(&mut slow));
    }
    let mut idle = connect(service.port);
    write!(idle, "{}{GOOD}", head(KEY, GOOD.len())).unwrap();
    assert_eq!(response(&mut idle).unwrap().0, 200);
    assert!(is_closed(&mut idle));
}

#[test]
fn connections_beyond_the_cap_are_told_so_at_once_until_one_is_free() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &["--max-connections", "2", "--header-timeout", "60s"]).ready();
    let (first, _second) = (connect(service.port), connect(service.port));
    until("both are open", || get(service.health, "/metrics").2.contains("dropout_inference_connections 2"));
    let (status, head, body) = predict(service.port, KEY, GOOD);
    assert!(status == 503 && head.contains("retry-after: 1\r\n") && head.contains("connection: close"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["status"], 503);
    assert_eq!(get(service.health, "/readyz").0, 200);
    assert!(get(service.health, "/metrics").2.contains("dropout_inference_connections_refused_total 1\n"));
    drop(first);
    until("one is free", || predict(service.port, KEY, GOOD).0 == 200);
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let status = |head: String| {
        let mut stream = connect(service.port);
        stream.write_all(head.as_bytes()).unwrap();
        response(&mut stream).unwrap().0
    };
    assert_eq!(status(head(&"k".repeat(20_000), 0)), 431);
    let many: String = (0..80).map(|at| format!("h{at}: 1\r\n")).collect();
    assert_eq!(status(format!("GET /v1/model HTTP/1.1\r\nhost: x\r\n{many}\r\n")), 431);
}

#[test]
fn termination_loses_no_request_and_ends_with_0() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &["--drain", "2s"]).ready();
    let port = service.port;
    let is_over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            spawn({
                let over = Arc::clone(&is_over);
                move || keep_asking(port, &over)
            })
        })
        .collect();

    let half = GOOD.len() / 2;
    let mut open: Vec<_> = (0..8).map(|_| connect(port)).collect();
    for stream in &mut open {
        write!(stream, "{}{}", head(KEY, GOOD.len()), &GOOD[..half]).unwrap();
    }
    sleep(Duration::from_millis(300));
    service.terminate();
    let reason = || get(service.health, "/readyz");
    until("it is unready", || reason().0 == 503);
    assert!(reason().2.contains("stopping"));
    let (status, answer_head, _) = predict(port, KEY, GOOD);
    assert!(status == 200 && answer_head.contains("connection: close"), "{answer_head}");

    // Clients move elsewhere within the drain, as they do when a pod's endpoint is gone.
    sleep(Duration::from_millis(700));
    is_over.store(true, Ordering::Relaxed);
    let answered: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(answered > 8, "only {answered} requests were answered");

    // The requests that were open at the time end well after the drain.
    sleep(Duration::from_secs(2));
    for stream in &mut open {
        stream.write_all(&GOOD.as_bytes()[half..]).unwrap();
        assert_eq!(response(stream).unwrap().0, 200);
    }
    let start = Instant::now();
    let (status, _) = service.end();
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// Asks on one connection for as long as it may, then on another; every request must be answered.
fn keep_asking(port: u16, is_over: &AtomicBool) -> usize {
    let mut answered = 0;
    let mut stream = connect(port);
    while !is_over.load(Ordering::Relaxed) {
        write!(stream, "{}{GOOD}", head(KEY, GOOD.len())).unwrap();
        let (status, head, _) = response(&mut stream).unwrap();
        assert_eq!(status, 200);
        answered += 1;
        if head.contains("connection: close") {
            stream = connect(port);
        }
    }
    answered
}

#[test]
fn log_and_metrics_hold_no_id_no_feature_and_no_key() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let secret = GOOD.replace("P-001", "canary-id").replace("40.5", "40.512345");
    let bodies = [
        (KEY, secret.clone()),
        ("canary-wrong", secret.clone()),
        (KEY, secret.replace("61", "1777000777")),
        (KEY, secret.replace(r#""B""#, r#""canary-arm""#)),
        (KEY, secret.replace("age", "canary-field")),
        (KEY, secret.replace('}', "")),
    ];
    let answers: String = bodies.iter().map(|(key, body)| predict(service.port, key, body).2).collect();
    let mut stream = connect(service.port);
    write!(stream, "CANARY /canary-path?k={KEY} HTTP/1.1\r\nhost: canary-host\r\n\r\n").unwrap();
    assert_eq!(response(&mut stream).unwrap().0, 404);
    let numbers = get(service.health, "/metrics");
    assert!(numbers.1.contains("content-type: application/openmetrics-text; version=1.0.0"));
    service.terminate();
    let (_, log) = service.end();
    assert_eq!(log.matches(r#""message":"ready""#).count(), 1);
    assert!(log.contains(r#""status":200"#) && log.contains(r#""tier":"Medium""#), "{log}");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    for canary in ["canary-id", "CANARY", KEY, "canary-wrong", "canary-arm", "canary-path", "40.512345", "1777000777"] {
        for text in [&log, &numbers.2, &answers] {
            assert!(!text.contains(canary), "{canary} is in {text}");
        }
    }
    assert!(!log.contains("canary") && !numbers.2.contains("canary"));
}
