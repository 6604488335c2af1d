//! The only reader of the cluster. 404 is a fact; any other failure is an error, and nothing is planned on it.

pub mod caches;
pub mod gather;
mod look;
mod owner;
pub mod policy;
mod runs;
mod serving;
mod trouble;
pub mod waiting;

use crate::{context::Context, labels};
use dropout_crds::{
    DropoutModelSpec,
    command::{commands, malformed},
};
use dropout_model::manifest::Source;
use dropout_planner::observed::{ClaimFact, Identity, Observed, Run, RunPhase};
use gather::Gathered;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt;

pub use look::Kind;
pub use owner::{Ownership, ownership, policy_ownership};

/// Every fact that a decision about a model may use, from what was gathered.
pub fn observed(context: &Context, gathered: &Gathered) -> Observed {
    let model = &gathered.model;
    let identity = identity(model.as_ref());
    let claims = ClaimNames::of(&model.spec);
    let limits = (context.settings.max_trainings, context.settings.max_rollouts);
    Observed {
        runs: with_refused(context, gathered, runs::runs(gathered, &identity)),
        serving: serving::serving(gathered, &identity),
        data_claim: claims.data.map(|name| claim(name, gathered.data_claim.as_deref())),
        store_claim: claims.store.map(|name| claim(name, gathered.store_claim.as_deref())),
        bundle_claim: claims.bundle.map(|name| claim(name, gathered.bundle_claim.as_deref())),
        holdout_claim: claims.holdout.map(|name| claim(name, gathered.holdout_claim.as_deref())),
        policy: policy::policy_fact(&gathered.policies),
        fleet: context.ledger.others(&identity.uid, limits),
        inference_image: context.settings.inference_image.clone(),
        spec: model.spec.clone(),
        status: model.status.clone().filter(|status| *status != Default::default()),
        commands: commands(model.annotations()),
        malformed: malformed(model.annotations()),
        identity,
    }
}

/// The runs, and the one that the API server refused lately: it is told as one that waits.
fn with_refused(context: &Context, gathered: &Gathered, mut runs: Vec<Run>) -> Vec<Run> {
    let refusal = context.refusals.recent(&gathered.model.uid().unwrap_or_default());
    let candidate = gathered.model.status.as_ref().and_then(|status| status.candidate.as_ref());
    let (Some(sentence), Some(candidate)) = (refusal, candidate) else { return runs };
    let (version, work, attempt) = (candidate.version, candidate.work, candidate.attempt);
    if !runs.iter().any(|run| (run.version, run.work, run.attempt) == (version, work, attempt)) {
        let task = candidate.task.clone().unwrap_or_default();
        let phase = RunPhase::Pending(Some(sentence));
        runs.push(Run { name: String::new(), version, work, attempt, task, phase });
    }
    runs
}

/// Who a model or a policy is.
pub fn identity(object: &impl ResourceExt) -> Identity {
    Identity {
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        uid: object.uid().unwrap_or_default(),
        generation: object.meta().generation.unwrap_or(0),
    }
}

/// Names of the claims of a spec; none for what is in a bucket or not there at all.
struct ClaimNames<'a> {
    data: Option<&'a str>,
    store: Option<&'a str>,
    bundle: Option<&'a str>,
    holdout: Option<&'a str>,
}

impl<'a> ClaimNames<'a> {
    fn of(spec: &'a DropoutModelSpec) -> Self {
        Self {
            data: spec.data.training.claim(),
            store: spec.store.claim(),
            bundle: spec.source().and_then(|source| source.bundle.claim()),
            holdout: spec.data.holdout_source().and_then(Source::claim),
        }
    }
}

fn claim(name: &str, claim: Option<&PersistentVolumeClaim>) -> ClaimFact {
    let Some(claim) = claim else { return ClaimFact::Absent(name.to_owned()) };
    let modes = claim.spec.as_ref().and_then(|spec| spec.access_modes.clone()).unwrap_or_default();
    let is_shared = modes.iter().any(|mode| mode == "ReadWriteMany");
    ClaimFact::Present { name: name.to_owned(), is_shared }
}

/// The number behind a label such as `v3` or `2`.
fn number(labels: &std::collections::BTreeMap<String, String>, key: &str) -> Option<u32> {
    labels.get(key)?.trim_start_matches('v').parse().ok()
}

/// Whether an object is a part of this model, by label. What watches it is a part of its policies.
fn is_of(object: &impl ResourceExt, identity: &Identity) -> bool {
    is_ours(object, labels::MODEL, identity) && !is_monitor(object)
}

/// Whether an object is a part of this policy, by label.
fn is_of_policy(object: &impl ResourceExt, identity: &Identity) -> bool {
    is_ours(object, labels::POLICY, identity) && is_monitor(object)
}

/// Whether an object is a part of a policy's monitor, by label.
pub fn is_monitor(object: &impl ResourceExt) -> bool {
    object.labels().get(labels::COMPONENT).is_some_and(|component| component == labels::MONITOR)
}

fn is_ours(object: &impl ResourceExt, parent: &str, identity: &Identity) -> bool {
    let of = |key: &str| object.labels().get(key).map(String::as_str);
    object.namespace().as_deref() == Some(&identity.namespace)
        && of(parent) == Some(&identity.name)
        && of(labels::MANAGED_BY) == Some(labels::MANAGER)
}
