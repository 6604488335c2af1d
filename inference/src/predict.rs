//! `POST /predict`: body to row, row to risk, risk to decision. Where records are kept it leaves one to be written later;
//! an answer never waits for that.

use crate::{arrival, context::Context, journal::Tier, moment::Moment, problem::Problem, records::Kept};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

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
    let records = context.records()?;
    let body = arrival::body(request).await?;
    let moment = Moment::now();
    let row = version.form().read(&body, moment)?;
    let keeping = records.map(|records| (records, records.patient(&row.patient)));
    let prediction = version.predict(&row, context.prediction_id(keeping)).ok_or_else(too_large)?;
    context.metrics().count_tier(version.name(), prediction.risk_level);
    let tier = Tier(prediction.risk_level.to_owned());
    let (id, risk) = (keeping.map(|_| prediction.prediction_id.clone()), prediction.probability);
    let mut response = Json(prediction).into_response();
    response.extensions_mut().insert(tier);
    if let (Some((records, patient)), Some(id)) = (keeping, id) {
        // The patient's identifier stays behind in the row.
        let (version, date, landmark, cells) = (Arc::clone(version), row.date, row.landmark, row.cells);
        records.keep(Kept { version, id, moment, patient, date, landmark, cells, risk });
    }
    Ok(response)
}

fn too_large() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The numbers are too large for a risk to be computed.")
}
