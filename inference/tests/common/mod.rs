//! What the tests share: a small bundle, folders, the real binary and a client over raw TCP.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

pub mod calls;
pub mod kept;

use dropout_model::{
    bundle::{Bundle, Calibration, Cell, Golden, Logistic, Model, OperatingPoint, SCHEMA, Scorer, Term, parts},
    digest::digest,
    manifest::{Feature, FeatureType, OnMissing, Tier},
    policy::{Policy, RecordsSetting, Serving},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread::{JoinHandle, sleep, spawn},
    time::{Duration, Instant},
};

pub const KEY: &str = "canary-key-7f3a";

/// A body that is accepted.
pub const GOOD: &str = r#"{"patient_id":"P-001","age":61,"distance_km":40.5,"missed_visits":2,"arm":"B"}"#;

fn feature(name: &str, kind: FeatureType, on_missing: Option<OnMissing>) -> Feature {
    Feature { name: name.into(), kind, role: None, min: None, max: None, values: vec![], on_missing, monotone: None }
}

pub fn features() -> Vec<Feature> {
    vec![
        Feature { min: Some(18.0), max: Some(90.0), ..feature("age", FeatureType::Integer, None) },
        Feature { min: Some(0.0), ..feature("distance_km", FeatureType::Number, None) },
        feature("missed_visits", FeatureType::Number, Some(OnMissing::Impute)),
        Feature { values: vec!["A".into(), "B".into()], ..feature("arm", FeatureType::Category, None) },
    ]
}

pub fn bundle() -> Bundle {
    let features = features();
    let term = |name: &str, part| Term {
        feature: name.into(),
        part,
        mean: 1.0,
        scale: 2.0,
        coefficient: 0.6,
        standard_error: None,
    };
    let terms = features.iter().flat_map(|one| parts(one).into_iter().map(|part| term(&one.name, part))).collect();
    let imputed = BTreeMap::from([("missed_visits".to_owned(), Cell::Number(1.0))]);
    let logistic = Logistic { intercept: -30.5, terms, imputed };
    let scorer = Scorer::of(&features, &Model::Logistic(logistic.clone()), Calibration::IDENTITY).unwrap();
    let cells = |age, arm: &str| vec![Cell::Number(age), Cell::Number(40.5), Cell::Missing, Cell::Category(arm.into())];
    let rows = [cells(40.0, "A"), cells(61.0, "B"), cells(70.0, "A")];
    let point = |threshold, recall, alert_rate| OperatingPoint { threshold, recall, alert_rate };
    Bundle {
        schema: SCHEMA.into(),
        code: "test".into(),
        study: "ONC-302".into(),
        label: "dropout".into(),
        horizon_seconds: 28 * 86_400,
        features,
        model: Model::Logistic(logistic),
        calibration: Calibration::IDENTITY,
        thresholds: vec![point(0.1, 1.0, 0.9), point(0.25, 0.8, 0.4), point(0.5, 0.6, 0.2)],
        reference: vec![0.0, 0.5, 1.0],
        calibration_reason: None,
        choice: None,
        cutoff: None,
        data_digest: digest(b"rows"),
        seed: 0,
        holdout_fraction: 0.25,
        golden: rows.into_iter().map(|cells| Golden { risk: scorer.risk(&cells), cells }).collect(),
    }
}

pub fn bytes() -> Vec<u8> {
    bundle().to_bytes().unwrap()
}

pub fn policy() -> Policy {
    Policy::new(0.25, &Tier::defaults())
}

/// A folder that is gone when the test ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The bundle, the serving file and one key.
    pub fn filled() -> Self {
        let folder = Self::new();
        folder.write("bundle.json", &bytes());
        folder.write("keys/app", KEY.as_bytes());
        folder.write_serving(&digest(&bytes()));
        folder
    }

    pub fn write_serving(&self, bundle_digest: &str) {
        self.write_serving_with(bundle_digest, None);
    }

    pub fn write_serving_with(&self, bundle_digest: &str, records: Option<RecordsSetting>) {
        let serving = Serving {
            model_version: "v3".into(),
            bundle: self.text("bundle.json"),
            bundle_digest: bundle_digest.into(),
            policy: policy(),
            accepts: Vec::new(),
            rows_per_second: None,
            records,
            metrics: Default::default(),
            tls: None,
            allowed_origins: Vec::new(),
        };
        self.write("serving.json", &serde_json::to_vec(&serving).unwrap());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The real binary.
pub struct Service {
    child: Child,
    log: Option<JoinHandle<String>>,
    pub port: u16,
    pub health: u16,
}

/// The binary with nothing but what a test gives it.
pub fn binary(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dropout-inference"));
    command.env_clear().args(flags).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

impl Service {
    pub fn start(folder: &Folder, flags: &[&str]) -> Self {
        let (serving, keys) = (folder.text("serving.json"), folder.text("keys"));
        let mut all = vec!["--serving", serving.as_str(), "--keys", keys.as_str()];
        all.extend(["--port", "0", "--health-port", "0", "--address", "127.0.0.1"]);
        all.extend(flags);
        Self::spawn(binary(&all))
    }

    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("\"started\"") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "the service ended before it started");
        }
        let started: Value = serde_json::from_str(&line).unwrap();
        let port = |name: &str| u16::try_from(started[name].as_u64().unwrap()).unwrap();
        // A log that nobody reads would stop the service when the pipe is full.
        let log = Some(spawn(move || rest(out)));
        Self { child, log, port: port("port"), health: port("health_port") }
    }

    pub fn ready(self) -> Self {
        until("the service is ready", || get(self.health, "/readyz").0 == 200);
        self
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// An end without a warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end; answers the exit status and the log.
    pub fn end(mut self) -> (ExitStatus, String) {
        let log = self.log.take().unwrap().join().unwrap();
        (self.child.wait().unwrap(), log)
    }
}

fn rest(mut out: BufReader<ChildStdout>) -> String {
    let mut log = String::new();
    out.read_to_string(&mut log).unwrap();
    log
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says at the end of a scope, a failure's too, that it is over.
pub struct Over<'a>(pub &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "waited too long until {what}");
        sleep(Duration::from_millis(50));
    }
}

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    stream
}

pub fn head(key: &str, length: usize) -> String {
    format!(
        "POST /predict HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// One response: status, head and body.
pub fn response(stream: &mut TcpStream) -> std::io::Result<(u16, String, String)> {
    response_of(&mut BufReader::new(stream))
}

/// The next response of a connection on which several may be under way.
pub fn response_of(reader: &mut impl BufRead) -> std::io::Result<(u16, String, String)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head[9..12].parse().unwrap(), head, String::from_utf8(body).unwrap()))
}

pub fn get(port: u16, path: &str) -> (u16, String, String) {
    let mut stream = connect(port);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    response(&mut stream).unwrap()
}

pub fn tell(port: u16, body: &str) -> (u16, String, String) {
    let mut stream = connect(port);
    write!(stream, "{}{body}", head(KEY, body.len()).replace("/predict", "/v1/outcomes")).unwrap();
    response(&mut stream).unwrap()
}

pub fn predict(port: u16, key: &str, body: &str) -> (u16, String, String) {
    let mut stream = connect(port);
    write!(stream, "{}{body}", head(key, body.len())).unwrap();
    response(&mut stream).unwrap()
}
