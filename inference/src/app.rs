//! The routes of the port for predictions. Everything on it wants a key; nothing on it is about health.

use crate::{
    batch,
    context::Context,
    journal::{self, Entry},
    openapi, outcomes, predict,
    problem::Problem,
};
use axum::{
    Json, Router,
    extract::{Request, State},
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
use tower::{ServiceExt, util::option_layer};
use tower_http::cors::CorsLayer;

/// Header of a client's key.
pub const KEY_HEADER: &str = "x-api-key";

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// Largest body, in bytes, but for outcomes.
pub const MAX_BODY: usize = 64 << 10;

/// The routes.
pub const ROUTES: [&str; 5] = [PREDICT, BATCH, OUTCOMES, MODEL, OPENAPI];
const PREDICT: &str = "/predict";
const BATCH: &str = "/v1/predict:batch";
const OUTCOMES: &str = "/v1/outcomes";
const MODEL: &str = "/v1/model";
const OPENAPI: &str = "/openapi.json";

/// The service. A prediction that no browser asks for, which is nearly every request, takes a short way; all else is routed. Both
/// ways call the same functions. The short one has none of the router's layers, each of which costs allocations and copies.
#[derive(Clone)]
pub struct App {
    context: Arc<Context>,
    routes: Router,
}

impl App {
    /// The service of a context.
    pub fn new(context: Arc<Context>) -> Self {
        Self { routes: routes(Arc::clone(&context)), context }
    }

    /// Answers one request, from an address if that is known.
    pub async fn answer(&self, mut request: Request, peer: Option<Peer>) -> Response {
        if request.headers().len() > MAX_HEADERS {
            return Entry::new(request.method()).close(&self.context, too_many_headers().into_response(), (None, None));
        }
        let is_prediction = request.method() == Method::POST && request.uri().path() == PREDICT;
        if is_prediction && self.context.origins().is_empty() {
            return self.predict(request, peer).await;
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let Ok(response) = self.routes.clone().oneshot(request).await;
        response
    }

    async fn predict(&self, request: Request, peer: Option<Peer>) -> Response {
        let context = &*self.context;
        let entry = Entry::new(request.method()).on(PREDICT);
        let client = match admit(context, request.headers(), peer) {
            Ok(client) => client,
            Err(problem) => return entry.close(context, problem.into_response(), (None, None)),
        };
        let answered = predict::answer(context, request).await;
        let tier = answered.as_ref().ok().map(|(_, tier)| *tier);
        let response = answered.map_or_else(Problem::into_response, |(response, _)| response);
        entry.close(context, response, (Some(&client), tier))
    }
}

fn routes(context: Arc<Context>) -> Router {
    Router::new()
        .route(PREDICT, post(predict::predict))
        .route(BATCH, post(batch::predict))
        .route(OUTCOMES, post(outcomes::tell))
        .route(MODEL, get(model))
        .route(OPENAPI, get(openapi::openapi))
        .method_not_allowed_fallback(async || refused(StatusCode::METHOD_NOT_ALLOWED))
        .route_layer(from_fn_with_state(Arc::clone(&context), require_key))
        .fallback(async || refused(StatusCode::NOT_FOUND))
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

fn too_many_headers() -> Problem {
    let detail = format!("The request has more than {MAX_HEADERS} headers.");
    Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
}

/// Lets a request pass whose client is known, which stands in its extensions and in the response's. Nothing of the body has been read by then.
async fn require_key(State(context): State<Arc<Context>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let client = match admit(&context, request.headers(), peer) {
        Ok(client) => Client(client),
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(client.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(client);
    response
}

/// Lets a request pass if it shows exactly one key and that one is accepted: the client whose it is. Too many wrong keys of one
/// address are told to wait; a right one always passes.
fn admit(context: &Context, headers: &HeaderMap, peer: Option<Peer>) -> Result<Arc<str>, Problem> {
    let keys = context.keys();
    let Some(client) = shown_key(headers).and_then(|key| keys.client(key)) else {
        context.metrics().count_refused_key();
        let wrong = context.rates().wrong_key(peer.map(|Peer(address)| address), Instant::now());
        return Err(
            wrong.map_or_else(|wait| Problem::too_much("Too many wrong keys.", wait), |()| Problem::unauthorized())
        );
    };
    let wait = |wait| Problem::too_much("This client has had too many rows predicted.", wait);
    context.rates().rows(client, 1, Instant::now()).map_err(wait)?;
    Ok(Arc::clone(client))
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
