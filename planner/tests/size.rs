//! The bounds of what is written: a status with everything full, and the record of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod world;

use dropout_crds::status::{
    Entry, Failure, JudgedOutcome, MAX_HISTORY, MAX_QUARANTINED, MAX_RECORD, MAX_STATUS, Measured, Quarantined,
    Unresolved,
};
use dropout_model::{
    digest::digest,
    manifest::Metric,
    task::{Check, Figure, Outcome, Verdict},
};
use dropout_planner::{Intent, observed::RunPhase};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use world::{Mishap, World};

/// A model with every list full and every sentence as long as it may be, its second version on the way.
fn full(letter: &str) -> World {
    let mut world = World::new();
    world.with_two_versions().learns_more();
    let time = Time(world.now);
    let status = world.status.as_mut().unwrap();
    let reason = "TrainingAbandoned".to_owned();
    let entry = Entry { time: time.clone(), reason: reason.clone(), message: letter.repeat(220 / letter.len()) };
    status.history = vec![entry; MAX_HISTORY];
    let bundle = |n: usize| Quarantined {
        name: format!("v{}", n + 1_000),
        digest: digest(&[n as u8]),
        reason: reason.clone(),
        time: time.clone(),
    };
    status.quarantined = (0..MAX_QUARANTINED).map(bundle).collect();
    status.last_failure =
        Some(Failure { reason: reason.clone(), message: letter.repeat(320 / letter.len()), attempt: 11, time });
    let message = letter.repeat(320 / letter.len());
    let (bundle, gate_hash, outcome) = (digest(b"bundle"), digest(b"gate"), JudgedOutcome::TrainingFailed);
    status.unresolved = Some(Unresolved { bundle, gate_hash, outcome, message, time: Time(world.now) });
    status.updating = Some(format!("registry.example.org/{}@{}", "trialops/".repeat(8), digest(b"image")));
    let measured = Measured { name: Metric::CalibrationInTheLarge, value: -0.123_456_789_012_345_6 };
    for release in [&mut status.production, &mut status.previous].into_iter().flatten() {
        release.metrics = vec![measured.clone(); 8];
        release.image = format!("registry.example.org/{}@{}", "trialops/".repeat(8), digest(b"image"));
    }
    world.image = format!("registry.example.org/{}@{}", "trialops/".repeat(8), digest(b"image"));
    world.job_answers(Outcome::Passed, 0);
    if let Some(RunPhase::Finished(Ok(answer))) = world.jobs.last_mut().map(|job| &mut job.run.phase) {
        answer.message = letter.repeat(2_000);
        let evidence = answer.evidence.as_mut().unwrap();
        let check = Check { name: letter.repeat(200), verdict: Verdict::Failed, message: letter.repeat(2_000) };
        evidence.checks = vec![check; 12];
        (evidence.patients, evidence.positive_patients, evidence.look) = (u32::MAX, u32::MAX, Some(u32::MAX));
        evidence.metrics =
            vec![
                Figure { metric: Metric::RocAucWithinLandmark, candidate: 0.123_456_789_012_345_6, production: None };
                12
            ];
    }
    world
}

#[test]
fn a_full_status_and_its_record_keep_to_their_bounds() {
    for letter in ["x", "ü", "日"] {
        let mut world = full(letter);
        let plan = world.reconcile(Mishap::None);
        assert!(plan.status.candidate.as_ref().is_some_and(|candidate| candidate.release.is_some()));
        assert_eq!(plan.status.quarantined.len(), MAX_QUARANTINED);
        assert_eq!(plan.status.holdout.map(|holdout| holdout.looks), Some(u32::MAX));
        let bytes = serde_json::to_vec(&plan.status).unwrap().len();
        assert!(bytes <= MAX_STATUS, "{bytes} bytes of status");
        assert!(plan.status.history.len() > 3, "{} entries of history", plan.status.history.len());
        world.is_promoted();
        let plan = world.reconcile(Mishap::None);
        let records = plan.intents.iter().filter_map(|intent| match intent {
            Intent::Serve(serve) => Some(serde_json::to_vec(&serve.record).unwrap().len()),
            Intent::Launch(_) | Intent::Prune(_) | Intent::Withdraw => None,
        });
        let bytes = records.max().unwrap();
        assert!(bytes <= MAX_RECORD, "{bytes} bytes of record");
        assert_eq!(Some(plan.status), world.status, "at rest");
    }
}
