//! The private view of the file system that containerd, kubelet and all pods share: their mounts end with the last of them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::children::Children;
use crate::command;
use crate::error::{Naming, Result};
use crate::folder::Folder;

/// Folders whose place is fixed in containerd, kubelet and the CNI library; ours are laid over them in the private view.
const FIXED: [&str; 4] = ["/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"];

/// Opens the private view: mounts of the machine come in, ours do not go out.
pub(crate) fn start(folder: &Folder, children: &mut Children) -> Result<()> {
    let mut script = String::from("mount --make-rshared /\n");
    let mut made = String::new();
    for target in FIXED {
        let ours = folder.join(&format!("fixed{target}"));
        fs::create_dir_all(&ours).naming("create", &ours)?;
        if !Path::new(target).exists() {
            made.push_str(&format!("{target}\n"));
            // Noted first, so that it is removed even if this is where we are ended.
            folder.write("made", &made)?;
            fs::create_dir_all(target).naming("create", Path::new(target))?;
        }
        script.push_str(&format!("mount --bind '{}' {target}\n", ours.display()));
    }
    script.push_str("touch fixed/ready\nexec sleep infinity\n");
    children.start_mounts(&script)?;
    children.wait("the private mounts", Duration::from_secs(10), || {
        folder.join("fixed/ready").exists().then_some(()).ok_or_else(String::new)
    })
}

/// Removes the empty folders that were made only to be mounted over, and whatever is still mounted below the run folder.
pub(crate) fn remove(folder: &Folder) {
    for target in left(folder.path()) {
        let _ = command::output(Command::new("umount").args(["--lazy", &target]));
    }
    for target in fs::read_to_string(folder.join("made")).unwrap_or_default().lines() {
        // If it is not empty, someone else has begun to use it.
        let _ = fs::remove_dir(target);
    }
}

/// What is mounted below a folder in this program's view, the innermost first.
pub(crate) fn left(folder: &Path) -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let targets = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let below = targets.filter(|target| Path::new(target).starts_with(folder));
    let mut found: Vec<String> = below.map(str::to_owned).collect();
    found.reverse();
    found
}
