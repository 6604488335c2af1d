//! The routes of the port for predictions. Everything on it wants a key; nothing on it is about health.

use crate::{context::Context, journal, outcomes, predict, problem::Problem};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;

/// Header of a client's key.
pub const KEY_HEADER: &str = "x-api-key";

/// Largest body, in bytes, but for outcomes.
pub const MAX_BODY: usize = 64 << 10;

/// The service as a router, so that a test can call it without a port.
pub fn app(context: Arc<Context>) -> Router {
    Router::new()
        .route("/predict", post(predict::predict))
        .route("/v1/outcomes", post(outcomes::tell).layer(DefaultBodyLimit::max(outcomes::MAX_BODY)))
        .route("/v1/model", get(model))
        .method_not_allowed_fallback(async || refused(StatusCode::METHOD_NOT_ALLOWED))
        .route_layer(from_fn_with_state(Arc::clone(&context), require_key))
        .fallback(async || refused(StatusCode::NOT_FOUND))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(&context), journal::record))
        .with_state(context)
}

fn refused(status: StatusCode) -> Problem {
    Problem::new(status, "The service has POST /predict, POST /v1/outcomes and GET /v1/model.")
}

/// Lets a request pass if it shows exactly one key and that one is accepted. Nothing of the body has been read by then.
async fn require_key(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    if shown_key(request.headers()).is_some_and(|key| context.keys().accept(key)) {
        return next.run(request).await;
    }
    Problem::unauthorized().into_response()
}

fn shown_key(headers: &HeaderMap) -> Option<&[u8]> {
    let mut keys = headers.get_all(KEY_HEADER).iter();
    let key = keys.next()?;
    keys.next().is_none().then(|| key.as_bytes())
}

async fn model(State(context): State<Arc<Context>>) -> Response {
    match context.version() {
        Some(version) => Json(version.card()).into_response(),
        None => predict::not_ready().into_response(),
    }
}
