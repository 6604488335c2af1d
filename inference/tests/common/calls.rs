//! Calls of the routes without a port.

use super::{KEY, bytes, policy};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Request, StatusCode},
};
use dropout_inference::{
    app::App,
    context::Context,
    keys::Keys,
    row::LandmarkFields,
    version::{Decisions, Terms, Version},
};
use dropout_model::digest::digest;
use serde_json::Value;
use std::sync::Arc;

pub fn unloaded() -> Arc<Context> {
    open_to(&[])
}

/// No version yet, and pages of these origins may call.
fn open_to(origins: &[&'static str]) -> Arc<Context> {
    let context = Context::new().open_to(origins.iter().copied().map(HeaderValue::from_static).collect());
    context.accept(Keys::new([KEY]));
    Arc::new(context)
}

pub fn context() -> Arc<Context> {
    serving(&bytes())
}

pub fn serving(bytes: &[u8]) -> Arc<Context> {
    served(bytes, &[])
}

/// A version is served, and pages of these origins may call.
pub fn served(bytes: &[u8], origins: &[&'static str]) -> Arc<Context> {
    let context = open_to(origins);
    let terms = Terms {
        name: "v3".into(),
        digest: Some(digest(bytes)),
        policy: Decisions::Given(policy()),
        accepts: vec!["next_feature".into()],
        landmark: LandmarkFields::default(),
        metrics: Default::default(),
    };
    context.serve(Version::read(bytes, terms).unwrap());
    context
}

pub async fn call(context: &Arc<Context>, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = App::new(Arc::clone(context)).answer(request, None).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub fn post(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/predict").header("x-api-key", KEY).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

pub fn problem_json() -> HeaderValue {
    "application/problem+json".parse().unwrap()
}
