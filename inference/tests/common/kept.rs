//! Services that keep records, and what they have kept.

use super::{Folder, bytes};
use dropout_model::{
    digest::digest,
    policy::RecordsSetting,
    pseudonym::Pseudonyms,
    record::{Head, OUTCOMES, Outcome, PREDICTIONS, Prediction},
};
use dropout_store::Store;
use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

pub const PSEUDONYM_KEY: &[u8] = b"canary-pseudonym-key-0123456789abcdef\n";

/// A batch as it is in the store.
#[derive(Debug)]
pub struct Batch<T> {
    pub name: String,
    pub head: Head,
    pub lines: Vec<T>,
    pub text: String,
}

impl Folder {
    /// The bundle, a key, the pseudonym key and a serving file that keeps records.
    pub fn keeping(every_seconds: u64) -> Self {
        let folder = Self::filled();
        folder.write("pseudonym/key", PSEUDONYM_KEY);
        fs::create_dir_all(folder.path("store")).unwrap();
        folder.write_serving_with(&digest(&bytes()), Some(folder.setting(every_seconds)));
        folder
    }

    pub fn setting(&self, every_seconds: u64) -> RecordsSetting {
        RecordsSetting {
            store: "file:///claim".into(),
            mount: self.text("store"),
            folder: "trials/onc".into(),
            every_seconds,
            study: "ONC-302".into(),
            key_file: self.text("pseudonym/key"),
            key_id: "2026-01".into(),
            holdout_fraction: 0.25,
            index: Some("visit_date".into()),
            landmark: Some("trial_day".into()),
        }
    }

    /// Takes the store away: a file is in its place, so that root cannot write either.
    pub fn lose_store(&self) {
        fs::rename(self.path("store"), self.path("away")).unwrap();
        self.write("store", b"");
    }

    pub fn return_store(&self) {
        fs::remove_file(self.path("store")).unwrap();
        fs::rename(self.path("away"), self.path("store")).unwrap();
    }

    /// Batches of predictions, by writer and number.
    pub fn predictions(&self) -> Vec<Batch<Prediction>> {
        batches(&Store::at(&self.path("store/claim/trials/onc")), PREDICTIONS)
    }

    /// Batches of outcomes, by writer and number.
    pub fn outcomes(&self) -> Vec<Batch<Outcome>> {
        batches(&Store::at(&self.path("store/claim/trials/onc")), OUTCOMES)
    }
}

pub fn batches<T: DeserializeOwned>(store: &Store, kind: &str) -> Vec<Batch<T>> {
    let names = store.list(kind).unwrap().into_iter().map(|object| object.name);
    let mut batches: Vec<Batch<T>> = names.map(|name| batch(store, name)).collect();
    batches.sort_by_key(|batch| (batch.head.writer.clone(), batch.head.sequence));
    batches
}

fn batch<T: DeserializeOwned>(store: &Store, name: String) -> Batch<T> {
    let bytes = store.get(&name).unwrap().unwrap();
    let mut text = String::new();
    GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n'));
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().unwrap()).unwrap();
    let lines: Vec<T> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(head.lines, lines.len() as u64, "{name}");
    Batch { name, head, lines, text }
}

pub fn pseudonyms() -> Pseudonyms {
    Pseudonyms::new(PSEUDONYM_KEY).unwrap()
}

pub fn lines<T: Clone>(batches: &[Batch<T>]) -> Vec<T> {
    batches.iter().flat_map(|batch| batch.lines.clone()).collect()
}

/// Answers on one connection, which stays open.
pub fn ask(stream: &mut TcpStream, body: &str) -> (u16, String) {
    // In one piece: the platform would wait for an answer to the first of two.
    let request = format!("{}{body}", super::head(super::KEY, body.len()));
    stream.write_all(request.as_bytes()).unwrap();
    let (status, _, answer) = super::response(stream).unwrap();
    (status, answer)
}
