//! One log line and the numbers for each request: method, matched path, status, time, client and tier. It never sees a body, and
//! never logs an id, a feature or a key.

use crate::{
    app::{Client, ROUTES},
    context::Context,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::{sync::Arc, time::Instant};

/// The path of a request that no route matches.
const UNMATCHED: &str = "unmatched";

/// The tier that was assigned, as an extension of a response.
#[derive(Clone, Debug)]
pub struct Tier(pub String);

/// A request as the log has it, of the same shape as its other lines.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(serialize_with = "micros")]
    timestamp: Timestamp,
    level: &'static str,
    message: &'static str,
    method: &'static str,
    path: &'static str,
    status: u16,
    latency_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'a str>,
}

fn micros<S: Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&format_args!("{time:.6}"))
}

/// Answers, then records how.
pub async fn record(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let entry = Entry::new(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let entry = entry.on(matched.as_ref().map_or(UNMATCHED, |path| route(path.as_str())));
    let tier = response.extensions().get::<Tier>().map(|Tier(tier)| tier.clone());
    let client = response.extensions().get::<Client>().map(|Client(client)| Arc::clone(client));
    entry.close(&context, response, (client.as_deref(), tier.as_deref()))
}

/// A request from its start.
pub struct Entry {
    start: Instant,
    method: &'static str,
    path: &'static str,
}

impl Entry {
    /// A request that starts now.
    pub fn new(method: &Method) -> Self {
        Self { start: Instant::now(), method: word(method), path: UNMATCHED }
    }

    /// The same, on a route as it is written in the program.
    pub fn on(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// Records how it was answered, to which client and with which tier; the answer with the headers that every answer has.
    pub fn close(
        self,
        context: &Context,
        mut response: Response,
        (client, tier): (Option<&str>, Option<&str>),
    ) -> Response {
        let Self { start, method, path } = self;
        let (status, time) = (response.status().as_u16(), start.elapsed());
        context.metrics().count_request(path, status, time);
        let latency_ms = (time.as_secs_f64() * 1e6).round() / 1e3;
        let (timestamp, level, message) = (Timestamp::now(), "INFO", "request");
        context.log().line(&Line { timestamp, level, message, method, path, status, latency_ms, client, tier });
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if context.is_draining() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A route as it is written in the program.
fn route(matched: &str) -> &'static str {
    ROUTES.into_iter().find(|route| *route == matched).unwrap_or(UNMATCHED)
}

/// The method, if it is one of the known: any word may be sent as one.
fn word(method: &Method) -> &'static str {
    let known = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::PATCH];
    let words = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"];
    known.iter().position(|one| one == method).and_then(|at| words.get(at).copied()).unwrap_or("other")
}
