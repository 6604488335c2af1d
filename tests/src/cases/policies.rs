//! Policies that the API must accept or refuse, each one edit away from one that watches the quickstart's model.

use super::{
    Case, Edit, Refusal, Update,
    creations::{bad, good, no},
    nothing, set, take,
};
use serde_json::{Value, json};

const NAME: &str = "metadata.name: at most 40 lower-case letters, digits and dashes, beginning with a letter";
const MODEL: &str = "modelRef is immutable; make another RetrainPolicy";
const SAME_NAME: &str = "triggers: two triggers have the same name";
const ONE_KIND: &str = "triggers: set exactly one of drift, performance, schedule and newData";
const MONITOR: &str = "monitor is needed by triggers of drift, performance and newData";
const CONSECUTIVE: &str = "triggers: consecutive belongs to drift and performance";
const MEASURED: &str = "triggers: performance is realised as roc_auc, recall, precision, f1, alert_rate, brier or calibration_in_the_large, and estimated as roc_auc, f1, precision or recall";
const BOUND: &str = "triggers: performance sets exactly one of below and above";
const BLACKOUT: &str = "blackouts: start is not before end";
const SOURCE: &str = "monitor.source: set exactly one of predictions, configMap and report";
const PLACE: &str =
    "uri: file:/// needs the persistentVolumeClaim that it is on, s3:// has none; add it or take it out";
const KEYS: &str = "secretRef: s3:// needs the Secret with its keys, file:/// has none; add it or take it out";

/// The policy that every case edits.
pub fn policy() -> Value {
    json!({
        "apiVersion": "trialops.dev/v1alpha1",
        "kind": "RetrainPolicy",
        "metadata": {"name": "onc-302-drift", "namespace": "trial-onc-302"},
        "spec": {
            "modelRef": {"name": "onc-302"},
            "monitor": {"every": "1d", "window": "28d", "minRows": 100},
            "triggers": [{"name": "drift", "drift": {}, "consecutive": 2}],
        },
    })
}

/// The policy after an edit.
pub fn edited_policy(edit: Edit) -> Value {
    let mut policy = policy();
    edit(&mut policy);
    policy
}

/// All creations.
pub fn policy_creations() -> Vec<Case> {
    [whole(), names(), triggers(), monitors(), limits(), by_schema()].concat()
}

/// All updates.
pub fn policy_updates() -> Vec<Update> {
    let good = |name, new: Edit| Update { name, old: nothing, new, refusal: None };
    vec![
        good("the policy as it was", nothing),
        good("other triggers and limits", |policy| {
            set(policy, "/spec/triggers", json!([{"name": "nightly", "schedule": {"cron": "0 2 * * *"}}]));
            set(policy, "/spec/limits", json!({"cooldown": "1d"}));
        }),
        good("a policy that is suspended", |policy| set(policy, "/spec/suspend", json!(true))),
        Update {
            name: "another model",
            old: nothing,
            new: |policy| set(policy, "/spec/modelRef/name", json!("onc-303")),
            refusal: Some(Refusal::Rule(MODEL)),
        },
    ]
}

fn whole() -> Vec<Case> {
    vec![
        good("the policy as it is", nothing),
        good("a policy with every field", everything),
        good("a policy of schedules alone, which watches nothing", |policy| {
            take(policy, "/spec/monitor");
            set(policy, "/spec/triggers", json!([{"name": "nightly", "schedule": {"cron": "0 2 * * *"}}]));
        }),
    ]
}

fn everything(policy: &mut Value) {
    set(
        policy,
        "/spec/monitor",
        json!({
            "every": "6h", "window": "14d", "minRows": 50, "method": "Evidently", "source": {"predictions": {}},
            "maxAge": "2d", "activeDeadline": "20m", "pod": {"serviceAccountName": "trial"},
        }),
    );
    set(
        policy,
        "/spec/triggers",
        json!([
            {"name": "drift", "drift": {"share": 0.3}, "consecutive": 3, "action": "Notify"},
            {"name": "auc", "performance": {"metric": "roc_auc", "below": 0.7, "source": "Realised", "minLabelled": 60}},
            {"name": "brier", "performance": {"metric": "brier", "above": 0.2}},
            {"name": "nightly", "schedule": {"cron": "0 2 * * *", "timeZone": "Europe/Berlin", "startingDeadline": "2h"}},
            {"name": "labels", "newData": {"minLabelledPatients": 200}},
        ]),
    );
    set(
        policy,
        "/spec/limits",
        json!({
            "cooldown": "3d", "budget": {"runs": 4, "per": "30d"}, "backoff": {"initial": "1h", "max": "2d"},
            "suspendAfterRefusals": 3, "minNewLabelledPatients": 20,
        }),
    );
    let lock =
        json!({"name": "lock", "start": "2026-12-20T00:00:00Z", "end": "2027-01-02T00:00:00Z", "reason": "freeze"});
    set(policy, "/spec/blackouts", json!([lock]));
    set(policy, "/spec/action", json!("Notify"));
    set(policy, "/spec/suspend", json!(false));
}

fn names() -> Vec<Case> {
    vec![
        good("a name of 40 characters", |policy| set(policy, "/metadata/name", json!("a".repeat(40)))),
        bad("a name of 41 characters", NAME, |policy| set(policy, "/metadata/name", json!("a".repeat(41)))),
        bad("a name that begins with a digit", NAME, |policy| set(policy, "/metadata/name", json!("3-drift"))),
    ]
}

fn triggers() -> Vec<Case> {
    vec![
        bad("two triggers of one name", SAME_NAME, |policy| {
            add(policy, json!({"name": "drift", "newData": {"minLabelledPatients": 5}}));
        }),
        bad("a trigger of no kind", ONE_KIND, |policy| add(policy, json!({"name": "none"}))),
        bad("a trigger of two kinds", ONE_KIND, |policy| {
            add(policy, json!({"name": "both", "drift": {}, "newData": {"minLabelledPatients": 5}}));
        }),
        bad("drift that nobody watches for", MONITOR, |policy| take(policy, "/spec/monitor")),
        bad("new data that nobody watches for", MONITOR, |policy| {
            take(policy, "/spec/monitor");
            set(policy, "/spec/triggers", json!([{"name": "labels", "newData": {"minLabelledPatients": 5}}]));
        }),
        bad("a schedule twice in a row", CONSECUTIVE, |policy| {
            add(policy, json!({"name": "nightly", "schedule": {"cron": "0 2 * * *"}, "consecutive": 2}));
        }),
        bad("new data twice in a row", CONSECUTIVE, |policy| {
            add(policy, json!({"name": "labels", "newData": {"minLabelledPatients": 5}, "consecutive": 2}));
        }),
        bad("a metric without a bound", BOUND, |policy| {
            add(policy, json!({"name": "auc", "performance": {"metric": "roc_auc"}}));
        }),
        bad("a metric that is never measured", MEASURED, |policy| {
            add(policy, json!({"name": "auc", "performance": {"metric": "pr_auc", "below": 0.3}}));
        }),
        bad("a metric that is never estimated", MEASURED, |policy| {
            add(
                policy,
                json!({"name": "brier", "performance": {"metric": "brier", "above": 0.2, "source": "Estimated"}}),
            );
        }),
        bad("a metric with two bounds", BOUND, |policy| {
            add(policy, json!({"name": "auc", "performance": {"metric": "roc_auc", "below": 0.7, "above": 0.9}}));
        }),
    ]
}

fn add(policy: &mut Value, trigger: Value) {
    set(policy, "/spec/triggers/-", trigger);
}

fn monitors() -> Vec<Case> {
    vec![
        good("a report in a ConfigMap", |policy| {
            set(policy, "/spec/monitor/source", json!({"configMap": {"name": "evidently"}}));
        }),
        good("a report on a claim", |policy| {
            let report = json!({"uri": "file:///latest.json", "persistentVolumeClaim": {"claimName": "reports"}});
            set(policy, "/spec/monitor/source", json!({"report": report}));
        }),
        good("a report in a bucket", |policy| {
            let report = json!({"uri": "s3://reports/latest.json", "secretRef": {"name": "report-keys"}});
            set(policy, "/spec/monitor/source", json!({"report": report}));
        }),
        bad("a report on no claim", PLACE, |policy| {
            set(policy, "/spec/monitor/source", json!({"report": {"uri": "file:///latest.json"}}));
        }),
        bad("a report in a bucket without its keys", KEYS, |policy| {
            set(policy, "/spec/monitor/source", json!({"report": {"uri": "s3://reports/latest.json"}}));
        }),
        bad("a source that names nothing", SOURCE, |policy| set(policy, "/spec/monitor/source", json!({}))),
        bad("a source that names two", SOURCE, |policy| {
            set(policy, "/spec/monitor/source", json!({"predictions": {}, "configMap": {"name": "evidently"}}));
        }),
    ]
}

fn limits() -> Vec<Case> {
    vec![
        good("a blackout in another time zone", |policy| {
            let lock = json!({"name": "lock", "start": "2026-12-20T00:00:00+01:00", "end": "2026-12-20T00:00:00Z"});
            set(policy, "/spec/blackouts", json!([lock]));
        }),
        bad("a blackout that ends when it begins", BLACKOUT, |policy| {
            let lock = json!({"name": "lock", "start": "2026-12-20T01:00:00+01:00", "end": "2026-12-20T00:00:00Z"});
            set(policy, "/spec/blackouts", json!([lock]));
        }),
        bad("a blackout that ends before it begins", BLACKOUT, |policy| {
            let lock = json!({"name": "lock", "start": "2027-01-02T00:00:00Z", "end": "2026-12-20T00:00:00Z"});
            set(policy, "/spec/blackouts", json!([lock]));
        }),
    ]
}

fn by_schema() -> Vec<Case> {
    vec![
        no("no trigger", "spec.triggers", |policy| set(policy, "/spec/triggers", json!([]))),
        no("a share above 1", "share", |policy| set(policy, "/spec/triggers/0/drift/share", json!(1.5))),
        no("13 reports in a row", "consecutive", |policy| set(policy, "/spec/triggers/0/consecutive", json!(13))),
        no("a time between looks without a unit", "spec.monitor.every", |policy| {
            set(policy, "/spec/monitor/every", json!("60"));
        }),
        no("a method nobody knows", "spec.monitor.method", |policy| {
            set(policy, "/spec/monitor/method", json!("Guess"));
        }),
        no("a budget of none", "spec.limits.budget.runs", |policy| {
            set(policy, "/spec/limits", json!({"budget": {"runs": 0, "per": "30d"}}));
        }),
        no("a blackout on a day", "spec.blackouts[0].start", |policy| {
            let lock = json!({"name": "lock", "start": "2026-12-20", "end": "2027-01-02T00:00:00Z"});
            set(policy, "/spec/blackouts", json!([lock]));
        }),
    ]
}
