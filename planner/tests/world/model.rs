//! The model of the toy cluster, and how a change of its status reads. It decides nothing.

use dropout_crds::{DropoutModelSpec, DropoutModelStatus};

/// The spec of an example trial, with everything else at its default.
pub fn spec() -> DropoutModelSpec {
    let text = r#"{
        "study": {"id": "ONC-302"},
        "patientId": "patient_id",
        "features": [{"name": "age", "type": "Number"}, {"name": "missed_visits", "type": "Integer"}],
        "label": {"column": "dropped_out", "horizon": "28d"},
        "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "trial-data"}}},
        "store": {"uri": "file:///models", "persistentVolumeClaim": {"claimName": "model-store"}},
        "serving": {"apiKeys": {"secretRef": {"name": "keys"}}}
    }"#;
    serde_json::from_str(text).unwrap()
}

/// What changed from one status to the next, in the words of `kubectl get` and `kubectl describe`.
pub fn changes(old: Option<&DropoutModelStatus>, new: &DropoutModelStatus) -> Vec<String> {
    let mut lines = Vec::new();
    let headline = |status: &DropoutModelStatus| {
        let name = |release: &Option<dropout_crds::status::Release>| {
            release.as_ref().map_or("none".to_owned(), |r| r.name.clone())
        };
        let candidate = status.candidate.as_ref().map_or("none", |candidate| candidate.name.as_str());
        let stage = status.stage.clone().unwrap_or_default();
        format!(
            "{stage}: production {}, candidate {candidate}, previous {}",
            name(&status.production),
            name(&status.previous)
        )
    };
    if old.map(headline) != Some(headline(new)) {
        lines.push(headline(new));
    }
    if let Some(holdout) = new.holdout.filter(|_| old.and_then(|old| old.holdout) != new.holdout) {
        lines.push(format!(
            "look {} at the holdout since {} of {} patients dropped out",
            holdout.looks, holdout.positive_patients, holdout.patients
        ));
    }
    for condition in &new.conditions {
        let said = |c: &&k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition| {
            c.type_ == condition.type_ && c.status == condition.status && c.reason == condition.reason
        };
        if !old.is_some_and(|old| old.conditions.iter().any(|c| said(&c))) {
            lines.push(format!("{}={}/{}: {}", condition.type_, condition.status, condition.reason, condition.message));
        }
    }
    lines
}
