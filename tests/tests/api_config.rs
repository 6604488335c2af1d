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
