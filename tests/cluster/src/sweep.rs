//! Ends a cluster and removes every trace of it, also after its launcher crashed, and says what is left.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Naming, Result};
use crate::folder::{self, Folder, Owner};
use crate::records::{self, Record};
use crate::{cgroups, mounts, network};

/// Names the run folder whose cluster has this machine's only node.
const NODE: &str = "/run/dropout-operator.node";

/// Ends everything that belongs to a run folder and removes the folder.
pub(crate) fn sweep(folder: &Folder) -> Result<()> {
    let has_node = node().as_deref() == Some(folder.path());
    // What is ended may just have started another.
    for _ in 0..10 {
        let living = living(folder, has_node);
        if living.is_empty() {
            break;
        }
        records::end(&living);
    }
    if let Some(survivor) = living(folder, has_node).first() {
        let Record { name, id, .. } = survivor;
        return Err(Error::Refused(format!("could not end {name}, process {id}")));
    }
    if has_node {
        cgroups::remove();
        network::remove(folder);
        mounts::remove(folder);
        let path = Path::new(NODE);
        fs::remove_file(path).naming("remove", path)?;
    }
    match mounts::left(folder.path()).first() {
        Some(mount) => Err(Error::Refused(format!("{mount} is still mounted"))),
        None if folder.exists() => folder.remove(),
        None => Ok(()),
    }
}

/// Sweeps every run folder whose cluster was left behind. Call it with the lock held.
pub(crate) fn sweep_abandoned() {
    for folder in folder::all().iter().filter(|folder| is_abandoned(folder)) {
        eprintln!("removing what is left of {}", folder.path().display());
        if let Err(error) = sweep(folder) {
            eprintln!("{}: {error}", folder.path().display());
        }
    }
}

/// Makes this run folder the one with the node, sweeping a dead predecessor. Call it with the lock held.
pub(crate) fn claim_node(folder: &Folder) -> Result<()> {
    if let Some(holder) = node() {
        let holder = Folder::at(&holder)?;
        if holder.exists() && !is_abandoned(&holder) {
            let path = holder.path().display();
            return Err(Error::Refused(format!(
                "this machine's node belongs to {path}; end it with: dropout-cluster down --dir {path}"
            )));
        }
        sweep(&holder)?;
    }
    let text = format!("{}\n", folder.path().display());
    fs::write(NODE, text).naming("write", Path::new(NODE))
}

/// Whether the launcher died, or everything that was to stay has ended.
pub(crate) fn is_abandoned(folder: &Folder) -> bool {
    match folder.owner() {
        Owner::Running => false,
        Owner::Dead => true,
        Owner::Detached => living(folder, false).is_empty(),
    }
}

/// What launchers left on this machine: processes, mounts, links, control groups, iptables chains and run folders.
///
/// The list is empty unless a cluster is up or a sweep failed. Each line of one cluster names its run folder; links, groups
/// and chains are those of the machine's only node. Processes of other users are only seen by root.
pub fn leftovers() -> Vec<String> {
    let mut found = Vec::new();
    for Record { id, name, .. } in records::marked(None) {
        let folder = records::mark(id).unwrap_or_default();
        found.push(format!("process {id} of {folder}: {name}"));
    }
    for Record { id, name, .. } in cgroups::members() {
        found.push(format!("process {id} below {}: {name}", cgroups::ROOT));
    }
    for folder in folder::all() {
        found.push(format!("folder {}", folder.path().display()));
        found.extend(mounts::left(folder.path()).iter().map(|mount| format!("mount {mount}")));
    }
    found.extend(node().map(|folder| format!("node of {}", folder.display())));
    found.extend(network::links().iter().map(|link| format!("link {link}")));
    found.extend(cgroups::groups().iter().map(|group| format!("group {}", group.display())));
    found.extend(network::chains().iter().map(|chain| format!("chain {chain}")));
    found
}

/// The run folder that has the node.
fn node() -> Option<PathBuf> {
    fs::read_to_string(NODE).ok().map(|text| PathBuf::from(text.trim_end()))
}

fn living(folder: &Folder, has_node: bool) -> Vec<Record> {
    let mut living = records::read(&folder.join("records"));
    living.retain(Record::is_alive);
    living.extend(records::marked(Some(folder.path())));
    if has_node {
        living.extend(cgroups::members());
    }
    living
}
