//! What the documents tell people to type is typed: every command line of ours, and the nightly script of the example with the
//! installed Evidently.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod reports;

use dropout_monitor::evidently::Imported;
use reports::{skipped, workspace};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const MONITOR: &str = env!("CARGO_BIN_EXE_dropout-monitor");

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Rows of the quickstart's trial; visits are fewer by `fall`.
fn rows(from: usize, fall: usize) -> String {
    let mut text =
        "patient_id,age,days_in_trial,landmark_date,visits_completed,adverse_events,dropout_28d,risk\n".to_owned();
    for row in from..from + 400 {
        let mixed = |by: usize| row * by % 997;
        let (age, visits, events) = (40 + mixed(131) % 40, 20 + mixed(379) % 12 - fall, mixed(211) % 4);
        let risk = mixed(631) as f64 / 997.0;
        let dropout = u8::from(mixed(577) as f64 / 997.0 < risk);
        text += &format!("P-{row:04},{age},56,2026-03-01,{visits},{events},{dropout},{risk:.4}\n");
    }
    text
}

/// A folder with every file that the documents name, and the monitor's program in front of all others.
fn desk(name: &str) -> PathBuf {
    let folder = folder(name);
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    put("model.yaml", &fs::read(workspace().join("examples/quickstart/model.yaml")).unwrap());
    for (name, from, fall) in
        [("trial.csv", 0, 0), ("later.csv", 400, 6), ("reference.csv", 0, 0), ("current.csv", 400, 6)]
    {
        put(name, rows(from, fall).as_bytes());
    }
    put("report.json", &legacy());
    put("key", &[7; 32]);
    fs::create_dir(folder.join("onc-302")).unwrap();
    folder
}

/// The smallest report of Evidently's 0.6.
fn legacy() -> Vec<u8> {
    let result = json!({
        "drift_share": 0.5, "number_of_columns": 4, "number_of_drifted_columns": 3, "share_of_drifted_columns": 0.75,
        "dataset_drift": true,
    });
    json!({"version": "0.6.7", "metrics": [{"metric": "DatasetDriftMetric", "result": result}]})
        .to_string()
        .into_bytes()
}

fn shell(folder: &Path, line: &str) -> Output {
    let programs = Path::new(MONITOR).parent().unwrap().display().to_string();
    let path = format!("{}:{programs}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    Command::new("sh").arg("-c").arg(line).current_dir(folder).env("PATH", path).output().unwrap()
}

/// The lines of a page's code blocks in which the monitor is called, each with its place; a line that goes on is one.
fn lines(page: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(page).unwrap();
    let (mut found, mut is_code, mut open) = (Vec::new(), false, String::new());
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        open += line.strip_suffix('\\').unwrap_or(line);
        if is_code && line.ends_with(['\\', '|']) {
            continue;
        }
        let whole = std::mem::take(&mut open);
        if is_code && (whole.starts_with("dropout-monitor ") || whole.contains("| dropout-monitor ")) {
            found.push((format!("{}:{}", page.display(), at + 1), whole));
        }
    }
    found
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn every_documented_command_line_of_the_monitor_is_done() {
    let folder = desk("documented");
    let pages = ["README.md", "docs/retraining.md", "docs/records.md", "examples/evidently-configmap/README.md"];
    let mut lines: Vec<(String, String)> = pages.iter().flat_map(|page| lines(&workspace().join(page))).collect();
    let named = |word: &str| lines.iter().filter(|(_, line)| line.contains(word)).count();
    assert!(["drift", "performance", "import", "erase", "--decide"].iter().all(|word| named(word) > 0), "{lines:?}");
    if !has("jq") {
        skipped("lines with jq, which is not there");
        lines.retain(|(_, line)| !line.contains("jq "));
    }
    for (place, line) in lines {
        let output = shell(&folder, &line);
        let text = String::from_utf8_lossy(&output.stderr);
        // 10 and 11 are answers: the window has drifted, and what earlier lines left may persist.
        let wanted: &[i32] = if line.contains("--decide") { &[10, 11] } else { &[0] };
        assert!(wanted.contains(&output.status.code().unwrap()), "{place}: {line}\n{text}");
    }
    if let Ok(bytes) = fs::read(folder.join("latest.json")) {
        let report: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&report["kind"], &report["model"]["version"]), (&json!("DriftReport"), &json!("v3")));
    }
}

/// A `kubectl` that knows one model and keeps what is applied in a file.
fn kubectl(folder: &Path) {
    let text = fs::read_to_string(workspace().join("examples/quickstart/model.yaml")).unwrap();
    let mut model: Value = serde_saphyr::from_str(&text).unwrap();
    model["status"] = json!({"production": {"name": "v3"}});
    fs::write(folder.join("served.json"), model.to_string()).unwrap();
    fs::create_dir(folder.join("bin")).unwrap();
    let program = folder.join("bin/kubectl");
    fs::write(
        &program,
        "#!/bin/sh\ncase $3 in get) cat served.json ;; apply) cat > applied.json ;; *) exit 1 ;; esac\n",
    )
    .unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_nightly_script_writes_a_report_that_is_read_and_says_what_it_is_about() {
    let folder = desk("nightly");
    kubectl(&folder);
    let script = workspace().join("monitor/tests/nightly.sh");
    let nightly = |window: &str| {
        let words = "--namespace trial-onc-302 --model onc-302 --reference trial.csv --window-end 2026-11-20T00:00:00Z";
        shell(&folder, &format!("sh {} {words} --current {window}", script.display()))
    };
    let done = nightly("later.csv");
    if done.status.code() == Some(77) {
        return skipped("evidently cannot be installed here");
    }
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let applied: Value = serde_json::from_slice(&fs::read(folder.join("applied.json")).unwrap()).unwrap();
    let about = json!({
        "name": "onc-302-drift",
        "labels": {"trialops.dev/drift-report": "onc-302"},
        "annotations": {
            "trialops.dev/model": "onc-302", "trialops.dev/version": "v3",
            "trialops.dev/window-end": "2026-11-20T00:00:00Z",
        },
    });
    assert_eq!(applied["metadata"], about);
    let entries = applied["data"].as_object().unwrap();
    assert_eq!(entries.len(), 1);
    fs::write(folder.join("report.json"), entries["report.json"].as_str().unwrap()).unwrap();
    let read = shell(&folder, "dropout-monitor import report.json");
    let read: Imported = serde_json::from_slice(&read.stdout).unwrap();
    let drifted: Vec<&str> = read.report.columns.iter().filter(|c| c.drifted == Some(true)).map(|c| &*c.name).collect();
    // The day in trial has the role Time and is not compared.
    assert_eq!((drifted, read.report.columns.len()), (vec!["visits_completed"], 3));

    let whole = rows(400, 6).replace("visits_completed", "visits");
    fs::write(folder.join("without.csv"), whole).unwrap();
    fs::remove_file(folder.join("applied.json")).unwrap();
    let refused = nightly("without.csv");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("without.csv has no column visits_completed"), "{said}");
    assert!(!folder.join("applied.json").exists());
}
