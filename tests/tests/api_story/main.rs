//! The life of a model against a real apiserver and controller manager; the tests play user and kubelet. The operator
//! has exactly the rights of the installation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../api/mod.rs"]
mod api;
mod commands;
mod conflicts;
mod learning;
mod promotion;
mod recovery;
mod rollout;
mod training;

use api::{Trial, requests, shared_operator, world};

/// Plays a story in a namespace of its own. In the end the operator was refused nothing for want of rights.
fn story(namespace: &str, claim: Option<&str>, play: impl FnOnce(&Trial)) {
    shared_operator();
    let trial = Trial::without_claim(namespace);
    claim.into_iter().for_each(|mode| trial.create_claim(mode));
    play(&trial);
    let forbidden: Vec<_> = requests(world(), |line| line.contains(r#""code":403"#)).collect();
    assert_eq!(forbidden, [], "the operator lacks rights");
    assert!(shared_operator().is_running(), "the operator ended");
}

/// A story with a claim that many nodes may mount.
fn shared_story(namespace: &str, play: impl FnOnce(&Trial)) {
    story(namespace, Some("ReadWriteMany"), play);
}
