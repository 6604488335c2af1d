//! `/livez`, `/readyz` and `/metrics`. Alive: no watch is dead. Ready: the API server was reached and the caches are
//! filled, or another replica leads.

use crate::{context::Context, metrics::CONTENT_TYPE, watches::Watches};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE as HEADER},
    response::{IntoResponse, Response},
    routing::get,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// What the probes look at.
#[derive(Clone)]
pub struct Health {
    /// The shared context.
    pub context: Arc<Context>,
    /// The watches.
    pub watches: Arc<Watches>,
    /// Set once there is nothing more to wait for.
    pub is_ready: Arc<AtomicBool>,
}

/// The routes.
pub fn app(health: Health) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn livez(State(health): State<Health>) -> Response {
    let dead = health.watches.dead(Instant::now());
    match dead.is_empty() {
        true => "ok".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("dead watches: {}", dead.join(", "))).into_response(),
    }
}

async fn readyz(State(health): State<Health>) -> Response {
    match health.is_ready.load(Ordering::Relaxed) {
        true => "ok".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "waiting for the API server and the first lists").into_response(),
    }
}

async fn metrics(State(health): State<Health>) -> Response {
    health.context.metrics.models(health.context.caches.models.len());
    ([(HEADER, CONTENT_TYPE)], health.context.metrics.text()).into_response()
}
