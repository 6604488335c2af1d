//! Who may import whom, asserted from what cargo says, and the shape of our source files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Most lines of code of a source file before its tests; comments and empty lines do not count.
const LONGEST: usize = 300;

#[test]
fn no_crate_imports_upwards() {
    let edges = [
        ("dropout-model", &[][..]),
        ("dropout-crds", &["dropout-model"]),
        ("dropout-planner", &["dropout-crds", "dropout-model"]),
        ("dropout-operator", &["dropout-crds", "dropout-model", "dropout-planner"]),
        ("dropout-store", &[]),
        ("dropout-trainer", &["dropout-model", "dropout-store"]),
        ("dropout-monitor", &["dropout-model", "dropout-store"]),
        ("dropout-inference", &["dropout-model", "dropout-store"]),
        ("dropout-cluster", &[]),
    ];
    let mut found = Workspace::read().edges();
    found.remove("dropout-tests");
    let wanted: BTreeMap<String, BTreeSet<String>> =
        edges.into_iter().map(|(from, to)| (from.to_owned(), to.iter().map(ToString::to_string).collect())).collect();
    assert_eq!(found, wanted);
}

#[test]
fn nothing_depends_on_the_tests() {
    let edges = Workspace::read().edges();
    let users: Vec<&String> =
        edges.iter().filter(|(_, to)| to.contains("dropout-tests")).map(|(from, _)| from).collect();
    assert_eq!(users, Vec::<&String>::new());
    let of_cluster: Vec<&String> =
        edges.iter().filter(|(_, to)| to.contains("dropout-cluster")).map(|(from, _)| from).collect();
    assert!(of_cluster.iter().all(|from| *from == "dropout-tests"), "{of_cluster:?}");
}

#[test]
fn only_the_control_plane_knows_kubernetes() {
    for wing in ["dropout-model", "dropout-store", "dropout-trainer", "dropout-monitor", "dropout-inference"] {
        let tree = tree(wing);
        let known: Vec<&String> =
            tree.iter().filter(|name| name.starts_with("kube") || name.as_str() == "k8s-openapi").collect();
        assert_eq!(known, Vec::<&String>::new(), "{wing}");
    }
}

#[test]
fn model_crds_and_planner_know_no_client_and_no_runtime() {
    for pure in ["dropout-model", "dropout-crds", "dropout-planner"] {
        let tree = tree(pure);
        for forbidden in ["tokio", "kube-client", "kube-runtime", "hyper", "tower", "rustls", "futures", "rand"] {
            assert!(!tree.contains(forbidden), "{pure} depends on {forbidden}");
        }
    }
}

#[test]
fn everything_speaks_tls_by_one_provider_without_a_c_build_of_its_own() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for wing in ["dropout-operator", "dropout-store", "dropout-trainer", "dropout-monitor", "dropout-inference"] {
        let tree = tree(wing);
        for name in ["aws-lc-rs", "aws-lc-sys", "openssl", "native-tls"] {
            assert!(!tree.contains(name), "{wing} depends on {name}");
        }
    }
    assert!(lock.contains("name = \"ring\""));
}

#[test]
fn every_source_file_says_what_it_is_and_is_short() {
    let mut faults = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        if !text.starts_with("//!") {
            faults.push(format!("{name}: does not open with //!"));
        }
        let before_tests = text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]");
        let lines = before_tests.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        if lines > LONGEST {
            faults.push(format!("{name}: {lines} lines of code before its tests; at most {LONGEST}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What cargo says about the workspace.
struct Workspace(Value);

impl Workspace {
    fn read() -> Self {
        Self(serde_json::from_slice(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).unwrap())
    }

    /// Which crates of ours a crate of ours names, for tests or not.
    fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
        let packages = self.0["packages"].as_array().unwrap();
        let ours: BTreeSet<String> = packages.iter().map(name).collect();
        let imports = |package: &Value| {
            let all = package["dependencies"].as_array().unwrap().iter().map(name);
            all.filter(|import| ours.contains(import)).collect()
        };
        packages.iter().map(|package| (name(package), imports(package))).collect()
    }
}

/// The names of all crates in the normal dependency tree of a crate.
fn tree(package: &str) -> BTreeSet<String> {
    let text = cargo(&["tree", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}"]);
    let text = String::from_utf8(text).unwrap();
    let names = text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert_ne!(names, BTreeSet::new(), "cargo tree knows no crate {package}");
    names
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).args(["--offline", "--locked"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The source files of all crates, without their tests beside `src`.
fn sources() -> Vec<PathBuf> {
    let crates =
        ["model", "crds", "planner", "operator", "trainer", "monitor", "store", "inference", "tests", "tests/cluster"];
    let mut files = Vec::new();
    for folder in crates {
        collect(&root().join(folder).join("src"), &mut files);
    }
    assert!(files.len() > 100);
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
