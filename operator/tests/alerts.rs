//! The chart's alerts and its dashboard are about numbers that the operator has, and alerts about decisions see the first one.
#![allow(clippy::unwrap_used)]

use dropout_operator::metrics::Metrics;
use std::{collections::BTreeSet, fs, path::Path};

fn chart(file: &str) -> String {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/dropout-operator/monitoring");
    fs::read_to_string(chart.join(file)).unwrap()
}

/// Everything in a text that looks like one of the operator's numbers.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    words.filter(|word| word.starts_with("dropout_operator_")).collect()
}

#[test]
fn alerts_and_dashboard_name_numbers_that_there_are() {
    let metrics = Metrics::new();
    metrics.failed("Store");
    metrics.fired("Retrain");
    let exposed = metrics.text();
    let exposed = named(&exposed);
    for file in ["alerts.yaml", "dashboard.json"] {
        let text = chart(file);
        let named = named(&text);
        assert!(named.len() >= 2, "{file}: {named:?}");
        assert!(named.is_subset(&exposed), "{file} names {:?}", named.difference(&exposed));
    }
}

#[test]
fn decisions_that_wake_people_are_counted_from_0() {
    let exposed = Metrics::new().text();
    let alerts = chart("alerts.yaml");
    let of_decisions = alerts.split("dropout_operator_decisions_total{kind=").skip(1);
    let kinds: Vec<&str> = of_decisions.flat_map(|rest| rest.split('"').nth(1).unwrap().split('|')).collect();
    assert!(kinds.len() >= 4, "{kinds:?}");
    for kind in kinds {
        let line = format!("dropout_operator_decisions_total{{kind=\"{kind}\"}} 0\n");
        assert!(exposed.contains(&line), "{line} is not in {exposed}");
    }
}
