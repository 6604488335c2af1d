//! What a bundle must have to be read, and that the kind of an error shows nothing of the bundle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::bundle::{Bundle, BundleError, SCHEMA};
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "schema": SCHEMA, "code": "test", "study": "ONC-302", "label": "dropout", "horizonSeconds": 2_419_200,
        "features": [{"name": "age", "type": "Number"}],
        "model": {"logistic": {
            "intercept": 0.0, "imputed": {},
            "terms": [{"feature": "age", "part": "value", "mean": 50.0, "scale": 10.0, "coefficient": 1.0}],
        }},
        "calibration": {"intercept": 0.0, "slope": 1.0},
        "thresholds": points(&[(0.0, 1.0, 1.0), (0.25, 0.8, 0.5), (1.0, 0.0, 0.0)]),
        "reference": [0.0, 1.0], "dataDigest": "sha256:0", "seed": 0, "holdoutFraction": 0.25,
        "golden": [{"cells": [50.0], "risk": 0.5}],
    })
}

fn points(points: &[(f64, f64, f64)]) -> Value {
    let point = |(threshold, recall, rate): &(f64, f64, f64)| json!({"threshold": threshold, "recall": recall, "alertRate": rate});
    points.iter().map(point).collect()
}

fn read(bundle: &Value) -> Result<Bundle, BundleError> {
    Bundle::read(bundle.to_string().as_bytes(), None)
}

#[test]
fn thresholds_that_rise_within_0_and_1_are_read() {
    read(&good()).unwrap();
    let mut one = good();
    one["thresholds"] = points(&[(0.5, 0.5, 0.5)]);
    read(&one).unwrap();
}

#[test]
fn thresholds_that_nothing_can_be_chosen_from_are_refused() {
    let cases: [&[(f64, f64, f64)]; 8] = [
        &[],
        &[(0.2, 1.0, 1.0), (0.2, 0.8, 0.5)],
        &[(0.3, 1.0, 1.0), (0.2, 0.8, 0.5)],
        &[(-0.1, 1.0, 1.0), (0.2, 0.8, 0.5)],
        &[(0.1, 1.0, 1.0), (1.1, 0.8, 0.5)],
        &[(0.1, 1.1, 1.0)],
        &[(0.1, 1.0, -0.1)],
        &[(0.1, 1.0, 1e300)],
    ];
    for case in cases {
        let mut bundle = good();
        bundle["thresholds"] = points(case);
        let error = read(&bundle).unwrap_err();
        assert!(matches!(&error, BundleError::Unusable(part) if part == "thresholds"), "{case:?}: {error}");
    }
}

#[test]
fn the_kind_of_an_error_says_what_is_wrong_and_shows_nothing_of_the_bundle() {
    let changed = |pointer: &str, value: Value| {
        let mut bundle = good();
        *bundle.pointer_mut(pointer).unwrap() = value;
        bundle.to_string()
    };
    let mut extra = good();
    extra["c4n4ry"] = json!(1);
    let cases = [
        (changed("/schema", json!("c4n4ry")), "has another schema than trialops.dev/bundle/v1alpha1".to_owned()),
        (extra.to_string(), "does not fit the schema trialops.dev/bundle/v1alpha1, line 1 column ".to_owned()),
        (
            changed("/code", json!(["c4n4ry"])),
            "does not fit the schema trialops.dev/bundle/v1alpha1, line 1 column ".to_owned(),
        ),
        (changed("/model/logistic/terms/0/part", json!("c4n4ry")), "does not fit the schema".to_owned()),
        ("{\n \"code\": c4n4ry".to_owned(), "is no JSON, line 2 column 10".to_owned()),
        ("{\"code\": \"c4n4ry".to_owned(), "ends too early, line 1 column 16".to_owned()),
        (
            changed("/model/logistic/terms/0/feature", json!("c4n4ry")),
            "cannot be used for scoring because of its terms".to_owned(),
        ),
        (
            changed("/model/logistic/terms/0/scale", json!(0.0)),
            "cannot be used for scoring because of its model".to_owned(),
        ),
        (changed("/golden/0/risk", json!(0.4711)), "scores its golden row 1 otherwise than it says".to_owned()),
    ];
    for (text, kind) in cases {
        let found = Bundle::read(text.as_bytes(), None).unwrap_err().kind();
        assert!(found.starts_with(&kind), "{found}");
        assert!(!found.contains("c4n4ry") && !found.contains("0.4711"), "{found}");
    }
    assert!(!BundleError::Unusable("imputed value of c4n4ry".into()).kind().contains("c4n4ry"));
}
