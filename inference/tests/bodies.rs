//! Bodies that are refused: with which status, which field, and never with a value that was sent.
#![allow(clippy::unwrap_used)]

mod common;

use axum::http::StatusCode;
use common::{
    GOOD,
    calls::{call, context, post, problem_json, serving},
};
use dropout_model::bundle::{Model, Scorer};
use serde_json::json;

#[tokio::test]
async fn bad_bodies_are_refused_with_the_path_of_the_field() {
    let with = |from: &str, to: &str| GOOD.replace(from, to);
    let long = with("P-001", &"x".repeat(129));
    let cases = [
        (with(r#""patient_id":"P-001","#, ""), "patient_id", "is required"),
        (with(r#""P-001""#, "null"), "patient_id", "is required"),
        (with(r#""P-001""#, "77"), "patient_id", "must be a text of 1 to 128 characters"),
        (with("P-001", ""), "patient_id", "must be a text of 1 to 128 characters"),
        (long, "patient_id", "must be a text of 1 to 128 characters"),
        (with("{", r#"{"patient_id":"P-002","#), "patient_id", "is given twice"),
        (with("61", "null"), "age", "is required"),
        (with(r#""age":61,"#, ""), "age", "is required"),
        (with("61", "61.5"), "age", "must be a whole number"),
        (with("61", r#""61""#), "age", "must be a whole number"),
        (with("61", "true"), "age", "must be a whole number"),
        (with("61", "17"), "age", "must be at least 18"),
        (with("61", "91"), "age", "must be at most 90"),
        (with("61", "1e300"), "age", "must be at most 90"),
        (with("61", "61,\"age\":61"), "age", "is given twice"),
        (with("61", r#"61,"\u0061ge":61"#), "age", "is given twice"),
        (with("40.5", "[40.5]"), "distance_km", "must be a number"),
        (with("40.5", r#"{"km":40.5}"#), "distance_km", "must be a number"),
        (with("40.5", "-1"), "distance_km", "must be at least 0"),
        (with(r#""B""#, r#""C""#), "arm", "must be one of the values that GET /v1/model lists"),
        (with(r#""B""#, "1"), "arm", "must be one of the values that GET /v1/model lists"),
        (with("}", r#","weight":80}"#), "weight", "is no field of this model"),
        ("[1]".into(), "", "must be a JSON object"),
    ];
    let context = context();
    for (body, field, problem) in cases {
        let (status, headers, answer) = call(&context, post(body.clone())).await;
        assert_eq!((status, &headers["content-type"]), (StatusCode::UNPROCESSABLE_ENTITY, &problem_json()), "{body}");
        assert_eq!(answer["errors"], json!([{"field": field, "problem": problem}]), "{body}");
        assert_eq!((&answer["status"], &answer["title"]), (&json!(422), &json!("Unprocessable Entity")));
    }
}

#[tokio::test]
async fn features_of_the_version_in_the_making_are_ignored() {
    let context = context();
    let (status, _, answer) = call(&context, post(GOOD.replace("}", r#","next_feature":80}"#))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_with_a_position_only() {
    let cases: [&[u8]; 11] = [
        b"",
        b"{",
        br#"{"patient_id":"canary"#,
        br#"{"patient_id":"canary",}"#,
        br#"{"age":NaN}"#,
        br#"{"age":1e999}"#,
        br#"{"patient_id":"\ud800"}"#,
        b"\xef\xbb\xbf{}",
        b"{\"patient_id\":\"\xff\"}",
        b"{\"a\0\":1}",
        b"{} {}",
    ];
    let context = context();
    for body in cases {
        let (status, headers, answer) = call(&context, post(body.to_vec())).await;
        let text = String::from_utf8_lossy(body);
        assert_eq!((status, &headers["content-type"]), (StatusCode::BAD_REQUEST, &problem_json()), "{text}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.starts_with("The body is no JSON: line 1, column "), "{detail}");
        assert!(!answer.to_string().contains("canary"));
    }
}

#[tokio::test]
async fn deep_and_wide_bodies_get_small_answers() {
    let deep = GOOD.replace("40.5", &format!("{}{}", "[".repeat(20_000), "]".repeat(20_000)));
    let (status, _, answer) = call(&context(), post(deep)).await;
    assert!(status.is_client_error() && answer.to_string().len() < 4096);
    let wide: Vec<_> = (0..5000).map(|at| format!("\"k{at}\":1")).collect();
    let (status, _, answer) = call(&context(), post(format!("{{{}}}", wide.join(",")))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 32);
}

#[tokio::test]
async fn any_changed_byte_is_answered_or_refused_and_never_a_fault() {
    let context = context();
    for at in 0..GOOD.len() {
        for byte in *b"\0\"\\{}[],:0-e \xff" {
            let mut body = GOOD.as_bytes().to_vec();
            body[at] = byte;
            let status = call(&context, post(body)).await.0.as_u16();
            assert!([200, 400, 422].contains(&status), "byte {byte} at {at}: {status}");
        }
    }
}

#[tokio::test]
async fn numbers_that_overflow_the_model_are_refused() {
    let mut bundle = common::bundle();
    let Model::Logistic(logistic) = &mut bundle.model else { unreachable!() };
    logistic.terms.iter_mut().for_each(|term| term.scale = 1e-10);
    let scorer = Scorer::new(&bundle).unwrap();
    bundle.golden.iter_mut().for_each(|golden| golden.risk = scorer.risk(&golden.cells));
    let context = serving(&bundle.to_bytes().unwrap());
    let body = GOOD.replace("40.5", "1.7e308").replace(":2,", ":-1.7e308,");
    let (status, _, answer) = call(&context, post(body)).await;
    assert_eq!((status, answer.get("probability")), (StatusCode::UNPROCESSABLE_ENTITY, None));
}
