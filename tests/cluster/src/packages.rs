//! Makes sure the Debian packages a node needs are there. It installs only what is missing, and only as root.

use std::path::Path;
use std::process::Command;

use crate::command;
use crate::error::{Error, Result};
use crate::{Interrupt, Level};

/// Each package with the files or commands of which any shows that it is installed.
const PACKAGES: [(&str, &[&str]); 8] = [
    ("runc", &["runc"]),
    ("containernetworking-plugins", &["/usr/lib/cni/bridge", "/opt/cni/bin/bridge"]),
    ("iptables", &["iptables"]),
    ("conntrack", &["conntrack"]),
    ("iproute2", &["ip"]),
    ("mount", &["mount"]),
    ("util-linux", &["setsid"]),
    ("buildah", &["buildah"]),
];

const SEARCH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Installs what a level needs: Debian's `util-linux` for both, the node's tools for a node.
pub(crate) fn needed(level: Level, interrupt: &Interrupt) -> Result<()> {
    match level {
        Level::Api => install(&["util-linux"], interrupt),
        Level::Node => install(
            &["runc", "containernetworking-plugins", "iptables", "conntrack", "iproute2", "mount", "util-linux"],
            interrupt,
        ),
    }
}

/// Installs those of the named packages that are missing; without root, an error that names them.
pub fn install(names: &[&str], interrupt: &Interrupt) -> Result<()> {
    let missing: Vec<&str> = names.iter().filter(|name| !is_installed(name)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() || found("apt-get").is_none() {
        return Err(Error::MissingPackages { packages: missing.join(" ") });
    }
    eprintln!("installing {} with apt-get", missing.join(", "));
    // Never killed halfway: that would leave the machine's package state broken.
    let uninterrupted = Interrupt::default();
    command::finish(apt_get(&["update", "-qq"]), &uninterrupted)?;
    let options = ["install", "-qq", "--yes", "--no-install-recommends", "-o=Dpkg::Use-Pty=0"];
    command::finish(apt_get(&[&options, missing.as_slice()].concat()), &uninterrupted)?;
    interrupt.check()
}

/// Where a command is, looked for in the system's folders only.
pub(crate) fn found(name: &str) -> Option<String> {
    SEARCH.iter().map(|folder| format!("{folder}/{name}")).find(|path| Path::new(path).exists())
}

fn is_installed(name: &str) -> bool {
    PACKAGES.iter().filter(|(package, _)| *package == name).any(|(_, signs)| {
        signs.iter().any(|sign| if sign.starts_with('/') { Path::new(sign).exists() } else { found(sign).is_some() })
    })
}

/// What apt-get prints is progress, so it goes to standard error like ours.
fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments).stdout(std::io::stderr());
    command
}
