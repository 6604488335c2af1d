//! The node level against the real thing. It runs only where DROPOUT_TEST_NODE=1, since it needs root and the machine's node.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use dropout_cluster::{Cluster, Image, Level, Options, leftovers};

/// The machine has one node, so one test at a time.
static NODE: Mutex<()> = Mutex::new(());

/// Where only restricted pods are admitted.
const NAMESPACE: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: trial, labels: {pod-security.kubernetes.io/enforce: restricted}}
"#;

/// A pod that asks the apiserver through its service address and ends.
const CLIENT: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: trial}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: client
      image: dropout.local/kubectl:1
      imagePullPolicy: Never
      args: [--cache-dir=/tmp, get, --raw, /readyz]
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"#;

/// A restricted pod whose image is etcd, the one static server at hand, with a service on a NodePort.
const SERVER: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: trial, labels: {app: server}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 20
  securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: server
      image: dropout.local/etcd:1
      imagePullPolicy: Never
      args:
        - --data-dir=/scratch/data
        - --listen-client-urls=http://0.0.0.0:2379
        - --advertise-client-urls=http://127.0.0.1:2379
      ports: [{containerPort: 2379}]
      readinessProbe: {httpGet: {path: /health, port: 2379}, periodSeconds: 1}
      resources: {limits: {memory: 200Mi}}
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: scratch, mountPath: /scratch}]
  volumes: [{name: scratch, emptyDir: {medium: Memory}}]
---
apiVersion: v1
kind: Service
metadata: {name: server, namespace: trial}
spec:
  type: NodePort
  selector: {app: server}
  ports: [{port: 80, targetPort: 2379}]
"#;

fn is_asked_for() -> bool {
    let asked = std::env::var("DROPOUT_TEST_NODE").is_ok_and(|value| value == "1");
    if !asked {
        eprintln!("\nSKIPPED: set DROPOUT_TEST_NODE=1 to start a real node (root)\n");
    }
    asked
}

fn apply(cluster: &Cluster, objects: &str) {
    let mut child = cluster.kubectl_command().args(["apply", "--filename=-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(objects.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Pods are only admitted once the namespace has its service account.
fn create_namespace(cluster: &Cluster) {
    apply(cluster, NAMESPACE);
    let wait = ["wait", "-n=trial", "serviceaccount/default", "--for=create", "--timeout=30s"];
    cluster.kubectl(&wait).unwrap();
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: server\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn load(cluster: &Cluster, program: &str, name: &str) {
    let archive = cluster.dir().join(format!("{program}.tar"));
    let program = cluster.bin(program);
    Image { name, program: &program, user: "65532:65532" }.write(&archive).unwrap();
    cluster.load_image(&archive).unwrap();
}

#[test]
fn node_runs_a_restricted_pod_serves_it_ends_it_and_leaves_nothing() {
    if !is_asked_for() {
        return;
    }
    let _one = NODE.lock();
    let start = Instant::now();
    let cluster = Cluster::start(Level::Node, Options::default()).unwrap();
    eprintln!("node ready after {:.1} s", start.elapsed().as_secs_f64());
    load(&cluster, "etcd", "dropout.local/etcd:1");
    load(&cluster, "kubectl", "dropout.local/kubectl:1");
    create_namespace(&cluster);

    let start = Instant::now();
    apply(&cluster, SERVER);
    cluster.kubectl(&["wait", "-n=trial", "pod/server", "--for=condition=Ready", "--timeout=60s"]).unwrap();
    eprintln!("pod ready after {:.1} s", start.elapsed().as_secs_f64());
    let port =
        cluster.kubectl(&["get", "-n=trial", "service/server", "--output=jsonpath={.spec.ports[0].nodePort}"]).unwrap();
    thread::sleep(Duration::from_secs(2));
    let answer = get(port.parse().unwrap(), "/health");
    assert!(answer.contains(r#""health":"true""#), "{answer}");

    apply(&cluster, CLIENT);
    let ended = "--for=jsonpath={.status.phase}=Succeeded";
    cluster.kubectl(&["wait", "-n=trial", "pod/client", ended, "--timeout=60s"]).unwrap();
    assert_eq!(cluster.kubectl(&["logs", "-n=trial", "client"]).unwrap(), "ok");

    let start = Instant::now();
    cluster.kubectl(&["delete", "-n=trial", "pod/server", "--timeout=60s"]).unwrap();
    // It ended on SIGTERM, not when its 20 s of grace were over.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());

    // One that still runs when the cluster is stopped.
    apply(&cluster, &SERVER.replace("name: server", "name: second"));
    cluster.kubectl(&["wait", "-n=trial", "pod/second", "--for=condition=Ready", "--timeout=60s"]).unwrap();
    stop_without_leftovers(cluster);
}

#[test]
fn node_of_a_killed_launcher_is_swept_by_the_next_start() {
    if !is_asked_for() {
        return;
    }
    let _one = NODE.lock();
    let dir = std::env::temp_dir().join(format!("dropout-node-killed-{}", std::process::id()));
    let mut launcher = Launcher::start(&dir, "node");
    // Healthy is what runs, also while the rest of it is still being started; up is only what the launcher calls up.
    wait_for(|| launcher.is_up());
    let cluster = Cluster::attach(&dir).unwrap();
    load(&cluster, "etcd", "dropout.local/etcd:1");
    create_namespace(&cluster);
    apply(&cluster, SERVER);
    cluster.kubectl(&["wait", "-n=trial", "pod/server", "--for=condition=Ready", "--timeout=60s"]).unwrap();

    drop(launcher);
    assert_ne!(left_of(&dir), Vec::<String>::new());

    let next = Cluster::start(Level::Node, Options::default()).unwrap();
    assert!(!dir.exists());
    stop_without_leftovers(next);
    assert_eq!(left_of(&dir), Vec::<String>::new());
}

#[test]
fn second_node_is_refused_and_the_first_stays() {
    if !is_asked_for() {
        return;
    }
    let _one = NODE.lock();
    let first = Cluster::start(Level::Node, Options::default()).unwrap();
    let refusal = Cluster::start(Level::Node, Options::default()).unwrap_err().to_string();
    assert!(refusal.contains(&first.dir().display().to_string()), "{refusal}");
    assert!(first.is_healthy());
    stop_without_leftovers(first);
}

/// What is left of one folder and of the machine's node: others may have an api level up meanwhile.
fn left_of(dir: &Path) -> Vec<String> {
    let is_of_another = |line: &String| {
        let is_of_one = line.starts_with("folder") || line.contains(" of /");
        is_of_one && !line.contains(&dir.display().to_string())
    };
    leftovers().into_iter().filter(|line| !is_of_another(line)).collect()
}

fn stop_without_leftovers(cluster: Cluster) {
    let dir = cluster.dir().to_owned();
    cluster.stop().unwrap();
    assert!(!dir.exists());
    assert_eq!(left_of(&dir), Vec::<String>::new());
}

/// A launcher that keeps a cluster up until it is killed by SIGKILL, at the latest when a test fails.
struct Launcher {
    child: Child,
    up: PathBuf,
}

impl Launcher {
    fn start(dir: &Path, level: &str) -> Self {
        let up = dir.with_extension("up");
        let child = Command::new(env!("CARGO_BIN_EXE_dropout-cluster"))
            .args(["run", "--level", level, "--dir"])
            .arg(dir)
            // The launcher runs this only once the cluster is up.
            .args(["--", "sh", "-c", r#"touch "$0" && exec sleep 600"#])
            .arg(&up)
            .stdout(Stdio::null())
            .spawn();
        Self { child: child.unwrap(), up }
    }

    fn is_up(&mut self) -> bool {
        assert_eq!(self.child.try_wait().unwrap(), None, "the launcher ended");
        self.up.exists()
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.up);
    }
}

fn wait_for(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(120), "waited two minutes");
        thread::sleep(Duration::from_millis(200));
    }
}
