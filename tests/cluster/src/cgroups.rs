//! The control groups of the node's pods, all below one root of ours in every hierarchy of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::error::{Naming, Result};
use crate::records::{self, Record};

/// The root all pods are below, as kubelet is told.
pub(crate) const ROOT: &str = "/dropout-operator";

/// Makes the root in every hierarchy: kubelet wants it to exist.
pub(crate) fn create() -> Result<()> {
    for hierarchy in hierarchies() {
        // Cgroup v2 offers a controller to children only when told; v1 has no such file, some kernels not each controller.
        for controller in ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"] {
            let _ = fs::write(hierarchy.join("cgroup.subtree_control"), format!("+{controller}"));
        }
        let root = root_in(&hierarchy);
        fs::create_dir_all(&root).naming("create", &root)?;
    }
    Ok(())
}

/// Everything that runs below the root.
pub(crate) fn members() -> Vec<Record> {
    let mut ids: Vec<u32> = groups()
        .iter()
        .filter_map(|group| fs::read_to_string(group.join("cgroup.procs")).ok())
        .flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<_>>())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter_map(|id| Record::of(&records::command_line(id), id)).collect()
}

/// Removes the root in every hierarchy, once nothing runs below it.
pub(crate) fn remove() {
    // The kernel takes a moment to let go of a program that has ended.
    for _ in 0..100 {
        for group in groups() {
            let _ = fs::remove_dir(group);
        }
        if groups().is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Every group of ours, children before their parents.
pub(crate) fn groups() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for hierarchy in hierarchies() {
        below(&root_in(&hierarchy), &mut found);
    }
    found
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        below(&entry.path(), found);
    }
    found.push(folder.to_owned());
}

fn root_in(hierarchy: &Path) -> PathBuf {
    hierarchy.join(ROOT.trim_start_matches('/'))
}

/// Where the hierarchies are mounted: one on cgroup v2, one for each controller on v1.
fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (_, target, kind) = (words.next()?, words.next()?, words.next()?);
            kind.starts_with("cgroup").then(|| PathBuf::from(target))
        })
        .collect()
}
