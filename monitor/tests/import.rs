//! `dropout-monitor import` as people use it: output, exit codes, and words for what went wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_monitor::{evidently::Imported, report::Verdict};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let words = line.split(' ').filter(|word| !word.is_empty());
    let output = Command::new(env!("CARGO_BIN_EXE_dropout-monitor")).current_dir(folder).args(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const REPORT: &str = r#"{"metrics": [
    {"id": "a", "config": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.5},
     "value": {"count": 1.0, "share": 0.5}},
    {"id": "b", "config": {"type": "evidently:metric_v2:ValueDrift", "column": "age\u001b[2J", "method": "K-S p_value",
                           "threshold": 0.05}, "value": 0.0336},
    {"id": "c", "config": {"type": "evidently:metric_v2:ValueDrift", "column": "arm", "method": "chisquare",
                           "threshold": 0.05}, "value": NaN}], "tests": []}"#;

#[test]
fn a_report_is_printed_as_json_and_as_a_table() {
    let folder = folder("import");
    fs::write(folder.join("report.json"), REPORT).unwrap();
    let (code, out, err) = run(&folder, "import report.json");
    assert_eq!((code, err.as_str()), (0, ""));
    let read: Imported = serde_json::from_str(&out).unwrap();
    assert_eq!(read.report.decision.verdict, Verdict::Drift);
    assert!(out.contains("\"kind\": \"DriftReport\"") && out.contains("\"format\": \"evidently-0.7-report\""), "{out}");
    assert_eq!(run(&folder, "import --format=json report.json").1, out);
    let (code, table, _) = run(&folder, "import report.json --format summary");
    assert_eq!(code, 0);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "Drift");
    assert_eq!(lines[2], "Evidently says drift: 1 of 2 columns drifted, 50.0 %; the limit is 50.0 %");
    assert_eq!(lines[5], "age\u{fffd}[2J  yes      3.3600e-2    5.0000e-2    K-S p_value");
    assert!(
        lines[6].starts_with("arm      no       -            5.0000e-2    chisquare  (the score is not a number"),
        "{table}"
    );
}

#[test]
fn what_cannot_be_read_ends_with_2_and_says_what_to_do() {
    let folder = folder("import-bad");
    fs::write(folder.join("cut.json"), &REPORT[..200]).unwrap();
    fs::write(folder.join("other.json"), "{\"kind\": \"Pod\"}").unwrap();
    fs::write(folder.join("large.json"), vec![b' '; (8 << 20) + 1]).unwrap();
    let cases = [
        ("import cut.json", "cut.json: the file ends early, at byte 200"),
        ("import other.json", "other.json: the file has none of the shapes"),
        ("import large.json", "large.json: the file has more than the 8388608 bytes"),
        ("import none.json", "none.json is not there; check the path"),
        ("import .", ". is a folder; name the file"),
        ("import", "import needs the file of a report"),
        ("import cut.json --format yaml", "--format is json or summary"),
        ("import cut.json --frmat json", "--frmat is not known here; known are --format"),
        ("import cut.json other.json", "'other.json' is not understood"),
        ("improt", "'improt' is no command"),
    ];
    for (line, expected) in cases {
        let (code, out, err) = run(&folder, line);
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        assert!(err.starts_with(&format!("dropout-monitor: {expected}")), "{line}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    assert_eq!(run(&folder, "").0, 2);
    let (code, help, _) = run(&folder, "--help");
    assert_eq!(code, 0);
    assert!(help.contains("import       REPORT.json [--format json|summary]"), "{help}");
}
