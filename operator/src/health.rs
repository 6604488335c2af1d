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
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// What the probes look at.
#[derive(Clone)]
pub struct Health {
    /// The shared context.
    pub context: Arc<Context>,
    /// The watches.
    pub watches: Arc<Watches>,
    /// What is waited for.
    pub readiness: Arc<Readiness>,
}

/// What the operator waits for before it is ready, in a sentence.
#[derive(Debug)]
pub struct Readiness(Mutex<Option<String>>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Mutex::new(Some("waiting for the API server and the first lists".to_owned())))
    }
}

impl Readiness {
    /// Nothing more is waited for.
    pub fn reached(&self) {
        self.set(None);
    }

    /// This is waited for.
    pub fn waits_for(&self, sentence: String) {
        self.set(Some(sentence));
    }

    fn set(&self, sentence: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sentence;
    }

    /// What is waited for; none if it is ready.
    pub fn sentence(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
    match health.readiness.sentence() {
        None => "ok".into_response(),
        Some(sentence) => (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response(),
    }
}

async fn metrics(State(health): State<Health>) -> Response {
    health.context.metrics.models(health.context.caches.models.len());
    health.context.metrics.policies(health.context.caches.policies.len());
    ([(HEADER, CONTENT_TYPE)], health.context.metrics.text()).into_response()
}
