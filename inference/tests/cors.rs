//! Pages that call from a browser: only those of origins that are named may, and they learn no more than others.
#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use common::{
    GOOD, bytes,
    calls::{call, post, served},
};

const NAMED: &str = "https://retention.example";
const OTHERS: [&str; 4] =
    ["https://retention.example.evil.example", "http://retention.example", "null", "https://retention.example:8443"];

fn preflight(path: &str, origin: &str) -> Request<Body> {
    Request::options(path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-api-key")
        .body(Body::empty())
        .unwrap()
}

fn prediction(origin: &str) -> Request<Body> {
    let mut request = post(GOOD);
    request.headers_mut().insert("origin", origin.parse().unwrap());
    request
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap())
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_read_the_answer() {
    let context = served(&bytes(), &[NAMED]);
    for path in ["/predict", "/v1/predict:batch", "/v1/outcomes"] {
        let (status, headers, _) = call(&context, preflight(path, NAMED)).await;
        assert_eq!((status, allowed(&headers)), (StatusCode::OK, Some(NAMED)));
        assert_eq!(headers["access-control-allow-methods"], "GET,POST");
        assert_eq!(headers["access-control-allow-headers"], "x-api-key,content-type");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
    let (status, headers, _) = call(&context, prediction(NAMED)).await;
    assert_eq!((status, allowed(&headers)), (StatusCode::OK, Some(NAMED)));
    // What stands between may keep an answer for one origin only.
    assert!(headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("origin")));
}

#[tokio::test]
async fn pages_of_others_may_not_read_and_a_refusal_for_the_key_is_readable() {
    let context = served(&bytes(), &[NAMED]);
    for origin in OTHERS {
        for request in [preflight("/predict", origin), prediction(origin)] {
            let (_, headers, _) = call(&context, request).await;
            assert_eq!(allowed(&headers), None, "{origin}");
        }
    }
    let mut request = prediction(NAMED);
    request.headers_mut().remove("x-api-key");
    let (status, headers, _) = call(&context, request).await;
    assert_eq!((status, allowed(&headers)), (StatusCode::UNAUTHORIZED, Some(NAMED)));
}

#[tokio::test]
async fn without_named_origins_no_page_may_call() {
    let context = served(&bytes(), &[]);
    let (status, headers, _) = call(&context, preflight("/predict", NAMED)).await;
    assert!(!status.is_success() && allowed(&headers).is_none());
    let (status, headers, _) = call(&context, prediction(NAMED)).await;
    assert_eq!((status, allowed(&headers)), (StatusCode::OK, None));
}
