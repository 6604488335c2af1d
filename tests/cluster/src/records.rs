//! Who was started: process ids with their start times, so that a number reused by the system is never mistaken for ours.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::error::{Naming, Result};

/// The variable every started program carries, naming its run folder; programs it starts inherit it.
pub const MARK: &str = "DROPOUT_CLUSTER_DIR";

/// One running program: what it is called, its process id, and when it started, in clock ticks since boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// What it was started as.
    pub name: String,
    /// Its process id.
    pub id: u32,
    /// Field 22 of `/proc/<id>/stat`.
    pub started: u64,
}

impl Record {
    /// The program that has this process id now, if any.
    pub fn of(name: &str, id: u32) -> Option<Self> {
        living(id).map(|started| Self { name: name.to_owned(), id, started })
    }

    /// Whether it still runs; one that ended and was not yet waited for does not.
    pub fn is_alive(&self) -> bool {
        living(self.id) == Some(self.started)
    }

    /// Ends it at once. The id is pinned before it is compared, so no other program can be hit.
    pub fn end(&self) {
        let pinned =
            i32::try_from(self.id).ok().and_then(Pid::from_raw).and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok());
        if let Some(pinned) = pinned.filter(|_| self.is_alive()) {
            // It may have ended by itself in between, which is what is wanted.
            let _ = pidfd_send_signal(pinned, Signal::KILL);
        }
    }

    fn line(&self) -> String {
        format!("{} {} {}\n", self.name, self.id, self.started)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        Some(Self { name, id: words.next()?.parse().ok()?, started: words.next()?.parse().ok()? })
    }
}

/// Adds a record to a file.
pub(crate) fn add(file: &Path, record: &Record) -> Result<()> {
    let mut open = OpenOptions::new().create(true).append(true).open(file).naming("open", file)?;
    open.write_all(record.line().as_bytes()).naming("write", file)
}

/// The records in a file; none if there is no file.
pub(crate) fn read(file: &Path) -> Vec<Record> {
    fs::read_to_string(file).unwrap_or_default().lines().filter_map(Record::parse).collect()
}

/// Every living program that carries our mark; only those of one run folder if one is given.
pub(crate) fn marked(folder: Option<&Path>) -> Vec<Record> {
    let own = std::process::id();
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| *id != own)
        .filter_map(|id| {
            // Taken before the mark is read: should the id change hands, the record matches nobody.
            let record = Record::of(&command_line(id), id)?;
            let mark = mark(id)?;
            folder.is_none_or(|folder| folder.as_os_str() == mark.as_str()).then_some(record)
        })
        .collect()
}

/// Ends all of them and waits until they are gone, at most ten seconds.
pub(crate) fn end(records: &[Record]) {
    records.iter().for_each(Record::end);
    let start = Instant::now();
    while records.iter().any(Record::is_alive) && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// When the program with this id started; nothing if there is none or it is only waiting to be reaped.
fn living(id: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses itself.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let started = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(started)
}

/// The run folder named by the mark of a program, if it has one.
pub(crate) fn mark(id: u32) -> Option<String> {
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    environment.split(|byte| *byte == 0).find_map(|entry| {
        let entry = std::str::from_utf8(entry).ok()?;
        Some(entry.strip_prefix(MARK)?.strip_prefix('=')?.to_owned())
    })
}

/// The first words of its command line, for people.
pub(crate) fn command_line(id: u32) -> String {
    let text = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).replace('\0', " ");
    text.chars().take(120).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn record_survives_its_file() {
        let file = std::env::temp_dir().join(format!("dropout-records-{}", std::process::id()));
        let own = Record::of("tests", std::process::id()).unwrap();
        add(&file, &own).unwrap();
        let read = read(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(read, vec![own]);
    }

    #[test]
    fn reused_id_is_neither_alive_nor_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let ours = Record::of("sleep", child.id()).unwrap();
        let earlier = Record { started: ours.started - 1, ..ours.clone() };
        earlier.end();
        assert!(!earlier.is_alive());
        assert!(ours.is_alive());
        end(std::slice::from_ref(&ours));
        assert!(!ours.is_alive());
        child.wait().unwrap();
    }

    #[test]
    fn marked_finds_grandchildren_by_their_folder() {
        let folder = std::env::temp_dir().join(format!("dropout-mark-{}", std::process::id()));
        let mut child = Command::new("sh").args(["-c", "sleep 60 & wait"]).env(MARK, &folder).spawn().unwrap();
        let start = Instant::now();
        while marked(Some(&folder)).len() < 2 && start.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let found = marked(Some(&folder));
        end(&found);
        child.wait().unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(marked(Some(&folder)), vec![]);
    }
}
