//! The life of a policy against a real apiserver and controller manager; the tests play user, monitor and kubelet. The
//! operator has exactly the rights of the installation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../api/mod.rs"]
mod api;

use api::{
    MODEL, POLICY, Trial, drifted, impatient, passed, policy, policy_condition, requests, shared_operator, trigger,
    world,
};
use dropout_crds::{
    RetrainPolicy,
    retrain_policy::TriggerState,
    status::{TrainingEntry, Trigger},
};
use dropout_model::monitoring::Reads;
use k8s_openapi::api::{batch::v1::Job, core::v1::ConfigMap};
use kube::ResourceExt;
use serde_json::{Value, json};

/// Plays a story in a namespace of its own. In the end the operator was refused nothing for want of rights.
fn story(namespace: &str, play: impl FnOnce(&Trial)) {
    shared_operator();
    let trial = Trial::new(namespace);
    play(&trial);
    let forbidden: Vec<_> = requests(world(), |line| line.contains(r#""code":403"#)).collect();
    assert_eq!(forbidden, [], "the operator lacks rights");
    assert!(shared_operator().is_running(), "the operator ended");
}

#[test]
fn two_drifted_reports_in_a_row_train_the_model_and_it_can_be_read_why() {
    story("policy-fires", |trial| {
        trial.promote_recorded();
        trial.apply_policy(&policy(POLICY, impatient()));
        let (first, task) = trial.look(POLICY);
        assert_eq!((task.name.as_str(), task.version.as_str(), &task.reads), (MODEL, "v1", &Reads::Predictions));
        trial.answer_look(&first, &drifted(&task));
        let breaching = trial.policy_until(POLICY, "the first breach", |policy| {
            trigger(policy, "drift").is_some_and(|trigger| trigger.consecutive == Some(1))
        });
        assert_eq!(trigger(&breaching, "drift").unwrap().state, TriggerState::Breaching);
        let (second, task) = trial.look(POLICY);
        assert_ne!(second.name_any(), first.name_any());
        trial.answer_look(&second, &drifted(&task));
        let job = trial.training("v2");
        let fired = trial.policy_until(POLICY, "the firing", |policy| {
            trigger(policy, "drift").is_some_and(|trigger| trigger.fired.is_some())
        });
        let firing = trigger(&fired, "drift").unwrap().fired.clone().unwrap();
        let model = trial.until("the entry of the training", |model| {
            entry(model).is_some_and(|entry| entry.firing.as_ref() == Some(&firing.id))
        });
        assert_eq!(entry(&model).unwrap().trigger, Trigger::Drift);
        let described = described(trial);
        assert!(described.contains("Fired") && described.contains(&firing.message), "{described}");
        trial.answer(&job, |task| passed(task, "v2"));
        trial.until("v2 to be production", |model| api::is_production(model, "v2"));
    });
}

/// The newest training.
fn entry(model: &dropout_crds::DropoutModel) -> Option<&TrainingEntry> {
    model.status.as_ref()?.trainings.last()
}

fn described(trial: &Trial) -> String {
    trial.world.cluster.kubectl(&["describe", "retrainpolicy", POLICY, "-n", &trial.namespace]).unwrap()
}

#[test]
fn the_same_report_twice_is_one_report() {
    story("policy-same-report", |trial| {
        trial.promote_recorded();
        trial.apply_policy(&policy(POLICY, impatient()));
        let (first, task) = trial.look(POLICY);
        let answer = drifted(&task);
        trial.answer_look(&first, &answer);
        for _ in 0..2 {
            let (next, task) = trial.look(POLICY);
            let again = dropout_model::monitoring::MonitorAnswer { report: answer.report.clone(), ..drifted(&task) };
            trial.answer_look(&next, &again);
        }
        let (_, _) = trial.look(POLICY);
        let policy: RetrainPolicy = trial.get(POLICY).unwrap();
        let drift = trigger(&policy, "drift").unwrap();
        assert_eq!((drift.consecutive, drift.fired.as_ref()), (Some(1), None), "{drift:?}");
    });
}

#[test]
fn of_two_policies_of_a_model_the_older_is_accepted() {
    story("policy-rivals", |trial| {
        trial.promote_first();
        let nightly = json!({"triggers": [{"name": "nightly", "schedule": {"cron": "0 2 * * *"}}]});
        trial.apply_policy(&policy("older", nightly.clone()));
        let is_accepted = |policy: &RetrainPolicy| policy_condition(policy, "Accepted").0 == "True";
        trial.policy_until("older", "the older to be accepted", is_accepted);
        // Of two that were created in the same second the lesser name is the older.
        trial.apply_policy(&policy("younger", nightly));
        trial.policy_until("younger", "the younger to say why not", |policy| {
            policy_condition(policy, "Accepted") == ("False".to_owned(), "Conflicted".to_owned())
        });
        trial.delete::<RetrainPolicy>("older");
        trial.policy_until("younger", "the younger to take its place", is_accepted);
    });
}

#[test]
fn a_report_in_a_config_map_is_looked_at_when_it_changes() {
    story("policy-report", |trial| {
        trial.promote_first();
        let mut spec = impatient();
        spec["monitor"]["every"] = json!("1h");
        spec["monitor"]["source"] = json!({"configMap": {"name": "evidently"}});
        trial.create::<ConfigMap>(report("2026-11-20T09:00:00Z"));
        trial.apply_policy(&policy(POLICY, spec));
        let (first, task) = trial.look(POLICY);
        let Reads::ConfigMap(origin) = &task.reads else { panic!("{:?}", task.reads) };
        assert_eq!((origin.config_map.as_str(), origin.version.as_deref()), ("evidently", Some("v1")));
        trial.answer_look(&first, &drifted(&task));
        trial.wait("the first look to go", || trial.get::<Job>(&first.name_any()).is_none().then_some(()));
        trial.merge::<ConfigMap>("evidently", report("2026-11-21T09:00:00Z"));
        let (second, task) = trial.look(POLICY);
        let Reads::ConfigMap(changed) = &task.reads else { panic!("{:?}", task.reads) };
        assert_ne!((first.name_any(), &origin.state), (second.name_any(), &changed.state));
        assert_eq!(changed.window_end.as_deref(), Some("2026-11-21T09:00:00Z"));
    });
}

/// A report of a window.
fn report(window_end: &str) -> Value {
    json!({
        "metadata": {
            "name": "evidently",
            "labels": {"trialops.dev/drift-report": MODEL},
            "annotations": {
                "trialops.dev/model": MODEL, "trialops.dev/version": "v1", "trialops.dev/window-end": window_end,
            },
        },
        "data": {"report.json": format!("{{\"end\": \"{window_end}\"}}")},
    })
}

#[test]
fn with_its_policy_a_look_goes() {
    story("policy-deleted", |trial| {
        trial.promote_recorded();
        trial.apply_policy(&policy(POLICY, impatient()));
        let (look, _) = trial.look(POLICY);
        trial.delete::<RetrainPolicy>(POLICY);
        trial.wait("the look to go", || trial.get::<Job>(&look.name_any()).is_none().then_some(()));
    });
}
