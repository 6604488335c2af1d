//! The managed service behind its Service on the real node: keys renewed and pods replaced while requests flow, then TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod node;

use node::{KEY, condition, no_trace, node as real_node, predict, scene::Scene};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{scope, sleep},
    time::Duration,
};

const REQUESTS: usize = 100_000;
const CLIENTS: usize = 4;
const NEW_KEY: &str = "node-test-key-renewed-9876543210";

fn patient() -> Value {
    json!({"patient_id": "CANARY-4711", "age": 34, "days_in_trial": 28, "visits_completed": 3, "adverse_events": 1})
}

/// What a few clients are answered that ask without pause, each on a connection that it keeps until it is told to close it.
#[derive(Default)]
struct Flow {
    key: Mutex<String>,
    is_over: AtomicBool,
    answered: AtomicUsize,
    failures: Mutex<BTreeMap<String, usize>>,
}

impl Flow {
    fn ask(&self, port: u16) {
        let body = patient().to_string();
        let mut open = None;
        while !self.is_over.load(Ordering::Relaxed) {
            let key = self.key.lock().unwrap().clone();
            match exchange(&mut open, port, (&key, &body)) {
                Ok(200) => _ = self.answered.fetch_add(1, Ordering::Relaxed),
                other => {
                    open = None;
                    *self.failures.lock().unwrap().entry(format!("{other:?}")).or_default() += 1;
                }
            }
        }
    }

    fn is_well(&self) -> bool {
        self.failures.lock().unwrap().is_empty()
    }
}

struct Over<'a>(&'a Flow);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// One request; nothing is tried twice.
fn exchange(open: &mut Option<BufReader<TcpStream>>, port: u16, (key, body): (&str, &str)) -> std::io::Result<u16> {
    let mut stream = match open.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            BufReader::new(stream)
        }
    };
    let length = body.len();
    let request = format!(
        "POST /predict HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length, mut is_last) = (0, 0, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        match line.split_once(": ") {
            _ if line.is_empty() => break,
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("connection", "close")) => is_last = true,
            Some(_) => {}
            None => status = line.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0),
        }
    }
    stream.read_exact(&mut vec![0; length])?;
    *open = (!is_last).then_some(stream);
    Ok(status)
}

/// Whether every pod accepts a key, or refuses it: a connection a time goes to one of them.
fn is_everywhere(port: u16, key: &str, status: u16) -> bool {
    (0..20).all(|_| {
        predict(port, key, &patient()).is_ok_and(|(found, _)| found == status || (status == 401 && found == 429))
    })
}

fn set_keys(scene: &Scene<'_>, lines: &str) {
    scene.trial.node.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": scene.trial.namespace},
        "stringData": {"test": lines},
    }));
}

fn renew_keys(scene: &Scene<'_>, flow: &Flow) {
    let port = scene.port;
    set_keys(scene, &format!("{KEY}\n{NEW_KEY}"));
    scene.trial.wait("both keys are accepted", |_| is_everywhere(port, NEW_KEY, 200));
    assert!(is_everywhere(port, KEY, 200));
    NEW_KEY.clone_into(&mut flow.key.lock().unwrap());
    // Requests that are under way still show the old key.
    sleep(Duration::from_secs(1));
    set_keys(scene, NEW_KEY);
    scene.trial.wait("the old key is refused", |_| is_everywhere(port, KEY, 401));
}

#[test]
fn keys_are_renewed_pods_replaced_and_tls_turned_on_while_requests_flow() {
    let Some(node) = real_node() else { return };
    let scene = Scene::served(node, "serving");
    let flow = Flow { key: Mutex::new(KEY.into()), ..Flow::default() };
    scope(|threads| {
        let _over = Over(&flow);
        (0..CLIENTS).for_each(|_| _ = threads.spawn(|| flow.ask(scene.port)));
        renew_keys(&scene, &flow);
        println!("keys renewed: {} requests answered", flow.answered.load(Ordering::Relaxed));
        assert!(flow.is_well(), "{:?}", flow.failures.lock().unwrap());
        let mut restarts = 0;
        while restarts < 2 || flow.answered.load(Ordering::Relaxed) < REQUESTS {
            scene.kubectl(&["rollout", "restart", "deployment/serving"]);
            scene.kubectl(&["rollout", "status", "deployment/serving", "--timeout=120s"]);
            restarts += 1;
            assert!(flow.is_well() && restarts < 40, "{:?}", flow.failures.lock().unwrap());
        }
        println!("{restarts} rolling restarts: {} requests answered", flow.answered.load(Ordering::Relaxed));
    });
    let failures = flow.failures.lock().unwrap().clone();
    println!("SERVING {} requests answered, {} failed", flow.answered.load(Ordering::Relaxed), failures.len());
    assert_eq!(failures, BTreeMap::new());
    no_trace(&scene.trial, "CANARY-4711");
    turn_tls_on(&scene);
    set_keys(&scene, KEY);
    scene.clear();
}

/// A certificate in a Secret, named in the spec: the Service keeps its name and number, and plain HTTP is spoken no more.
fn turn_tls_on(scene: &Scene<'_>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["serving".into()]).unwrap();
    scene.trial.node.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "certificate", "namespace": scene.trial.namespace},
        "stringData": {"tls.crt": cert.pem(), "tls.key": signing_key.serialize_pem()},
    }));
    scene.apply(|spec| spec["serving"]["tls"] = json!({"secretRef": {"name": "certificate"}}));
    scene.wait("pods speak TLS", |model| {
        condition(model, "Ready")["status"] == "True" && (0..6).all(|_| secured(scene.port, cert.der()) == Some(200))
    });
    let service = scene.get("service/serving");
    let port = &service["spec"]["ports"][0];
    assert_eq!(
        (port["port"].as_u64(), port["name"].as_str(), port["appProtocol"].as_str()),
        (Some(8000), Some("https"), Some("https"))
    );
    assert!(predict(scene.port, NEW_KEY, &patient()).map_or(true, |(status, _)| status == 0), "plain HTTP is answered");
}

/// The status of a prediction over TLS.
fn secured(port: u16, trusted: &CertificateDer<'static>) -> Option<u16> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).ok()?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config =
        builder.with_safe_default_protocol_versions().ok()?.with_root_certificates(roots).with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("serving").ok()?).ok()?;
    let socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut stream = StreamOwned::new(client, socket);
    let body = patient().to_string();
    let length = body.len();
    let request = format!(
        "POST /predict HTTP/1.1\r\nhost: serving\r\nconnection: close\r\nx-api-key: {NEW_KEY}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).get(9..12)?.parse().ok()
}
