//! How versions become production, or do not.

use crate::{api::*, shared_story};
use dropout_crds::ConditionType::{DataAccepted, GatePassed, Ready, Reconciling, RolledOut, Stalled, Trained};
use dropout_model::task::{Answer, CONTRACT, Outcome};
use serde_json::{Value, json};

/// The model with one feature less: something else is to be learned.
fn other_features(trial: &Trial) -> Value {
    let mut model = trial.spec();
    model["spec"]["features"].as_array_mut().unwrap().pop();
    model
}

#[test]
fn first_model_is_trained_rolled_out_and_becomes_production() {
    shared_story("first", |trial| {
        trial.serve(Serving::Pending);
        trial.apply(&trial.spec());
        let job = trial.training("v1");
        let model = trial.until("Training", |model| is(model, Reconciling, "True", "NoModel"));
        assert!(is(&model, Ready, "False", "NoModel") && is(&model, Stalled, "False", "NoError"), "{model:?}");
        let pod = trial.pod_of(&job);
        trial.set_status(&pod, &running(&pod, 1));
        trial.until("the data to be accepted", |model| is(model, DataAccepted, "True", "Accepted"));
        trial.set_status(&pod, &running(&pod, 2));
        trial.until("the training to end", |model| is(model, Trained, "True", "Trained"));
        trial.answer(&job, |task| passed(task, "v1"));
        let model = trial.until("RollingOut", |model| is(model, Reconciling, "True", "RollingOut"));
        assert!(is(&model, Ready, "False", "NoModel") && is(&model, GatePassed, "True", "GatePassed"), "{model:?}");
        trial.serve(Serving::Ready);
        let model = trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
        assert!(is(&model, Ready, "True", "Serving") && is(&model, RolledOut, "True", "Promoted"), "{model:?}");
        trial.rests();
    });
}

#[test]
fn other_features_make_v2_which_takes_over_while_v1_serves() {
    shared_story("second", |trial| {
        trial.promote_first();
        trial.apply(&other_features(trial));
        let job = trial.training("v2");
        let model = trial.until("Training of v2", |model| stage(model) == "Training");
        assert!(is(&model, Ready, "True", "Serving") && is(&model, Reconciling, "False", "UpToDate"), "{model:?}");
        trial.serve(Serving::Pending);
        trial.answer(&job, |task| passed(task, "v2"));
        let model = trial.until("RollingOut of v2", |model| is(model, Reconciling, "True", "RollingOut"));
        assert!(is(&model, Ready, "True", "Serving") && is_production(&model, "v1"), "{model:?}");
        trial.serve(Serving::Ready);
        let model = trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
        let status = model.status.unwrap();
        assert_eq!(status.previous.map(|release| release.name), Some("v1".to_owned()));
        assert_eq!(status.next_version, Some(3));
    });
}

#[test]
fn refused_candidate_leaves_production_in_place_and_nothing_trains_again() {
    shared_story("refused", |trial| {
        trial.promote_first();
        trial.apply(&other_features(trial));
        trial.answer(&trial.training("v2"), |task| refused(task, "v2"));
        let model = trial.until("the refusal", |model| is(model, GatePassed, "False", "GateFailed"));
        assert!(is_production(&model, "v1") && is_current(&model), "{model:?}");
        assert_eq!(model.status.unwrap().judged.unwrap().checks[0].message, "roc_auc 0.812 against 0.790: +0.022");
        trial.rests();
    });
}

#[test]
fn inconclusive_candidate_is_not_promoted_and_a_first_one_needs_a_human() {
    shared_story("inconclusive", |trial| {
        trial.apply(&trial.spec());
        trial.answer(&trial.training("v1"), |task| inconclusive(task, "v1"));
        let model = trial.until("the verdict", |model| is(model, GatePassed, "False", "GateInconclusive"));
        assert!(is(&model, Stalled, "True", "GateInconclusive") && is(&model, Ready, "False", "NoModel"), "{model:?}");
        trial.rests();
    });
}

#[test]
fn unchanged_bundle_is_no_new_version() {
    shared_story("unchanged", |trial| {
        let before = trial.promote_first();
        trial.annotate("trialops.dev/retrain", "now@2026-11-20T09:00:00Z");
        trial.answer(&trial.training("v2"), |task| unchanged(task, "v1"));
        let model = trial.until("the verdict", |model| is(model, GatePassed, "True", "Unchanged"));
        assert!(is_current(&model), "{model:?}");
        let (before, after) = (before.status.unwrap(), model.status.unwrap());
        assert_eq!((before.production, before.previous), (after.production, after.previous));
        trial.rests();
    });
}

#[test]
fn other_gate_is_judged_by_an_evaluation_alone() {
    shared_story("gate", |trial| {
        trial.promote_first();
        trial.apply(&with(&trial.spec(), json!({"threshold": {"targetRecall": 0.9}})));
        let job = trial.job("v1", dropout_crds::status::CandidateWork::Evaluate, 1);
        trial.answer(&job, |task| {
            let mut answer = unchanged(task, "v1");
            answer.evidence.as_mut().unwrap().threshold = 0.22;
            answer
        });
        let of =
            |model: &dropout_crds::DropoutModel| model.status.as_ref().unwrap().production.as_ref().unwrap().threshold;
        let model = trial.until("the new threshold", |model| of(model) < 0.23 && is_current(model));
        assert!(is_production(&model, "v1"), "{model:?}");
        trial.rests();
    });
}

#[test]
fn bad_input_is_told_with_its_sentence_and_production_stays_ready() {
    shared_story("bad-input", |trial| {
        trial.promote_first();
        trial.apply(&other_features(trial));
        let job = trial.training("v2");
        let sentence = "trial.csv row 17 column age: 'abc' is no Integer";
        let answer = Answer {
            contract: CONTRACT.into(),
            task: task_of(&job),
            outcome: Outcome::BadInput,
            reason: "BadValue".into(),
            message: sentence.into(),
            evidence: None,
        };
        trial.end(&job, &End::with_code("prepare", 2, answer.to_message().unwrap()));
        let model = trial.until("the bad input", |model| is(model, DataAccepted, "False", "BadInput"));
        assert_eq!(condition(&model, DataAccepted).2, sentence);
        assert!(is(&model, Stalled, "True", "BadInput") && is(&model, Ready, "True", "Serving"), "{model:?}");
        assert!(is_production(&model, "v1"), "{model:?}");
        trial.rests();
    });
}
