//! Whole comparisons against what SciPy gives for our rule and what Evidently 0.7.23 says of the data set, for nine pairs of
//! data sets. It skips loudly without them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_monitor::{
    engine::{Comparison, compare},
    frame::{ColumnSpec, Frame, Roles, read},
    report::{ColumnKind, ColumnReport, DriftReport, Rule, Settings, Verdict},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn fixtures() -> Vec<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/drift");
    if !home.is_dir() {
        println!("SKIPPED: no fixtures at {}", home.display());
        return Vec::new();
    }
    let mut sets: Vec<PathBuf> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.retain(|set| set.join("expected_recommended.json").is_file());
    sets.sort();
    assert!(!sets.is_empty());
    sets
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The columns with the types that Evidently took.
fn columns(set: &Path) -> Vec<ColumnSpec> {
    let (expected, schema) = (json(&set.join("expected.json")), json(&set.join("schema.json")));
    let of = |(name, column): (&String, &Value)| ColumnSpec {
        kind: if column["type"] == "num" { ColumnKind::Num } else { ColumnKind::Cat },
        is_whole: schema["columns"][name]["dtype"] == "int64",
        ..ColumnSpec::named(name)
    };
    expected["columns"].as_object().unwrap().iter().map(of).collect()
}

fn frame(set: &Path, file: &str, schema: &[ColumnSpec]) -> Frame {
    read(&set.join(file), file, (schema, Roles::default())).unwrap()
}

fn report(set: &Path, rule: Rule) -> DriftReport {
    let schema = columns(set);
    let limit = json(&set.join("expected.json"))["dataset"]["drift_share_threshold"].as_f64().unwrap();
    let small = Settings { min_rows: 1, min_values: 1, ..Settings::default() };
    let settings = match rule {
        Rule::Default => small,
        Rule::Evidently => Settings { drift_share: limit, ..small },
    };
    let (reference, window) = (frame(set, "reference.csv", &schema), frame(set, "current.csv", &schema));
    compare(&Comparison {
        schema: &schema,
        reference: &reference,
        window: &window,
        rule,
        settings,
        model: None,
        history: &[],
        performance: None,
    })
}

/// K-S by its limit is good to 1e-6, everything else to 1e-9; see the README of the fixtures.
fn check(place: &str, got: Option<f64>, expected: &Value, relative: f64) {
    let expected = expected.as_f64().unwrap();
    let got = got.unwrap_or_else(|| panic!("{place}: no number, expected {expected}"));
    let limit = (relative * expected.abs()).max(1e-12);
    assert!((got - expected).abs() <= limit, "{place}: {got}, expected {expected}");
}

fn check_column(place: &str, got: &ColumnReport, expected: &Value) {
    let test = got.test.as_ref();
    let relative =
        if test.is_some_and(|test| test.name == "ks" && test.p_method == "asymptotic") { 1e-6 } else { 1e-9 };
    let name = test.map(|test| if test.name == "constant" { "none" } else { &test.name });
    assert_eq!(name, expected["test"].as_str(), "{place}");
    check(&format!("{place} p"), test.map(|test| test.p), &expected["p_value"], relative);
    let adjusted = test.and_then(|test| test.p_adjusted);
    check(&format!("{place} adjusted p"), adjusted, &expected["p_adjusted"], relative);
    assert_eq!(got.effect.as_ref().map(|effect| effect.metric.as_str()), expected["effect"]["metric"].as_str());
    check(
        &format!("{place} effect"),
        got.effect.as_ref().map(|effect| effect.value),
        &expected["effect"]["value"],
        1e-9,
    );
    assert_eq!(got.drifted, expected["drifted"].as_bool(), "{place}");
    let missing = got.missing.unwrap();
    check(&format!("{place} missing p"), Some(missing.p), &expected["missing"]["p_value"], 1e-9);
    check(&format!("{place} missing before"), Some(missing.share.reference), &expected["missing"]["reference"], 1e-9);
    check(&format!("{place} missing now"), Some(missing.share.window), &expected["missing"]["current"], 1e-9);
    assert_eq!(Some(missing.drifted), expected["missing"]["drifted"].as_bool(), "{place}");
    check_unseen(place, got, &expected["unseen_categories"]);
}

/// The same categories, numbers by value as Python writes 2 as 2.0; a count below five is suppressed.
fn check_unseen(place: &str, got: &ColumnReport, expected: &Value) {
    let told = |count: &Value| count.as_u64().filter(|count| *count >= 5);
    let plain = |name: &String| name.parse::<f64>().map_or_else(|_| name.clone(), |number| number.to_string());
    let expected = expected.as_object().into_iter().flatten();
    let expected: BTreeMap<String, Option<u64>> = expected.map(|(name, count)| (plain(name), told(count))).collect();
    let got: BTreeMap<String, Option<u64>> = got.unseen.iter().map(|(name, count)| (plain(name), *count)).collect();
    assert_eq!(got, expected, "{place}");
}

#[test]
fn every_column_is_judged_as_scipy_lets_expect() {
    let mut count = 0;
    for set in fixtures() {
        let expected = json(&set.join("expected_recommended.json"));
        let report = report(&set, Rule::Default);
        let columns = expected["columns"].as_object().unwrap();
        assert_eq!(report.columns.len(), columns.len(), "{}", set.display());
        for column in &report.columns {
            check_column(&format!("{} {}", set.display(), column.name), column, &columns[&column.name]);
            count += 1;
        }
        let drifted = report.columns.iter().filter(|column| column.drifted == Some(true)).count();
        assert_eq!(Some(drifted as u64), expected["n_drifted"].as_u64(), "{}", set.display());
        assert_eq!(report.dataset.drifted, drifted as u64);
    }
    println!("{count} columns as expected");
}

#[test]
fn the_data_set_is_judged_as_evidently_does() {
    for set in fixtures() {
        let expected = &json(&set.join("expected.json"));
        let report = report(&set, Rule::Evidently);
        let (place, dataset) = (set.display(), &expected["dataset"]);
        assert_eq!(Some(report.dataset.columns), dataset["number_of_columns"].as_u64(), "{place}");
        assert_eq!(Some(report.dataset.drifted), dataset["number_of_drifted_columns"].as_u64(), "{place}");
        check(&format!("{place} share"), report.dataset.share, &dataset["share_of_drifted_columns"], 1e-12);
        let verdict = if dataset["dataset_drift"] == true { Verdict::Drift } else { Verdict::NoDrift };
        assert_eq!(report.decision.verdict, verdict, "{place}: {:?}", report.decision);
        for column in &report.columns {
            let (default, place) = (&expected["columns"][&column.name]["default"], format!("{place} {}", column.name));
            let evidently = column.evidently.as_ref().unwrap();
            assert_eq!(evidently.method.map(|method| method.short_name()), default["method"].as_str(), "{place}");
            assert_eq!(evidently.drifted, default["drifted"].as_bool(), "{place}");
            match default["score"].as_f64() {
                Some(_) => check(&place, evidently.score, &default["score"], 1e-9),
                None => assert_eq!(evidently.score, None, "{place}"),
            }
        }
    }
}
