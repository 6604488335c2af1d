//! The run folder of one cluster: what lies where in it, and whose it is. It starts and ends nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{Error, Naming, Result};
use crate::records::{self, Record};

/// The beginning of the name of every run folder that was not given by `--dir`.
const PREFIX: &str = "dropout-operator-";

/// A run folder. All paths in it are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder(PathBuf);

/// Whose cluster a run folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The program that started it and is still running: it ends it.
    Running,
    /// Nobody: it stays up until it is taken down.
    Detached,
    /// A program that has ended without ending the cluster.
    Dead,
}

impl Folder {
    /// The run folder at this path, which need not exist yet.
    pub fn at(path: &Path) -> Result<Self> {
        std::path::absolute(path).naming("find", path).map(Self)
    }

    /// Where a cluster of this name lies if no folder is given.
    pub fn named(name: &str) -> Self {
        Self(base().join(format!("{PREFIX}{name}")))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A path in it as text, for command lines.
    pub fn text(&self, name: &str) -> String {
        self.join(name).display().to_string()
    }

    /// Whether there is a run folder here: only then may it be removed.
    pub fn exists(&self) -> bool {
        self.join("owner").exists()
    }

    /// Makes it, owned by this very program.
    pub fn create(&self) -> Result<()> {
        if self.0.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            let path = self.0.display();
            return Err(Error::Refused(format!("{path} is not empty and holds no cluster")));
        }
        fs::create_dir_all(&self.0).naming("create", &self.0)?;
        if let Some(own) = Record::of("launcher", std::process::id()) {
            records::add(&self.join("owner"), &own)?;
        }
        for part in ["pki", "logs"] {
            fs::create_dir(self.join(part)).naming("create", &self.join(part))?;
        }
        Ok(())
    }

    /// Gives it to nobody, so that it stays.
    pub fn detach(&self) -> Result<()> {
        self.write("owner", "detached\n")
    }

    /// Whose it is.
    pub fn owner(&self) -> Owner {
        if fs::read_to_string(self.join("owner")).is_ok_and(|text| text == "detached\n") {
            return Owner::Detached;
        }
        if records::read(&self.join("owner")).iter().any(Record::is_alive) { Owner::Running } else { Owner::Dead }
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.join(name), text).naming("write", &self.join(name))
    }

    /// The last lines of a program's log.
    pub fn log_end(&self, name: &str) -> String {
        let text = fs::read(self.join(&format!("logs/{name}.log"))).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Removes it with all it holds. What marks it as ours goes last, so that an interrupted removal can be repeated.
    pub fn remove(&self) -> Result<()> {
        for entry in fs::read_dir(&self.0).naming("read", &self.0)?.flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                fs::remove_dir_all(&path).naming("remove", &path)?;
            } else if entry.file_name() != "owner" {
                fs::remove_file(&path).naming("remove", &path)?;
            }
        }
        fs::remove_dir_all(&self.0).naming("remove", &self.0)
    }
}

/// All run folders that were not given by `--dir`.
pub(crate) fn all() -> Vec<Folder> {
    let entries = base().read_dir().into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| Folder(entry.path()))
        .filter(Folder::exists)
        .collect()
}

/// Held while run folders are looked through, made or removed, so that two starts never sweep each other.
pub(crate) fn lock() -> Result<File> {
    // The folder itself is locked, so that no lock file stays behind.
    let folder = File::open(base()).naming("open", &base())?;
    folder.lock().naming("lock", &base())?;
    Ok(folder)
}

/// Not `XDG_RUNTIME_DIR`: that is a small memory file system, and images lie in run folders.
fn base() -> PathBuf {
    std::env::temp_dir()
}
