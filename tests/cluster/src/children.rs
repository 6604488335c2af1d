//! Starts the long-running programs of a cluster, each recorded, marked and in a session of its own. It ends none.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Interrupt;
use crate::error::{Error, Naming, Result};
use crate::folder::Folder;
use crate::records::{self, MARK, Record};

/// The programs of one cluster that this program started.
#[derive(Debug)]
pub(crate) struct Children {
    folder: Folder,
    /// Where the cluster's binaries are.
    binaries: PathBuf,
    /// Whether they end when this program does.
    bound: bool,
    interrupt: Interrupt,
    /// The process whose mount namespace later programs join.
    mounts: Option<u32>,
    started: Vec<(String, Child)>,
}

impl Children {
    /// None yet.
    pub fn new(folder: &Folder, binaries: &Path, bound: bool, interrupt: &Interrupt) -> Self {
        Self {
            folder: folder.clone(),
            binaries: binaries.to_owned(),
            bound,
            interrupt: interrupt.clone(),
            mounts: None,
            started: Vec::new(),
        }
    }

    /// Starts a program of the cluster's binaries, its output going to `logs/<name>.log`.
    pub fn start(&mut self, name: &str, arguments: &[String]) -> Result<()> {
        let program = self.binaries.join(name).display().to_string();
        let mut words = Vec::new();
        if let Some(id) = self.mounts {
            words.extend(["nsenter".to_owned(), format!("--mount=/proc/{id}/ns/mnt"), "--".into()]);
        }
        words.push(program);
        words.extend_from_slice(arguments);
        self.spawn(name, &words).map(|_| ())
    }

    /// Starts a shell script in a mount namespace of its own; all later programs are started in that namespace.
    pub fn start_mounts(&mut self, script: &str) -> Result<()> {
        let words = ["unshare", "--mount", "--propagation", "slave", "--", "sh", "-ec", script];
        let id = self.spawn("mounts", &words.map(str::to_owned))?;
        self.mounts = Some(id);
        Ok(())
    }

    /// Waits until a condition holds, ending early if a program ended or someone interrupted.
    pub fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut() -> std::result::Result<T, String>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            self.check()?;
            match condition() {
                Ok(found) => return Ok(found),
                Err(last) if start.elapsed() > limit => {
                    let (what, seconds) = (what.to_owned(), limit.as_secs());
                    return Err(Error::Late { what, seconds, last });
                }
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Collects those that have ended.
    pub fn reap(&mut self) {
        for (_, child) in &mut self.started {
            let _ = child.try_wait();
        }
    }

    fn check(&mut self) -> Result<()> {
        self.interrupt.check()?;
        for (name, child) in &mut self.started {
            if !matches!(child.try_wait(), Ok(None)) {
                let log = self.folder.log_end(name);
                return Err(Error::Ended { name: name.clone(), log });
            }
        }
        Ok(())
    }

    fn spawn(&mut self, name: &str, words: &[String]) -> Result<u32> {
        let log = self.folder.join(&format!("logs/{name}.log"));
        let output = File::create(&log).naming("create", &log)?;
        let errors = output.try_clone().naming("open", &log)?;
        // A session of its own, so that Ctrl-C reaches the launcher first.
        let mut command = Command::new("setsid");
        if self.bound {
            command.args(["setpriv", "--pdeathsig", "KILL", "--"]);
        }
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", self.folder.path())
            .env(MARK, self.folder.path())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let child =
            spawn_from_lasting_thread(command).map_err(|source| Error::Run { program: name.to_owned(), source })?;
        let id = child.id();
        self.started.push((name.to_owned(), child));
        match Record::of(name, id) {
            Some(record) => records::add(&self.folder.join("records"), &record).map(|()| id),
            None => Err(Error::Ended { name: name.to_owned(), log: self.folder.log_end(name) }),
        }
    }

    fn search_path(&self) -> String {
        format!("{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", self.binaries.display())
    }
}

type Request = (Command, Sender<std::io::Result<Child>>);

/// `setpriv --pdeathsig` ends a program when the thread that started it ends, and a test's thread ends early.
pub(crate) fn spawn_from_lasting_thread(command: Command) -> std::io::Result<Child> {
    static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (requests, inbox) = channel::<Request>();
        thread::spawn(move || {
            for (mut command, answer) in inbox {
                // The asker waits for the answer, so the other end is there.
                let _ = answer.send(command.spawn());
            }
        });
        requests
    });
    let (answer, outcome) = channel();
    let gone = |_| std::io::Error::other("the starting thread has ended");
    spawner.send((command, answer)).map_err(|_| std::io::Error::other("the starting thread has ended"))?;
    outcome.recv().map_err(gone)?
}
