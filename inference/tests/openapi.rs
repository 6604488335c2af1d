//! `GET /openapi.json`: what it says is what the routes do, and an independent tool that makes up requests from it finds no
//! answer that it does not allow.
#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use common::{
    Folder, GOOD, KEY, Service, binary,
    calls::{call, context, post, unloaded},
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// Requests made up for each path; `make bench-serving` has more.
const CASES: &str = "150";

fn get(path: &str) -> Request<Body> {
    Request::get(path).header("x-api-key", KEY).body(Body::empty()).unwrap()
}

async fn document() -> Value {
    let (status, _, document) = call(&context(), get("/openapi.json")).await;
    assert_eq!(status, StatusCode::OK);
    document
}

#[tokio::test]
async fn it_wants_a_key_and_a_version() {
    let (status, ..) = call(&unloaded(), get("/openapi.json")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let keyless = Request::get("/openapi.json").body(Body::empty()).unwrap();
    assert_eq!(call(&context(), keyless).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_patient_has_the_features_of_the_version_with_their_bounds() {
    let document = document().await;
    let patient = &document["components"]["schemas"]["Patient"];
    assert_eq!(patient["required"], json!(["patient_id", "age", "distance_km", "arm"]));
    assert_eq!(patient["properties"]["age"], json!({"type": "integer", "minimum": 18.0, "maximum": 90.0}));
    assert_eq!(patient["properties"]["missed_visits"]["type"], json!(["number", "null"]));
    assert_eq!(patient["properties"]["arm"], json!({"type": "string", "enum": ["A", "B"]}));
    assert_eq!(patient["additionalProperties"], json!(false));
}

#[tokio::test]
async fn every_field_of_an_answer_is_in_its_schema_and_every_required_one_in_the_answer() {
    let document = document().await;
    let explained = Request::post("/predict?explain=3").header("x-api-key", KEY);
    let explained = explained.header("content-type", "application/json").body(Body::from(GOOD)).unwrap();
    let imputing = post(GOOD.replace(r#""missed_visits":2,"#, ""));
    for (name, request) in [("Prediction", explained), ("Prediction", imputing), ("Model", get("/v1/model"))] {
        let (_, _, answer) = call(&context(), request).await;
        let schema = &document["components"]["schemas"][name];
        for field in answer.as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{name} has no {field}");
        }
        for field in schema["required"].as_array().unwrap() {
            assert!(answer.get(field.as_str().unwrap()).is_some(), "{name} without {field}: {answer}");
        }
    }
}

#[tokio::test]
async fn every_path_of_the_document_is_a_route_and_names_its_refusals() {
    let document = document().await;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let request =
                Request::builder().method(method.to_uppercase().as_str()).uri(path).body(Body::empty()).unwrap();
            assert_eq!(call(&context(), request).await.0, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(operation["responses"].get("401").is_some(), "{method} {path}");
        }
    }
}

#[test]
fn an_independent_tool_finds_no_answer_that_the_document_does_not_allow() {
    let folder = Folder::filled();
    folder.write("pseudonym", &[7; 32]);
    let (bundle, records, key) = (folder.text("bundle.json"), folder.text("records"), folder.text("pseudonym"));
    let mut alone = binary(&["--port", "0", "--health-port", "0", "--address", "127.0.0.1"]);
    alone.envs([
        ("MODEL_PATH", bundle.as_str()),
        ("API_KEY", KEY),
        ("RECORDS", &records),
        ("PSEUDONYM_KEY_FILE", &key),
    ]);
    let service = Service::spawn(alone).ready();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis.sh");
    let cases = std::env::var("DROPOUT_SCHEMATHESIS_CASES").unwrap_or_else(|_| CASES.into());
    let address = format!("http://127.0.0.1:{}", service.port);
    let output = Command::new("sh").arg(script).args([&address, &cases]).env("API_KEY", KEY).output().unwrap();
    if output.status.code() == Some(77) {
        println!("\nSKIPPED: schemathesis cannot be installed here\n");
        return;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{}", said.lines().filter(|line| line.contains("generated")).collect::<String>());
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
