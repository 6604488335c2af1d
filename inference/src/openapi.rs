//! `GET /openapi.json`: what the service takes and answers, as OpenAPI 3.1. Answers come from the code's own types, the request
//! from the features of the version that is served. It is about one version: another has other features.

use crate::{
    answer::{Card, Prediction},
    app::KEY_HEADER,
    batch::{Answer, MAX_ROWS},
    body::MAX_ID,
    context::Context,
    outcomes::Kept,
    predict::not_ready,
    problem::{Document, Problem},
    query::MAX_REASONS,
    records::telling::MAX_OUTCOMES,
    row::{MAX_LANDMARK, MAX_NUMBER, PATIENT_ID},
    version::Version,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use dropout_model::manifest::{Feature, FeatureType, OnMissing};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Answers one request for the document.
pub async fn openapi(State(context): State<Arc<Context>>) -> Response {
    match context.version() {
        Some(version) => Json(document(version)).into_response(),
        None => Problem::into_response(not_ready()),
    }
}

/// The document about a version.
pub fn document(version: &Version) -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    let mut schemas = settings.into_generator();
    let paths = json!({
        "/predict": {"post": predict(&mut schemas)},
        "/v1/predict:batch": {"post": predict_batch(&mut schemas)},
        "/v1/outcomes": {"post": outcomes(&mut schemas)},
        "/v1/model": {"get": said("model", "Says what is served.", schema::<Card<'_>>(&mut schemas))},
        "/openapi.json": {"get": said("openapi", "This document.", json!({"type": "object"}))},
    });
    schema::<Document<'_>>(&mut schemas);
    let mut components = schemas.take_definitions(true);
    components.insert("Patient".into(), patient(version));
    components.insert("Outcome".into(), outcome());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Dropout risk, {}", version.study()),
            "description": "The risk that a patient drops out of a trial, and what is to be done about it.",
            "version": version.name(),
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": refusals(),
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}},
        },
        "security": [{"key": []}],
    })
}

fn schema<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    schemas.subschema_for::<T>().to_value()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn predict(schemas: &mut SchemaGenerator) -> Value {
    let explain = json!({
        "name": "explain", "in": "query", "required": false, "description": "How many reasons are given for the risk.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_REASONS},
    });
    let mut predict = said("predict", "Predicts for one patient.", schema::<Prediction<'_>>(schemas));
    predict["parameters"] = json!([explain]);
    taking(predict, reference("Patient"))
}

fn predict_batch(schemas: &mut SchemaGenerator) -> Value {
    let summary = "Predicts for many patients; each is predicted or refused by itself.";
    let rows = json!({
        "type": "array", "minItems": 1, "maxItems": MAX_ROWS,
        "description": "Each is a Patient; one that is none is refused in its place, and the others are predicted.",
    });
    taking(said("predictBatch", summary, schema::<Answer<'_>>(schemas)), only("rows", &rows))
}

fn outcomes(schemas: &mut SchemaGenerator) -> Value {
    let summary = "Takes what became of patients, where records are kept.";
    let items = json!({"type": "array", "items": reference("Outcome"), "minItems": 1, "maxItems": MAX_OUTCOMES});
    let mut tell = said("tellOutcomes", summary, schema::<Kept>(schemas));
    if let Some(responses) = tell["responses"].as_object_mut() {
        let kept = responses.remove("200").unwrap_or_default();
        responses.insert("202".into(), kept);
        responses.insert("409".into(), refusal_reference("409"));
    }
    taking(tell, json!({"oneOf": [reference("Outcome"), only("outcomes", &items)]}))
}

/// An object with one field.
fn only(name: &str, field: &Value) -> Value {
    json!({"type": "object", "required": [name], "additionalProperties": false, "properties": {name: field}})
}

/// An operation that answers 200 with this, or a refusal.
fn said(name: &str, summary: &str, answer: Value) -> Value {
    let mut responses = Map::new();
    responses
        .insert("200".into(), json!({"description": summary, "content": {"application/json": {"schema": answer}}}));
    for (status, _) in REFUSALS.iter().filter(|(status, _)| *status != "409") {
        responses.insert((*status).into(), refusal_reference(status));
    }
    json!({"operationId": name, "summary": summary, "responses": responses})
}

/// The same operation, taking a body.
fn taking(mut operation: Value, body: Value) -> Value {
    operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": body}}});
    operation
}

/// Every status that is no success, and what it means.
const REFUSALS: [(&str, &str); 9] = [
    ("400", "The body is no JSON."),
    ("401", "No key, or one that is not accepted."),
    ("408", "The body did not arrive in time."),
    ("409", "This service keeps no records."),
    ("413", "The body is too large, or a batch has too many rows."),
    ("415", "The body is not application/json, or is compressed."),
    ("422", "The body can be read and not accepted; each field is named with what is wrong."),
    ("429", "Too many rows, or too many wrong keys: wait as Retry-After says."),
    ("503", "Nothing can be predicted or kept at the moment: wait as Retry-After says."),
];

fn refusal_reference(status: &str) -> Value {
    json!({"$ref": format!("#/components/responses/{status}")})
}

fn refusals() -> Value {
    let refusal = |(status, description): &(&str, &str)| {
        let content = json!({"application/problem+json": {"schema": reference("Problem")}});
        ((*status).to_owned(), json!({"description": description, "content": content}))
    };
    Value::Object(REFUSALS.iter().map(refusal).collect())
}

/// A patient: an identifier, the features of the version, and what may stand beside them.
fn patient(version: &Version) -> Value {
    let form = version.form();
    let mut fields = Map::new();
    fields.insert(PATIENT_ID.into(), identifier());
    let mut required = vec![PATIENT_ID];
    for feature in form.features() {
        fields.insert(feature.name.clone(), field(feature));
        if feature.when_missing() == OnMissing::Refuse {
            required.push(&feature.name);
        }
    }
    for name in form.ignored() {
        fields.entry(name).or_insert_with(|| json!({"description": "Taken and not looked at."}));
    }
    if let Some(name) = form.date_field() {
        fields.insert(name.into(), json!({"type": ["string", "null"], "format": "date", "description": "The landmark's date; left out: today."}));
    }
    if let Some(name) = form.landmark_field() {
        let text = json!({"type": ["string", "number", "null"], "maxLength": MAX_LANDMARK, "description": "The landmark day."});
        fields.entry(name).or_insert(text);
    }
    json!({
        "type": "object", "description": "A patient: its identifier and its features.", "properties": fields,
        "required": required, "additionalProperties": false,
    })
}

fn identifier() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": MAX_ID, "description": "The patient's identifier. It leaves the service nowhere."})
}

fn field(feature: &Feature) -> Value {
    let kind = match feature.kind {
        FeatureType::Number => "number",
        FeatureType::Integer => "integer",
        FeatureType::Category => "string",
    };
    let is_needed = feature.when_missing() == OnMissing::Refuse;
    let kinds = if is_needed { json!(kind) } else { json!([kind, "null"]) };
    if feature.kind == FeatureType::Category {
        let nothing = (!is_needed).then_some(Value::Null);
        let values: Vec<Value> = feature.values.iter().map(|value| json!(value)).chain(nothing).collect();
        return json!({"type": kinds, "enum": values});
    }
    let bound = |own: Option<f64>, widest: f64| json!(own.unwrap_or(widest));
    json!({"type": kinds, "minimum": bound(feature.min, -MAX_NUMBER), "maximum": bound(feature.max, MAX_NUMBER)})
}

fn outcome() -> Value {
    let event = ["Dropout", "Completed", "Censored", "Seen"];
    json!({
        "type": "object", "description": "What became of a patient, or was still in the trial, on a day.",
        "properties": {
            PATIENT_ID: identifier(), "event": {"type": "string", "enum": event},
            "date": {"type": "string", "format": "date"},
            "prediction_id": {"type": ["string", "null"], "description": "The prediction that it is about."},
        },
        "required": [PATIENT_ID, "event", "date"], "additionalProperties": false,
    })
}
