//! `POST /predict`: body to row, row to risk, risk to decision. Where records are kept it leaves one to be written later;
//! an answer never waits for that.

use crate::{
    answer::Prediction,
    app::MAX_BODY,
    arrival,
    context::Context,
    journal::Tier,
    moment::Moment,
    problem::Problem,
    query,
    records::{Kept, Records},
    version::Version,
};
use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Bytes that most answers fit in.
const ROOM: usize = 768;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers one request for a prediction, with the tier as an extension.
pub async fn predict(State(context): State<Arc<Context>>, request: Request) -> Response {
    match answer(&context, request).await {
        Ok((mut response, tier)) => {
            response.extensions_mut().insert(Tier(tier.to_owned()));
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// The refusal while no version is loaded.
pub fn not_ready() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "No model is loaded yet.")
}

/// The answer to one request for a prediction, and the tier that was assigned.
pub async fn answer(context: &Context, request: Request) -> Result<(Response, &str), Problem> {
    let explain = query::explain(request.uri())?;
    let (asked, body) = Asked::read(context, (request, MAX_BODY), explain).await?;
    let prediction = asked.predict(&body)?;
    let tier = prediction.risk_level;
    let mut body = Vec::with_capacity(ROOM);
    // Into memory nothing fails.
    let _ = serde_json::to_writer(&mut body, &prediction);
    Ok((([(header::CONTENT_TYPE, JSON)], body).into_response(), tier))
}

/// What predictions are asked of: one version, at one moment.
pub struct Asked<'a> {
    context: &'a Context,
    version: &'a Arc<Version>,
    records: Option<&'a Records>,
    moment: Moment,
    explain: Option<usize>,
}

impl<'a> Asked<'a> {
    /// Reads a request's body of at most so many bytes, unless nothing can be predicted; `explain` is how many reasons are asked for.
    pub async fn read(
        context: &'a Context,
        (request, most): (Request, usize),
        explain: Option<usize>,
    ) -> Result<(Self, Bytes), Problem> {
        let version = context.version().ok_or_else(not_ready)?;
        let records = context.records()?;
        let body = arrival::body(request, most).await?;
        Ok((Self { context, version, records, moment: Moment::now(), explain }, body))
    }

    /// The prediction for one row, the JSON object of a patient; counted and recorded.
    pub fn predict(&self, body: &[u8]) -> Result<Prediction<'a>, Problem> {
        let (context, version, moment) = (self.context, self.version, self.moment);
        let read = version.form().read(body, moment);
        let row = read.inspect_err(|problem| context.metrics().count_faults(problem.faults()))?;
        let keeping = self.records.map(|records| (records, records.patient(&row.patient)));
        let prediction = version.predict(&row, context.prediction_id(keeping), self.explain).ok_or_else(too_large)?;
        context.count_prediction(prediction.risk_level, prediction.probability);
        if let Some((records, patient)) = keeping {
            // The patient's identifier stays behind in the row.
            let (version, id) = (Arc::clone(version), prediction.prediction_id.clone());
            let (risk, date, landmark, cells) = (prediction.probability, row.date, row.landmark, row.cells);
            records.keep(Kept { version, id, moment, patient, date, landmark, cells, risk });
        }
        Ok(prediction)
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The numbers are too large for a risk to be computed.")
}
