//! The example of an Ingress and a Gateway leads to the Service that the operator makes of the quickstart's model, over TLS,
//! and to no other path than those that want a key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use serde_json::{Value, json};
use std::{fs, path::Path};

fn read(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name);
    let text = fs::read_to_string(path).unwrap();
    text.split("\n---\n").map(|part| serde_saphyr::from_str(part).unwrap()).collect()
}

/// The Service that is rendered of the quickstart's model.
fn service() -> Value {
    read("operator/tests/golden/quickstart-service.yaml").remove(0)
}

const PATHS: [(&str, bool); 3] = [("/predict", true), ("/v1", false), ("/openapi.json", true)];

#[test]
fn ingress_leads_to_the_service_by_tls() {
    let (service, ingress) = (service(), read("examples/ingress/ingress.yaml").remove(0));
    assert_eq!(ingress["metadata"]["namespace"], service["metadata"]["namespace"]);
    let host = &ingress["spec"]["rules"][0]["host"];
    assert_eq!(&ingress["spec"]["tls"][0]["hosts"], &json!([host]));
    let port = &service["spec"]["ports"][0]["name"];
    let backend = json!({"service": {"name": service["metadata"]["name"], "port": {"name": port}}});
    let paths = PATHS.map(|(path, is_exact)| {
        json!({"path": path, "pathType": if is_exact { "Exact" } else { "Prefix" }, "backend": backend})
    });
    assert_eq!(ingress["spec"]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(ingress["spec"]["rules"][0]["http"]["paths"], json!(paths));
}

#[test]
fn gateway_leads_to_the_service_by_tls_and_sends_others_there() {
    let (service, objects) = (service(), read("examples/ingress/gateway.yaml"));
    let [gateway, route, redirect] = objects.as_slice() else { panic!("three objects") };
    for object in &objects {
        assert_eq!(object["metadata"]["namespace"], service["metadata"]["namespace"]);
    }
    let listener = &gateway["spec"]["listeners"][0];
    assert_eq!((&listener["name"], &listener["protocol"]), (&json!("https"), &json!("HTTPS")));
    assert_eq!(route["spec"]["parentRefs"], json!([{"name": gateway["metadata"]["name"], "sectionName": "https"}]));
    let rule = &route["spec"]["rules"][0];
    let matches = PATHS.map(
        |(path, is_exact)| json!({"path": {"type": if is_exact { "Exact" } else { "PathPrefix" }, "value": path}}),
    );
    assert_eq!(rule["matches"], json!(matches));
    let backend = json!([{"name": service["metadata"]["name"], "port": service["spec"]["ports"][0]["port"]}]);
    assert_eq!(rule["backendRefs"], backend);
    assert_eq!(redirect["spec"]["parentRefs"][0]["sectionName"], json!("http"));
    assert_eq!(redirect["spec"]["rules"][0]["backendRefs"], Value::Null, "nothing is served without TLS");
}
