//! The command line as people use it: files out, tables, exit codes, and words for what went wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{folder, four, model_file, seven, simulated};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn run(folder: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dropout-trainer")).current_dir(folder).args(line.split(' ')).output().unwrap()
}

fn code(folder: &Path, line: &str) -> (i32, String, String) {
    let output = run(folder, line);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(folder: &Path, line: &str) -> String {
    let (code, out, err) = code(folder, line);
    assert_eq!(code, 0, "{line}: {err}");
    out
}

#[test]
fn a_laptop_simulates_trains_compares_judges_and_scores() {
    let folder = folder("command");
    model_file(&folder.join("few.yaml"), &simulated(four()));
    model_file(&folder.join("all.yaml"), &simulated(seven()));
    let (_, _, told) = code(&folder, "simulate --patients 2000 --seed 1 --out trial.csv");
    assert!(told.contains("cut-off 2026-06-30"), "{told}");
    let first = done(&folder, "train --spec few.yaml --data trial.csv --out v1");
    assert!(first.contains("Passed (FloorsMet)"), "{first}");
    let second = done(&folder, "train --spec all.yaml --data trial.csv --out v2 --against v1/bundle.json");
    assert!(second.contains("Passed (MarginAndConfidenceMet)"), "{second}");
    let report: Value = serde_json::from_slice(&fs::read(folder.join("v2/report.json")).unwrap()).unwrap();
    assert_eq!(report["outcome"], "Passed");
    assert!(report["rows"]["counts"]["immature"].as_u64().unwrap() > 100);
    let wrote = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(wrote("v2/report.html").starts_with(b"<!DOCTYPE html>"));
    assert!(wrote("v2/card.md").starts_with(b"# Model card: dropout in ONC-302"));
    let card: Value = serde_json::from_slice(&wrote("v2/card.json")).unwrap();
    assert_eq!(card["provenance"]["bundle"], report["candidate"]["digest"]);
    let shown = done(
        &folder,
        "evaluate --spec all.yaml --bundle v2/bundle.json --data trial.csv --against v1/bundle.json --out again",
    );
    for name in ["report.json", "report.html", "card.md", "card.json"] {
        assert_eq!(wrote(&format!("again/{name}")), wrote(&format!("v2/{name}")), "{name}");
    }
    assert!(shown.contains("roc_auc_within_landmark"), "{shown}");

    let gate = |spec: &str, candidate: &str, production: &str| {
        let line = format!(
            "gate --spec {spec} --candidate {candidate}/bundle.json --production {production}/bundle.json --data trial.csv"
        );
        code(&folder, &line).0
    };
    assert_eq!(gate("all.yaml", "v2", "v1"), 0);
    assert_eq!(gate("few.yaml", "v1", "v2"), 1);
    assert_eq!(gate("all.yaml", "v2", "v2"), 1);
    assert_eq!(gate("all.yaml", "v1", "v2"), 2);
    let mut many = simulated(seven());
    many["gate"] = json!({"minPatients": 5000});
    model_file(&folder.join("many.yaml"), &many);
    assert_eq!(gate("many.yaml", "v2", "v1"), 3);

    done(&folder, "score --bundle v2/bundle.json --data trial.csv --out risks.csv");
    let trial = fs::read_to_string(folder.join("trial.csv")).unwrap();
    let risks = fs::read_to_string(folder.join("risks.csv")).unwrap();
    assert_eq!(risks.lines().next(), Some("patient_id,risk"));
    let id = |line: &str| line.split(',').next().unwrap().to_owned();
    assert!(trial.lines().map(id).eq(risks.lines().map(id)));
    let risk = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
    assert!(risks.lines().skip(1).all(|line| (0.0..=1.0).contains(&risk(line))));
}

#[test]
fn a_model_is_found_among_other_documents_of_a_yaml_file() {
    let folder = folder("yaml");
    let model = "apiVersion: trialops.dev/v1alpha1\nkind: DropoutModel\nmetadata: {name: onc-302}\nspec:\n  study: {id: ONC-302, pseudonymKey: {secretRef: {name: keys}, id: k1}}\n  patientId: patient_id\n  features:\n    - {name: age, type: Integer}\n  label: {column: dropout_28d, horizon: 28d}\n  data:\n    training: {uri: \"file:///trial.csv\", persistentVolumeClaim: {claimName: trial}}\n  store: {uri: \"file:///models\", persistentVolumeClaim: {claimName: store}}\n  serving: {replicas: 2}\n";
    fs::write(folder.join("model.yaml"), format!("kind: RetrainPolicy\nspec: {{}}\n---\n{model}")).unwrap();
    done(&folder, "simulate --patients 1000 --seed 4 --out trial.csv");
    done(&folder, "train --spec model.yaml --data trial.csv --out v1");
    fs::write(folder.join("two.yaml"), format!("{model}---\n{model}")).unwrap();
    fs::write(folder.join("typo.yaml"), model.replace("horizon", "horizont")).unwrap();
    for (file, part) in
        [("two.yaml", "exactly one document"), ("typo.yaml", "missing field `horizon`"), ("no.yaml", "is not there")]
    {
        let (code, _, told) = code(&folder, &format!("train --spec {file} --data trial.csv --out v2"));
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(file) && told.contains(part), "{told}");
    }
}

#[test]
fn bad_input_ends_with_2_and_says_the_word_and_the_file() {
    let folder = folder("command-bad");
    model_file(&folder.join("few.yaml"), &simulated(four()));
    done(&folder, "simulate --patients 1500 --seed 3 --out trial.csv");
    done(&folder, "train --spec few.yaml --data trial.csv --out v1");
    fs::write(folder.join("bad.csv"), "patient_id,age\nP-1,old\n").unwrap();
    let cases = [
        ("train --spec few.yaml --data no.csv --out v2", "NoData: no.csv is not there"),
        ("train --spec few.yaml --data . --out v2", "NoData: . is a folder"),
        ("train --spec few.yaml --data bad.csv --out v2", "MissingColumn: bad.csv has no column 'days_in_trial'"),
        ("score --bundle trial.csv --data trial.csv --out r.csv", "BadBundle: trial.csv: the bundle is not readable"),
        ("score --bundle v1/bundle.json --data bad.csv --out r.csv", "MissingColumn: bad.csv"),
        ("train --spec few.yaml --data trial.csv", "--out is needed"),
        ("train --spec few.yaml --date trial.csv", "--date is not known here"),
        ("fit --spec few.yaml", "'fit' is no command"),
        ("simulate --patients many --seed 1 --out t.csv", "--patients is 'many'"),
        ("simulate --patients 9 --seed 1 --out t.csv --scenario war", "'war' is no scenario"),
        ("job --root .", "job is one of"),
    ];
    for (line, part) in cases {
        let (code, _, told) = code(&folder, line);
        assert_eq!(code, 2, "{line}: {told}");
        assert!(told.contains(part), "{line}: {told}");
    }
    assert!(!folder.join("v2").exists());
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let folder = folder("help");
    for line in ["--help", "train --help", "-h"] {
        let help = done(&folder, line);
        assert!(help.contains("examples") && help.contains("exit codes"), "{help}");
    }
    assert!(done(&folder, "--version").starts_with("dropout-trainer/"));
}
