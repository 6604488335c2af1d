//! The routes, called without a port: answers, keys, other refusals, numbers.
#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use common::{
    GOOD, KEY, bytes,
    calls::{call, context, post, problem_json, unloaded},
    policy,
};
use dropout_inference::{
    row::LandmarkFields,
    version::{Decisions, Terms, Version},
};
use dropout_model::{
    bundle::{Bundle, Cell, Model, Scorer},
    digest::digest,
    manifest::Feature,
};
use serde_json::json;
use std::{
    pin::Pin,
    task::{self, Poll},
};

#[tokio::test]
async fn prediction_carries_version_digest_and_policy() {
    let (status, headers, mut answer) = call(&context(), post(GOOD)).await;
    assert_eq!((status, &headers["cache-control"]), (StatusCode::OK, &"no-store".parse().unwrap()));
    let id = answer["prediction_id"].take();
    assert_eq!(id.as_str().unwrap().len(), 32);
    let logit: f64 = -30.5 + 0.3 * (60.0 + 39.5 + 1.0 - 1.0);
    let risk = answer["probability"].take().as_f64().unwrap();
    assert!((risk - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-12);
    let expected = json!({
        "dropout_prediction": 1, "probability": null, "risk_level": "Medium", "intervention": "NurseCall",
        "model_version": "v3", "bundle_digest": digest(&bytes()), "policy_hash": policy().hash(),
        "prediction_id": null,
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn imputed_features_are_named_whether_left_out_or_null() {
    for body in [GOOD.replace(r#""missed_visits":2,"#, ""), GOOD.replace(":2,", ":null,")] {
        let (status, _, answer) = call(&context(), post(body)).await;
        assert_eq!((status, &answer["imputed"]), (StatusCode::OK, &json!(["missed_visits"])));
    }
}

#[tokio::test]
async fn model_says_what_it_wants_and_under_which_policy() {
    let request = Request::get("/v1/model").header("x-api-key", KEY).body(Body::empty()).unwrap();
    let (status, _, card) = call(&context(), request).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(card["features"][0], json!({"name": "age", "type": "Integer", "min": 18.0, "max": 90.0}));
    assert_eq!((&card["policy"]["threshold"], &card["model_version"]), (&json!(0.25), &json!("v3")));
}

#[tokio::test]
async fn bundles_that_cannot_serve_are_refused_though_their_golden_rows_agree() {
    let refused = |change: fn(&mut Bundle)| {
        let mut bundle = common::bundle();
        change(&mut bundle);
        let terms = Terms {
            name: "v3".into(),
            digest: None,
            policy: Decisions::Given(policy()),
            accepts: vec!["next_feature".into()],
            landmark: LandmarkFields::default(),
            metrics: Default::default(),
        };
        Version::read(&bundle.to_bytes().unwrap(), terms).unwrap_err().to_string()
    };
    let without_imputed = refused(|bundle| {
        let Model::Logistic(logistic) = &mut bundle.model else { unreachable!() };
        logistic.imputed.clear();
        let scorer = Scorer::new(bundle).unwrap();
        bundle.golden.iter_mut().for_each(|golden| golden.risk = scorer.risk(&golden.cells));
    });
    assert_eq!(without_imputed, "the bundle's imputed value of missed_visits cannot be used for scoring");
    let with_patient_id = refused(|bundle| {
        bundle.features.push(Feature { name: "patient_id".into(), ..bundle.features[0].clone() });
        bundle.golden.iter_mut().for_each(|golden| golden.cells.push(Cell::Number(1.0)));
    });
    assert_eq!(with_patient_id, "the bundle's feature named patient_id cannot be used for scoring");
}

#[tokio::test]
async fn requests_without_the_one_key_are_refused_with_no_detail() {
    let request = || Request::post("/predict?x-api-key=canary-key-7f3a").header("content-type", "application/json");
    let cases = [
        request(),
        request().header("x-api-key", ""),
        request().header("x-api-key", "canary-key-7f3"),
        request().header("x-api-key", KEY).header("x-api-key", KEY),
        request().header("authorization", format!("Bearer {KEY}")),
    ];
    let context = context();
    for case in cases {
        let (status, headers, answer) = call(&context, case.body(Body::from("{")).unwrap()).await;
        assert_eq!((status, headers.contains_key("www-authenticate")), (StatusCode::UNAUTHORIZED, true));
        assert_eq!(answer, json!({"title": "Unauthorized", "status": 401}));
    }
}

#[tokio::test]
async fn a_body_is_not_read_before_the_key_is_checked() {
    let request = Request::post("/predict").header("x-api-key", "wrong").body(Body::new(Never)).unwrap();
    assert_eq!(call(&context(), request).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    let (status, headers, _) = call(&context(), post(Body::new(Never))).await;
    assert_eq!((status, &headers["connection"]), (StatusCode::REQUEST_TIMEOUT, &"close".parse().unwrap()));
}

/// A body that never comes.
struct Never;

impl hyper::body::Body for Never {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn other_requests_are_refused_by_what_is_wrong_with_them() {
    let keyed = |method: &str, path: &str| Request::builder().method(method).uri(path).header("x-api-key", KEY);
    let empty = |request: axum::http::request::Builder| request.body(Body::empty()).unwrap();
    let typed = |kind: &str| keyed("POST", "/predict").header("content-type", kind).body(Body::from(GOOD)).unwrap();
    let zipped =
        keyed("POST", "/predict").header("content-type", "application/json").header("content-encoding", "gzip");
    let cases = [
        (empty(keyed("GET", "/predict")), 405),
        (empty(keyed("TRACE", "/v1/model")), 405),
        (empty(keyed("GET", "/v1/../metrics")), 404),
        (empty(keyed("GET", "/metrics")), 404),
        (empty(keyed("GET", "/predict/")), 404),
        (typed("text/plain"), 415),
        (typed(""), 415),
        (zipped.body(Body::from(GOOD)).unwrap(), 415),
        (post(" ".repeat((64 << 10) + 1)), 413),
        (post(format!("{GOOD}{}", " ".repeat((64 << 10) - GOOD.len()))), 200),
        (typed("Application/JSON; charset=utf-8"), 200),
    ];
    let context = context();
    for (request, expected) in cases {
        let case = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let (status, headers, _) = call(&context, request).await;
        assert_eq!(status.as_u16(), expected, "{case}");
        assert!(status.is_success() || headers["content-type"] == problem_json(), "{case}");
        assert_eq!(status.as_u16() == 405, headers.contains_key("allow"), "{case}");
    }
}

#[tokio::test]
async fn nothing_is_predicted_before_a_version_is_loaded() {
    let (status, headers, _) = call(&unloaded(), post(GOOD)).await;
    assert_eq!((status, &headers["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"2".parse().unwrap()));
}

#[tokio::test]
async fn metrics_count_by_matched_path_status_and_tier_and_hold_nothing_that_was_sent() {
    let context = context();
    call(&context, post(GOOD)).await;
    call(&context, post(GOOD.replace("61", "17"))).await;
    call(&context, Request::get("/canary/P-001").body(Body::empty()).unwrap()).await;
    let text = context.metrics().text().unwrap();
    for line in [
        r#"dropout_inference_requests_total{path="/predict",status="200"} 1"#,
        r#"dropout_inference_requests_total{path="/predict",status="422"} 1"#,
        r#"dropout_inference_requests_total{path="unmatched",status="404"} 1"#,
        r#"dropout_inference_predictions_total{model_version="v3",tier="Medium"} 1"#,
        r#"dropout_inference_request_duration_seconds_count{path="/predict"} 2"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("canary") && !text.contains("P-001"));
}
