//! `DropoutModel`: one trial's model, from its data to the service that answers. The spec is only ever written by users.

use crate::{
    pod::{Pod, SecretRef},
    status::DropoutModelStatus,
    training::Training,
};
use dropout_model::{
    manifest::{Claim, Data, Feature, Gate, Label, Manifest, ModelSource, Source, Study, Threshold, Tier, place_rules},
    period::Period,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dropout-risk model of one clinical trial: what it learns from, how a new version is judged, and how it is served.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "trialops.dev",
    version = "v1alpha1",
    kind = "DropoutModel",
    namespaced,
    shortname = "dm",
    category = "trialops",
    status = "DropoutModelStatus",
    derive = "PartialEq",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Stage", type_ = "string", json_path = ".status.stage"),
    printcolumn(name = "Production", type_ = "string", json_path = ".status.production.name"),
    printcolumn(name = "Candidate", type_ = "string", json_path = ".status.candidate.name"),
    printcolumn(name = "Gate", type_ = "string", json_path = ".status.judged.outcome"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')")
        .message("metadata.name: at most 40 lower-case letters, digits and dashes, beginning with a letter")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.study.id == oldSelf.study.id").message("study.id is immutable: it decides which patients are held out"),
    validation = Rule::new("!has(self.serving.records) || has(self.study.pseudonymKey)").message("serving.records: study.pseudonymKey is needed; records hold patients only as pseudonyms"),
    validation = Rule::new("!has(self.data.records) || self.data.records != 'Append' || (has(self.serving.records) && has(self.index))").message("data.records: Append needs serving.records, which keeps them, and index, the column with a row's date"),
    validation = Rule::new("self.patientId == oldSelf.patientId").message("patientId is immutable: patients would change sides between training and holdout"),
    validation = Rule::new("self.label == oldSelf.label").message("label is immutable: versions would predict different things; make another DropoutModel"),
    validation = Rule::new("has(self.data.holdout) == has(oldSelf.data.holdout) && (!has(self.data.holdout) || self.data.holdout == oldSelf.data.holdout)").message("data.holdout is immutable: patients already trained on would be judged on"),
    validation = Rule::new("!has(self.data.holdout) || has(self.data.holdout.fraction) != has(self.data.holdout.source)").message("data.holdout: set exactly one of fraction and source"),
    validation = Rule::new("!has(self.data.holdout) || !has(self.data.holdout.source) || has(self.data.holdout.source.digest)").message("data.holdout.source: digest is needed, so that the holdout is one known file"),
    validation = Rule::new("self.store.uri == oldSelf.store.uri").message("store.uri is immutable: versions would lose their bundles"),
    validation = Rule::new("!has(self.deny) || !self.features.exists(f, f.name in self.deny)").message("features: a denied column is listed as a feature; take it out of features"),
    validation = Rule::new("!self.features.exists(f, f.name == self.label.column || f.name == self.patientId || (has(self.label.censor) && f.name == self.label.censor))").message("features: the label, censor or patientId column is listed as a feature; take it out"),
    validation = Rule::new("has(self.index) == has(self.data.cutoff)").message("index and data.cutoff belong together: set both (rows mature by date) or none (every label is final)"),
    validation = Rule::new("self.features.all(f, self.features.exists_one(g, g.name == f.name))").message("features: two features have the same name"),
    validation = Rule::new("self.features.all(f, f.type == 'Category' ? has(f.values) && size(f.values) >= 2 && !has(f.min) && !has(f.max) : !has(f.values) || size(f.values) == 0)").message("features: values (at least two) belong to type Category only, min and max to the other types only"),
    validation = Rule::new("self.features.all(f, !has(f.min) || !has(f.max) || f.min <= f.max)").message("features: min is above max"),
    validation = Rule::new("!has(self.tiers) || self.tiers.filter(t, !has(t.from)).size() <= 1").message("tiers: at most one tier may leave out from (it starts at the threshold)"),
    validation = Rule::new("!has(self.tiers) || self.tiers.filter(t, has(t.from)).map(t, t.from).isSorted()").message("tiers: out of order; list them by rising from"),
    validation = Rule::new("!has(self.tiers) || size(self.tiers) == 0 || (size(self.tiers) >= 2 && has(self.tiers[0].from) && self.tiers[0].from == 0.0)").message("tiers: two or more are needed, and the first starts at 0"),
    validation = Rule::new("!has(self.tiers) || self.tiers.all(t, self.tiers.exists_one(u, u.name == t.name))").message("tiers: two tiers have the same name"),
    validation = Rule::new("!has(self.threshold) || [has(self.threshold.value), has(self.threshold.targetRecall), has(self.threshold.maxAlertRate)].filter(x, x).size() == 1").message("threshold: set exactly one of value, targetRecall and maxAlertRate"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.floors) || self.gate.floors.all(f, self.gate.floors.exists_one(g, g.metric == f.metric))").message("gate.floors: two floors have the same metric"),
    validation = Rule::new("self.features.all(f, !has(f.monotone) || f.type != 'Category')").message("features: monotone belongs to type Number and Integer only"),
    validation = Rule::new("!has(self.training) || !has(self.training.algorithms) || self.training.algorithms.all(a, self.training.algorithms.exists_one(b, b == a))").message("training.algorithms: an algorithm is listed twice"),
    validation = Rule::new("!has(self.training) || !has(self.training.source) || has(self.training.source.bundle.digest)").message("training.source.bundle: digest is needed; a change of it makes another candidate"),
    validation = Rule::new("!has(self.training) || !has(self.training.source) || (!has(self.training.image) && !has(self.training.classWeight) && (!has(self.training.algorithms) || size(self.training.algorithms) == 0))").message("training.source: a model that was trained elsewhere is not trained here; take image, algorithms and classWeight out"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.guardrails) || self.gate.guardrails.all(r, self.gate.guardrails.exists_one(s, s.metric == r.metric))").message("gate.guardrails: two guardrails have the same metric"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.slices) || self.gate.slices.all(s, self.gate.slices.exists_one(t, t.column == s.column))").message("gate.slices: two slices have the same column"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.slices) || !has(self.deny) || !self.gate.slices.exists(s, s.column in self.deny)").message("gate.slices: a denied column is a slice; take it out of slices"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.slices) || !self.gate.slices.exists(s, s.column == self.label.column || s.column == self.patientId || (has(self.label.censor) && s.column == self.label.censor))").message("gate.slices: the label, censor or patientId column is a slice; take it out"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.evaluate) || self.gate.evaluate != 'Recent' || has(self.index)").message("gate.evaluate: Recent needs index, the column with a row's date"),
    validation = Rule::new("!has(self.gate) || !has(self.gate.interventions) || !(self.gate.interventions.column == self.label.column || self.gate.interventions.column == self.patientId || (has(self.label.censor) && self.gate.interventions.column == self.label.censor) || self.features.exists(f, f.name == self.gate.interventions.column))").message("gate.interventions: column is a feature or the label, censor or patientId column; name another")
)]
pub struct DropoutModelSpec {
    /// The trial.
    pub study: Study,
    /// Column of the patient's identifier; immutable.
    #[schemars(length(min = 1, max = 64))]
    pub patient_id: String,
    /// Column of the landmark day, in days since the patient's start. Left out: one row a patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub landmark: Option<String>,
    /// Column of the landmark's date, `YYYY-MM-DD`. Left out: every label is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub index: Option<String>,
    /// The inputs of the model, 1 to 256.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub features: Vec<Feature>,
    /// Columns that may never be a feature, such as blinded ones; at most 64. Left out: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 64)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub deny: Vec<String>,
    /// What is predicted; immutable.
    pub label: Label,
    /// Where the rows are and which of them count.
    pub data: Data,
    /// Where bundles and reports are kept.
    pub store: Store,
    /// How a model is trained. Left out: the operator's trainer, 1 hour, 2 retries, seed 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// How a candidate is judged. Left out: recall_at_capacity by more than 2 %, with the default guardrails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The decision threshold. Left out: targetRecall 0.80.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// Bands of risk, by rising `from`, 2 to 8. Left out: Low 0 SMS, Medium at the threshold NurseCall, Critical 0.65
    /// OnSiteVisit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub tiers: Vec<Tier>,
    /// How a promoted version comes into service. Left out: 10 minutes to become available, 1 minute of soak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The inference service.
    pub serving: Serving,
    /// Stops new trainings and promotions; serving and rolling back go on. Left out: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// Where bundles and reports are kept: a folder on a claim or in a bucket of an S3 server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = store_rules()))]
pub struct Store {
    /// `file:///` and the folder inside the claim, or `s3://`, the bucket and the folder in it; immutable.
    #[schemars(
        length(min = 9, max = 512),
        regex(pattern = r"^(file:///|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/)[A-Za-z0-9._/-]+$")
    )]
    pub uri: String,
    /// The claim of `file:///`, in the model's namespace. Left out: the uri is `s3://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<Claim>,
    /// The Secret with the keys of `s3://`: its entries AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if needed,
    /// AWS_SESSION_TOKEN, AWS_ENDPOINT_URL, AWS_REGION and ca.crt. Left out: the uri is `file:///`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
    /// Allow: the claim may be one that a single node mounts at a time (ReadWriteOnce), and all pods must fit on that
    /// node. Refuse: it must be ReadWriteMany. Left out: Refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_node: Option<SingleNode>,
}

/// The rules of a store: those of any place, and that only a claim is mounted by nodes.
fn store_rules() -> serde_json::Value {
    let mut rules = place_rules();
    if let Some(rules) = rules.as_array_mut() {
        rules.push(serde_json::json!({
            "rule": "!has(self.singleNode) || has(self.persistentVolumeClaim)",
            "message": "singleNode: only a claim is mounted by nodes, s3:// is not; take it out",
        }));
    }
    rules
}

/// Allow: the claim may be one that a single node mounts at a time (ReadWriteOnce), and all pods must fit on that node.
/// Refuse: it must be ReadWriteMany. Left out: Refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SingleNode {
    /// The claim must be ReadWriteMany.
    #[default]
    Refuse,
    /// All pods run on one node.
    Allow,
}

/// How a promoted version comes into service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Longest time until all pods of a version are available. Left out: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_deadline: Option<Period>,
    /// How long a version must stay available before it is production. Left out: 1m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Period>,
    /// Enabled: a candidate at fault is rolled back by the operator. Disabled: it is Held until a person decides. Left
    /// out: Enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_rollback: Option<AutomaticRollback>,
}

/// Enabled: a candidate at fault is rolled back by the operator. Disabled: it is Held until a person decides. Left out:
/// Enabled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AutomaticRollback {
    /// The operator.
    #[default]
    Enabled,
    /// A person.
    Disabled,
}

/// The inference service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    /// Number of pods, 1 to 100. Left out: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: Option<i32>,
    /// What is said about the serving pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Pod>,
    /// The Secret whose entries are the keys that clients send as `x-api-key`.
    pub api_keys: ApiKeys,
    /// Most rows that a client may have predicted in a second, on each pod; more are answered 429 with `Retry-After`.
    /// Left out: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rows_per_second: Option<i32>,
    /// What is kept of predictions and outcomes. Left out: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Records>,
    /// The certificate of the port for predictions. Left out: plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Which web pages may call from a browser. Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
}

/// The certificate of the port for predictions. A renewed one is read without a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// The Secret, of type `kubernetes.io/tls`: `tls.crt`, the chain in PEM, its own certificate first, and `tls.key`.
    pub secret_ref: SecretRef,
}

/// Web pages that may call from a browser. A key inside a page is public; a back end that holds it is the better way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cors {
    /// Origins such as `https://retention.example`, 1 to 16: scheme, host and, if it is not the scheme's own, port. There is no `*`.
    #[schemars(
        length(min = 1, max = 16),
        inner(length(max = 255), regex(pattern = r"^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$"))
    )]
    pub allowed_origins: Vec<String>,
}

/// What is kept of predictions and outcomes, in the store, under the pseudonyms of `study.pseudonymKey`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Records {
    /// Longest time until a record is written. Left out: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long records are kept; the monitor removes older ones. Left out: 730d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Period>,
}

/// Where the keys of clients are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeys {
    /// The Secret: one entry a client, named as it. Its value is the key, or `sha256:` and the 64 hex digits of the key's
    /// SHA-256; several lines are several keys, so that one can be renewed without a gap.
    pub secret_ref: SecretRef,
}

impl DropoutModelSpec {
    /// The part that Jobs need. They find keys in their folders, so a Secret of another name makes no other task.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            study: self.study.clone(),
            patient_id: self.patient_id.clone(),
            landmark: self.landmark.clone(),
            index: self.index.clone(),
            features: self.features.clone(),
            deny: self.deny.clone(),
            label: self.label.clone(),
            data: without_secrets(&self.data),
            training: self.training.as_ref().map(Training::learning).unwrap_or_default(),
            gate: self.gate.clone().unwrap_or_default(),
            threshold: self.threshold.clone().unwrap_or_default(),
            tiers: self.tiers.clone(),
        }
    }

    /// The model that was trained elsewhere, if the spec names one.
    pub fn source(&self) -> Option<&ModelSource> {
        self.training.as_ref().and_then(|training| training.source.as_ref())
    }

    /// Everything that its Jobs read: the data, a given holdout and, if the model was trained elsewhere, its bundle.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let others = self.data.holdout_source().into_iter().chain(self.source().map(|source| &source.bundle));
        [&self.data.training].into_iter().chain(others)
    }

    /// Names of the claims that its pods mount: those of what its Jobs read, and the store's.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        self.sources().filter_map(Source::claim).chain(self.store.claim())
    }

    /// Times a failed training is tried again, the default filled in.
    pub fn retries(&self) -> u32 {
        let retries = self.training.as_ref().and_then(|training| training.retries);
        retries.map_or(2, |retries| u32::try_from(retries).unwrap_or(0))
    }

    /// Longest time of a training, the default filled in.
    pub fn active_deadline(&self) -> Period {
        self.training.as_ref().and_then(|training| training.active_deadline).unwrap_or(Period::hours(1))
    }

    /// Longest time of a rollout, the default filled in.
    pub fn progress_deadline(&self) -> Period {
        self.rollout.as_ref().and_then(|rollout| rollout.progress_deadline).unwrap_or(Period::minutes(10))
    }

    /// Time that a version must stay available, the default filled in.
    pub fn soak(&self) -> Period {
        self.rollout.as_ref().and_then(|rollout| rollout.soak).unwrap_or(Period::minutes(1))
    }

    /// Who rolls back, the default filled in.
    pub fn automatic_rollback(&self) -> AutomaticRollback {
        self.rollout.as_ref().and_then(|rollout| rollout.automatic_rollback).unwrap_or_default()
    }

    /// Number of serving pods, the default filled in.
    pub fn replicas(&self) -> i32 {
        self.serving.replicas.unwrap_or(2)
    }

    /// Whether new trainings and promotions are stopped.
    pub fn is_suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }

    /// Whether a claim for a single node will do, the default filled in.
    pub fn single_node(&self) -> SingleNode {
        self.store.single_node.unwrap_or_default()
    }
}

impl Records {
    /// Longest time until a record is written, the default filled in.
    pub fn every(&self) -> Period {
        self.every.unwrap_or(Period::seconds(10))
    }

    /// How long records are kept, the default filled in.
    pub fn retention(&self) -> Period {
        self.retention.unwrap_or(Period::days(730))
    }
}

impl Store {
    /// The folder inside the claim, without a leading slash; in a bucket the whole uri.
    pub fn path(&self) -> &str {
        self.uri.strip_prefix("file:///").unwrap_or(&self.uri)
    }

    /// Name of the claim, unless it is in a bucket.
    pub fn claim(&self) -> Option<&str> {
        self.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.as_str())
    }

    /// Name of the Secret with the keys of its bucket.
    pub fn secret(&self) -> Option<&str> {
        self.secret_ref.as_ref().map(|secret| secret.name.as_str())
    }
}

/// Data without the names of Secrets.
fn without_secrets(data: &Data) -> Data {
    let mut data = data.clone();
    data.training = data.training.without_secret();
    if let Some(source) = data.holdout.as_mut().and_then(|holdout| holdout.source.as_mut()) {
        *source = source.without_secret();
    }
    data
}
