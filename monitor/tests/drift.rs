//! `dropout-monitor drift` as people use it: every exit code, every kind of bad input, and files that others read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_monitor::{
    evidently,
    report::{DriftReport, SchemaKind, Verdict},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dropout-monitor"))
        .current_dir(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const SPEC: &str = "apiVersion: trialops.dev/v1alpha1
kind: DropoutModel
metadata: {name: onc-302}
spec:
  study: {id: ONC-302}
  patientId: patient_id
  features:
    - {name: age, type: Integer, min: 18, max: 100}
    - {name: adherence, type: Number}
    - {name: region, type: Category, values: [north, south, east]}
  label: {column: dropout, horizon: 28d}
  data:
    training: {uri: \"file:///t.csv\", persistentVolumeClaim: {claimName: c}}
";

/// Rows of a trial; the adherence is lowered by `fall`.
fn rows(from: usize, count: usize, fall: f64) -> String {
    let mut text = "patient_id,age,adherence,region,dropout,risk\n".to_owned();
    for row in from..from + count {
        let mixed = |by: usize| (row * by % 997) as f64 / 997.0;
        let (age, adherence) = (30 + row * 131 % 40, 0.6 + 0.4 * mixed(379) - fall);
        let (region, risk) = (["north", "south", "east"][row * 7 % 3], 0.1 + 0.8 * mixed(631));
        let dropout = u8::from(mixed(211) < risk);
        text += &format!("P{row:04},{age},{adherence:.4},{region},{dropout},{risk:.4}\n");
    }
    text
}

/// A folder with a reference, a window and a specification.
fn trial(name: &str, window: &str) -> PathBuf {
    let folder = folder(name);
    fs::write(folder.join("model.yaml"), SPEC).unwrap();
    fs::write(folder.join("reference.csv"), rows(0, 400, 0.0)).unwrap();
    fs::write(folder.join("current.csv"), window).unwrap();
    folder
}

const DRIFT: &str = "drift --spec model.yaml --reference reference.csv --current current.csv --out out --decide ";

fn report(folder: &Path) -> DriftReport {
    serde_json::from_slice(&fs::read(folder.join("out/report.json")).unwrap()).unwrap()
}

/// The findings of a window, its exit code and what was printed. No cell of a patient may be in it.
fn found(name: &str, window: &str) -> (Vec<(SchemaKind, String)>, i32, String) {
    let folder = trial(name, window);
    let (code, out, err) = run(&folder, DRIFT);
    assert!(!out.contains("P0") && !err.contains("P0"), "{name}: {out}{err}");
    let findings = report(&folder).schema_findings;
    (findings.into_iter().map(|finding| (finding.kind, finding.column)).collect(), code, out + &err)
}

#[test]
fn no_drift_exits_with_0_and_writes_three_files() {
    let folder = trial("drift-none", &rows(400, 200, 0.0));
    let (code, out, err) = run(&folder, DRIFT);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("do not retrain: nothing to do\nNoDrift"), "{out}");
    let report = report(&folder);
    assert_eq!(report.decision.verdict, Verdict::NoDrift);
    assert_eq!(report.model.unwrap().name, "onc-302");
    assert_eq!((report.window.rows, report.window.compared), (Some(200), Some(200)));
    assert_eq!(report.reference.digest.unwrap().len(), 71);
    let legacy = evidently::read(&fs::read(folder.join("out/evidently.json")).unwrap()).unwrap();
    assert_eq!(legacy.report.decision.verdict, Verdict::NoDrift);
    assert!(fs::read_to_string(folder.join("out/report.html")).unwrap().starts_with("<!"));
}

#[test]
fn one_window_is_watched_and_a_second_one_retrains() {
    let folder = trial("drift-twice", &rows(400, 200, 0.2));
    let line = format!("{DRIFT} --history history");
    let (code, out, _) = run(&folder, &line);
    assert_eq!(code, 11, "{out}");
    assert!(out.contains("adherence fell"), "{out}");
    // The same window again is no second one.
    assert_eq!(run(&folder, &line).0, 11);
    fs::write(folder.join("current.csv"), rows(600, 200, 0.2)).unwrap();
    let (code, out, _) = run(&folder, &line);
    assert_eq!(code, 10, "{out}");
    assert!(out.starts_with("retrain\n"), "{out}");
    assert_eq!(report(&folder).history.len(), 2);
    assert_eq!(fs::read_dir(folder.join("history")).unwrap().count(), 2);
    // Against another reference they say nothing.
    fs::write(folder.join("reference.csv"), rows(0, 399, 0.0)).unwrap();
    assert_eq!(run(&folder, &line).0, 11);
    fs::write(folder.join("history/000002.json"), "{").unwrap();
    let (code, _, err) = run(&folder, &line);
    assert_eq!(code, 2);
    assert!(err.contains("000002.json") && err.contains("remove it"), "{err}");
}

#[test]
fn evidently_decides_at_once_and_by_half_of_the_columns() {
    let folder = trial("drift-evidently", &rows(400, 200, 0.2));
    let (code, out, _) = run(&folder, &format!("{DRIFT} --method evidently"));
    assert_eq!(code, 0, "{out}");
    let report = report(&folder);
    assert_eq!((report.dataset.columns, report.dataset.drifted), (3, 1));
    assert_eq!(run(&folder, &format!("{DRIFT} --method psi")).0, 2);
}

#[test]
fn a_window_without_enough_rows_is_neither() {
    for (name, count) in [("drift-0", 0), ("drift-1", 1), ("drift-99", 99)] {
        let (findings, code, text) = found(name, &rows(400, count, 0.2));
        assert_eq!((findings, code), (Vec::new(), 13), "{name}: {text}");
        assert!(text.contains(&format!("{count} patients in the window")), "{text}");
    }
}

#[test]
fn broken_columns_break_the_data() {
    let window = rows(400, 200, 0.0);
    let absent = window.replace("adherence", "adherance");
    let kinds =
        vec![(SchemaKind::MissingColumn, "adherence".to_owned()), (SchemaKind::NewColumn, "adherance".to_owned())];
    let (findings, code, text) = found("drift-absent", &absent);
    assert_eq!((findings, code), (kinds, 12), "{text}");
    let each = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = window.lines();
        let header = lines.next().unwrap().to_owned();
        let changed = lines.map(|line| {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            change(&mut cells);
            cells.join(",")
        });
        std::iter::once(header).chain(changed).collect::<Vec<_>>().join("\n")
    };
    let cases: [(&str, String, SchemaKind, &str, i32); 6] = [
        ("drift-empty-column", each(&|cells| cells[2].clear()), SchemaKind::AllMissing, "adherence", 12),
        ("drift-text", each(&|cells| cells[1] = "old".to_owned()), SchemaKind::OtherType, "age", 12),
        ("drift-constant", each(&|cells| cells[3] = "north".to_owned()), SchemaKind::Constant, "region", 12),
        ("drift-unseen", each(&|cells| cells[3] += "-9"), SchemaKind::UnseenCategory, "region", 12),
        ("drift-range", each(&|cells| cells[1] = "7".to_owned()), SchemaKind::OutOfRange, "age", 12),
        (
            "drift-missing",
            each(&|cells| {
                if cells[0].as_str() > "P0500" {
                    cells[2].clear()
                }
            }),
            SchemaKind::Missingness,
            "adherence",
            0,
        ),
    ];
    for (name, window, kind, column, expected) in cases {
        let (findings, code, text) = found(name, &window);
        assert!(findings.contains(&(kind, column.to_owned())), "{name}: {findings:?} {text}");
        assert_eq!(code, expected, "{name}: {text}");
        assert!(text.contains(&format!("'{column}'")), "{name}: {text}");
    }
}

#[test]
fn files_that_cannot_be_read_are_told_with_their_place() {
    let window = rows(400, 200, 0.0);
    let cases: [(&str, Vec<u8>, &[&str]); 7] = [
        ("twice", window.replace("region", "age").into_bytes(), &["DuplicateColumn", "columns 2 and 4"]),
        ("ragged", window.replacen("P0450,", "P0450,,,", 1).into_bytes(), &["RaggedRow", "row 52", "8 cells"]),
        ("empty", Vec::new(), &["NoRows", "is empty"]),
        ("encoding", [window.as_bytes(), b"P9,40,0.5,n\xF6rd,0,0.5\n"].concat(), &["NotText", "row 202", "UTF-8"]),
        ("header", b"patient_id,\xF6,x\n1,2,3\n".to_vec(), &["NotText", "row 1"]),
        ("patient", window.replace("patient_id", "patient").into_bytes(), &["MissingColumn", "'patient_id'"]),
        ("parquet", b"PAR1 and no more".to_vec(), &["BadParquet"]),
    ];
    for (name, bytes, words) in cases {
        let folder = trial("drift-unreadable", "");
        fs::write(folder.join("current.csv"), bytes).unwrap();
        let (code, out, err) = run(&folder, DRIFT);
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        assert!(err.contains("current.csv") && words.iter().all(|word| err.contains(word)), "{name}: {err}");
        assert!(!err.contains("P0") && !folder.join("out").exists(), "{name}: {err}");
    }
    let folder = trial("drift-no-file", &window);
    fs::remove_file(folder.join("current.csv")).unwrap();
    let (code, _, err) = run(&folder, DRIFT);
    assert_eq!(code, 2);
    assert!(err.contains("current.csv cannot be opened"), "{err}");
}

#[test]
fn types_are_guessed_loudly_without_a_specification() {
    let folder = trial("drift-guess", &rows(400, 200, 0.0));
    let line = "drift --reference reference.csv --current current.csv --out out";
    let (code, out, err) = run(&folder, line);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("NoDrift"), "{out}");
    assert!(err.contains("NOTE: no --spec") && err.contains("identifiers or text: patient_id"), "{err}");
    let (_, _, err) = run(&folder, &format!("{line} --patient patient_id --risk risk"));
    assert!(!err.contains("patient_id"), "{err}");
    assert!(report(&folder).prediction.is_some());
    assert_eq!(run(&folder, "drift --reference reference.csv --current current.csv").0, 2);
    assert_eq!(run(&folder, &format!("{line} --risk none")).0, 2);
    assert!(run(&folder, "--help").1.contains("--decide"));
}

#[test]
fn risks_that_stopped_coming_are_no_quiet() {
    let window: String =
        rows(400, 200, 0.0).lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + ",\n").collect();
    let folder = trial("drift-no-risk", &window.replacen("dropout,\n", "dropout,risk\n", 1));
    let (code, out, err) = run(&folder, &format!("{DRIFT} --risk risk"));
    assert_eq!(code, 12, "{out}{err}");
    assert!(out.contains("the window has no risk"), "{out}");
}

#[test]
fn performance_is_estimated_and_measured() {
    let folder = trial("performance", &rows(400, 200, 0.0));
    let line = "performance --spec model.yaml --reference reference.csv --current current.csv --risk risk --out out";
    let (code, out, err) = run(&folder, line);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("estimated  roc_auc") && out.contains("realised   roc_auc"), "{out}");
    assert!(out.contains("100 % of the window") && out.contains("concept drift"), "{out}");
    assert!(folder.join("out/performance.json").is_file());
    let none: String = rows(400, 200, 0.0).replace(",0,0.", ",,0.").replace(",1,0.", ",,0.");
    fs::write(folder.join("current.csv"), none).unwrap();
    let (code, out, _) = run(&folder, line);
    assert_eq!(code, 0);
    assert!(out.contains("labels are known for 0 %") && out.contains("realised performance is not known"), "{out}");
    fs::write(folder.join("current.csv"), rows(400, 3, 0.0)).unwrap();
    let (code, _, err) = run(&folder, line);
    assert_eq!(code, 2);
    assert!(err.contains("the window has 3 rows"), "{err}");
}
