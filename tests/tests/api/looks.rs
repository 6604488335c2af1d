//! Policies and the looks of their monitors, played as a user and kubelet do.

use super::{
    pods::{self, End},
    specs::MODEL,
    trial::{Trial, task_of},
};
use dropout_crds::{RetrainPolicy, retrain_policy::TriggerStatus};
use dropout_model::{
    digest::digest,
    monitoring::{CONTRACT, MonitorAnswer, MonitorTask, WindowVerdict},
};
use k8s_openapi::api::{batch::v1::Job, core::v1::ConfigMap};
use kube::{
    ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

/// Name of the policy of most tests.
pub const POLICY: &str = "onc-302-drift";

/// A policy of the trial's model with these parts of a spec.
pub fn policy(name: &str, spec: Value) -> Value {
    let mut all = json!({"modelRef": {"name": MODEL}});
    for (key, value) in spec.as_object().unwrap() {
        all[key] = value.clone();
    }
    json!({
        "apiVersion": "trialops.dev/v1alpha1", "kind": "RetrainPolicy", "metadata": {"name": name}, "spec": all,
    })
}

/// A policy that fires at the second drifted window in a row; windows and looks are as short as they may be.
pub fn impatient() -> Value {
    json!({
        "monitor": {"every": "5s", "window": "1s", "minRows": 1},
        "triggers": [{"name": "drift", "drift": {}, "consecutive": 2}],
        "limits": {"cooldown": "0s", "minNewLabelledPatients": 0},
    })
}

/// What a monitor answers about a window that drifted.
pub fn drifted(task: &MonitorTask) -> MonitorAnswer {
    MonitorAnswer {
        contract: CONTRACT.into(),
        task: task.hash(),
        verdict: WindowVerdict::Drift,
        reason: "WeightedShare".into(),
        message: "6 of 10 columns moved; weighted share 0.61 of 412 patients".into(),
        report: Some(digest(task.until.as_bytes())),
        folder: Some(format!("drift/{}", task.until)),
        window_end: Some(task.until.clone()),
        patients: Some(412),
        share: Some(0.61),
        performance: Vec::new(),
        new_labelled_patients: Some(200),
        lost: 0,
    }
}

impl Trial {
    /// Applies a policy as a user does.
    pub fn apply_policy(&self, policy: &Value) -> RetrainPolicy {
        let parameters = PatchParams::apply("test-user").force();
        let name = policy["metadata"]["name"].as_str().unwrap();
        self.world.block_on(self.api::<RetrainPolicy>().patch(name, &parameters, &Patch::Apply(policy))).unwrap()
    }

    /// Waits until a policy is as wanted.
    pub fn policy_until(&self, name: &str, what: &str, is_so: impl Fn(&RetrainPolicy) -> bool) -> RetrainPolicy {
        self.wait(what, || self.get::<RetrainPolicy>(name).filter(|policy| is_so(policy)))
    }

    /// The look of a policy that waits for an answer, with its task.
    pub fn look(&self, policy: &str) -> (Job, MonitorTask) {
        let labels = format!("trialops.dev/policy={policy},app.kubernetes.io/component=monitor");
        let is_open = |job: &Job| {
            job.metadata.deletion_timestamp.is_none()
                && job.status.as_ref().is_none_or(|status| status.completion_time.is_none() && status.failed.is_none())
        };
        let job = self.wait("a look", || self.list::<Job>(&labels).into_iter().find(is_open));
        let config: ConfigMap = self.get(&job.name_any()).expect("the ConfigMap of the task");
        let task: MonitorTask = serde_json::from_str(&config.data.unwrap()["task.json"]).unwrap();
        assert_eq!(task.hash(), task_of(&job));
        (job, task)
    }

    /// Lets a look end with an answer, and waits until the cluster says so.
    pub fn answer_look(&self, job: &Job, answer: &MonitorAnswer) {
        let text = answer.to_message().unwrap();
        let pod = self.pod_of(job);
        self.set_status(&pod, &pods::ended(&pod, &End::with_code("monitor", 0, text)));
        self.wait("the look to end", || {
            let job = self.get::<Job>(&job.name_any());
            job.is_none_or(|job| job.status.is_some_and(|status| status.completion_time.is_some())).then_some(())
        });
    }
}

/// How a trigger of a policy stands.
pub fn trigger<'a>(policy: &'a RetrainPolicy, name: &str) -> Option<&'a TriggerStatus> {
    policy.status.as_ref()?.triggers.iter().find(|trigger| trigger.name == name)
}

/// A condition of a policy: its status and reason.
pub fn policy_condition(policy: &RetrainPolicy, kind: &str) -> (String, String) {
    let conditions = policy.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let found = conditions.iter().find(|condition| condition.type_ == kind);
    found.map(|found| (found.status.clone(), found.reason.clone())).unwrap_or_default()
}
