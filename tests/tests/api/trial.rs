//! One test's own namespace with one model, its user and its kubelet.

use super::{
    operator,
    pods::{self, End, Serving},
    specs::{self, MODEL},
    world::{PATIENCE, World, eventually, world},
};
use dropout_crds::{
    ConditionType, DropoutModel,
    status::{CandidateWork, Entry},
};
use dropout_model::task::Answer;
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::{Namespace, PersistentVolumeClaim, Pod},
    },
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

/// Field manager of the user.
const USER: &str = "test-user";
/// Annotation of a Job: hash of the task that it answers.
const TASK: &str = "trialops.dev/task";
/// How long a model is watched that should be at rest.
const REST: Duration = Duration::from_secs(3);

/// A namespace with one model.
pub struct Trial {
    pub world: &'static World,
    pub namespace: String,
    serving: Cell<Serving>,
}

impl Trial {
    /// A namespace that enforces `restricted`, with a claim that many nodes may mount.
    pub fn new(namespace: &str) -> Self {
        let trial = Self::without_claim(namespace);
        trial.create_claim("ReadWriteMany");
        trial
    }

    /// A namespace alone.
    pub fn without_claim(namespace: &str) -> Self {
        let world = world();
        let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
        let object = json!({"metadata": {"name": namespace, "labels": labels}});
        let api: Api<Namespace> = Api::all(world.client.clone());
        world.block_on(api.create(&PostParams::default(), &serde_json::from_value(object).unwrap())).unwrap();
        Self { world, namespace: namespace.to_owned(), serving: Cell::new(Serving::Ready) }
    }

    /// Creates the claim of data and store.
    pub fn create_claim(&self, mode: &str) {
        let resources = json!({"requests": {"storage": "1Gi"}});
        self.create::<PersistentVolumeClaim>(json!({
            "metadata": {"name": MODEL},
            "spec": {"accessModes": [mode], "resources": resources},
        }));
    }

    /// The model that most tests begin with.
    pub fn spec(&self) -> Value {
        specs::model(&self.namespace)
    }

    /// Applies a model as a user does.
    pub fn apply(&self, model: &Value) -> DropoutModel {
        let parameters = PatchParams::apply(USER).force();
        self.world.block_on(self.api::<DropoutModel>().patch(MODEL, &parameters, &Patch::Apply(model))).unwrap()
    }

    /// Sets an annotation of the model, such as a command.
    pub fn annotate(&self, key: &str, value: &str) {
        self.merge::<DropoutModel>(MODEL, json!({"metadata": {"annotations": {key: value}}}));
    }

    /// The model.
    pub fn model(&self) -> DropoutModel {
        self.get(MODEL).expect("the model is there")
    }

    /// What becomes of serving pods from now on.
    pub fn serve(&self, serving: Serving) {
        self.serving.set(serving);
    }

    /// Plays kubelet to serving pods until the model is as wanted.
    pub fn until(&self, what: &str, is_so: impl Fn(&DropoutModel) -> bool) -> DropoutModel {
        self.wait(what, || self.get::<DropoutModel>(MODEL).filter(|model| is_so(model)))
    }

    /// Plays kubelet to serving pods until there is what is looked for.
    pub fn wait<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            self.play_kubelet();
            if let Some(found) = look() {
                return found;
            }
            if start.elapsed() > PATIENCE {
                panic!("waited {PATIENCE:?} for {what} in {}\n{}", self.namespace, self.report());
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The Job of a step, once it is there.
    pub fn job(&self, version: &str, work: CandidateWork, attempt: u32) -> Job {
        let step = format!("trialops.dev/version={version},trialops.dev/work={work:?},trialops.dev/attempt={attempt}");
        self.wait(&format!("the Job {step}"), || self.list::<Job>(&step).pop())
    }

    /// The training of a version, first attempt.
    pub fn training(&self, version: &str) -> Job {
        self.job(version, CandidateWork::Train, 1)
    }

    /// The pod of a Job that has not ended.
    pub fn pod_of(&self, job: &Job) -> Pod {
        let label = format!("batch.kubernetes.io/job-name={}", job.name_any());
        self.wait(&format!("a pod of {}", job.name_any()), || {
            self.list::<Pod>(&label).into_iter().find(|pod| !pods::is_over(pod))
        })
    }

    /// Lets the Job's pod end with what its main container answers.
    pub fn answer(&self, job: &Job, answer: impl FnOnce(&str) -> Answer) {
        self.answer_pod(&self.pod_of(job), job, answer);
    }

    /// Lets this pod of the Job end with what its main container answers.
    pub fn answer_pod(&self, pod: &Pod, job: &Job, answer: impl FnOnce(&str) -> Answer) {
        let text = answer(&task_of(job)).to_message().unwrap();
        self.set_status(pod, &pods::ended(pod, &End::with_code("evaluate", 0, text)));
    }

    /// Lets the Job's pod end.
    pub fn end(&self, job: &Job, end: &End) {
        let pod = self.pod_of(job);
        self.set_status(&pod, &pods::ended(&pod, end));
    }

    /// Writes a pod's status, as kubelet does.
    pub fn set_status(&self, pod: &Pod, status: &Value) {
        let body = Patch::Merge(json!({"status": status}));
        // A pod may go while we look at it.
        let _ = self.world.block_on(self.api::<Pod>().patch_status(&pod.name_any(), &PatchParams::default(), &body));
    }

    /// Sees that for a while no Job is there, but the last that failed, and the model is not written.
    pub fn rests(&self) {
        let is_rest = || {
            let jobs = self.list::<Job>("app.kubernetes.io/managed-by=dropout-operator");
            jobs.len() <= 1 && jobs.iter().all(|job| job.status.as_ref().is_some_and(|status| status.failed.is_some()))
        };
        self.wait("the Jobs to go", || is_rest().then_some(()));
        let before = self.model();
        let start = Instant::now();
        while start.elapsed() < REST {
            self.play_kubelet();
            assert!(is_rest(), "a Job appeared\n{}", self.report());
            thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(before.resource_version(), self.model().resource_version(), "it was written\n{}", self.report());
    }

    /// From nothing to v1 in production.
    pub fn promote_first(&self) -> DropoutModel {
        self.promote(&self.spec())
    }

    /// As `promote_first`, for a model that keeps records of its predictions.
    pub fn promote_recorded(&self) -> DropoutModel {
        let key = json!({"pseudonymKey": {"secretRef": {"name": "onc-302-pseudonyms"}, "id": "k1"}});
        self.promote(&specs::with(&self.spec(), json!({"study": key, "serving": {"records": {}}})))
    }

    fn promote(&self, model: &Value) -> DropoutModel {
        self.apply(model);
        self.answer(&self.training("v1"), |task| super::passed(task, "v1"));
        self.until("v1 to be production", |model| is_production(model, "v1") && is_current(model))
    }

    /// The serving Deployment.
    pub fn deployment(&self) -> Option<Deployment> {
        self.get(MODEL)
    }

    /// One object.
    pub fn get<K: Kind>(&self, name: &str) -> Option<K> {
        self.world.block_on(self.api::<K>().get_opt(name)).unwrap()
    }

    /// Objects with labels.
    pub fn list<K: Kind>(&self, labels: &str) -> Vec<K> {
        self.world.block_on(self.api::<K>().list(&ListParams::default().labels(labels))).unwrap().items
    }

    /// Creates an object.
    pub fn create<K: Kind>(&self, object: Value) -> K {
        let object: K = serde_json::from_value(object).unwrap();
        self.world.block_on(self.api::<K>().create(&PostParams::default(), &object)).unwrap()
    }

    /// Changes an object as somebody else.
    pub fn merge<K: Kind>(&self, name: &str, part: Value) -> K {
        let parameters = PatchParams { field_manager: Some("somebody".into()), ..PatchParams::default() };
        self.world.block_on(self.api::<K>().patch(name, &parameters, &Patch::Merge(part))).unwrap()
    }

    /// Deletes an object, its children in the background.
    pub fn delete<K: Kind>(&self, name: &str) {
        self.world.block_on(self.api::<K>().delete(name, &DeleteParams::background())).unwrap();
    }

    /// The API of a kind in this namespace.
    pub fn api<K: Kind>(&self) -> Api<K> {
        Api::namespaced(self.world.client.clone(), &self.namespace)
    }

    /// Gives serving pods what is set for them.
    pub fn play_kubelet(&self) {
        let serving = self.list::<Pod>("app.kubernetes.io/component=serving");
        for pod in serving.iter().filter(|pod| !pods::is_ready(pod) && !pods::is_over(pod)) {
            if let Some(status) = pods::serving(pod, self.serving.get()) {
                self.set_status(pod, &status);
            }
        }
    }

    /// Everything one needs to see why a wait ended in vain.
    pub fn report(&self) -> String {
        let of = |kinds: &str, output: &str| {
            let answer = self.world.cluster.kubectl(&["get", kinds, "-n", &self.namespace, output]);
            answer.unwrap_or_else(|error| error.to_string())
        };
        let log = operator::log_end(&operator::log(self.world), &self.namespace);
        let parts = [of("dropoutmodels", "-oyaml"), of("jobs,pods,deployments", "-owide"), log];
        parts.join("\n----\n")
    }
}

/// A kind of object in a namespace.
pub trait Kind:
    Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize
{
}

impl<K> Kind for K where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
{
}

/// The hash of the task that a Job's answer must name.
pub fn task_of(job: &Job) -> String {
    job.annotations()[TASK].clone()
}

/// A condition's status, reason and sentence.
pub fn condition(model: &DropoutModel, kind: ConditionType) -> (String, String, String) {
    let conditions = model.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let found: Option<&Condition> = conditions.iter().find(|condition| condition.type_ == kind.name());
    found.map(|found| (found.status.clone(), found.reason.clone(), found.message.clone())).unwrap_or_default()
}

/// Whether a condition has this status and reason.
pub fn is(model: &DropoutModel, kind: ConditionType, status: &str, reason: &str) -> bool {
    let (is, because, _) = condition(model, kind);
    is == status && because == reason
}

/// What kstatus calls Current.
pub fn is_current(model: &DropoutModel) -> bool {
    let is = |kind, status: &str| condition(model, kind).0 == status;
    let seen = model.status.as_ref().and_then(|status| status.observed_generation);
    seen == model.metadata.generation
        && is(ConditionType::Ready, "True")
        && is(ConditionType::Reconciling, "False")
        && is(ConditionType::Stalled, "False")
}

/// Whether a version is production.
pub fn is_production(model: &DropoutModel, version: &str) -> bool {
    model.status.as_ref().and_then(|status| status.production.as_ref()).is_some_and(|release| release.name == version)
}

/// The stage that is shown to people.
pub fn stage(model: &DropoutModel) -> &str {
    model.status.as_ref().and_then(|status| status.stage.as_deref()).unwrap_or_default()
}

/// The newest entry of the history with a reason.
pub fn entry<'a>(model: &'a DropoutModel, reason: &str) -> Option<&'a Entry> {
    model.status.as_ref()?.history.iter().rev().find(|entry| entry.reason == reason)
}
