//! The example workflow is YAML, its command lines are ours, and its steps do on a trial what its README says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{folder, four, model_file, seven, simulated, workspace};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const TRAINER: &str = env!("CARGO_BIN_EXE_dropout-trainer");

fn workflow() -> Value {
    let text = fs::read_to_string(workspace().join("examples/ci/dropout-gate.yml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The script of a step.
fn script(step: &str) -> String {
    let workflow = workflow();
    let steps = workflow["jobs"]["gate"]["steps"].as_array().unwrap();
    let found = steps.iter().find(|found| found["name"] == step).unwrap();
    found["run"].as_str().unwrap().to_owned()
}

/// Every command line of ours in the workflow.
fn lines() -> Vec<String> {
    let all = [script("gate"), script("metrics")].concat();
    all.lines().map(str::trim).filter(|line| line.starts_with("dropout-trainer ")).map(str::to_owned).collect()
}

/// Runs a step as the runner does; its exit code, what it prints, and the summary.
fn step(folder: &Path, name: &str) -> (i32, String, String) {
    let summary = folder.join("summary.md");
    let _ = fs::remove_file(&summary);
    let programs = PathBuf::from(TRAINER).parent().unwrap().display().to_string();
    let workflow = workflow();
    let variables = workflow["jobs"]["gate"]["env"].as_object().unwrap();
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script(name)])
        .current_dir(folder)
        .env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap()))
        .env("GITHUB_STEP_SUMMARY", &summary)
        .envs(variables.iter().map(|(name, value)| (name, value.as_str().unwrap())))
        .env("DATA", "trial.csv")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text, fs::read_to_string(summary).unwrap())
}

fn trainer(folder: &Path, line: &str) {
    assert!(Command::new(TRAINER).current_dir(folder).args(line.split(' ')).status().unwrap().success(), "{line}");
}

#[test]
fn every_command_line_is_accepted_by_our_arguments() {
    let folder = folder("ci-lines");
    assert_eq!(lines().len(), 2);
    for line in lines() {
        let line = line.split(" > ").next().unwrap().replace(['"', '$'], "");
        let output = Command::new(TRAINER).current_dir(&folder).args(line.split(' ').skip(1)).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("NoData: SPEC is not there"), "{line}: {told}");
    }
}

#[test]
fn the_check_is_green_only_if_the_gate_passes_and_the_summary_shows_why() {
    let folder = folder("ci-steps");
    for (name, features, gate) in [("few", four(), json!({})), ("all", seven(), json!({}))] {
        let mut spec = simulated(features);
        spec["gate"] = gate;
        model_file(&folder.join(format!("{name}.yaml")), &spec);
    }
    let mut many = simulated(seven());
    many["gate"] = json!({"minPatients": 5_000});
    model_file(&folder.join("many.yaml"), &many);
    trainer(&folder, "simulate --patients 2000 --seed 1 --out trial.csv");
    trainer(&folder, "train --spec few.yaml --data trial.csv --out few");
    trainer(&folder, "train --spec all.yaml --data trial.csv --out all");
    fs::create_dir(folder.join("bundles")).unwrap();
    let stage = |spec: &str, candidate: &str, production: &str| {
        fs::copy(folder.join(spec), folder.join("model.yaml")).unwrap();
        for (name, from) in [("candidate", candidate), ("production", production)] {
            fs::copy(folder.join(from).join("bundle.json"), folder.join(format!("bundles/{name}.json"))).unwrap();
        }
        step(&folder, "gate")
    };
    let cases = [
        ("all.yaml", "all", "few", 0, "## Gate: passed", "Passed (MarginAndConfidenceMet)"),
        ("few.yaml", "few", "all", 1, "## Gate: refused", "Failed (MarginNotMet)"),
        ("many.yaml", "all", "few", 3, "## Gate: undecided", "Inconclusive (TooFewPatients)"),
        ("all.yaml", "few", "all", 2, "## Gate: bad input", "ForeignModel: "),
    ];
    for (spec, candidate, production, wanted, title, part) in cases {
        let (code, told, summary) = stage(spec, candidate, production);
        assert_eq!(code, wanted, "{told}");
        assert!(summary.starts_with(title) && summary.contains(part), "{summary}");
        assert_eq!(told.contains("::error title="), code != 0, "{told}");
    }
    stage("all.yaml", "all", "few");
    let (code, told, summary) = step(&folder, "metrics");
    assert_eq!(code, 0, "{told}");
    assert!(summary.contains("roc_auc_within_landmark") && summary.contains("production"), "{summary}");
}

#[test]
fn the_workflow_asks_for_no_right_and_runs_nobody_elses_code() {
    let workflow = workflow();
    assert_eq!(workflow["permissions"], json!({"contents": "read"}));
    assert_eq!(workflow["jobs"]["gate"]["if"], "github.event.pull_request.head.repo.full_name == github.repository");
    assert!(!workflow["on"].as_object().unwrap().contains_key("pull_request_target"));
}
