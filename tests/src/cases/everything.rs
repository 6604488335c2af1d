//! A manifest that sets every field. It tries nothing by itself.

use super::set;
use serde_json::{Value, json};

/// Sets every field that a spec has.
pub(super) fn everything(model: &mut Value) {
    let pod = json!({
        "serviceAccountName": "trial", "imagePullSecrets": [{"name": "pull"}], "nodeSelector": {"zone": "a"},
        "tolerations": [{"key": "gpu", "operator": "Equal", "value": "no", "effect": "NoSchedule"}],
        "priorityClassName": "low", "labels": {"team": "a"}, "annotations": {"note": "b"},
        "env": [{"name": "RUST_LOG", "value": "debug"}],
        "resources": {"requests": {"cpu": 1, "memory": "64Mi"}, "limits": {"memory": "1Gi"}},
    });
    set(model, "/spec/features/0/role", json!("Value"));
    set(model, "/spec/features/0/onMissing", json!("Indicate"));
    set(model, "/spec/features/0/monotone", json!("Increasing"));
    set(model, "/spec/features/-", json!({"name": "region", "type": "Category", "values": ["north", "south"]}));
    set(
        model,
        "/spec/label",
        json!({"column": "out", "positive": "yes", "horizon": "28d", "maturesAfter": "35d", "censor": "lost"}),
    );
    set(model, "/spec/data/holdout", json!({"fraction": 0.3}));
    set(model, "/spec/data/training/digest", json!(format!("sha256:{}", "0".repeat(64))));
    set(
        model,
        "/spec/training",
        json!({
            "algorithms": ["Logistic", "GradientBoosting"], "classWeight": "Balanced", "image": "trainer:1", "pod": pod,
            "activeDeadline": "2h", "retries": 3, "seed": 7,
        }),
    );
    every_way_to_judge(model);
    set(model, "/spec/threshold", json!({"targetRecall": 0.7}));
    set(
        model,
        "/spec/tiers",
        json!([
            {"name": "Low", "from": 0, "intervention": "SMS"},
            {"name": "Medium", "intervention": "NurseCall"},
            {"name": "High", "from": 0.8, "intervention": "OnSiteVisit"},
        ]),
    );
    set(model, "/spec/rollout", json!({"progressDeadline": "5m", "soak": "30s", "automaticRollback": "Disabled"}));
    set(model, "/spec/serving/pod", pod);
    set(model, "/spec/suspend", json!(true));
}

/// Sets every field that a gate has.
fn every_way_to_judge(model: &mut Value) {
    let judged = [
        ("evaluate", json!("Recent")),
        ("confidence", json!({"method": "PairedBootstrap", "level": 0.9, "spending": "None"})),
        (
            "guardrails",
            json!([
                {"metric": "brier", "comparison": "Absolute", "margin": 0.02, "enforcement": "Report"},
                {"metric": "alert_rate", "comparison": "Relative", "margin": 0.2},
            ]),
        ),
        (
            "slices",
            json!([
                {"column": "site", "metric": "precision", "margin": 0.1, "minPatients": 30, "enforcement": "Report"},
                {"column": "region"},
            ]),
        ),
        ("interventions", json!({"column": "called", "touched": "Accept"})),
        ("minPatients", json!(50)),
        ("minPositivePatients", json!(10)),
    ];
    for (field, value) in judged {
        set(model, &format!("/spec/gate/{field}"), value);
    }
}
