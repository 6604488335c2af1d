//! Evidently's real files, read as the reference importer reads them, and ours in Evidently's shape.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod reports;

use dropout_monitor::{
    evidently::{Format, Imported, MAX_BYTES, Unreadable, read, write_legacy},
    method::Method,
    report::{Advice, ColumnKind, ColumnReport, Verdict},
};
use reports::{Fixture, fixtures};
use serde_json::{Value, json};

fn of(value: &Value) -> Imported {
    read(value.to_string().as_bytes()).unwrap()
}

/// A number; null where the expectation has the text of a number that is none.
fn finite(value: &Value) -> Option<f64> {
    assert!(value.is_number() || value.is_null() || value == "nan" || value == "inf", "{value}");
    value.as_f64()
}

fn check_column(place: &str, column: &ColumnReport, expected: &Value) {
    let score = column.evidently.as_ref().unwrap();
    assert_eq!(score.method, Method::from_name(expected["method"].as_str().unwrap()), "{place}");
    assert!(score.method.is_some(), "{place}");
    assert_eq!(score.threshold, finite(&expected["threshold"]), "{place}");
    assert_eq!(score.score, finite(&expected["score"]), "{place}");
    assert_eq!(score.drifted, expected["drifted"].as_bool(), "{place}");
    assert_eq!(column.drifted, score.drifted, "{place}");
    let kind = match expected.get("type").and_then(Value::as_str) {
        Some("num") => ColumnKind::Num,
        Some("cat") => ColumnKind::Cat,
        _ => ColumnKind::Unknown,
    };
    assert_eq!(column.kind, kind, "{place}");
    assert_eq!(score.score.is_none(), column.notes.iter().any(|note| note.contains("not a number")), "{place}");
}

fn check_dataset(fixture: &Fixture, read: &Imported) {
    let (dataset, decision) = (&read.report.dataset, &read.report.decision);
    let Some(expected) = fixture.expected.get("dataset") else {
        assert_eq!((decision.verdict, decision.advice), (Verdict::Unknown, Advice::WaitForData), "{}", fixture.name);
        return;
    };
    assert_eq!(Some(dataset.columns), expected["number_of_columns"].as_u64(), "{}", fixture.name);
    assert_eq!(Some(dataset.drifted), expected["number_of_drifted_columns"].as_u64(), "{}", fixture.name);
    assert_eq!(dataset.share, expected["share_of_drifted_columns"].as_f64(), "{}", fixture.name);
    assert_eq!(dataset.limit, expected["drift_share_threshold"].as_f64(), "{}", fixture.name);
    let drift = fixture.expected.get("dataset_test_failed").unwrap_or(&expected["dataset_drift"]).as_bool().unwrap();
    assert_eq!(decision.verdict, if drift { Verdict::Drift } else { Verdict::NoDrift }, "{}", fixture.name);
    assert_eq!(decision.rules, if drift { vec!["share"] } else { vec![] }, "{}", fixture.name);
}

/// The names that 0.4 to 0.6 had for the numbers of 0.7.
const RENAMED: [(&str, &str); 10] = [
    ("Accuracy", "accuracy"),
    ("Precision", "precision"),
    ("Recall", "recall"),
    ("F1Score", "f1"),
    ("RocAuc", "roc_auc"),
    ("LogLoss", "log_loss"),
    ("TPR", "tpr"),
    ("TNR", "tnr"),
    ("FPR", "fpr"),
    ("FNR", "fnr"),
];

fn classification(expected: &Value) -> Value {
    if expected.get("current").is_some() {
        return expected.clone();
    }
    let current: serde_json::Map<String, Value> =
        RENAMED.iter().map(|(new, old)| ((*old).to_owned(), expected[new].clone())).collect();
    json!({ "current": current })
}

#[test]
fn every_file_is_read_as_the_reference_importer_reads_it() {
    let Some(fixtures) = fixtures() else { return };
    let (mut columns, mut datasets, mut qualities, mut numbers) = (0, 0, 0, 0);
    for fixture in &fixtures {
        let read = read(&fixture.bytes).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        let expected = &fixture.expected;
        assert_eq!(read.format.name(), expected["format"], "{}", fixture.name);
        assert_eq!(read.version.as_deref(), expected.get("version").and_then(Value::as_str), "{}", fixture.name);
        assert_eq!(read.report.engine.version, read.version, "{}", fixture.name);
        let told = expected["columns"].as_object().unwrap();
        assert_eq!(read.report.columns.len(), told.len(), "{}", fixture.name);
        for column in &read.report.columns {
            let place = format!("{} {}", fixture.name, column.name);
            check_column(&place, column, &told[&column.name]);
            let is_rounded = column.notes.iter().any(|note| note.contains("rounded to 3 decimals"));
            assert_eq!(is_rounded, expected.get("rounded").is_some(), "{place}");
            columns += 1;
            numbers += usize::from(column.evidently.as_ref().unwrap().score.is_some());
        }
        check_dataset(fixture, &read);
        datasets += usize::from(expected.get("dataset").is_some());
        let quality = expected.get("classification").map(classification);
        assert_eq!(read.classification.map(|quality| json!(quality)), quality, "{}", fixture.name);
        qualities += usize::from(quality.is_some());
    }
    assert!(numbers > 0 && numbers < columns, "some scores are numbers and some are NaN");
    if fixtures[0].name.starts_with("s01") {
        let counted = (fixtures.len(), columns, columns - numbers, datasets, qualities);
        assert_eq!(counted, (42, 304, 2, 36, 4), "files, columns, NaN, data sets, classifications of the shared half");
    }
}

#[test]
fn what_we_wrote_reads_the_same_for_every_real_file() {
    let Some(fixtures) = fixtures() else { return };
    for fixture in &fixtures {
        let first = read(&fixture.bytes).unwrap();
        let written = write_legacy(&first.report);
        let again = of(&written);
        assert_eq!(again.format, Format::LegacyReport, "{}", fixture.name);
        let bare = |read: &Imported| {
            let mut report = read.report.clone();
            report.decision.reasons.clear();
            report.columns.iter_mut().for_each(|column| column.notes.clear());
            report
        };
        assert_eq!(bare(&again), bare(&first), "{}", fixture.name);
        assert_eq!(write_legacy(&again.report), written, "{}", fixture.name);
    }
}

#[test]
fn dataset_drift_is_never_that_of_the_table() {
    let result = |drift: bool, limit: f64| {
        json!({"drift_share": limit, "number_of_columns": 4, "number_of_drifted_columns": 2,
               "share_of_drifted_columns": 0.5, "dataset_drift": drift})
    };
    let table = json!({"metric": "DataDriftTable", "result": {"dataset_drift": true, "drift_by_columns": {}}});
    let whole = json!({"metric": "DatasetDriftMetric", "result": result(false, 0.7)});
    let read = of(&json!({"version": "0.6.7", "metrics": [table, whole]}));
    assert_eq!(read.report.decision.verdict, Verdict::NoDrift);
    assert_eq!(
        read.report.decision.reasons,
        ["Evidently says no drift: 2 of 4 columns drifted, 50.0 %; the limit is 70.0 %"]
    );
    assert_eq!(of(&json!({"metrics": [table]})).report.decision.verdict, Verdict::Unknown);
    let both = of(&json!({"metrics": [whole, {"metric": "DatasetDriftMetric", "result": result(true, 0.5)}]}));
    assert_eq!(both.report.decision.verdict, Verdict::Unknown);
    assert!(both.report.decision.reasons[0].contains("2 times"), "{both:?}");
}

#[test]
fn what_a_script_cut_out_is_read() {
    let cut = |result: Value| of(&json!({"metrics": [{"result": result}]}));
    let drift = cut(json!({"dataset_drift": true}));
    assert_eq!((drift.format, drift.report.decision.verdict), (Format::LegacyFragment, Verdict::Drift));
    assert_eq!(cut(json!({"dataset_drift": false})).report.decision.verdict, Verdict::NoDrift);
    assert_eq!(cut(json!({"dataset_drift": null})).report.decision.verdict, Verdict::Unknown);
    let broken = json!({"dataset_drift": false, "share_of_drifted_columns": 0.8, "drift_share": 0.5});
    assert_eq!(cut(broken).report.decision.verdict, Verdict::Unknown, "it contradicts itself");
    let text = read(br#"{"metrics": [{"result": {"dataset_drift": "no"}}]}"#).unwrap_err();
    assert_eq!(text.to_string(), "metrics[0].result.dataset_drift must be true or false");
}

#[test]
fn numbers_that_are_none_make_no_verdict() {
    let legacy = br#"{"version": "0.6.7", "metrics": [{"metric": "DatasetDriftMetric", "result": {"drift_share": 0.5,
        "number_of_columns": 0, "number_of_drifted_columns": 0, "share_of_drifted_columns": NaN, "dataset_drift": false}}]}"#;
    let report = read(legacy).unwrap().report;
    assert_eq!((report.decision.verdict, report.decision.advice), (Verdict::Unknown, Advice::WaitForData));
    for value in
        [json!({"count": 2.0, "share": null}), json!({"count": 3.0, "share": 0.41}), json!({"count": 0, "share": 0.4})]
    {
        assert_eq!(of(&seven(value.clone(), json!([]))).report.decision.verdict, Verdict::Unknown, "{value}");
    }
    let mut without = seven(json!({"count": 1.0, "share": 0.25}), json!([]));
    assert_eq!(of(&without).report.decision.verdict, Verdict::NoDrift);
    without["metrics"][0]["config"].as_object_mut().unwrap().remove("drift_share");
    assert_eq!(of(&without).report.decision.verdict, Verdict::Unknown, "a share without a limit");
}

#[test]
fn of_two_results_for_a_column_the_last_counts_with_a_word() {
    let mut report = seven(json!({"count": 1.0, "share": 0.25}), json!([]));
    let mut again = report["metrics"][1].clone();
    again["value"] = json!(0.9);
    report["metrics"].as_array_mut().unwrap().push(again);
    let column = of(&report).report.columns.remove(0);
    assert_eq!(column.drifted, Some(false));
    assert_eq!(column.notes, ["the file has results for this column that differ; the last counts"]);
}

fn seven(value: Value, tests: Value) -> Value {
    json!({"metrics": [
        {"id": "a", "config": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.5}, "value": value},
        {"id": "b", "config": {"type": "evidently:metric_v2:ValueDrift", "column": "age", "method": "ks",
                               "threshold": 0.05}, "value": 0.01},
    ], "tests": tests})
}

fn test(id: &str, metric: &str, status: &str) -> Value {
    let (kind, column) = if metric == "a" { ("DriftedColumnsCount", None) } else { ("ValueDrift", Some("age")) };
    let kind = format!("evidently:metric_v2:{kind}");
    json!({"id": id, "status": status, "metric_config": {"metric_id": metric, "params": {"type": kind, "column": column}}})
}

#[test]
fn tests_say_more_than_shares_and_one_that_did_not_run_says_nothing() {
    let half = json!({"count": 2.0, "share": 0.5});
    let verdict = |status: &str| {
        let mut all = test("lt", "a", status);
        all["metric_config"]["params"].as_object_mut().unwrap().remove("column");
        let decision = of(&seven(half.clone(), json!([all]))).report.decision;
        (decision.verdict, decision.advice)
    };
    assert_eq!(of(&seven(half.clone(), json!([]))).report.decision.verdict, Verdict::Drift, "0.5 reaches 0.5");
    assert_eq!(verdict("FAIL"), (Verdict::Drift, Advice::Watch));
    assert_eq!(verdict("SUCCESS"), (Verdict::NoDrift, Advice::Nothing));
    assert_eq!(verdict("WARNING"), (Verdict::NoDrift, Advice::Watch));
    assert_eq!(verdict("ERROR"), (Verdict::Unknown, Advice::WaitForData));
    assert_eq!(verdict("SKIPPED"), (Verdict::Unknown, Advice::WaitForData));
    let column = |status: &str| {
        let read = of(&seven(half.clone(), json!([test("drift", "b", status)])));
        read.report.columns[0].drifted
    };
    assert_eq!(of(&seven(half.clone(), json!([]))).report.columns[0].drifted, Some(true));
    assert_eq!([column("FAIL"), column("SUCCESS"), column("WARNING")], [Some(true), Some(false), Some(false)]);
    assert_eq!([column("ERROR"), column("SKIPPED")], [None, None]);
}

#[test]
fn a_method_of_ones_own_is_judged_by_its_file_only() {
    for name in ["", "custom function 'mine'", "perc_text_content_drift"] {
        let mut report = seven(json!({"count": 2.0, "share": 0.5}), json!([]));
        report["metrics"][1]["config"]["method"] = json!(name);
        let column = of(&report).report.columns.remove(0);
        assert_eq!((column.evidently.unwrap().method, column.drifted), (None, None), "{name}");
        let fields = json!({"column_name": "age", "stattest_name": name, "stattest_threshold": 0.1, "drift_score": 0.5,
                            "drift_detected": true});
        let told = of(&json!({"metrics": [{"metric": "ColumnDriftMetric", "result": fields}]}));
        assert_eq!(told.report.columns[0].drifted, Some(true), "{name}");
    }
}

#[test]
fn what_is_no_report_is_an_error_with_a_place_and_without_its_content() {
    let unknown = [
        "{}",
        "[]",
        "1",
        "null",
        "\"drift\"",
        r#"{"metrics":[]}"#,
        r#"{"metrics":{"cpu":1}}"#,
        "[{\"metric\":\"x\"}]",
        r#"{"kind":"Pod","metadata":{"name":"secret"},"version":"1","metrics":[{"name":"cpu"}]}"#,
    ];
    for text in unknown {
        assert_eq!(read(text.as_bytes()).unwrap_err(), Unreadable::UnknownShape, "{text}");
    }
    assert!(matches!(read(&vec![b' '; MAX_BYTES + 1]), Err(Unreadable::TooLarge { .. })));
    assert!(matches!(read(b"drift: true"), Err(Unreadable::NotJson { byte: 0 })));
    let place = |value: Value| read(value.to_string().as_bytes()).unwrap_err().to_string();
    let metric = |name: &str, result: Value| json!({"metrics": [{"metric": name, "result": result}]});
    let column = json!({"a": {}, "patient-7": {"drift_score": "secret"}});
    assert_eq!(
        place(metric("DataDriftTable", json!({ "drift_by_columns": column }))),
        "metrics[0].result.drift_by_columns[1].drift_score must be a number"
    );
    assert_eq!(place(metric("DatasetDriftMetric", json!([]))), "metrics[0].result must be an object");
    assert_eq!(place(metric("DatasetDriftMetric", json!({}))), "metrics[0].result.dataset_drift is missing");
    assert_eq!(
        place(metric("DatasetDriftMetric", json!({"dataset_drift": true, "drift_share": 1.5}))),
        "metrics[0].result.drift_share must be a share, 0 to 1"
    );
    assert_eq!(place(json!({"suite": 3})), "suite must be an object");
    assert_eq!(
        place(seven(json!({"count": 1, "share": 0.5}), json!([test("lt", "a", "PASSED")]))),
        "tests[0].metric_config.params.column must be a text"
    );
}
