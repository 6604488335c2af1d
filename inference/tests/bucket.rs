//! The real binary with its bundle in a bucket of a real S3 server, versitygw, which the launcher of clusters starts:
//! `cargo build -p dropout-cluster` first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "../../store/tests/s3/fixture.rs"]
mod fixture;

use common::{
    Folder, GOOD, KEY, Service, binary, bytes, get,
    kept::{batches, lines},
    policy, predict, until,
};
use dropout_model::{
    bundle::MAX_BYTES,
    digest::digest,
    policy::{RecordsSetting, Serving},
    record::{PREDICTIONS, Prediction},
};
use fixture::{Keys, S3};

const NAME: &str = "models/trial/onc-302/bundles/bundle.json";

/// A folder with a serving file that names the bundle in the bucket by a digest, and a key of a client.
fn served(bundle_digest: &str) -> Folder {
    let folder = Folder::new();
    folder.write("keys/app", KEY.as_bytes());
    let serving = Serving {
        model_version: "v3".into(),
        bundle: format!("s3://trial/{NAME}"),
        bundle_digest: bundle_digest.into(),
        policy: policy(),
        records: None,
        accepts: Vec::new(),
        rows_per_second: None,
        metrics: Default::default(),
        tls: None,
        allowed_origins: Vec::new(),
    };
    folder.write("serving.json", &serde_json::to_vec(&serving).unwrap());
    folder
}

fn start(folder: &Folder, s3: &S3) -> Service {
    Service::start(folder, &["--store-keys", &s3.secret.display().to_string()])
}

#[test]
fn until_the_bundle_is_there_the_reason_is_said_and_then_it_is_served_without_the_store() {
    let Some(s3) = S3::start() else { return };
    let keys = s3.keys();
    s3.write(&Keys { secret: "wrong".repeat(6), ..keys.clone() });
    let folder = served(&digest(&bytes()));
    let service = start(&folder, &s3);
    let says = |words: &str| until(words, || get(service.health, "/readyz").2.contains(words));
    says("the store refuses the credentials for s3://trial");
    assert_eq!((get(service.health, "/readyz").0, get(service.health, "/livez").0), (503, 200));
    assert!(!get(service.health, "/readyz").2.contains("wrongwrong"));
    // Renewed keys count without a restart.
    s3.write(&keys);
    says("bundle.json cannot be read: it is not there");
    s3.root().create(NAME, &bytes()).unwrap();
    let service = service.ready();
    assert_eq!(get(service.health, "/readyz").2, format!("ready: v3 {}\n", digest(&bytes())));
    drop(s3);
    assert_eq!((get(service.health, "/readyz").0, predict(service.port, KEY, GOOD).0), (200, 200));
}

#[test]
fn without_a_server_it_stays_unready_and_says_so() {
    let Some(s3) = S3::start() else { return };
    s3.write(&Keys { endpoint: "http://127.0.0.1:1".into(), ..s3.keys() });
    let service = start(&served(&digest(&bytes())), &s3);
    until("the reason is known", || get(service.health, "/readyz").2.contains("it cannot be reached"));
    assert_eq!((get(service.health, "/readyz").0, get(service.health, "/livez").0), (503, 200));
}

#[test]
fn f45_another_bundle_under_the_name_is_exit_3_and_so_is_one_that_is_too_large() {
    let Some(s3) = S3::start() else { return };
    s3.root().create(NAME, &bytes()).unwrap();
    let (status, log) = start(&served(&digest(b"newer")), &s3).end();
    assert_eq!(status.code(), Some(3), "{log}");
    s3.root().remove(NAME).unwrap();
    s3.root().create(NAME, &vec![b' '; MAX_BYTES + 1]).unwrap();
    let (status, log) = start(&served(&digest(b"newer")), &s3).end();
    assert_eq!(status.code(), Some(3), "{log}");
    assert!(log.contains("bytes that are read") || log.contains("bytes; at most"), "{log}");
}

#[test]
fn records_are_written_with_the_keys_of_the_same_folder_and_renewed_ones_count_at_once() {
    let Some(s3) = S3::start() else { return };
    let keys = s3.keys();
    s3.write(&Keys { secret: "wrong".repeat(6), ..keys.clone() });
    let (folder, place) = (Folder::keeping(0), "models/trial/onc-302");
    let setting = RecordsSetting { store: "s3://trial".into(), folder: place.into(), ..folder.setting(0) };
    folder.write_serving_with(&digest(&bytes()), Some(setting));
    let service = start(&folder, &s3).ready();
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
    let is_refused = || !get(service.health, "/metrics").2.contains("record_store_failures_total 0\n");
    until("a refusal is counted", is_refused);
    s3.write(&keys);
    until("it is in the bucket", || lines(&batches::<Prediction>(&s3.store(place), PREDICTIONS)).len() == 1);
}

#[test]
fn alone_the_keys_are_in_the_environment() {
    let Some(s3) = S3::start() else { return };
    s3.root().create(NAME, &bytes()).unwrap();
    let mut command = binary(&["--port", "0", "--health-port", "0", "--address", "127.0.0.1"]);
    let keys = s3.keys();
    command.env("MODEL_PATH", format!("s3://trial/{NAME}")).env("API_KEY", KEY);
    command.env("AWS_ACCESS_KEY_ID", keys.key).env("AWS_SECRET_ACCESS_KEY", keys.secret);
    command.env("AWS_ENDPOINT_URL", keys.endpoint);
    let service = Service::spawn(command).ready();
    assert_eq!(predict(service.port, KEY, GOOD).0, 200);
}
