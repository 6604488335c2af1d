//! The programs a cluster is made of: which pinned Go module each comes from and how it is linked. It builds nothing.

use crate::Level;

/// One program and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Program {
    /// The name of the binary.
    pub name: &'static str,
    /// The folder under `go/` whose go.mod pins it.
    pub module: &'static str,
    /// The Go package to build.
    pub package: &'static str,
    /// Linker settings that give the program its version.
    pub version: &'static str,
}

/// Clients refuse a server whose version they cannot parse, so it is linked in.
const KUBERNETES: &str = "-X k8s.io/component-base/version.gitVersion=v1.36.3 \
     -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";
const CONTAINERD: &str = "-X github.com/containerd/containerd/v2/version.Version=v2.4.2";

const fn kubernetes(name: &'static str, package: &'static str) -> Program {
    Program { name, module: "kubernetes", package, version: KUBERNETES }
}

const fn containerd(name: &'static str, package: &'static str) -> Program {
    Program { name, module: "containerd", package, version: CONTAINERD }
}

const API: [Program; 4] = [
    Program { name: "etcd", module: "etcd", package: "go.etcd.io/etcd/server/v3", version: "" },
    kubernetes("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    kubernetes("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    kubernetes("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
];

const NODE: [Program; 6] = [
    kubernetes("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    kubernetes("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
    kubernetes("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"),
    containerd("containerd", "github.com/containerd/containerd/v2/cmd/containerd"),
    containerd("containerd-shim-runc-v2", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"),
    containerd("ctr", "github.com/containerd/containerd/v2/cmd/ctr"),
];

/// What holds a pod's namespaces open; our own, so never looked for in someone else's folder.
pub(crate) const PAUSE: Program = Program { name: "pause", module: "pause", package: ".", version: "" };

/// Helm, built only when asked for.
pub(crate) const HELM: Program = Program {
    name: "helm",
    module: "helm",
    package: "helm.sh/helm/v4/cmd/helm",
    version: "-X helm.sh/helm/v4/internal/version.version=v4.3.1",
};

/// An S3 server, built only when asked for.
pub(crate) const VERSITYGW: Program = Program {
    name: "versitygw",
    module: "versitygw",
    package: "github.com/versity/versitygw/cmd/versitygw",
    version: "-X main.Version=v1.8.0",
};

/// The folder under `go/` of the S3 server, which is no part of a cluster: a change of its pin builds no cluster anew.
pub(crate) const S3_MODULES: [&str; 1] = ["versitygw"];

/// The folders under `go/`, one per upstream project since their dependency versions differ.
pub(crate) const MODULES: [&str; 5] = ["containerd", "etcd", "helm", "kubernetes", "pause"];

/// The programs a level needs, in the order they are built.
pub(crate) fn programs(level: Level) -> Vec<Program> {
    match level {
        Level::Api => API.to_vec(),
        Level::Node => [API.as_slice(), NODE.as_slice()].concat(),
    }
}
