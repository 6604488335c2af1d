//! The second port: liveness, readiness with its reason, and metrics. It wants no key and belongs on no Service that
//! clients reach.

use crate::context::Context;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::Arc;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes of the second port.
pub fn health(context: Arc<Context>) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(context)
}

async fn livez(State(context): State<Arc<Context>>) -> (StatusCode, &'static str) {
    match context.is_alive() {
        true => (StatusCode::OK, "alive\n"),
        false => (StatusCode::INTERNAL_SERVER_ERROR, "not alive: the threads that predict hang\n"),
    }
}

async fn readyz(State(context): State<Arc<Context>>) -> (StatusCode, String) {
    match context.ready() {
        Ok(version) => (StatusCode::OK, format!("ready: {} {}\n", version.name(), version.digest())),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}

async fn metrics(State(context): State<Arc<Context>>) -> Response {
    match context.metrics().text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
