//! The routes of the port for predictions. Everything on it wants a key; nothing on it is about health.

use crate::{batch, context::Context, journal, openapi, outcomes, predict, problem::Problem};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tower::util::option_layer;
use tower_http::cors::CorsLayer;

/// Header of a client's key.
pub const KEY_HEADER: &str = "x-api-key";

/// Largest body, in bytes, but for outcomes.
pub const MAX_BODY: usize = 64 << 10;

/// The routes.
pub const ROUTES: [&str; 5] = [PREDICT, BATCH, OUTCOMES, MODEL, OPENAPI];
const PREDICT: &str = "/predict";
const BATCH: &str = "/v1/predict:batch";
const OUTCOMES: &str = "/v1/outcomes";
const MODEL: &str = "/v1/model";
const OPENAPI: &str = "/openapi.json";

/// The service as a router, so that a test can call it without a port.
pub fn app(context: Arc<Context>) -> Router {
    Router::new()
        .route(PREDICT, post(predict::predict))
        .route(BATCH, post(batch::predict).layer(DefaultBodyLimit::max(batch::MAX_BODY)))
        .route(OUTCOMES, post(outcomes::tell).layer(DefaultBodyLimit::max(outcomes::MAX_BODY)))
        .route(MODEL, get(model))
        .route(OPENAPI, get(openapi::openapi))
        .method_not_allowed_fallback(async || refused(StatusCode::METHOD_NOT_ALLOWED))
        .route_layer(from_fn_with_state(Arc::clone(&context), require_key))
        .fallback(async || refused(StatusCode::NOT_FOUND))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(option_layer(cors(context.origins())))
        .layer(from_fn_with_state(Arc::clone(&context), journal::record))
        .with_state(context)
}

/// What a browser is told that asks whether a page may call: yes for the origins that are named, nothing for others. It asks
/// without the key, so the answer is no more than that.
fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([HeaderName::from_static(KEY_HEADER), header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(600));
    (!origins.is_empty()).then_some(layer)
}

fn refused(status: StatusCode) -> Problem {
    Problem::new(
        status,
        "The service has POST /predict, POST /v1/predict:batch, POST /v1/outcomes, GET /v1/model and GET /openapi.json.",
    )
}

/// Lets a request pass if it shows exactly one key and that one is accepted, as an extension the client whose it is. Nothing of
/// the body has been read by then. Too many wrong keys of one address are told to wait; a right one always passes.
async fn require_key(State(context): State<Arc<Context>>, mut request: Request, next: Next) -> Response {
    let keys = context.keys();
    let Some(client) = shown_key(request.headers()).and_then(|key| keys.client(key)) else {
        let address = request.extensions().get::<Peer>().map(|Peer(address)| *address);
        context.metrics().count_refused_key();
        let wrong = context.rates().wrong_key(address, Instant::now());
        let wait = |wait| Problem::too_much("Too many wrong keys.", wait);
        return wrong.map_or_else(wait, |()| Problem::unauthorized()).into_response();
    };
    if let Err(wait) = context.rates().rows(client, 1, Instant::now()) {
        return Problem::too_much("This client has had too many rows predicted.", wait).into_response();
    }
    request.extensions_mut().insert(Client(Arc::clone(client)));
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Client(Arc::clone(client)));
    response
}

/// The client whose key a request shows: its entry's name in the Secret.
#[derive(Clone, Debug)]
pub struct Client(pub Arc<str>);

/// The address that a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

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
