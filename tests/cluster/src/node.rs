//! The one node of a machine: containerd, kubelet, scheduler and kube-proxy. There is no DNS: pods reach services by address.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::children::Children;
use crate::error::{Error, Naming, Result};
use crate::folder::Folder;
use crate::image::Image;
use crate::network::{BRIDGE, GATEWAY, PODS};
use crate::pki::{Authority, Identity};
use crate::{cgroups, command, kubeconfig, mounts, packages, ports};

/// The node's name in the cluster.
const NAME: &str = "dropout";
/// What holds a pod's namespaces open.
const PAUSE: &str = "dropout.local/pause:1";

/// Starts containerd in its private view of the file system and gives it the pause image.
pub(crate) fn start_runtime(folder: &Folder, binaries: &Path, pause: &Path, children: &mut Children) -> Result<()> {
    cgroups::create()?;
    mounts::start(folder, children)?;
    for part in ["containerd", "cni/net.d"] {
        let path = folder.join(part);
        std::fs::create_dir_all(&path).naming("create", &path)?;
    }
    let runc = packages::found("runc").ok_or_else(|| Error::MissingPackages { packages: "runc".into() })?;
    let config = include_str!("../etc/containerd.toml").replace("@PAUSE@", PAUSE);
    folder.write("containerd/config.toml", &fill(folder, &config.replace("@RUNC@", &runc)))?;
    folder.write("cni/net.d/10-dropout.conflist", &fill(folder, include_str!("../etc/cni.conflist")))?;
    children.start("containerd", &[format!("--config={}", folder.text("containerd/config.toml"))])?;
    children.wait("containerd", Duration::from_secs(30), || {
        command::output(ctr(folder, binaries).arg("version")).map(|_| ()).map_err(|error| error.to_string())
    })?;
    let archive = folder.join("containerd/pause.tar");
    Image { name: PAUSE, program: pause, user: "65535:65535" }.write(&archive)?;
    load(folder, binaries, &archive)
}

/// Starts what makes the machine a node; call it once the control plane is ready.
pub(crate) fn start(folder: &Folder, authority: &Authority, children: &mut Children) -> Result<()> {
    let [port] = ports::free()?;
    identities(folder, authority)?;
    let config = include_str!("../etc/kubelet.yaml").replace("@PORT@", &port.to_string());
    folder.write("kubelet.yaml", &fill(folder, &config.replace("@CGROUP@", cgroups::ROOT)))?;
    children.start("kubelet", &kubelet_arguments(folder))?;
    children.start("kube-scheduler", &scheduler_arguments(folder))?;
    children.start("kube-proxy", &proxy_arguments(folder))
}

/// Waits until pods can be scheduled on the node.
pub(crate) fn wait(children: &mut Children, mut kubectl: impl FnMut() -> Command) -> Result<()> {
    // An untainted node prints no taints after the status.
    let path = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}{.spec.taints}";
    children.wait("the node", Duration::from_secs(90), || {
        match command::output(kubectl().args(["get", "node", NAME, "--output", path])) {
            Ok(answer) if answer == "True" => Ok(()),
            Ok(answer) => Err(answer),
            Err(error) => Err(error.to_string()),
        }
    })
}

/// Imports an OCI archive into the node.
pub(crate) fn load(folder: &Folder, binaries: &Path, archive: &Path) -> Result<()> {
    let mut import = ctr(folder, binaries);
    import.args(["--namespace=k8s.io", "images", "import"]).arg(archive);
    command::output(&mut import).map(|_| ())
}

fn ctr(folder: &Folder, binaries: &Path) -> Command {
    let mut ctr = Command::new(binaries.join("ctr"));
    ctr.arg(format!("--address={}", folder.text("containerd/containerd.sock")));
    ctr
}

fn fill(folder: &Folder, text: &str) -> String {
    text.replace("@FOLDER@", &folder.path().display().to_string())
        .replace("@ADDRESS@", GATEWAY)
        .replace("@BRIDGE@", BRIDGE)
        .replace("@PODS@", PODS)
}

fn identities(folder: &Folder, authority: &Authority) -> Result<()> {
    let node = format!("system:node:{NAME}");
    let clients = [
        ("kubelet", node.as_str(), Some("system:nodes")),
        ("scheduler", "system:kube-scheduler", None),
        ("kube-proxy", "system:kube-proxy", None),
    ];
    let server = std::fs::read_to_string(folder.join("server")).naming("read", &folder.join("server"))?;
    for (file, user, group) in clients {
        authority.issue(&Identity { file, user, group, hosts: &[] })?;
        kubeconfig::write(folder, &format!("pki/{file}.conf"), file, &server)?;
    }
    authority.issue(&Identity {
        file: "kubelet-serving",
        user: &node,
        group: Some("system:nodes"),
        hosts: &[GATEWAY, NAME],
    })
}

fn kubelet_arguments(folder: &Folder) -> Vec<String> {
    vec![
        format!("--config={}", folder.text("kubelet.yaml")),
        format!("--kubeconfig={}", folder.text("pki/kubelet.conf")),
        format!("--root-dir={}", folder.text("kubelet")),
        format!("--cert-dir={}", folder.text("pki")),
        format!("--hostname-override={NAME}"),
        format!("--node-ip={GATEWAY}"),
    ]
}

fn scheduler_arguments(folder: &Folder) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", folder.text("pki/scheduler.conf")),
        "--leader-elect=false".into(),
        "--secure-port=0".into(),
    ]
}

fn proxy_arguments(folder: &Folder) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", folder.text("pki/kube-proxy.conf")),
        format!("--hostname-override={NAME}"),
        format!("--cluster-cidr={PODS}"),
        "--proxy-mode=iptables".into(),
        // Two pods on one bridge would answer each other past the address translation otherwise.
        "--masquerade-all".into(),
        // NodePorts answer on the loopback and nowhere else.
        "--nodeport-addresses=127.0.0.0/8".into(),
        // Leave the machine's connection tracking as it is.
        "--conntrack-max-per-core=0".into(),
        "--conntrack-tcp-timeout-established=0s".into(),
        "--conntrack-tcp-timeout-close-wait=0s".into(),
        "--healthz-bind-address=".into(),
        "--metrics-bind-address=".into(),
    ]
}
