//! The example for React developers, in a real browser against the real service.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, Service};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

#[test]
fn the_react_app_works_and_its_types_are_those_of_the_service() {
    let folder = Folder::filled();
    let mut serving: Value = serde_json::from_slice(&fs::read(folder.path("serving.json")).unwrap()).unwrap();
    serving["metrics"] = json!({"recall": 0.81, "precision": 0.32});
    folder.write("serving.json", serving.to_string().as_bytes());
    let service = Service::start(&folder, &[]).ready();
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/react-app/test.sh");
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("react-app");
    let address = format!("http://127.0.0.1:{}", service.port);
    let output = Command::new(app).args([&address, &folder.text("keys/app")]).arg(&pictures).output().unwrap();
    if output.status.code() == Some(77) {
        println!("\nSKIPPED: the React app needs Node.js with npm, and Chromium\n");
        return;
    }
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.contains("the app does what it should"), "{said}");
}
