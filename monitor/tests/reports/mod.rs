//! The real files of Evidently in the shared folder.
#![allow(dead_code)]

use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// A file of Evidently's, and what is to be read out of it.
pub struct Fixture {
    /// `set/file`.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// What is to be read.
    pub expected: Value,
}

/// Says loudly, past the capture of the test runner, that a test was not run.
pub fn skipped(why: &str) {
    let _ = std::io::stderr().write_all(format!("\nSKIPPED: {why}\n").as_bytes());
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file in every `reports` folder; none, with a word, if there is no shared folder.
pub fn fixtures() -> Option<Vec<Fixture>> {
    let shared = std::env::var_os("DROPOUT_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let Ok(sets) = fs::read_dir(shared.join("fixtures/drift")) else {
        skipped("no shared fixtures/drift; set DROPOUT_SHARED to the folder that has it");
        return None;
    };
    let mut sets: Vec<PathBuf> =
        sets.map(|set| set.unwrap().path()).filter(|set| set.join("reports").is_dir()).collect();
    sets.sort();
    Some(sets.iter().flat_map(|set| of(set)).collect())
}

fn of(set: &Path) -> Vec<Fixture> {
    let expected: Value = serde_json::from_slice(&fs::read(set.join("expected_reports.json")).unwrap()).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(set.join("reports")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), expected.as_object().unwrap().len(), "{} expects other files", set.display());
    let last = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let fixture = |file: &PathBuf| Fixture {
        name: format!("{}/{}", last(set), last(file)),
        bytes: fs::read(file).unwrap(),
        expected: expected[last(file)].clone(),
    };
    files.iter().map(fixture).collect()
}
