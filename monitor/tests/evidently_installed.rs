//! The installed package: what it writes today is read, and a script made for it reads what we write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod reports;

use dropout_monitor::{
    evidently::{Format, Imported, read, write_legacy},
    report::{Advice, DriftReport, Verdict},
};
use reports::{skipped, workspace};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the script printed; none, with a word, if the package cannot be had here.
fn installed(words: &[&str]) -> Option<String> {
    let script = workspace().join("monitor/tests/installed.sh");
    let output = Command::new("sh").arg(script).args(words).output().unwrap();
    if output.status.code() == Some(77) {
        skipped("evidently 0.7.23 cannot be installed here");
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("evidently-installed");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn of(file: &Path) -> Imported {
    read(&fs::read(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn drifted(report: &DriftReport) -> BTreeMap<&str, Option<bool>> {
    report.columns.iter().map(|column| (column.name.as_str(), column.drifted)).collect()
}

/// The side of the limit by our table, for every method, is what Evidently's own test says.
fn methods(folder: &Path) {
    let (mut seen, mut outcomes) = (BTreeSet::new(), BTreeSet::new());
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with("method-")) {
        let tested = of(&file).report;
        let mut value: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(value["tests"].as_array().unwrap().len(), 2, "{}", file.display());
        value["tests"] = json!([]);
        let ruled = read(value.to_string().as_bytes()).unwrap().report;
        assert_eq!(drifted(&ruled), drifted(&tested), "{}", file.display());
        for column in &tested.columns {
            seen.insert(column.evidently.as_ref().unwrap().method.unwrap());
            outcomes.insert(column.drifted);
        }
    }
    assert_eq!(seen.len(), 18, "{seen:?}");
    assert_eq!(outcomes, BTreeSet::from([Some(true), Some(false)]));
}

fn shapes(folder: &Path) {
    let plain = of(&folder.join("report.json"));
    assert_eq!((plain.format, plain.report.decision.verdict), (Format::Report, Verdict::Drift));
    assert_eq!(plain.report.columns.len(), 6);
    for name in ["report-tests.json", "snapshot.json", "snapshot-tests.json"] {
        let other = of(&folder.join(name)).report;
        assert_eq!(drifted(&other), drifted(&plain.report), "{name}");
        assert_eq!((other.decision.verdict, &other.dataset), (Verdict::Drift, &plain.report.dataset), "{name}");
    }
    let told = of(&folder.join("snapshot-tests.json"));
    assert_eq!(told.format, Format::Snapshot);
    let suite = of(&folder.join("legacy-tests.json"));
    let legacy = of(&folder.join("legacy.json"));
    assert_eq!((suite.format, legacy.format), (Format::LegacyTestSuite, Format::LegacyReport));
    assert_eq!((suite.report.decision.verdict, legacy.report.decision.verdict), (Verdict::Drift, Verdict::Drift));
    assert_eq!(drifted(&suite.report), drifted(&legacy.report));
}

/// Tests that people set themselves outrank the share, which is drift here by drift_share.
fn own_tests(folder: &Path) {
    let decision = |name: &str| of(&folder.join(name)).report.decision;
    let found = ["share-passed.json", "share-warned.json", "share-lower.json"].map(decision);
    let verdicts = found.each_ref().map(|decision| (decision.verdict, decision.advice));
    let expected = [
        (Verdict::NoDrift, Advice::Nothing),
        (Verdict::NoDrift, Advice::Watch),
        (Verdict::Unknown, Advice::WaitForData),
    ];
    assert_eq!(verdicts, expected, "{found:?}");
    assert!(found[0].reasons[0].ends_with("; its test asks for a share below 90.0 %"), "{found:?}");
    assert!(found[1].reasons[0].contains("its test warns, and is not critical"), "{found:?}");
}

/// A script of five lines reads our export as it reads Evidently's own file.
fn script(folder: &Path) {
    let plain = of(&folder.join("report.json")).report;
    let retrains = |name: &str| installed(&["retrain", folder.join(name).to_str().unwrap()]).unwrap();
    assert_eq!(retrains("legacy.json"), "True\n");
    for (verdict, expected) in
        [(Verdict::Drift, "True\n"), (Verdict::NoDrift, "False\n"), (Verdict::InsufficientData, "False\n")]
    {
        let mut report = plain.clone();
        report.decision.verdict = verdict;
        fs::write(folder.join("ours.json"), write_legacy(&report).to_string()).unwrap();
        assert_eq!(retrains("ours.json"), expected, "{verdict:?}");
    }
}

#[test]
fn the_installed_package_is_read_and_its_scripts_read_us() {
    let folder = folder();
    if installed(&["make", folder.to_str().unwrap()]).is_none() {
        return;
    }
    methods(&folder);
    shapes(&folder);
    own_tests(&folder);
    script(&folder);
}
