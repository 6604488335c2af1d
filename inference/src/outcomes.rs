//! `POST /v1/outcomes`: what became of patients. It answers 202 only once all of a request is in the store, and nothing of
//! a request is taken unless all of it can be.

use crate::{arrival, context::Context, moment::Moment, problem::Problem, records::telling::News, told};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Largest body, in bytes: 1,000 outcomes with identifiers of the longest kind.
pub const MAX_BODY: usize = 256 << 10;

/// The outcomes are in the store.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OutcomesKept")]
pub struct Kept {
    /// Identities, in the order of the request. The same outcome has the same one, however often it is told.
    ids: Vec<String>,
}

/// Answers one request with outcomes.
pub async fn tell(State(context): State<Arc<Context>>, request: Request) -> Response {
    answer(&context, request).await.unwrap_or_else(Problem::into_response)
}

async fn answer(context: &Context, request: Request) -> Result<Response, Problem> {
    let records = context
        .records()?
        .ok_or_else(|| Problem::new(StatusCode::CONFLICT, "This service keeps no records, so it takes no outcomes."))?;
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too many outcomes are told at once.");
    let _place = records.teller().ok_or_else(busy)?;
    let body = arrival::body(request, MAX_BODY).await?;
    let news = told::read(&body, records.pseudonyms(), Moment::now())?;
    drop(body);
    let ids = news.iter().map(|News { id, .. }| id.clone()).collect();
    if records.tell(news).await {
        return Ok((StatusCode::ACCEPTED, Json(Kept { ids })).into_response());
    }
    let detail = "The outcomes could not be written. Tell them again; what was written counts once.";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
}
