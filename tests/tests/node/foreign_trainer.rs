//! A trainer that is not ours and does not keep the contract; `FOREIGN` says how. Compiled by itself into an image.

use std::{env, fs, process::exit, thread::sleep, time::Duration};

fn main() {
    match env::var("FOREIGN").unwrap_or_default().as_str() {
        "sleep" => sleep(Duration::from_secs(3_600)),
        "eat" => eat(),
        "nothing" => {}
        "no bundle" => fs::write("/scratch/out/bundle.json", "{ this is no bundle").unwrap(),
        "code 7" => leave("patient P-00042 could not be read", 7),
        "broken answer" => leave("{\"contract\": \"trialops.dev/job/v1alpha1\", \"patient\": P-00042", 2),
        "foreign answer" => leave(FOREIGN, 2),
        other => leave(&format!("FOREIGN={other} is unknown"), 9),
    }
}

/// An answer of the contract, but to another task.
const FOREIGN: &str = r#"{"contract": "trialops.dev/job/v1alpha1", "task": "sha256:0", "outcome": "Passed", "reason": "Mine",
    "message": "patient P-00042 is well"}"#;

/// Takes memory until the kernel ends it.
fn eat() {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(vec![1; 1 << 20]);
        sleep(Duration::from_millis(2));
    }
}

fn leave(message: &str, code: i32) {
    fs::write("/dev/termination-log", message).unwrap();
    exit(code);
}
