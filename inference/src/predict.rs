//! `POST /predict`: body to row, row to risk, risk to decision. It keeps nothing of a request.

use crate::{context::Context, journal::Tier, problem::Problem};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Longest time for a body to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers one request for a prediction.
pub async fn predict(State(context): State<Arc<Context>>, request: Request) -> Response {
    answer(&context, request).await.unwrap_or_else(Problem::into_response)
}

/// The refusal while no version is loaded.
pub fn not_ready() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "No model is loaded yet.")
}

async fn answer(context: &Context, request: Request) -> Result<Response, Problem> {
    let version = context.version().ok_or_else(not_ready)?;
    check_type(request.headers())?;
    let body = arrived(request).await?;
    let row = version.form().read(&body)?;
    let prediction = version.predict(row, context.prediction_id()).ok_or_else(too_large)?;
    context.metrics().count_tier(version.name(), prediction.risk_level);
    let tier = Tier(prediction.risk_level.to_owned());
    let mut response = Json(prediction).into_response();
    response.extensions_mut().insert(tier);
    Ok(response)
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

async fn arrived(request: Request) -> Result<Bytes, Problem> {
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.");
    let body = timeout(BODY_TIMEOUT, Bytes::from_request(request, &())).await.map_err(late)?;
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body has more than 65536 bytes.")
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "The body could not be read."),
    })
}

fn too_large() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The numbers are too large for a risk to be computed.")
}
