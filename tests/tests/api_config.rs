//! `config/` is the chart rendered, and what the chart asks for is exactly what the operator needs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn helm() -> PathBuf {
    dropout_cluster::helm(&dropout_cluster::Interrupt::default()).expect("helm")
}

fn output(command: &mut Command) -> (bool, String) {
    let output = command.current_dir(root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn config_is_the_chart_rendered() {
    let (is_rendered, text) = output(Command::new("tests/config.sh").arg(helm()));
    assert!(is_rendered, "{text}");
    let kept = fs::read_to_string(root().join("config/install.yaml")).unwrap();
    assert!(kept == text, "config/install.yaml differs from the chart: run `make generate`");
}

#[test]
fn the_chart_asks_for_a_registry_and_no_verb_on_secrets() {
    let render = |settings: &[&str]| {
        output(
            Command::new(helm())
                .args(["template", "dropout", "charts/dropout-operator", "-n", "dropout-system"])
                .args(settings),
        )
    };
    let (is_rendered, text) = render(&[]);
    assert!(!is_rendered && text.contains("registry"), "{text}");
    let (is_rendered, text) = render(&["--set", "image.registry=r", "--set", "bogus=1"]);
    assert!(!is_rendered && text.contains("bogus"), "{text}");
    for settings in [&["--set", "image.registry=r"][..], &["--set", "image.registry=r,watchNamespace=trial"][..]] {
        let (is_rendered, text) = render(settings);
        assert!(is_rendered, "{text}");
        assert!(!text.contains("secrets"), "a rule on secrets");
        assert!(
            !text.contains("\"*\"") || text.matches("\"*\"").count() == 1,
            "a wildcard beyond the policy's apiVersions"
        );
    }
    let (_, text) = render(&["--set", "image.registry=r,watchNamespace=trial"]);
    assert!(!text.contains("kind: ClusterRole\n"), "a ClusterRole although one namespace is watched");
}

#[test]
fn monitoring_is_rendered_only_where_it_is_asked_for() {
    let render = |settings: &str| {
        let settings = format!("image.registry=r{settings}");
        let mut helm = Command::new(helm());
        let (is_rendered, text) = output(helm.args([
            "template",
            "dropout",
            "charts/dropout-operator",
            "-n",
            "dropout-system",
            "--set",
            &settings,
        ]));
        assert!(is_rendered, "{text}");
        let documents: Vec<serde_json::Value> = text
            .split("\n---\n")
            .filter(|text| text.lines().any(|line| !line.trim().is_empty() && !line.starts_with(['#', '-'])))
            .map(|text| serde_saphyr::from_str(text).unwrap())
            .collect();
        documents
    };
    let of_kind = |documents: &[serde_json::Value], kind: &str| -> Vec<serde_json::Value> {
        documents.iter().filter(|document| document["kind"] == kind).cloned().collect()
    };
    let plain = render("");
    assert!(plain.len() > 5);
    for kind in ["PodMonitor", "PrometheusRule", "ConfigMap"] {
        assert_eq!(of_kind(&plain, kind).len(), 0, "{kind}");
    }
    let wanted = ["podMonitors", "rules", "dashboard"].map(|part| format!(",monitoring.{part}.enabled=true")).concat();
    let all = render(&format!("{wanted},monitoring.labels.release=kps,watchNamespace=trial"));
    let monitors = of_kind(&all, "PodMonitor");
    assert_eq!(monitors.len(), 2);
    assert!(monitors.iter().all(|monitor| monitor["metadata"]["labels"]["release"] == "kps"));
    assert_eq!(monitors[1]["spec"]["namespaceSelector"]["matchNames"][0], "trial");
    let file = |name: &str| fs::read_to_string(root().join("charts/dropout-operator/monitoring").join(name)).unwrap();
    let alerts: serde_json::Value = serde_saphyr::from_str(&file("alerts.yaml")).unwrap();
    assert_eq!(of_kind(&all, "PrometheusRule")[0]["spec"], alerts);
    let kept = of_kind(&all, "ConfigMap")[0]["data"]["dropout.json"].as_str().unwrap().to_owned();
    let [kept, dashboard]: [serde_json::Value; 2] =
        [kept, file("dashboard.json")].map(|text| serde_json::from_str(&text).unwrap());
    assert_eq!(kept, dashboard);
}
