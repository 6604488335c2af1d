//! A body on its way in: its type, its size and its time. It never looks into one.

use crate::problem::Problem;
use axum::{
    body::{Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::time::Duration;
use tokio::time::timeout;

/// Longest time for a body to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The body of a request, of at most so many bytes. One that says itself that it is longer is not waited for.
pub async fn body(request: Request, most: usize) -> Result<Bytes, Problem> {
    check_type(request.headers())?;
    if request.body().size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.");
    let body = Limited::new(request.into_body(), most).collect();
    let body =
        timeout(BODY_TIMEOUT, body).await.map_err(late)?.map_err(|error| match error.is::<LengthLimitError>() {
            true => too_large(),
            false => Problem::new(StatusCode::BAD_REQUEST, "The body could not be read."),
        })?;
    Ok(body.to_bytes())
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body has more bytes than this path takes.")
}

/// The body must be JSON, as it is: a compressed one could be far larger than its limit.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") || headers.contains_key(header::CONTENT_ENCODING) {
        let detail = "The body must be application/json without a content encoding.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(())
}
