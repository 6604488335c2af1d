//! Attacks of the list in the docs on the real binary: each is answered as it says, memory stays where it was, and others are served
//! meanwhile. Those that need no real binary are in `bodies` and `routes`, those on keys and slow readers in `limits`, on TLS in `tls`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, GOOD, KEY, Over, Service, bytes, connect, get, head, predict, response, until};
use dropout_inference::keys::Keys;
use dropout_model::digest::digest;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

/// Resident memory may grow by so many MiB under an attack.
const GROWTH: u64 = 48;

impl Service {
    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// MiB.
    fn memory(&self) -> u64 {
        self.status("VmRSS:") / 1024
    }
}

/// What is answered to bytes, whether or not all of them are taken.
fn answered(port: u16, parts: impl IntoIterator<Item = Vec<u8>>) -> u16 {
    let mut stream = connect(port);
    for part in parts {
        if stream.write_all(&part).is_err() {
            break;
        }
    }
    // A refusal may be followed by a reset: what was said before it counts.
    response(&mut stream).map_or(0, |(status, ..)| status)
}

fn chunked(extra: &str) -> Vec<u8> {
    format!("POST /predict HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n{extra}transfer-encoding: chunked\r\n\r\n").into_bytes()
}

#[test]
fn a07_two_thousand_slow_connections_are_closed_in_time_and_others_are_served() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let folder = Folder::filled();
    let service = Service::start(&folder, &["--header-timeout", "4s"]).ready();
    let mut slow: Vec<TcpStream> = (0..2_000).map(|_| connect(service.port)).collect();
    slow.iter_mut().for_each(|stream| stream.write_all(b"POST /predict HTTP/1.1\r\nx-a").unwrap());
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
    assert_eq!(get(service.health, "/livez").0, 200);
    until("all are closed", || get(service.health, "/metrics").2.contains("dropout_inference_connections 0\n"));
    assert!(slow.iter_mut().all(|stream| stream.read(&mut [0; 512]).is_ok_and(|read| read < 512)));
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
    assert!(service.memory() < 96, "{} MiB", service.memory());
}

#[test]
fn a09_a_body_that_comes_a_byte_at_a_time_or_stops_is_given_up() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let start = Instant::now();
    let mut stopping = connect(service.port);
    write!(stopping, "{}{}", head(KEY, GOOD.len()), &GOOD[..20]).unwrap();
    let mut trickling = connect(service.port);
    trickling.write_all(head(KEY, GOOD.len()).as_bytes()).unwrap();
    for byte in GOOD.bytes().take(14) {
        let _ = trickling.write_all(&[byte]);
        sleep(Duration::from_secs(1));
    }
    assert_eq!((response(&mut stopping).unwrap().0, response(&mut trickling).unwrap().0), (408, 408));
    assert!(start.elapsed().as_secs() <= 16);
}

#[test]
fn a12_large_and_falsely_long_bodies_are_refused_and_not_kept() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let before = service.memory();
    let ten = 10 << 20;
    assert_eq!(answered(service.port, [head(KEY, ten).into_bytes(), vec![b' '; ten]]), 413);
    assert_eq!(answered(service.port, [head(KEY, 10_usize << 30).into_bytes()]), 413);
    let chunk = || format!("10000\r\n{}\r\n", " ".repeat(0x10000)).into_bytes();
    assert_eq!(answered(service.port, [chunked("")].into_iter().chain((0..400).map(|_| chunk()))), 413);
    // Shorter than it says: what is missing is waited for, and not for ever (A09); longer: the rest is no second request.
    let mut stream = connect(service.port);
    write!(stream, "{}{GOOD}GET /v1/model", head(KEY, GOOD.len())).unwrap();
    assert_eq!(response(&mut stream).unwrap().0, 200);
    // Two lengths that differ are a way to smuggle a request past a proxy.
    for twice in ["content-length: 5\r\ncontent-length: 6", "content-length: 5\r\ntransfer-encoding: chunked"] {
        let head = head(KEY, 5).replace("content-length: 5", twice);
        let status = answered(service.port, [format!("{head}{{}}   ").into_bytes()]);
        assert!([400, 422].contains(&status), "{twice}: {status}");
    }
    assert!(service.memory() < before + GROWTH, "{before} MiB became {}", service.memory());
}

#[test]
fn a13_half_a_million_tiny_chunks_are_refused_and_take_no_memory() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let before = service.memory();
    let many = b"6\r\n      \r\n".repeat(500);
    let status = answered(service.port, [chunked("")].into_iter().chain((0..1_000).map(|_| many.clone())));
    assert!([400, 413].contains(&status), "{status}");
    assert!(service.memory() < before + GROWTH, "{before} MiB became {}", service.memory());
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
}

#[test]
fn a17_a_batch_of_a_million_rows_is_refused() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let rows = format!(r#"{{"rows":[{}]}}"#, vec!["{}"; 1_000_000].join(","));
    let head = head(KEY, rows.len()).replace("/predict", "/v1/predict:batch");
    assert_eq!(answered(service.port, [head.into_bytes(), rows.into_bytes()]), 413);
}

#[test]
fn a18_a_flood_is_told_so_early_health_answers_and_it_is_over_when_it_is_over() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &["--max-connections", "32"]).ready();
    let (is_over, [served, refused, silent]) = (AtomicBool::new(false), [const { AtomicUsize::new(0) }; 3]);
    scope(|threads| {
        let _over = Over(&is_over);
        // Ten times as many clients as may be connected, each of which comes anew for every request.
        for _ in 0..320 {
            threads.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", service.port)) else { continue };
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    let _ = write!(stream, "{}{GOOD}", head(KEY, GOOD.len()));
                    match response(&mut stream).map_or(0, |(status, ..)| status) {
                        200 => &served,
                        503 => &refused,
                        _ => &silent,
                    }
                    .fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let end = Instant::now() + Duration::from_secs(4);
        while Instant::now() < end {
            let asked = Instant::now();
            assert_eq!(get(service.health, "/livez").0, 200);
            // As long as the probe of the Deployment waits.
            assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
            sleep(Duration::from_millis(100));
        }
    });
    let [served, refused, silent] = [served, refused, silent].map(AtomicUsize::into_inner);
    println!("flood: {served} served, {refused} told to come again, {silent} closed");
    assert!(served > 100 && refused > 100, "{served} {refused} {silent}");
    let end = Instant::now();
    until("it is over", || predict(service.port, KEY, GOOD).0 == 200);
    assert!(end.elapsed() < Duration::from_secs(5));
    assert!(service.memory() < 96, "{} MiB", service.memory());
}

#[test]
fn a19_what_only_http_2_has_is_refused() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let mut stream = connect(service.port);
    stream.write_all(&preface).unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"\0\0"), "HTTP/2 is spoken");
    let upgrade = head(KEY, GOOD.len()).replace("\r\n\r\n", "\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n");
    assert_eq!(answered(service.port, [format!("{upgrade}{GOOD}").into_bytes()]), 200);
}

#[test]
fn a22_health_and_metrics_are_not_on_the_port_for_predictions_and_the_other_way_round() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    for path in ["/metrics", "/livez", "/readyz", "/debug", "/admin", "/v1/models", "/docs", "/"] {
        assert_eq!(get(service.port, path).0, 404, "{path}");
    }
    for path in ["/predict", "/v1/model", "/openapi.json", "/debug/pprof", "/"] {
        assert_eq!(get(service.health, path).0, 404, "{path}");
    }
    // The ports that were asked for, and no other.
    let table = fs::read_to_string(format!("/proc/{}/net/tcp", service.id())).unwrap();
    let open: Vec<String> = fs::read_dir(format!("/proc/{}/fd", service.id()))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let is_listening = |line: &&str| line.split_whitespace().nth(3) == Some("0A");
    let is_own = |line: &&str| open.iter().any(|own| line.split_whitespace().nth(9) == Some(own));
    let port =
        |line: &str| u16::from_str_radix(line.split_whitespace().nth(1).unwrap().rsplit(':').next().unwrap(), 16);
    let mut ports: Vec<u16> =
        table.lines().filter(is_listening).filter(is_own).map(|line| port(line).unwrap()).collect();
    ports.sort_unstable();
    let mut expected = vec![service.port, service.health];
    expected.sort_unstable();
    assert_eq!(ports, expected);
}

#[test]
fn a25_nothing_that_is_sent_makes_a_line_of_the_log() {
    let folder = Folder::filled();
    folder.write("keys/app", KEY.as_bytes());
    let service = Service::start(&folder, &["--drain", "0s"]).ready();
    let evil = r#"x\n{\"level\":\"ERROR\",\"message\":\"canary\"}\u001b[31mcanary\r\nHTTP/1.1 200"#;
    for body in [
        GOOD.replace("P-001", evil),
        GOOD.replace(r#""B""#, &format!("\"{evil}\"")),
        GOOD.replace("age", evil),
        format!("{{\"patient_id\":\"{evil}\""),
    ] {
        let (status, _, answer) = predict(service.port, KEY, &body);
        assert!([200, 400, 422].contains(&status) && !answer.contains('\u{1b}'), "{status} {answer}");
    }
    let _ = answered(
        service.port,
        [b"GET /canary\x1b[31m?canary HTTP/1.1\r\nhost: canary\r\nuser-agent: canary\r\n\r\n".to_vec()],
    );
    let _ =
        answered(service.port, [b"CANARY /predict HTTP/1.1\r\nhost: canary\r\nx-request-id: canary\r\n\r\n".to_vec()]);
    service.terminate();
    let (_, log) = service.end();
    assert!(log.lines().count() > 4 && log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    assert!(!log.to_lowercase().contains("canary") && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn a26_there_is_no_core_dump_and_nothing_of_a_key_in_what_is_shown() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let limits = fs::read_to_string(format!("/proc/{}/limits", service.id())).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
    let shown = format!("{:?}", dropout_inference::context::Context::new().keys().len());
    assert!(!shown.contains(KEY));
    let line = fs::read(format!("/proc/{}/cmdline", service.id())).unwrap();
    assert!(!String::from_utf8_lossy(&line).contains(KEY), "the key is in the command line");
}

#[test]
fn a30_a35_what_is_no_bundle_of_ours_is_never_served() {
    let magic: [(&str, &[u8]); 8] = [
        ("pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93."),
        ("joblib", b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n"),
        ("torch", b"PK\x03\x04\x00\x00\x08\x08archive/data.pkl"),
        ("keras", b"\x89HDF\r\n\x1a\n"),
        ("onnx", b"\x08\x07\x12\x07skl2onnx"),
        ("tar", b"../../etc/passwd\0\0\0\0ustar\x0000"),
        ("zip", b"PK\x03\x04../../etc/passwd"),
        ("empty", b""),
    ];
    for (name, bytes) in magic {
        let folder = Folder::filled();
        folder.write("bundle.json", bytes);
        folder.write_serving(&digest(bytes));
        let (status, log) = Service::start(&folder, &[]).end();
        assert_eq!(status.code(), Some(3), "{name}: {log}");
        assert!(!log.contains("passwd") && !log.contains("posix"), "{name}: {log}");
    }
    // A bundle names no file: one that does is no bundle.
    let mut bundle: Value = serde_json::from_slice(&bytes()).unwrap();
    bundle["path"] = "../../etc/passwd".into();
    let folder = Folder::filled();
    folder.write("bundle.json", bundle.to_string().as_bytes());
    folder.write_serving(&digest(bundle.to_string().as_bytes()));
    let (status, log) = Service::start(&folder, &[]).end();
    assert_eq!(status.code(), Some(3), "{log}");
    let folder = Folder::filled();
    fs::remove_file(folder.path("bundle.json")).unwrap();
    fs::create_dir(folder.path("bundle.json")).unwrap();
    let service = Service::start(&folder, &[]);
    until("a folder is no bundle", || get(service.health, "/readyz").2.contains("cannot be read"));
}

/// Whether the time of a check tells how nearly a key fits, as Welch's t over samples in random order; the slowest are left out, since
/// they are the machine's.
#[test]
fn a04_the_time_of_a_check_does_not_tell_how_nearly_a_key_fits() {
    let key = [b'k'; 64];
    let keys = Keys::new([key.as_slice(), b"another", b"third"]);
    let shown: Vec<[u8; 64]> = [0, 63]
        .map(|at: usize| {
            let mut wrong = key;
            wrong[at] = b'x';
            wrong
        })
        .to_vec();
    let mut times: [Vec<f64>; 2] = Default::default();
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..200_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let which = (random & 1) as usize;
        let start = Instant::now();
        assert!(std::hint::black_box(keys.client(std::hint::black_box(&shown[which]))).is_none());
        times[which].push(start.elapsed().as_nanos() as f64);
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    let most = all[all.len() * 9 / 10];
    let [one, other] = times.map(|times| {
        let kept: Vec<f64> = times.into_iter().filter(|time| *time <= most).collect();
        let (n, mean) = (kept.len() as f64, kept.iter().sum::<f64>() / kept.len() as f64);
        (mean, kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
    });
    let t = (one.0 - other.0) / (one.1 + other.1).sqrt();
    println!("first byte wrong {:.1} ns, last byte wrong {:.1} ns, t = {t:.2}", one.0, other.0);
    assert!(t.abs() < 4.5, "t = {t}");
}
