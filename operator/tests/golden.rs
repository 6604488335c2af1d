//! What is rendered, byte for byte. `UPDATE_GOLDEN=1` writes the files anew; they are read in review like code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    frame, identity, launch,
    policy::{monitor_task, origin, policy_identity, report_source, watching},
    quickstart, release, serve, settings, spec, with_a_bundle, with_buckets, with_every_pod_field, with_records,
};
use dropout_crds::status::CandidateWork;
use dropout_model::monitoring::Reads;
use dropout_operator::render::{
    monitor::{self, MonitorFrame},
    serving::serving,
    training::{job, task_config},
};
use serde_json::Value;
use std::{env, fs, path::Path};

#[test]
fn the_quickstart_is_rendered_as_it_was() {
    rendered_as_kept("quickstart", &quickstart());
}

#[test]
fn a_model_with_every_field_of_a_pod_is_rendered_as_it_was() {
    rendered_as_kept("every-pod-field", &with_every_pod_field());
}

#[test]
fn a_model_that_was_trained_elsewhere_is_rendered_as_it_was() {
    rendered_as_kept("bundle", &with_a_bundle());
}

#[test]
fn a_model_that_keeps_records_is_rendered_as_it_was() {
    rendered_as_kept("records", &with_records());
}

#[test]
fn looks_of_all_three_kinds_are_rendered_as_they_were() {
    let reads = [
        ("predictions", quickstart(), Reads::Predictions),
        ("config-map", quickstart(), Reads::ConfigMap(origin())),
        ("buckets", with_buckets(), Reads::Predictions),
        ("source", with_every_pod_field(), Reads::Source(report_source())),
    ];
    for (name, model, reads) in reads {
        are_as_kept(&format!("monitor-{name}"), render_look(&model, reads));
    }
}

#[test]
fn a_model_whose_files_are_in_buckets_is_rendered_as_it_was() {
    rendered_as_kept("buckets", &with_buckets());
}

#[test]
fn the_same_intent_is_the_same_bytes() {
    let manifest = with_every_pod_field();
    assert_eq!(render(&manifest), render(&manifest));
}

/// Compares all that is rendered of a model with the files of its name.
fn rendered_as_kept(name: &str, manifest: &Value) {
    are_as_kept(name, render(manifest));
}

/// Compares what is rendered with the files of its name.
fn are_as_kept(name: &str, rendered: Vec<(String, Value)>) {
    let mut stale = Vec::new();
    for (what, object) in rendered {
        let file = format!("{name}-{what}.yaml");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(&file);
        let text = serde_saphyr::to_string(&object).unwrap();
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(file);
        }
    }
    assert!(stale.is_empty(), "rendered otherwise: {stale:?}; run with UPDATE_GOLDEN=1 and look at the difference");
}

/// All that is rendered of a look.
fn render_look(manifest: &Value, reads: Reads) -> Vec<(String, Value)> {
    let (policy, spec) = (policy_identity(), spec(manifest));
    let (watching, settings) = (watching(), settings());
    let frame = MonitorFrame { policy: &policy, spec: &watching, model: &spec, settings: &settings };
    let task = monitor_task(manifest, reads);
    vec![
        ("job".to_owned(), monitor::job(frame, &task)),
        ("task".to_owned(), monitor::task_config(frame, &task).unwrap()),
    ]
}

/// All that is rendered of a model.
fn render(manifest: &Value) -> Vec<(String, Value)> {
    let (identity, spec, settings) = (identity(), spec(manifest), settings());
    let frame = frame(&identity, &spec, &settings);
    let mut all = Vec::new();
    for work in [CandidateWork::Train, CandidateWork::Evaluate, CandidateWork::Read] {
        let launch = launch(&spec, 3, work);
        let word = format!("{work:?}").to_lowercase();
        all.push((format!("job-{word}"), job(frame, &launch)));
        all.push((format!("task-{word}"), task_config(frame, &launch).unwrap()));
    }
    let objects = serving(frame, &serve(&spec, release(3))).unwrap();
    all.push(("config".to_owned(), objects.config));
    all.push(("service".to_owned(), objects.service));
    all.push(("deployment".to_owned(), objects.deployment));
    all
}
