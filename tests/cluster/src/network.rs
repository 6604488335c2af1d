//! The machine-wide network of the node level: bridge, kernel settings and iptables chains, made and undone.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command;
use crate::error::{Error, Result};
use crate::folder::Folder;

/// The bridge all pods are attached to. Its name is how it is found again.
pub(crate) const BRIDGE: &str = "dropout0";
/// The node's address on the bridge: pods and apiserver reach the node there.
pub(crate) const GATEWAY: &str = "10.187.0.1";
/// The addresses of pods.
pub(crate) const PODS: &str = "10.187.0.0/24";
/// The addresses of services.
pub(crate) const SERVICES: &str = "10.96.0.0/16";

/// Kernel settings that kubelet, kube-proxy or the CNI plugins change.
const SETTINGS: [&str; 7] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];

const FAMILIES: [&str; 2] = ["iptables", "ip6tables"];
const TABLES: [&str; 4] = ["nat", "filter", "mangle", "raw"];

/// Notes the machine's settings, refuses a machine with another Kubernetes, and makes the bridge.
pub(crate) fn create(folder: &Folder) -> Result<()> {
    if let Some(chain) = chains().first() {
        return Err(Error::Refused(format!(
            "iptables {chain} belongs to another Kubernetes on this machine: use the api level, or another machine"
        )));
    }
    let settings = SETTINGS.iter().filter_map(|name| {
        let value = fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?;
        Some(format!("{name} {}\n", value.trim()))
    });
    folder.write("settings", &settings.collect::<String>())?;
    ip(&["link", "add", BRIDGE, "type", "bridge"])?;
    ip(&["address", "add", &format!("{GATEWAY}/24"), "dev", BRIDGE])?;
    ip(&["link", "set", BRIDGE, "up"])
}

/// Undoes all of it as far as it is there; nothing if [`create`] refused, for then the chains are another's.
pub(crate) fn remove(folder: &Folder) {
    let Ok(settings) = fs::read_to_string(folder.join("settings")) else { return };
    for link in links() {
        // A veth goes with its other end, so the second of a pair is no longer there.
        let _ = ip(&["link", "delete", &link]);
    }
    for family in FAMILIES {
        for table in TABLES {
            remove_chains(family, table);
        }
    }
    for line in settings.lines() {
        if let Some((name, value)) = line.split_once(' ') {
            let _ = fs::write(Path::new("/proc/sys").join(name), value);
        }
    }
}

/// The bridge and what is attached to it, the attached first.
pub(crate) fn links() -> Vec<String> {
    let bridge = Path::new("/sys/class/net").join(BRIDGE);
    let attached = fs::read_dir(bridge.join("brif")).into_iter().flatten().flatten();
    let mut links: Vec<String> = attached.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    links.extend(bridge.exists().then(|| BRIDGE.to_owned()));
    links
}

/// Chains of Kubernetes and CNI, with their table.
pub(crate) fn chains() -> Vec<String> {
    let mut found = Vec::new();
    for family in FAMILIES {
        for table in TABLES {
            let saved = save(family, table);
            found.extend(own_chains(&saved).iter().map(|chain| format!("{family} {table} {chain}")));
        }
    }
    found
}

fn remove_chains(family: &str, table: &str) {
    let Some(input) = removal(table, &save(family, table)) else { return };
    let restored = Command::new(format!("{family}-restore"))
        .args(["--noflush", "--wait=5"])
        .stdin(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(input.as_bytes())?;
            }
            child.wait()
        });
    if !restored.is_ok_and(|status| status.success()) {
        eprintln!("could not remove the chains of {family} {table}");
    }
}

/// One transaction that empties our chains, deletes the rules that jump to them, then the chains.
fn removal(table: &str, saved: &str) -> Option<String> {
    let chains = own_chains(saved);
    if chains.is_empty() {
        return None;
    }
    let own: HashSet<&str> = chains.iter().copied().collect();
    let mut lines = vec![format!("*{table}")];
    lines.extend(chains.iter().map(|chain| format!(":{chain} - [0:0]")));
    for rule in saved.lines().filter_map(|line| line.strip_prefix("-A ")) {
        let words: Vec<&str> = rule.split(' ').collect();
        let jumps = words.windows(2).any(|pair| pair[0] == "-j" && own.contains(pair[1]));
        if jumps && !own.contains(words[0]) {
            lines.push(format!("-D {rule}"));
        }
    }
    lines.extend(chains.iter().map(|chain| format!("-X {chain}")));
    lines.push("COMMIT\n".into());
    Some(lines.join("\n"))
}

fn own_chains(saved: &str) -> Vec<&str> {
    saved
        .lines()
        .filter_map(|line| line.strip_prefix(':')?.split(' ').next())
        .filter(|chain| chain.starts_with("KUBE-") || chain.starts_with("CNI-"))
        .collect()
}

/// An unreadable table has no chains of ours: not every kernel has all tables of both families.
fn save(family: &str, table: &str) -> String {
    command::output(Command::new(format!("{family}-save")).args(["-t", table])).unwrap_or_default()
}

fn ip(arguments: &[&str]) -> Result<()> {
    command::output(Command::new("ip").args(arguments)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_takes_ours_and_leaves_the_rest() {
        let saved = "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n:KUBE-SERVICES - [0:0]\n\
                     -A PREROUTING -m comment --comment \"kubernetes portals\" -j KUBE-SERVICES\n\
                     -A PREROUTING -j DOCKER\n-A KUBE-SERVICES -j RETURN\nCOMMIT\n";
        let expected = "*nat\n:KUBE-SERVICES - [0:0]\n\
                        -D PREROUTING -m comment --comment \"kubernetes portals\" -j KUBE-SERVICES\n\
                        -X KUBE-SERVICES\nCOMMIT\n";
        assert_eq!(removal("nat", saved), Some(expected.to_owned()));
    }

    #[test]
    fn removal_of_nothing_is_nothing() {
        assert_eq!(removal("nat", "*nat\n:DOCKER - [0:0]\nCOMMIT\n"), None);
    }
}
