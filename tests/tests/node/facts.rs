//! What is true of all our pods at once: their namespaces, and the memory they take.

use super::scene::Scene;
use serde_json::Value;

/// Every pod of ours ran in a namespace that enforces Pod Security `restricted`.
pub fn all_restricted(scene: &Scene<'_>) {
    let namespaces = scene.trial.node.get("", "namespaces");
    let is_restricted = |name: &str| {
        let found = namespaces["items"].as_array().unwrap().iter().find(|one| one["metadata"]["name"] == name);
        found.is_some_and(|one| one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted")
    };
    let pods: Value = serde_json::from_str(&scene.trial.node.kubectl(&["get", "pods", "-A", "-o", "json"])).unwrap();
    let ours = pods["items"].as_array().unwrap();
    let places: std::collections::BTreeSet<&str> =
        ours.iter().map(|pod| pod["metadata"]["namespace"].as_str().unwrap()).collect();
    assert!(places.contains("dropout-system") && places.contains(scene.trial.namespace.as_str()), "{places:?}");
    assert_eq!(places.iter().filter(|place| !is_restricted(place)).collect::<Vec<_>>(), Vec::<&&str>::new());
    let policies = scene.kubectl(&["get", "events", "-A", "-o", "json"]);
    assert!(!policies.contains("violates PodSecurity"), "a pod of ours violates Pod Security");
    for program in ["dropout-operator", "dropout-inference"] {
        println!("MEMORY {program}: {:?} KiB resident", resident(program));
    }
}

/// Resident memory of every process of a program, in KiB.
fn resident(program: &str) -> Vec<u64> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let is_program = |path: &std::path::PathBuf| {
        std::fs::read(path.join("cmdline")).is_ok_and(|line| line.starts_with(format!("/{program}\0").as_bytes()))
    };
    let size = |path: std::path::PathBuf| {
        let status = std::fs::read_to_string(path.join("status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()
    };
    processes.filter(is_program).filter_map(size).collect()
}
