//! A policy, what was gathered about it, and a look of its monitor.

use super::{of, quickstart, stored};
use dropout_crds::{RetrainPolicy, RetrainPolicySpec};
use dropout_model::{
    digest::digest,
    manifest::Source,
    monitoring::{CONTRACT, MonitorTask, Reads, ReportOrigin, RuleName},
    task::Served,
};
use dropout_operator::observe::policy::gather::GatheredPolicy;
use dropout_planner::observed::Identity;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Uid of the policy.
pub const POLICY_UID: &str = "6f1c1d3e-0000-4000-8000-000000000900";

/// A policy that watches the quickstart's model by its predictions.
pub fn policy() -> Value {
    json!({
        "apiVersion": "trialops.dev/v1alpha1", "kind": "RetrainPolicy",
        "metadata": {
            "name": "onc-302-drift", "namespace": "trial-onc-302", "uid": POLICY_UID, "generation": 1,
            "resourceVersion": "11", "creationTimestamp": "2026-11-20T08:00:00Z",
        },
        "spec": {
            "modelRef": {"name": "onc-302"},
            "monitor": {"every": "1d", "window": "28d"},
            "triggers": [{"name": "drift", "drift": {}}, {"name": "yearly", "schedule": {"cron": "0 0 1 1 *"}}],
        },
    })
}

/// A policy whose report is in a ConfigMap.
pub fn reading_a_config_map() -> Value {
    let mut policy = policy();
    policy["spec"]["monitor"]["source"] = json!({"configMap": {"name": "evidently"}});
    policy
}

/// What is known of a policy beside which there is only its model.
pub fn with_its_model(policy: Value) -> GatheredPolicy {
    GatheredPolicy {
        policy: Arc::new(of(policy)),
        model: Some(Arc::new(stored(quickstart()))),
        rivals: Vec::new(),
        jobs: Vec::new(),
        pods: Vec::new(),
        configs: Vec::new(),
        report: None,
        store_claim: None,
        complaints: BTreeMap::new(),
    }
}

/// Who the policy is.
pub fn policy_identity() -> Identity {
    Identity { namespace: "trial-onc-302".into(), name: "onc-302-drift".into(), uid: POLICY_UID.into(), generation: 1 }
}

/// The task of a look.
pub fn monitor_task(model: &Value, reads: Reads) -> MonitorTask {
    let spec = super::spec(model);
    MonitorTask {
        contract: CONTRACT.into(),
        namespace: "trial-onc-302".into(),
        name: "onc-302".into(),
        policy: "onc-302-drift".into(),
        version: "v3".into(),
        production: Served { digest: digest(b"bundle"), threshold: 0.25 },
        store: spec.store.uri.clone(),
        manifest: spec.manifest(),
        until: "2026-11-20T09:00:00Z".into(),
        window_seconds: 28 * 86_400,
        min_rows: 100,
        rule: RuleName::Default,
        reads,
        retention_seconds: None,
    }
}

/// The report that the policy of [`reading_a_config_map`] reads.
pub fn origin() -> ReportOrigin {
    ReportOrigin {
        config_map: "evidently".into(),
        state: "uid-report/41".into(),
        model: Some("onc-302".into()),
        version: Some("v3".into()),
        window_end: Some("2026-11-20T09:00:00Z".into()),
    }
}

/// A report on a claim.
pub fn report_source() -> Source {
    of(json!({"uri": "file:///reports/latest.json", "persistentVolumeClaim": {"claimName": "reports"}}))
}

/// The spec of a policy.
pub fn watching() -> RetrainPolicySpec {
    of(policy()["spec"].clone())
}

/// A policy of another name and age.
pub fn rival(name: &str, created: &str) -> Arc<RetrainPolicy> {
    let mut rival = policy();
    rival["metadata"]["name"] = json!(name);
    rival["metadata"]["uid"] = json!(format!("uid-{name}"));
    rival["metadata"]["creationTimestamp"] = json!(created);
    Arc::new(of(rival))
}
