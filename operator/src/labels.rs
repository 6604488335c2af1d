//! Names, labels and annotations of everything we make. A leaf: it knows no cluster.

use dropout_model::digest::{json_digest, short};
use std::collections::BTreeMap;

/// Field manager of every write, and the value of `app.kubernetes.io/managed-by`.
pub const MANAGER: &str = "dropout-operator";
/// What labels and annotations of ours begin with.
pub const GROUP: &str = "trialops.dev/";
/// Label: who made it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label: name of the model.
pub const MODEL: &str = "trialops.dev/model";
/// Label: `job`, `serving` or `monitor`.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Label of a monitor's Job: name of the policy.
pub const POLICY: &str = "trialops.dev/policy";
/// Label of a ConfigMap with a report that somebody else made: name of the model that the report is about.
pub const REPORT: &str = "trialops.dev/drift-report";
/// Annotation of such a ConfigMap: end of the report's window.
pub const WINDOW_END: &str = "trialops.dev/window-end";
/// Label: name of the version.
pub const VERSION: &str = "trialops.dev/version";
/// Label of a Job: what it does.
pub const WORK: &str = "trialops.dev/work";
/// Label of a Job: which attempt.
pub const ATTEMPT: &str = "trialops.dev/attempt";
/// Annotation of a Job: hash of the task that it answers.
pub const TASK: &str = "trialops.dev/task";
/// Annotation of a ConfigMap: digest of its content.
pub const CONTENT: &str = "trialops.dev/content";
/// Annotation of the Deployment and label of its pods: hash of the template.
pub const TEMPLATE: &str = "trialops.dev/template";
/// Annotation of the Deployment: digest of the bundle it serves.
pub const BUNDLE: &str = "trialops.dev/bundle";
/// Annotation of the Deployment: what must survive the loss of a status.
pub const RECORD: &str = "trialops.dev/record";

/// The component of a Job and its parts.
pub const JOB: &str = "job";
/// The component of the serving Deployment and its parts.
pub const SERVING: &str = "serving";
/// The component of a monitor's Job and its parts.
pub const MONITOR: &str = "monitor";

/// The selector of everything of ours.
pub fn ours() -> String {
    format!("{MANAGED_BY}={MANAGER}")
}

/// The selector of everything of one model. What watches it belongs to its policies.
pub fn of_model(model: &str) -> String {
    format!("{MANAGED_BY}={MANAGER},{MODEL}={model},{COMPONENT}!={MONITOR}")
}

/// The selector of everything of one policy.
pub fn of_policy(policy: &str) -> String {
    format!("{MANAGED_BY}={MANAGER},{POLICY}={policy},{COMPONENT}={MONITOR}")
}

/// The labels of a part of a model.
pub fn labels(model: &str, component: &str) -> BTreeMap<String, String> {
    [(MANAGED_BY, MANAGER), (MODEL, model), (COMPONENT, component)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// The labels of a part of a policy of a model.
pub fn monitor_labels(model: &str, policy: &str) -> BTreeMap<String, String> {
    let mut labels = labels(model, MONITOR);
    labels.insert(POLICY.to_owned(), policy.to_owned());
    labels
}

/// Longest name of a Job: it becomes a label of the Job's pods.
const LONGEST_NAME: usize = 63;

/// The name of a Job: the same for the same model, version, work and attempt, and for no other. Of a long name of a
/// model only the beginning is in it; the hash tells such models apart.
pub fn job_name(model: &str, uid: &str, step: (u32, &str, u32)) -> String {
    let (version, work, attempt) = step;
    let hash = json_digest(&(uid, work, version, attempt));
    named(model, &format!("-v{version}-{}-{}", work.to_lowercase(), short(&hash, 8)))
}

/// The name of a monitor's Job: the same for the same policy and task, and for no other.
pub fn monitor_job_name(policy: &str, uid: &str, task: &str) -> String {
    named(policy, &format!("-{MONITOR}-{}", short(&json_digest(&(uid, task)), 10)))
}

/// As much of a name as leaves room for the end.
fn named(name: &str, end: &str) -> String {
    let name = name.get(..LONGEST_NAME.saturating_sub(end.len())).unwrap_or(name);
    format!("{}{end}", name.trim_end_matches('-'))
}

/// The name of a serving ConfigMap, from its content.
pub fn serving_config_name(model: &str, content: &str) -> String {
    format!("{model}-serving-{}", short(&dropout_model::digest::digest(content.as_bytes()), 10))
}
