//! A foreign trainer: what it leaves is checked like our own bundle, and nothing that it wrote is answered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    cluster::{Cluster, task},
    four, simulated,
};
use dropout_model::{
    bundle::{Bundle, MAX_BYTES},
    task::{Answer, Outcome},
};
use dropout_trainer::job::Step;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::symlink, process::Command};

#[test]
fn a_foreign_trainer_is_checked_like_our_own() {
    let cluster = Cluster::new("foreign");
    let task = task(1, &simulated(four()), None);
    let good = cluster.answered(&task);
    let bytes = cluster.read("scratch/out/bundle.json");
    let evaluate = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = Bundle::read(&bytes, None).unwrap();
        change(&mut bundle);
        cluster.write("scratch/out/bundle.json", &bundle.to_bytes().unwrap());
        let _ = fs::remove_dir_all(cluster.root.join("store"));
        let (done, text) = cluster.again(&task, &[Step::Evaluate]);
        (done, Answer::read(&text, &task.hash()).unwrap())
    };
    let (done, answer) = evaluate(&|_| {});
    assert!(done.is_ok());
    assert_eq!(answer, good);
    let refused = |change: &dyn Fn(&mut Bundle)| {
        let (done, answer) = evaluate(change);
        assert_eq!(done.unwrap_err().code(), 2);
        answer.reason
    };
    assert_eq!(refused(&|bundle| bundle.golden[0].risk += 1e-6), "BadBundle");
    assert_eq!(refused(&|bundle| bundle.golden.clear()), "BadBundle");
    assert_eq!(refused(&|bundle| bundle.thresholds.clear()), "BadBundle");
    assert_eq!(refused(&|bundle| bundle.schema = "other".into()), "BadBundle");
    assert_eq!(refused(&|bundle| bundle.study = "OTHER".into()), "ForeignModel");
    assert_eq!(refused(&|bundle| bundle.features[0].max = Some(80.0)), "ForeignModel");
    let other = |bundle: &mut Bundle| (bundle.code, bundle.data_digest) = ("theirs/1".into(), "sha256:0".into());
    assert_eq!(refused(&other), "ForeignModel");
    assert_eq!(refused(&|bundle| bundle.holdout_fraction = 0.1), "ForeignModel");
    fs::remove_file(cluster.root.join("scratch/out/bundle.json")).unwrap();
    let (done, text) = cluster.again(&task, &[Step::Evaluate]);
    assert_eq!(done.unwrap_err().code(), 2);
    assert!(text.contains("BadBundle") && text.contains("the trainer left no bundle"), "{text}");
}

#[test]
fn nothing_that_a_foreign_trainer_wrote_is_answered() {
    let cluster = Cluster::new("canary");
    let task = task(1, &simulated(four()), None);
    let (done, _) = cluster.again(&task, &[Step::Prepare, Step::Train]);
    done.unwrap();
    let good: Value = serde_json::from_slice(&cluster.read("scratch/out/bundle.json")).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        bundle.to_string()
    };
    let cases = [
        (changed(&|bundle| bundle["schema"] = json!("c4n4ry")), "has another schema"),
        (changed(&|bundle| bundle["c4n4ry"] = json!(1)), "line 1 column "),
        (changed(&|bundle| bundle["seed"] = json!("c4n4ry")), "line 1 column "),
        (changed(&|bundle| bundle["model"]["logistic"]["terms"][0]["feature"] = json!("c4n4ry")), "its terms"),
        (changed(&|bundle| bundle["thresholds"] = json!([])), "its thresholds"),
        ("{\n  \"code\": c4n4ry".to_owned(), "is no JSON, line 2 column 11"),
    ];
    for (bundle, part) in cases {
        cluster.write("scratch/out/bundle.json", bundle.as_bytes());
        let (done, text) = cluster.again(&task, &[Step::Evaluate]);
        let failure = done.unwrap_err();
        let answer = Answer::read(&text, &task.hash()).unwrap();
        assert_eq!((failure.code(), answer.reason.as_str()), (2, "BadBundle"));
        assert!(answer.message.contains(part), "{}", answer.message);
        assert!(!text.contains("c4n4ry") && !failure.to_string().contains("c4n4ry"), "{text}");
    }
}

#[test]
fn a_bundle_that_is_no_regular_file_or_too_large_is_refused_unread() {
    let cluster = Cluster::new("irregular");
    let task = task(1, &simulated(four()), None);
    let (done, _) = cluster.again(&task, &[Step::Prepare, Step::Train]);
    done.unwrap();
    let place = cluster.root.join("scratch/out/bundle.json");
    let kept = cluster.root.join("kept.json");
    fs::rename(&place, &kept).unwrap();
    let refused = |part: &str| {
        let (done, text) = cluster.again(&task, &[Step::Evaluate]);
        assert_eq!(done.unwrap_err().code(), 2);
        let answer = Answer::read(&text, &task.hash()).unwrap();
        assert_eq!((answer.outcome, answer.reason.as_str()), (Outcome::BadInput, "ForeignModel"));
        assert!(answer.message.starts_with("/scratch/out/bundle.json ") && answer.message.contains(part), "{text}");
    };
    symlink(&kept, &place).unwrap();
    refused("is no regular file");
    fs::remove_file(&place).unwrap();
    symlink("nowhere", &place).unwrap();
    refused("is no regular file");
    fs::remove_file(&place).unwrap();
    assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
    refused("is no regular file");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    refused("is no regular file");
    fs::remove_dir(&place).unwrap();
    fs::File::create(&place).unwrap().set_len(MAX_BYTES as u64 + 1).unwrap();
    refused("is larger than the 67108864 bytes");
    fs::rename(&kept, &place).unwrap();
    assert!(cluster.again(&task, &[Step::Evaluate]).0.is_ok());
}
