//! `erase` in a bucket of a real S3 server, versitygw, which the launcher of clusters starts: `cargo build -p dropout-cluster`
//! first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../../store/tests/s3/fixture.rs"]
mod fixture;

use dropout_model::record::{
    CONTRACT, Event, Head, Kind, OUTCOMES, Outcome,
    batch::{self, Lines},
};
use fixture::S3;
use std::{path::Path, process::Command};

fn outcome(patient: &str, day: u32) -> Outcome {
    Outcome {
        id: format!("sha256:{patient}{day}"),
        time: format!("2026-11-{day:02}T08:00:00.000Z"),
        patient: patient.to_owned(),
        event: Event::Seen,
        date: format!("2026-11-{day:02}"),
    }
}

fn batch_of(sequence: u64, lines: &[Outcome]) -> Vec<u8> {
    let head = Head {
        contract: CONTRACT.into(),
        kind: Kind::Outcomes,
        study: "onc-302".into(),
        key: "k1".into(),
        holdout_fraction: 0.25,
        writer: "w1".into(),
        sequence,
        dropped: 0,
        lines: 0,
    };
    batch::write(&head, lines).unwrap()
}

#[test]
fn a_patient_is_taken_out_of_a_bucket_and_others_stay() {
    let Some(s3) = S3::start() else { return };
    let (gone, stays) = ("a".repeat(64), "b".repeat(64));
    let store = s3.store("models/trials/onc-302");
    store.create("outcomes/2026-11-01/w1-0.ndjson.gz", &batch_of(0, &[outcome(&gone, 1), outcome(&stays, 1)])).unwrap();
    let others = batch_of(1, &[outcome(&stays, 2)]);
    store.create("outcomes/2026-11-02/w1-1.ndjson.gz", &others).unwrap();
    let erase = |credentials: &Path| {
        Command::new(env!("CARGO_BIN_EXE_dropout-monitor"))
            .args(["erase", "--store", "s3://trial/models/trials/onc-302", "--pseudonym", &gone, "--credentials"])
            .arg(credentials)
            .output()
            .unwrap()
    };
    let keyless = erase(Path::new("/nowhere"));
    let said = String::from_utf8(keyless.stderr).unwrap();
    assert!(!keyless.status.success() && said.contains("AWS_ACCESS_KEY_ID"), "{said}");
    let done = erase(&s3.secret);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "1 lines taken out of 1 of 2 batches\n");
    let names: Vec<String> = store.list(OUTCOMES).unwrap().into_iter().map(|object| object.name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        let bytes = store.get(&name).unwrap().unwrap();
        let Lines::Outcomes(lines) = batch::read(&bytes).unwrap().lines else { panic!("{name} has predictions") };
        assert!(lines.iter().all(|line| line.patient == stays), "{name}");
        assert_eq!(name.contains('~'), bytes != others, "{name}");
    }
}
