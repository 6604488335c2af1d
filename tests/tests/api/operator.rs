//! The operator as a process: started, killed, started again, and its log.

use super::world::{NAME, SYSTEM, World, eventually, program};
use std::{
    fs::{self, OpenOptions},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// The serving image that it is started with.
pub const IMAGE: &str = "inference:1";

/// What differs between operators of tests.
#[derive(Clone, Debug)]
pub struct Flags {
    /// Trainings at a time.
    pub max_trainings: u32,
    /// The serving image.
    pub inference_image: String,
    /// Who it is in the Lease. One that was killed goes on at once under the same name.
    pub identity: String,
}

impl Default for Flags {
    fn default() -> Self {
        Self { max_trainings: 100, inference_image: IMAGE.to_owned(), identity: NAME.to_owned() }
    }
}

/// A running operator. Dropping it kills it.
pub struct Operator {
    child: Mutex<Child>,
    log: PathBuf,
}

impl Operator {
    /// Starts it under its own service account and waits until it leads.
    pub fn start(world: &World, flags: Flags) -> Self {
        let before = leadings(&log(world));
        let operator = Self::launch(world, flags);
        eventually("the operator to lead", || {
            assert!(operator.is_running(), "the operator ended: {}", operator.log_end());
            if leadings(&operator.log) > before { Ok(()) } else { Err(operator.log_end()) }
        });
        operator
    }

    /// Starts it.
    pub fn launch(world: &World, flags: Flags) -> Self {
        let log = log(world);
        let file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let child = Command::new(program(NAME))
            .args(["--trainer-image=trainer:1", "--monitor-image=monitor:1", "--image-pull-policy=IfNotPresent"])
            .arg(format!("--inference-image={}", flags.inference_image))
            .arg(format!("--max-trainings={}", flags.max_trainings))
            .arg(format!("--identity={}", flags.identity))
            .arg(format!("--lease-namespace={SYSTEM}"))
            .arg(format!("--port={port}"))
            .env("KUBECONFIG", world.operator_kubeconfig())
            .env(dropout_cluster::MARK, world.cluster.dir())
            .env("RUST_LOG", "info,kube=warn")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { child: Mutex::new(child), log }
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        matches!(self.child.lock().unwrap().try_wait(), Ok(None))
    }

    /// Ends it with SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// Ends it with SIGTERM and waits until it has ended by itself.
    pub fn end_in_order(self) {
        let id = self.child.lock().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        eventually("the operator to end", || if self.is_running() { Err(self.log_end()) } else { Ok(()) });
    }

    /// The end of its log.
    pub fn log_end(&self) -> String {
        log_end(&self.log, "")
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself, which a test sees in the log.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The log of all operators of a world, one after the other.
pub fn log(world: &World) -> PathBuf {
    world.cluster.dir().join("operator.log")
}

/// The last lines of a log that contain a word.
pub fn log_end(log: &std::path::Path, word: &str) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(word)).collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

fn leadings(log: &std::path::Path) -> usize {
    fs::read_to_string(log).unwrap_or_default().matches(r#""message":"leading""#).count()
}
