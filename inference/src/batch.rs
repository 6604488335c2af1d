//! `POST /v1/predict:batch`: many patients at once, each predicted or refused by itself. The body as a whole is read before any
//! row is predicted.

use crate::{
    answer::Prediction,
    app::Client,
    body,
    context::Context,
    predict::Asked,
    problem::{FieldProblem, Problem},
    query,
};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{sync::Arc, time::Instant};

/// Most rows of a batch.
pub const MAX_ROWS: usize = 1_000;

/// Largest body, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// The body: rows as `POST /predict` takes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    rows: Vec<&'a RawValue>,
}

/// As many results as there are rows, in their order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Predictions")]
pub struct Answer<'a> {
    /// What came of each row.
    results: Vec<Found<'a>>,
    /// How many of them are refusals.
    refused: usize,
}

/// What came of a row.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Result")]
enum Found<'a> {
    /// The row was predicted.
    Prediction(Box<Prediction<'a>>),
    /// The row was refused.
    Refusal {
        /// What is wrong with it.
        errors: Vec<FieldProblem>,
    },
}

/// Answers one request for predictions.
pub async fn predict(State(context): State<Arc<Context>>, request: Request) -> Response {
    answer(&context, request).await.unwrap_or_else(Problem::into_response)
}

async fn answer(context: &Context, request: Request) -> Result<Response, Problem> {
    query::none(request.uri())?;
    let client = request.extensions().get::<Client>().cloned();
    let (asked, body) = Asked::read(context, (request, MAX_BODY), None).await?;
    let rows = rows(&body)?;
    if let Some(Client(client)) = client {
        // One row was taken when the key was looked at; what is more than is left makes the client wait next time.
        let _ = context.rates().rows(&client, rows.len() - 1, Instant::now());
    }
    let results: Vec<Found<'_>> = rows.iter().enumerate().map(|(at, row)| found(&asked, at, row)).collect();
    let refused = results.iter().filter(|found| matches!(found, Found::Refusal { .. })).count();
    Ok(Json(Answer { results, refused }).into_response())
}

/// The rows of a body, 1 to [`MAX_ROWS`].
fn rows(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let Body { rows } = serde_json::from_slice(body).map_err(|error| match error.is_data() {
        true => field("", "must be a JSON object with the one field rows, a list"),
        false => body::refusal(&error),
    })?;
    match rows.len() {
        0 => Err(field("rows", "must hold at least one row")),
        1..=MAX_ROWS => Ok(rows),
        _ => Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("A batch takes at most {MAX_ROWS} rows."))),
    }
}

fn field(field: &str, problem: &str) -> Problem {
    Problem::fields(vec![FieldProblem::new(field, problem)])
}

fn found<'a>(asked: &Asked<'a>, at: usize, row: &RawValue) -> Found<'a> {
    match asked.predict(row.get().as_bytes()) {
        Ok(prediction) => Found::Prediction(Box::new(prediction)),
        Err(problem) => Found::Refusal { errors: problem.errors_of(&format!("rows[{at}]")) },
    }
}
