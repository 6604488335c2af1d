//! A kept profile gives the report of its rows to the byte, and one that is damaged, of another version or of another bundle
//! is refused by name. Beside it: what `--bundle` weighs, and Parquet's own numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{
    digest::digest,
    monitoring::CONTRACT,
    task::{bundle_file, path, profile_file, reference_file},
};
use dropout_monitor::{job::Pod, report::DriftReport};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SPEC: &str = "apiVersion: trialops.dev/v1alpha1
kind: DropoutModel
metadata: {name: onc-302}
spec:
  study: {id: ONC-302}
  patientId: patient_id
  landmark: day
  features:
    - {name: age, type: Integer, min: 18, max: 100}
    - {name: adherence, type: Number}
    - {name: region, type: Category, values: [north, \"so,uth\", east]}
  label: {column: dropout, horizon: 28d}
  data:
    training: {uri: \"file:///t.csv\", persistentVolumeClaim: {claimName: c}}
";

/// One to three rows a patient, with missing cells, ties, quotes and negative zero.
fn rows(from: usize, patients: usize, fall: f64) -> String {
    let mut text = "patient_id,day,age,adherence,region,dropout,risk\n".to_owned();
    for patient in from..from + patients {
        for visit in 1..=1 + patient % 3 {
            let mixed = |by: usize| ((patient * 7 + visit) * by % 997) as f64 / 997.0;
            let age = if patient % 11 == 0 { String::new() } else { (30 + patient * 131 % 40).to_string() };
            let adherence = if patient % 17 == 0 { -0.0 } else { 0.6 + 0.4 * mixed(379) - fall };
            let region = ["north", "\"so,uth\"", "east", ""][patient * 7 % 4];
            let (dropout, risk) = (u8::from(mixed(211) < 0.3), 0.1 + 0.8 * mixed(631));
            text += &format!("P{patient:04},{},{age},{adherence},{region},{dropout},{risk}\n", 14 * visit);
        }
    }
    text
}

/// A bundle whose risks rest on the adherence three times as much as on the age, and not on the region.
fn bundle() -> Value {
    json!({
        "schema": dropout_model::bundle::SCHEMA, "code": "test", "study": "ONC-302", "label": "dropout",
        "horizonSeconds": 2_419_200,
        "features": [
            {"name": "age", "type": "Integer"}, {"name": "adherence", "type": "Number"},
            {"name": "region", "type": "Category", "values": ["north", "so,uth", "east"]},
        ],
        "model": {"logistic": {
            "intercept": 0.0, "imputed": {},
            "terms": [
                {"feature": "age", "part": "value", "mean": 50.0, "scale": 10.0, "coefficient": 1.0},
                {"feature": "adherence", "part": "value", "mean": 0.5, "scale": 0.5, "coefficient": -3.0},
            ],
        }},
        "calibration": {"intercept": 0.0, "slope": 1.0},
        "thresholds": [{"threshold": 0.0, "recall": 1.0, "alertRate": 1.0}, {"threshold": 1.0, "recall": 0.0, "alertRate": 0.0}],
        "reference": [0.0, 1.0], "dataDigest": "sha256:0", "seed": 0, "holdoutFraction": 0.25,
        // One standard deviation of each: the logit moves by 1 and by 3.
        "golden": [{"cells": [60.0, 0.5, "north"], "risk": 1.0 / (1.0 + (-1.0_f64).exp())},
                   {"cells": [50.0, 0.0, "east"], "risk": 1.0 / (1.0 + (-3.0_f64).exp())}],
    })
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("model.yaml"), SPEC).unwrap();
    fs::write(folder.join("reference.csv"), rows(0, 400, 0.0)).unwrap();
    fs::write(folder.join("current.csv"), rows(380, 200, 0.1)).unwrap();
    fs::write(folder.join("bundle.json"), bundle().to_string()).unwrap();
    folder
}

fn run(folder: &Path, line: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dropout-monitor"));
    let output = command.current_dir(folder).args(line.split_whitespace()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn done(folder: &Path, line: &str) {
    let (code, err) = run(folder, line);
    assert_eq!(code, 0, "{line}: {err}");
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn a_profile_gives_the_report_of_its_rows_to_the_byte() {
    let folder = folder("profile-same");
    for options in
        ["--spec model.yaml --risk risk --bundle bundle.json", "--spec model.yaml", "--patient patient_id", ""]
    {
        done(&folder, &format!("profile --reference reference.csv --out kept.profile {options}"));
        for (reference, out) in [("reference.csv", "rows"), ("kept.profile", "kept")] {
            done(&folder, &format!("drift --reference {reference} --current current.csv --out {out} {options}"));
        }
        for file in ["report.json", "report.html", "evidently.json"] {
            assert_eq!(
                text(&folder, &format!("rows/{file}")),
                text(&folder, &format!("kept/{file}")),
                "{options} {file}"
            );
        }
    }
}

#[test]
fn a_profile_that_is_damaged_or_foreign_is_refused_by_name() {
    let folder = folder("profile-damaged");
    fs::write(folder.join("small.csv"), rows(0, 3, 0.0)).unwrap();
    done(
        &folder,
        "profile --reference small.csv --out kept.profile --spec model.yaml --risk risk --bundle bundle.json",
    );
    let kept = fs::read(folder.join("kept.profile")).unwrap();
    let line = "drift --reference damaged.profile --current current.csv --out out --spec model.yaml";
    let refused = |bytes: &[u8], line: &str, words: &str| {
        fs::write(folder.join("damaged.profile"), bytes).unwrap();
        let (code, err) = run(&folder, line);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("damaged.profile") && err.contains(words), "{err}");
        assert!(!err.contains("panicked") && !err.contains("P00") && !folder.join("out").exists(), "{err}");
    };
    for end in 8..kept.len() {
        refused(&kept[..end], line, "BadProfile");
    }
    for at in 8..kept.len() {
        let mut other = kept.clone();
        other[at] ^= 0x10;
        refused(&other, line, "damaged");
    }
    refused(&[b"DROPREF9", &kept[8..]].concat(), line, "another version");
    let mut other = bundle();
    other["seed"] = json!(1);
    fs::write(folder.join("bundle.json"), other.to_string()).unwrap();
    refused(&kept, &format!("{line} --bundle bundle.json"), "kept for the bundle sha256:");
    done(&folder, "profile --reference small.csv --out kept.profile --spec model.yaml");
    let kept = fs::read(folder.join("kept.profile")).unwrap();
    refused(&kept, &format!("{line} --risk risk"), "without risks");
    fs::write(
        folder.join("model.yaml"),
        SPEC.replace("age, type: Integer, min: 18, max: 100", "age, type: Category, values: [a]"),
    )
    .unwrap();
    refused(&kept, line, "column 'age' of another type");
}

#[test]
fn a_bundle_weighs_columns_by_what_moves_its_risks() {
    let folder = folder("profile-weights");
    done(
        &folder,
        "drift --reference reference.csv --current current.csv --out out --spec model.yaml --bundle bundle.json",
    );
    let report: DriftReport = serde_json::from_str(&text(&folder, "out/report.json")).unwrap();
    let weight = |name: &str| report.columns.iter().find(|column| column.name == name).unwrap().importance;
    assert!((weight("age").unwrap() - 0.25).abs() < 1e-12 && (weight("adherence").unwrap() - 0.75).abs() < 1e-12);
    // Only the adherence moved: three quarters of the importance, and more than the limit that a third of columns reach.
    let drifted: Vec<&str> = report
        .columns
        .iter()
        .filter(|column| column.drifted == Some(true))
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(drifted, ["adherence"]);
    assert_eq!(weight("region"), Some(0.0));
    assert_eq!(report.dataset.weighted_share.map(|share| (share * 1e9).round() / 1e9), Some(0.75));
    assert_eq!(report.decision.rules, ["weightedShare"]);
}

/// Whether a file was written as Parquet; if pyarrow cannot be had here, a word says so.
fn is_written(folder: &Path, name: &str) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/columns.sh");
    let (from, to) = (folder.join(format!("{name}.csv")), folder.join(format!("{name}.parquet")));
    let status = Command::new("sh").arg(script).arg(from).arg(to).status().unwrap();
    if status.code() == Some(77) {
        eprintln!("SKIPPED: pyarrow cannot be installed here");
        return false;
    }
    assert!(status.success(), "the script itself failed");
    true
}

#[test]
fn numbers_of_parquet_are_those_of_csv_to_the_bit() {
    let folder = folder("profile-parquet");
    if !["reference", "current"].iter().all(|name| is_written(&folder, name)) {
        return;
    }
    // With a specification, and with types that are guessed.
    for options in ["--spec model.yaml --risk risk", "--patient patient_id"] {
        for kind in ["csv", "parquet"] {
            let files = format!("--reference reference.{kind} --current current.{kind} --out {kind}");
            done(&folder, &format!("drift {files} {options}"));
        }
        let of =
            |kind: &str| -> Value { serde_json::from_str(&text(&folder, &format!("{kind}/report.json"))).unwrap() };
        let (csv, parquet) = (of("csv"), of("parquet"));
        for part in ["columns", "prediction", "dataset", "decision", "schemaFindings", "power"] {
            assert_eq!(csv[part], parquet[part], "{options} {part}");
        }
        assert!(
            csv["columns"].as_array().unwrap().len() >= 3
                && csv["reference"]["digest"] != parquet["reference"]["digest"]
        );
    }
    for end in [9, 1000] {
        let bytes = fs::read(folder.join("current.parquet")).unwrap();
        fs::write(folder.join("cut.parquet"), &bytes[..bytes.len() - end]).unwrap();
        let (code, err) =
            run(&folder, "drift --reference reference.parquet --current cut.parquet --out cut --spec model.yaml");
        assert_eq!(code, 2);
        assert!(err.contains("BadParquet") && err.contains("cut.parquet"), "{err}");
    }
}

/// A pod's file system with the store of a served bundle and its training sample; the model's folder of the store.
fn pod(name: &str) -> (PathBuf, PathBuf) {
    let root = folder(name);
    let place = |path: &str| root.join(path.trim_start_matches('/'));
    let own = place(path::STORE).join("s/trial/onc-302");
    let served = digest(bundle().to_string().as_bytes());
    let task = json!({
        "contract": CONTRACT, "namespace": "trial", "name": "onc-302", "policy": "weekly", "version": "v1",
        "production": {"digest": served, "threshold": 0.5}, "store": "file:///s", "until": "2026-01-08T00:00:00Z",
        "windowSeconds": 604_800, "minRows": 100, "rule": "Default", "reads": "predictions",
        "manifest": {
            "study": {"id": "ONC-302"}, "patientId": "patient_id", "features": bundle()["features"],
            "label": {"column": "dropout", "horizon": "28d"},
            "data": {"training": {"uri": "file:///t.csv", "persistentVolumeClaim": {"claimName": "c"}}},
        },
    });
    let mut sample = "@patient,@landmark,@risk,@label,age,adherence,region\n".to_owned();
    (0..300).for_each(|row| sample += &format!("{row},,0.{row},{},{},0.{row},north\n", row % 2, 30 + row % 40));
    for (file, text) in [
        (place(path::TASK), task.to_string()),
        (own.join(bundle_file(&served)), bundle().to_string()),
        (own.join(reference_file(&served)), sample),
        (place(path::ANSWER), String::new()),
    ] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    (root, own)
}

fn looked(root: &Path) -> (String, String) {
    Pod::new(root).run().unwrap();
    let answer: Value = serde_json::from_str(&text(root, path::ANSWER.trim_start_matches('/'))).unwrap();
    (answer["verdict"].to_string(), answer["message"].to_string())
}

#[test]
fn the_second_look_reads_the_profile_that_the_first_one_kept() {
    let (root, own) = pod("profile-job");
    let served = digest(bundle().to_string().as_bytes());
    let (rows, kept) = (own.join(reference_file(&served)), own.join(profile_file(&served)));
    let first = looked(&root);
    assert!(first.0.contains("InsufficientData") && kept.is_file(), "{first:?}");
    fs::remove_file(&rows).unwrap();
    assert_eq!(looked(&root), first);
    let bytes = fs::read(&kept).unwrap();
    fs::write(&kept, &bytes[..bytes.len() / 2]).unwrap();
    let (verdict, message) = looked(&root);
    assert!(verdict.contains("Unknown") && message.contains(".profile1 is damaged or cut off: remove it"), "{message}");
    done(&root, "profile --reference reference.csv --spec model.yaml --risk risk --out other.profile");
    fs::copy(root.join("other.profile"), &kept).unwrap();
    let (verdict, message) = looked(&root);
    assert!(verdict.contains("Unknown") && message.contains("kept for another bundle"), "{message}");
}
