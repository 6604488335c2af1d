//! The api level against the real thing: it starts, answers, is audited, ends, and leaves nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use dropout_cluster::{Cluster, Level, Options, down, leftovers};
use rustix::process::{Pid, Signal, kill_process};

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("dropout-test-{name}-{}", std::process::id()))
}

fn launcher(dir: &Path, command: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dropout-cluster"))
        .args(["run", "--level", "api", "--dir"])
        .arg(dir)
        .arg("--")
        .args(command)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What is left of one folder: other tests run at the same time.
fn left_of(dir: &Path) -> Vec<String> {
    let dir = dir.display().to_string();
    leftovers().into_iter().filter(|line| line.contains(&dir)).collect()
}

fn wait_for(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(90), "waited 90 s");
        thread::sleep(Duration::from_millis(100));
    }
}

fn is_up(dir: &Path) -> bool {
    Cluster::attach(dir).is_ok_and(|cluster| cluster.is_healthy())
}

#[test]
fn two_clusters_at_once_keep_apart_are_audited_and_leave_nothing() {
    let start = Instant::now();
    let one = thread::spawn(|| Cluster::start(Level::Api, Options::default()).unwrap());
    let two = Cluster::start(Level::Api, Options::default()).unwrap();
    // The thread that started it ends here; the cluster must not.
    let one = one.join().unwrap();
    eprintln!("two api levels ready after {:.1} s", start.elapsed().as_secs_f64());

    one.kubectl(&["create", "configmap", "visits", "--from-literal=week=4"]).unwrap();
    let path = "--output=jsonpath={.data.week}";
    assert_eq!(one.kubectl(&["get", "configmap", "visits", path]).unwrap(), "4");
    assert!(two.kubectl(&["get", "configmap", "visits"]).is_err());

    let log = fs::read_to_string(one.dir().join("audit.log")).unwrap();
    let writes = log.lines().filter(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["verb"] == "create" && event["objectRef"]["name"] == "visits"
    });
    assert_eq!(writes.count(), 1);

    assert!(one.is_healthy());
    assert!(leftovers().iter().any(|line| line.contains(&one.dir().display().to_string())));
    let dirs = [one.dir().to_owned(), two.dir().to_owned()];
    one.stop().unwrap();
    drop(two);
    for dir in dirs {
        assert!(!dir.exists());
        assert_eq!(left_of(&dir), Vec::<String>::new());
    }
}

#[test]
fn launcher_killed_outright_is_swept_by_the_next_start() {
    let dir = scratch("killed");
    let mut child = launcher(&dir, &["sleep", "600"]);
    wait_for(|| is_up(&dir));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(dir.exists());

    let mut next = launcher(&dir, &["true"]);
    assert!(next.wait().unwrap().success());
    assert!(!dir.exists());
    assert_eq!(left_of(&dir), Vec::<String>::new());
}

#[test]
fn terminated_launcher_ends_its_command_and_its_cluster() {
    let dir = scratch("terminated");
    let mut child = launcher(&dir, &["sleep", "600"]);
    wait_for(|| is_up(&dir));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(!dir.exists());
    assert_eq!(left_of(&dir), Vec::<String>::new());
}

#[test]
fn launcher_interrupted_while_starting_leaves_nothing() {
    let dir = scratch("interrupted");
    let mut child = launcher(&dir, &["true"]);
    wait_for(|| dir.join("records").exists());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!dir.exists());
    assert_eq!(left_of(&dir), Vec::<String>::new());
}

#[test]
fn folder_without_a_cluster_is_neither_used_nor_removed() {
    let dir = scratch("not-ours");
    fs::create_dir_all(dir.join("precious")).unwrap();
    down(&dir).unwrap();
    let options = Options { dir: Some(dir.clone()), ..Options::default() };
    let refusal = Cluster::start(Level::Api, options).unwrap_err().to_string();
    assert!(refusal.contains("holds no cluster"), "{refusal}");
    assert!(dir.join("precious").exists());
    fs::remove_dir_all(&dir).unwrap();
}
