//! What others do to our objects: mended, and what is theirs is left alone.

use crate::{api::*, shared_story};
use dropout_crds::DropoutModel;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
};
use kube::{ResourceExt, api::PostParams};
use serde_json::json;

#[test]
fn lost_status_is_restored_from_the_deployment_and_nothing_trains_again() {
    shared_story("lost-status", |trial| {
        let before = trial.promote_first().status.unwrap();
        let mut model = trial.model();
        model.status = Some(dropout_crds::DropoutModelStatus::default());
        let api = trial.api::<DropoutModel>();
        trial.world.block_on(api.replace_status(MODEL, &PostParams::default(), &model)).unwrap();
        let model = trial.until("the status", |model| entry(model, "StatusRestored").is_some() && is_current(model));
        let after = model.status.unwrap();
        assert_eq!((before.production, before.next_version), (after.production, after.next_version));
        let judged =
            |status: Option<dropout_crds::status::Judged>| status.map(|judged| (judged.version, judged.training_hash));
        assert_eq!(judged(before.judged), judged(after.judged));
        trial.rests();
    });
}

#[test]
fn edit_of_the_serving_deployment_is_undone() {
    shared_story("edited-deployment", |trial| {
        trial.promote_first();
        let container = json!({"name": "inference", "image": "evil:1"});
        let image = json!({"spec": {"replicas": 5, "template": {"spec": {"containers": [container]}}}});
        trial.merge::<Deployment>(MODEL, image);
        let is_mended = |deployment: &Deployment| {
            let spec = deployment.spec.as_ref().unwrap();
            let container = &spec.template.spec.as_ref().unwrap().containers[0];
            spec.replicas == Some(2) && container.image.as_deref() == Some(IMAGE) && container.volume_mounts.is_some()
        };
        trial.wait("the Deployment to be mended", || trial.deployment().filter(is_mended));
        trial.until("its pods", is_current);
        trial.rests();
    });
}

#[test]
fn deleted_parts_come_back() {
    shared_story("deleted-parts", |trial| {
        trial.promote_first();
        let config = |trial: &Trial| trial.list::<ConfigMap>("app.kubernetes.io/component=serving").pop();
        let old = config(trial).unwrap();
        trial.delete::<Deployment>(MODEL);
        trial.delete::<Service>(MODEL);
        trial.delete::<ConfigMap>(&old.name_any());
        trial.wait("the Deployment", || trial.deployment());
        trial.wait("the Service", || trial.get::<Service>(MODEL));
        let new = trial.wait("the ConfigMap", || config(trial).filter(|new| new.uid() != old.uid()));
        assert_eq!(new.name_any(), old.name_any());
        let model = trial.until("its pods", is_current);
        assert!(is_production(&model, "v1"));
        trial.rests();
    });
}

#[test]
fn what_others_wrote_survives_a_rollout() {
    shared_story("foreign-fields", |trial| {
        trial.promote_first();
        let note = json!({"metadata": {"annotations": {"example.org/note": "keep"}, "labels": {"team": "trials"}}});
        trial.merge::<Deployment>(MODEL, note.clone());
        trial.merge::<Service>(MODEL, note.clone());
        trial.merge::<DropoutModel>(MODEL, note);
        trial.apply(&with(&trial.spec(), json!({"training": {"seed": 7}})));
        trial.answer(&trial.training("v2"), |task| passed(task, "v2"));
        let model = trial.until("v2 to be production", |model| is_production(model, "v2") && is_current(model));
        let (deployment, service) = (trial.deployment().unwrap(), trial.get::<Service>(MODEL).unwrap());
        let noted = [model.annotations(), deployment.annotations(), service.annotations()];
        assert!(noted.iter().all(|annotations| annotations["example.org/note"] == "keep"), "{noted:?}");
        let labelled = [model.labels(), deployment.labels(), service.labels()];
        assert!(labelled.iter().all(|labels| labels["team"] == "trials"), "{labelled:?}");
    });
}

#[test]
fn same_manifest_applied_again_changes_nothing() {
    shared_story("again", |trial| {
        trial.promote_first();
        // The Deployment's record follows the status.
        trial.rests();
        let versions = || {
            let (deployment, service) = (trial.deployment().unwrap(), trial.get::<Service>(MODEL).unwrap());
            [trial.model().resource_version(), deployment.resource_version(), service.resource_version()]
        };
        let before = versions();
        trial.apply(&trial.spec());
        trial.apply(&trial.spec());
        // Even a pass that something woke writes nothing.
        trial.merge::<Service>(MODEL, json!({"metadata": {"annotations": {"example.org/note": "keep"}}}));
        let noted = versions();
        trial.rests();
        assert_eq!(versions(), noted);
        assert_eq!(before[..2], noted[..2]);
    });
}
