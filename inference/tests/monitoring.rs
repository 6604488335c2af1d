//! What is said to Prometheus: the numbers that the chart's alerts and dashboard are about, with nothing of a patient.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, GOOD, KEY, Service, get, predict};
use std::{collections::BTreeSet, fs, path::Path};

fn chart(file: &str) -> String {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/dropout-operator/monitoring");
    fs::read_to_string(chart.join(file)).unwrap()
}

/// Everything in a text that looks like one of the service's numbers.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    words.filter(|word| word.starts_with("dropout_inference_")).collect()
}

#[test]
fn numbers_of_requests_risks_and_refusals_are_those_of_alerts_and_dashboard() {
    let folder = Folder::filled();
    let service = Service::start(&folder, &[]).ready();
    let ask = |key: &str, body: &str| predict(service.port, key, body).0;
    assert_eq!((ask(KEY, GOOD), ask("wrong", GOOD)), (200, 401));
    let wrong = [
        GOOD.replace("61", "17"),
        GOOD.replace("61", "\"old\""),
        GOOD.replace("\"age\":61,", ""),
        GOOD.replace("age", "height"),
        GOOD.replace("\"age\":61", "\"age\":61,\"age\":61"),
    ];
    assert!(wrong.iter().all(|body| ask(KEY, body) == 422));
    let text = get(service.health, "/metrics").2;
    for line in [
        r#"dropout_inference_refused_fields_total{fault="bound"} 1"#,
        r#"dropout_inference_refused_fields_total{fault="form"} 1"#,
        r#"dropout_inference_refused_fields_total{fault="missing"} 2"#,
        r#"dropout_inference_refused_fields_total{fault="unknown"} 1"#,
        r#"dropout_inference_refused_fields_total{fault="twice"} 1"#,
        "dropout_inference_refused_keys_total 1",
        r#"dropout_inference_risk_count{model_version="v3"} 1"#,
        r#"dropout_inference_requests_total{path="/predict",status="422"} 5"#,
        r#"dropout_inference_build_info{version=""#,
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let served = text.lines().find(|line| line.starts_with("dropout_inference_served{")).unwrap();
    assert!(served.contains(r#"model_version="v3",bundle_digest="sha256:"#) && served.ends_with(" 1"), "{served}");
    let exposed = named(&text);
    for file in ["alerts.yaml", "dashboard.json"] {
        let text = chart(file);
        let named = named(&text);
        assert!(named.len() >= 8 && named.is_subset(&exposed), "{file} names {:?}", named.difference(&exposed));
    }
}
