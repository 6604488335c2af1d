//! etcd, the apiserver and the controller manager. It knows nothing of nodes except the address they reach it at.

use std::process::Command;
use std::time::Duration;

use crate::children::Children;
use crate::error::Result;
use crate::folder::Folder;
use crate::network::{GATEWAY, SERVICES};
use crate::pki::{Authority, Identity};
use crate::{Level, command, kubeconfig, pki, ports};

/// The first address of the service range: the apiserver as pods see it.
const SERVICE: &str = "10.96.0.1";

/// The controller manager has made the first service account by then, so pods can be created.
const READY: Duration = Duration::from_secs(60);

/// Starts the control plane and waits until it serves; writes `kubeconfig`.
pub(crate) fn start(folder: &Folder, level: Level, children: &mut Children) -> Result<Authority> {
    let [etcd, peer, api] = ports::free()?;
    let authority = Authority::create(folder)?;
    identities(&authority)?;
    pki::token_keys(folder)?;
    let server = format!("https://127.0.0.1:{api}");
    kubeconfig::write(folder, "kubeconfig", "admin", &server)?;
    kubeconfig::write(folder, "pki/controller-manager.conf", "controller-manager", &server)?;
    folder.write("server", &server)?;
    folder.write("audit-policy.yaml", include_str!("../etc/audit-policy.yaml"))?;
    children.start("etcd", &etcd_arguments(folder, etcd, peer))?;
    children.start("kube-apiserver", &apiserver_arguments(folder, level, etcd, api))?;
    children.start("kube-controller-manager", &controller_manager_arguments(folder))?;
    Ok(authority)
}

/// Waits until the apiserver is ready and the controller manager works.
pub(crate) fn wait(children: &mut Children, mut kubectl: impl FnMut() -> Command) -> Result<()> {
    children.wait("the control plane", READY, || {
        let ready = command::output(kubectl().args(["get", "--raw", "/readyz"]));
        ready.map_err(|error| error.to_string())?;
        command::output(kubectl().args(["get", "serviceaccount", "default", "--namespace=default"]))
            .map(|_| ())
            .map_err(|error| error.to_string())
    })
}

fn identities(authority: &Authority) -> Result<()> {
    let client = |file, user, group| Identity { file, user, group, hosts: &[] };
    authority.issue(&client("admin", "admin", Some("system:masters")))?;
    authority.issue(&client("controller-manager", "system:kube-controller-manager", None))?;
    authority.issue(&client("apiserver-kubelet", "apiserver-kubelet", Some("system:masters")))?;
    authority.issue(&Identity {
        file: "apiserver",
        user: "kube-apiserver",
        group: None,
        hosts: &["127.0.0.1", "localhost", SERVICE, GATEWAY, "kubernetes.default.svc"],
    })
}

fn etcd_arguments(folder: &Folder, client: u16, peer: u16) -> Vec<String> {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    vec![
        format!("--data-dir={}", folder.text("etcd")),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // Nothing here outlives the machine, and syncing each write would double every test.
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ]
}

fn apiserver_arguments(folder: &Folder, level: Level, etcd: u16, port: u16) -> Vec<String> {
    let pki = |file: &str| folder.text(&format!("pki/{file}"));
    // Pods reach it through the bridge; without a node it stays on the loopback.
    let (bind, advertise) = match level {
        Level::Api => ("127.0.0.1", "127.0.0.1"),
        Level::Node => ("0.0.0.0", GATEWAY),
    };
    vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        format!("--bind-address={bind}"),
        format!("--advertise-address={advertise}"),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", pki("apiserver.crt")),
        format!("--tls-private-key-file={}", pki("apiserver.key")),
        format!("--client-ca-file={}", pki("ca.crt")),
        format!("--kubelet-certificate-authority={}", pki("ca.crt")),
        format!("--kubelet-client-certificate={}", pki("apiserver-kubelet.crt")),
        format!("--kubelet-client-key={}", pki("apiserver-kubelet.key")),
        "--kubelet-preferred-address-types=InternalIP".into(),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        format!("--service-account-key-file={}", pki("tokens.pub")),
        format!("--service-account-signing-key-file={}", pki("tokens.key")),
        format!("--service-cluster-ip-range={SERVICES}"),
        "--authorization-mode=Node,RBAC".into(),
        "--enable-admission-plugins=NodeRestriction".into(),
        "--allow-privileged".into(),
        "--profiling=false".into(),
        format!("--audit-policy-file={}", folder.text("audit-policy.yaml")),
        format!("--audit-log-path={}", folder.text("audit.log")),
        // In megabytes: never rotated, so that writes can be counted.
        "--audit-log-maxsize=4000".into(),
    ]
}

fn controller_manager_arguments(folder: &Folder) -> Vec<String> {
    let config = folder.text("pki/controller-manager.conf");
    vec![
        format!("--kubeconfig={config}"),
        format!("--service-account-private-key-file={}", folder.text("pki/tokens.key")),
        format!("--root-ca-file={}", folder.text("pki/ca.crt")),
        format!("--cert-dir={}", folder.text("pki")),
        // It makes this folder, by default below /usr.
        format!("--flex-volume-plugin-dir={}", folder.text("volume-plugins")),
        "--use-service-account-credentials".into(),
        "--leader-elect=false".into(),
        // Its default of 20 requests a second makes its own start take 5 s longer.
        "--kube-api-qps=1000".into(),
        "--kube-api-burst=1000".into(),
        // It serves nobody: no port to collide on.
        "--secure-port=0".into(),
        "--profiling=false".into(),
    ]
}
