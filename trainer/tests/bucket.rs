//! Jobs whose data, bundle and store are in a bucket of a real S3 server, versitygw, which the launcher of clusters starts:
//! `cargo build -p dropout-cluster` first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "../../store/tests/s3/fixture.rs"]
mod fixture;

use common::{
    cluster::{Cluster, STORE, task, trial},
    four, seven, simulated,
};
use dropout_model::{
    digest::digest,
    task::{Answer, Outcome, Task, bundle_file, card_file, page_file, report_file},
};
use dropout_trainer::{Failure, simulate, simulate::Scenario};
use fixture::{Keys, S3};
use serde_json::{Value, json};
use std::fs;

const DATA: &str = "s3://trial/onc-302/trial.csv";

/// A cluster without data on a claim, whose pods have the keys of a server's bucket.
fn in_bucket(name: &str, s3: &S3) -> Cluster {
    let cluster = Cluster::new(name);
    for claim in ["data", "holdout", "store"] {
        fs::remove_dir_all(cluster.root.join(claim)).unwrap();
    }
    give(&cluster, &s3.keys());
    s3.root().create("onc-302/trial.csv", trial(1).as_bytes()).unwrap();
    cluster
}

fn give(cluster: &Cluster, keys: &Keys) {
    for part in ["data", "holdout", "store", "model"] {
        keys.write(&cluster.root.join("credentials").join(part));
    }
}

fn moved(mut task: Task) -> Task {
    task.store = "s3://trial/models".into();
    task
}

fn rows_in_bucket(mut spec: Value) -> Value {
    spec["data"]["training"] = json!({"uri": DATA, "secretRef": {"name": "keys"}});
    spec
}

#[test]
fn a_training_in_a_bucket_is_the_training_on_a_claim_and_all_of_it_is_kept() {
    let Some(s3) = S3::start() else { return };
    let (on_claim, in_bucket) = (Cluster::new("bucket-claim"), in_bucket("bucket-whole", &s3));
    let run = |spec: &dyn Fn(Vec<Value>) -> Value, place: &dyn Fn(Task) -> Task, cluster: &Cluster| -> [Answer; 2] {
        let first = cluster.answered(&place(task(1, &spec(four()), None)));
        let second = cluster.answered(&place(task(2, &spec(seven()), Some(&first))));
        [first, second]
    };
    let claimed = run(&simulated, &|task| task, &on_claim);
    let answers = run(&|features| rows_in_bucket(simulated(features)), &moved, &in_bucket);
    for (number, (answer, claimed)) in answers.iter().zip(&claimed).enumerate() {
        assert_eq!((answer.outcome, &answer.message), (Outcome::Passed, &claimed.message));
        let (found, wanted) = (answer.evidence.as_ref().unwrap(), claimed.evidence.as_ref().unwrap());
        assert_eq!((&found.bundle, &found.data), (&wanted.bundle, &wanted.data));
        let store = s3.store("models/trials/onc-302");
        let index = format!("versions/{}.json", number + 1);
        let index: Value = serde_json::from_slice(&store.get(&index).unwrap().unwrap()).unwrap();
        let expected =
            json!({"version": number + 1, "bundle": found.bundle, "report": found.report, "data": found.data});
        assert_eq!(index, expected);
        assert_eq!(digest(&store.get(&bundle_file(&found.bundle)).unwrap().unwrap()), found.bundle);
        assert_eq!(digest(&store.get(&report_file(&found.report)).unwrap().unwrap()), found.report);
        for name in [page_file(&found.report), card_file(&found.report)] {
            assert!(store.get(&name).unwrap().is_some(), "{name}");
        }
    }
    let names = |folder: &str| s3.store("models/trials/onc-302").list(folder).unwrap().len();
    let on_disk = |folder: &str| fs::read_dir(on_claim.root.join(STORE).join(folder)).unwrap().count();
    for folder in ["bundles", "reports", "versions", "answers", "outoffold"] {
        assert_eq!(names(folder), on_disk(folder), "{folder}");
    }
    // The answer is in the store: it is read, though rows and keys of the rows are gone.
    s3.root().remove("onc-302/trial.csv").unwrap();
    let (done, text) = in_bucket
        .again(&moved(task(1, &rows_in_bucket(simulated(four())), None)), &[dropout_trainer::job::Step::Evaluate]);
    done.unwrap();
    assert!(text.contains(&answers[0].evidence.as_ref().unwrap().bundle));
    assert!(!in_bucket.has("data") && !in_bucket.has("store"));
}

#[test]
fn a_bundle_in_a_bucket_is_judged_if_it_has_the_digest_of_the_spec() {
    let Some(s3) = S3::start() else { return };
    let cluster = in_bucket("bucket-bundle", &s3);
    let trained = cluster.answered(&moved(task(1, &rows_in_bucket(simulated(four())), None)));
    let wanted = trained.evidence.unwrap().bundle;
    let bundle = s3.store("models/trials/onc-302").get(&bundle_file(&wanted)).unwrap().unwrap();
    s3.root().create("elsewhere/bundle.json", &bundle).unwrap();
    let from = |digest: &str| {
        let mut spec = rows_in_bucket(simulated(four()));
        let uri = "s3://trial/elsewhere/bundle.json";
        spec["training"] = json!({"source": {"bundle": {"uri": uri, "digest": digest}}});
        moved(Task { name: "other".into(), ..task(1, &spec, None) })
    };
    let judged = cluster.answered(&from(&wanted));
    assert_eq!(judged.evidence.unwrap().bundle, wanted);
    let other = cluster.refused(&from(&digest(b"another")));
    assert_eq!(other.reason, "DigestMismatch", "{}", other.message);
}

#[test]
fn f45_older_rows_under_the_same_name_are_refused_by_the_digest_in_the_spec() {
    let Some(s3) = S3::start() else { return };
    let cluster = in_bucket("bucket-older", &s3);
    let newer = simulate::csv(&simulate::trial(1_500, 2, Scenario::Stable));
    let mut spec = rows_in_bucket(simulated(four()));
    spec["data"]["training"]["digest"] = json!(digest(newer.as_bytes()));
    let refused = cluster.refused(&moved(task(1, &spec, None)));
    assert_eq!(refused.reason, "DigestMismatch", "{}", refused.message);
}

#[test]
fn f43_rows_that_are_not_there_are_bad_input_and_keys_that_are_wrong_are_tried_again() {
    let Some(s3) = S3::start() else { return };
    let cluster = in_bucket("bucket-refused", &s3);
    let ours = moved(task(1, &rows_in_bucket(simulated(four())), None));
    s3.root().remove("onc-302/trial.csv").unwrap();
    let absent = cluster.refused(&ours);
    assert_eq!(absent.reason, "NoData");
    assert!(absent.message.contains(&format!("{DATA} is not there")), "{}", absent.message);
    s3.root().create("onc-302/trial.csv", trial(1).as_bytes()).unwrap();
    give(&cluster, &Keys { secret: "wrong".repeat(6), ..s3.keys() });
    let (done, text) = cluster.job(&ours);
    let failure = done.unwrap_err();
    assert!(matches!(failure, Failure::Store(_)) && failure.code() == 1, "{failure}");
    let said = Answer::read(&text, &ours.hash()).unwrap().message;
    assert!(
        said.contains("refuses the credentials for s3://trial") && said.contains("AWS_SECRET_ACCESS_KEY"),
        "{said}"
    );
    give(&cluster, &s3.keys());
    assert_eq!(cluster.answered(&ours).outcome, Outcome::Passed);
}
