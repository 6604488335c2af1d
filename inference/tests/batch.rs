//! `POST /v1/predict:batch` and `?explain`, called without a port.
#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use common::{
    GOOD, KEY, bundle,
    calls::{call, context, post, unloaded},
};
use dropout_inference::batch::MAX_ROWS;
use dropout_model::bundle::{Cell, Scorer, logistic};
use serde_json::{Value, json};

fn to(path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("x-api-key", KEY).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

fn batch(rows: &[&str]) -> Request<Body> {
    to("/v1/predict:batch", format!(r#"{{"rows":[{}]}}"#, rows.join(",")))
}

/// An answer without what differs between two predictions.
fn plain(mut answer: Value) -> Value {
    assert_eq!(answer["prediction_id"].take().as_str().unwrap().len(), 32);
    answer
}

#[tokio::test]
async fn each_row_is_answered_as_it_would_be_alone_and_refusals_name_their_row() {
    let context = context();
    let young = GOOD.replace("61", "9");
    let odd = GOOD.replace("40.5", "1e999");
    let (status, _, answer) = call(&context, batch(&[GOOD, &young, "[1]", "{}", &odd, GOOD])).await;
    assert_eq!((status, &answer["refused"]), (StatusCode::OK, &json!(4)));
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    let alone = plain(call(&context, post(GOOD)).await.2);
    assert_eq!((plain(results[0].clone()), plain(results[5].clone())), (alone.clone(), alone));
    assert_eq!(results[1], json!({"errors": [{"field": "rows[1].age", "problem": "must be at least 18"}]}));
    assert_eq!(results[2], json!({"errors": [{"field": "rows[2]", "problem": "must be a JSON object"}]}));
    let fields: Vec<&str> =
        results[3]["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["rows[3].patient_id", "rows[3].age", "rows[3].distance_km", "rows[3].arm"]);
    assert_eq!(results[4]["errors"][0]["field"], "rows[4]");
}

#[tokio::test]
async fn a_body_that_is_no_batch_is_refused_as_a_whole() {
    let context = context();
    for body in
        ["[]", "{}", r#"{"rows":{}}"#, r#"{"rows":[],"rows":[]}"#, r#"{"rows":[{}],"more":1}"#, r#"{"rows":[]}"#]
    {
        let (status, _, problem) = call(&context, to("/v1/predict:batch", body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {problem}");
    }
    for body in ["", "{\"rows\":[{]}", "\u{feff}{}"] {
        let (status, _, problem) = call(&context, to("/v1/predict:batch", body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {problem}");
    }
    let (status, ..) = call(&context, batch(&vec!["{}"; MAX_ROWS + 1])).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _, answer) = call(&context, batch(&vec![GOOD; MAX_ROWS])).await;
    assert_eq!((status, &answer["refused"]), (StatusCode::OK, &json!(0)));
    let (status, ..) = call(&unloaded(), batch(&[GOOD])).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn reasons_are_the_model_s_own_contributions_and_add_up_to_the_risk() {
    let (status, _, answer) = call(&context(), to("/predict?explain=50", GOOD)).await;
    assert_eq!(status, StatusCode::OK);
    let bundle = bundle();
    let scorer = Scorer::of(&bundle.features, &bundle.model, bundle.calibration).unwrap();
    let cells = [Cell::Number(61.0), Cell::Number(40.5), Cell::Number(2.0), Cell::Category("B".into())];
    let found = scorer.contributions(&cells);
    let expected = 100.0 * (answer["probability"].as_f64().unwrap() - logistic(found.expected));
    let reasons = answer["reasons"].as_array().unwrap();
    let points: Vec<f64> = reasons.iter().map(|reason| reason["contribution"].as_f64().unwrap()).collect();
    assert!((points.iter().sum::<f64>() - expected).abs() < 0.05, "{points:?} against {expected}");
    assert!(points.windows(2).all(|pair| pair[0].abs() >= pair[1].abs()), "{points:?}");
    assert_eq!((&reasons[0]["feature"], &reasons[0]["value"]), (&json!("age"), &json!(61.0)));
    let sentence = reasons[0]["sentence"].as_str().unwrap();
    assert_eq!(sentence, format!("age 61 raises the risk by {:.1} points", points[0]));
    let (_, _, few) = call(&context(), to("/predict?explain=1", GOOD)).await;
    assert_eq!(few["reasons"].as_array().unwrap().len(), 1);
    let (_, _, none) = call(&context(), post(GOOD)).await;
    assert_eq!(none.get("reasons"), None);
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused_without_being_repeated() {
    for path in ["/predict?explain=0", "/predict?explain=canary", "/predict?canary=1", "/v1/predict:batch?explain=3"] {
        let body = if path.contains("batch") { r#"{"rows":[{}]}"# } else { GOOD };
        let (status, _, problem) = call(&context(), to(path, body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(!problem.to_string().contains("canary"), "{problem}");
    }
}
