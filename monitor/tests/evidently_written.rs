//! Reports written in Evidently's older shape: they are read back, and say nothing that a report may not say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_monitor::{
    evidently::{Imported, read, write_legacy},
    method::Method,
    report::{
        API_VERSION, Advice, CategoryShape, ColumnKind, ColumnReport, Dataset, Decision, DriftReport, Ecdf, Engine,
        EvidentlyScore, KIND, NumberShape, Pair, Rule, Settings, Shape, Side, Verdict,
    },
};
use proptest::{collection::btree_map, option, prelude::*};
use serde_json::json;

fn column(name: &str, score: EvidentlyScore) -> ColumnReport {
    ColumnReport { drifted: score.drifted, evidently: Some(score), ..ColumnReport::new(name, ColumnKind::Num) }
}

fn report(rule: Rule, verdict: Verdict, dataset: Dataset, columns: Vec<ColumnReport>) -> DriftReport {
    DriftReport {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        model: None,
        engine: Engine { name: "dropout-monitor".to_owned(), version: Some("0.1.0".to_owned()), rule },
        reference: Side::default(),
        window: Side { to: Some("2026-11-01".to_owned()), ..Side::default() },
        decision: Decision { verdict, advice: Advice::Watch, rules: vec![], reasons: vec![] },
        dataset,
        columns,
        prediction: None,
        schema_findings: vec![],
        performance: None,
        power: None,
        history: vec![],
        settings: Settings::default(),
    }
}

fn again(report: &DriftReport) -> Imported {
    read(write_legacy(report).to_string().as_bytes()).unwrap()
}

fn scores() -> impl Strategy<Value = EvidentlyScore> {
    let names = prop_oneof![
        Just("K-S p_value".to_owned()),
        Just("wasserstein".to_owned()),
        Just(String::new()),
        Just("custom function 'mine'".to_owned()),
        "[\\PC]{0,40}",
    ];
    let number = || option::of(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO);
    (names, number(), number(), option::of(any::<bool>())).prop_map(|(display, score, threshold, drifted)| {
        EvidentlyScore { method: Method::from_name(&display), display, score, threshold, drifted }
    })
}

fn columns() -> impl Strategy<Value = Vec<ColumnReport>> {
    let kind = prop_oneof![Just(ColumnKind::Num), Just(ColumnKind::Cat), Just(ColumnKind::Unknown)];
    btree_map(any::<String>().prop_filter("a name", |name| name.chars().count() <= 256), (scores(), kind), 0..12)
        .prop_map(|all| {
            let mut columns: Vec<ColumnReport> = all
                .iter()
                .map(|(name, (score, kind))| ColumnReport { kind: *kind, ..column(name, score.clone()) })
                .collect();
            columns.sort_by_key(|column| column.drifted.map_or(1, |drifted| 2 * u8::from(!drifted)));
            columns
        })
}

fn dataset(columns: &[ColumnReport], limit: f64) -> Dataset {
    let drifted = columns.iter().filter(|column| column.drifted == Some(true)).count();
    let share = (!columns.is_empty()).then(|| drifted as f64 / columns.len() as f64);
    Dataset { columns: columns.len() as u64, drifted: drifted as u64, share, weighted_share: None, limit: Some(limit) }
}

/// Remarks are told anew by whoever reads.
fn bare(columns: &[ColumnReport]) -> Vec<ColumnReport> {
    columns.iter().map(|column| ColumnReport { notes: vec![], ..column.clone() }).collect()
}

proptest! {
    #[test]
    fn what_evidentlys_rule_decided_reads_the_same(columns in columns(), limit in 0.0..=1.0_f64) {
        let dataset = dataset(&columns, limit);
        let verdict = match dataset.share {
            Some(share) if share >= limit => Verdict::Drift,
            Some(_) => Verdict::NoDrift,
            None => Verdict::Unknown,
        };
        let written = report(Rule::Evidently, verdict, dataset, columns);
        let first = again(&written);
        prop_assert_eq!(first.report.decision.verdict, verdict);
        prop_assert_eq!(&first.report.dataset, &written.dataset);
        prop_assert_eq!(bare(&first.report.columns), written.columns);
        let second = again(&first.report).report;
        let engine = Engine { version: first.version, ..second.engine.clone() };
        prop_assert_eq!(DriftReport { engine, ..second }, first.report);
    }

    #[test]
    fn what_another_rule_decided_keeps_its_verdict_whatever_the_share(columns in columns(), limit in 0.0..=1.0_f64,
                                                                      which in 0..5_usize) {
        let all = [Verdict::Drift, Verdict::NoDrift, Verdict::InsufficientData, Verdict::SchemaBreach, Verdict::Unknown];
        let expected = [Verdict::Drift, Verdict::NoDrift, Verdict::Unknown, Verdict::Unknown, Verdict::Unknown];
        let written = report(Rule::Default, all[which], dataset(&columns, limit), columns);
        let read = again(&written).report;
        prop_assert_eq!((read.decision.verdict, &read.dataset), (expected[which], &written.dataset));
        prop_assert_eq!(bare(&read.columns), written.columns);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes).is_err());
    }
}

fn score(display: &str, score: f64) -> EvidentlyScore {
    let method = Method::from_name(display);
    EvidentlyScore {
        method,
        display: display.to_owned(),
        score: Some(score),
        threshold: Some(0.1),
        drifted: Some(true),
    }
}

#[test]
fn shapes_are_densities_and_counts_without_small_cells() {
    let numbers = NumberShape {
        quartiles: Pair { reference: [0.0; 3], window: [0.0; 3] },
        edges: vec![0.0, 0.5, 2.5],
        bins: Pair { reference: vec![0.5, 0.5], window: vec![0.25, 0.75] },
        outside: Pair { reference: [0.0; 2], window: [0.0; 2] },
        ecdf: Ecdf::default(),
    };
    let category = |name: &str, reference: Option<u64>, window: Option<u64>| CategoryShape {
        name: name.to_owned(),
        count: Pair { reference, window },
        share: Pair { reference: None, window: None },
    };
    let arms = vec![category("A", Some(40), Some(7)), category("B", Some(9), None), category("C", None, Some(12))];
    let broken = NumberShape { edges: vec![1.0, 1.0, 2.0], ..numbers.clone() };
    let columns = vec![
        ColumnReport { shape: Some(Shape::Numbers(numbers)), ..column("age", score("PSI", 0.3)) },
        ColumnReport { shape: Some(Shape::Numbers(broken)), ..column("bmi", score("PSI", 0.3)) },
        ColumnReport {
            kind: ColumnKind::Cat,
            shape: Some(Shape::Categories(arms)),
            ..column("arm", score("Jensen-Shannon distance", 0.2))
        },
    ];
    let written = write_legacy(&report(Rule::Default, Verdict::SchemaBreach, dataset(&columns, 0.3), columns));
    let age = json!({
        "column_name": "age", "column_type": "num", "stattest_name": "PSI", "stattest_threshold": 0.1,
        "drift_score": 0.3, "drift_detected": true,
        "reference": {"small_distribution": {"x": [0.0, 0.5, 2.5], "y": [1.0, 0.25]}},
        "current": {"small_distribution": {"x": [0.0, 0.5, 2.5], "y": [0.5, 0.375]}},
    });
    let table = &written["metrics"][1]["result"]["drift_by_columns"];
    assert_eq!(table["age"], age);
    assert_eq!(table["bmi"].get("current"), None, "a bin without width has no density");
    assert_eq!(table["arm"]["reference"]["small_distribution"], json!({"x": ["A", "B"], "y": [40, 9]}));
    assert_eq!(table["arm"]["current"]["small_distribution"], json!({"x": ["A", "C"], "y": [7, 12]}));
    assert_eq!(
        written["metrics"][0],
        json!({"metric": "DatasetDriftMetric", "result": {
        "drift_share": 0.3, "number_of_columns": 3, "number_of_drifted_columns": 3, "share_of_drifted_columns": 1.0,
        "dataset_drift": null, "decided_by": "default"}})
    );
    assert_eq!((&written["version"], &written["timestamp"]), (&json!("0.6.7"), &json!("2026-11-01")));
}
