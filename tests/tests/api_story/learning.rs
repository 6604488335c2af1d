//! Models that were trained elsewhere, and how often the holdout was looked at.

use crate::{api::*, shared_story};
use dropout_crds::{
    ConditionType::{Stalled, Trained},
    DropoutModel, DropoutModelStatus,
    status::HoldoutLooks,
};
use dropout_model::{
    digest::digest,
    task::{Looked, Task},
};
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, PodSpec},
};
use kube::{ResourceExt, api::PostParams};
use serde_json::{Value, json};

/// The model with a bundle on the claim `models` in place of a training.
fn with_bundle(trial: &Trial, word: &str) -> Value {
    let claim = json!({"claimName": "models"});
    let bundle =
        json!({"uri": "file:///bundle.json", "persistentVolumeClaim": claim, "digest": digest(word.as_bytes())});
    with(&trial.spec(), json!({"training": {"source": {"bundle": bundle}}}))
}

#[test]
fn bundle_from_elsewhere_is_judged_without_a_trainer_and_another_digest_makes_v2() {
    shared_story("bundle", |trial| {
        trial.apply(&with_bundle(trial, "v1"));
        let model = trial.until("the missing claim", |model| is(model, Stalled, "True", "ClaimNotFound"));
        assert!(condition(&model, Stalled).2.contains("PersistentVolumeClaim models"), "{model:?}");
        let resources = json!({"requests": {"storage": "1Gi"}});
        let modes = ["ReadOnlyMany"];
        trial.create::<PersistentVolumeClaim>(
            json!({"metadata": {"name": "models"}, "spec": {"accessModes": modes, "resources": resources}}),
        );
        let job = trial.training("v1");
        let pod = trial.pod_of(&job);
        assert_eq!(mounted(pod.spec.as_ref().unwrap()), [("prepare".to_owned(), false), ("evaluate".to_owned(), true)]);
        trial.set_status(&pod, &running(&pod, 1));
        trial.until("the bundle to be judged", |model| is(model, Trained, "True", "Imported"));
        trial.answer(&job, |task| passed(task, "v1"));
        trial.until("v1 to be production", |model| is_production(model, "v1") && is_current(model));
        trial.rests();
        trial.apply(&with_bundle(trial, "v2"));
        trial.answer(&trial.training("v2"), |task| passed(task, "v2"));
        let model = trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
        assert!(is(&model, Trained, "True", "Imported"), "{model:?}");
        trial.rests();
    });
}

/// The containers of a Job's pod, and whether each sees the bundle.
fn mounted(pod: &PodSpec) -> Vec<(String, bool)> {
    let containers = pod.init_containers.iter().flatten().chain(&pod.containers);
    let sees = |container: &k8s_openapi::api::core::v1::Container| {
        let mut mounts = container.volume_mounts.iter().flatten();
        mounts.any(|mount| mount.mount_path == "/model" && mount.read_only == Some(true))
    };
    containers.map(|container| (container.name.clone(), sees(container))).collect()
}

/// The task that a Job was handed.
fn task(trial: &Trial, job: &Job) -> Task {
    let config = trial.get::<ConfigMap>(&job.name_any()).unwrap();
    serde_json::from_str(&config.data.unwrap()["task.json"]).unwrap()
}

/// Lets a version with this seed be refused at a look.
fn refuse(trial: &Trial, (version, seed): (&str, i64), look: u32) -> Option<Looked> {
    trial.apply(&with(&trial.spec(), json!({"training": {"seed": seed}})));
    let job = trial.training(version);
    let told = task(trial, &job).looked;
    trial.answer(&job, |task| {
        let mut answer = refused(task, version);
        answer.evidence.as_mut().unwrap().look = Some(look);
        answer
    });
    trial.until("the refusal", |model| holdout(model).is_some_and(|holdout| holdout.looks == look));
    told
}

fn holdout(model: &DropoutModel) -> Option<HoldoutLooks> {
    model.status.as_ref()?.holdout
}

#[test]
fn refused_candidates_are_looks_which_the_next_task_is_told_even_after_a_lost_status() {
    shared_story("looks", |trial| {
        trial.promote_first();
        let looked = |looks| Some(Looked { looks, positive_patients: 77 });
        assert_eq!(refuse(trial, ("v2", 2), 1), None);
        assert_eq!(refuse(trial, ("v3", 3), 2), looked(1));
        trial.rests();
        let mut model = trial.model();
        model.status = Some(DropoutModelStatus::default());
        let api = trial.api::<DropoutModel>();
        trial.world.block_on(api.replace_status(MODEL, &PostParams::default(), &model)).unwrap();
        let model = trial.until("the status", |model| entry(model, "StatusRestored").is_some() && is_current(model));
        assert_eq!(holdout(&model), Some(HoldoutLooks { patients: 412, positive_patients: 77, looks: 2 }));
        trial.rests();
        assert_eq!(refuse(trial, ("v4", 4), 3), looked(2));
        trial.rests();
    });
}
