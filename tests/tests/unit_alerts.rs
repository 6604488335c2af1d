//! The chart's alerts fire when they should and are quiet when they should, as Prometheus' own tool finds.
#![allow(clippy::unwrap_used)]

use std::{path::Path, process::Command};

#[test]
fn promtool_finds_the_alerts_sound_and_plays_their_stories() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("alerts/promtool.sh");
    let output = Command::new(script).output().unwrap();
    if output.status.code() == Some(77) {
        println!("\nSKIPPED: promtool cannot be had here\n");
        return;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("13 rules found") && said.trim_end().ends_with("SUCCESS"), "{said}");
}
