//! Runs after a level that started clusters: the machine is as it was before. `tests/run.sh` takes both pictures.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

fn picture(variable: &str) -> Option<BTreeSet<String>> {
    let path = std::env::var_os(variable)?;
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn processes_mounts_links_cgroups_and_chains_are_as_before() {
    let (Some(before), Some(after)) = (picture("DROPOUT_BEFORE"), picture("DROPOUT_AFTER")) else {
        println!("\nSKIPPED: no pictures of the machine; run `make test-api` or `make test-node`");
        return;
    };
    assert!(before.iter().any(|line| line.starts_with("mount ")), "the first picture shows nothing");
    let left: Vec<&String> = after.difference(&before).collect();
    assert!(left.is_empty(), "left behind: {left:#?}");
}
