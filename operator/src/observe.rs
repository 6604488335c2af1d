//! The only reader of the cluster. 404 is a fact; any other failure is an error, and nothing is planned on it.

pub mod caches;
pub mod gather;
mod owner;
mod runs;
mod serving;
mod trouble;

use crate::{context::Context, labels};
use dropout_crds::{
    DropoutModel, DropoutModelSpec,
    command::{commands, malformed},
};
use dropout_model::manifest::Source;
use dropout_planner::observed::{ClaimFact, Identity, Observed, Run, RunPhase};
use gather::Gathered;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt;

pub use owner::{Ownership, ownership};

/// Every fact that a decision about a model may use, from what was gathered.
pub fn observed(context: &Context, gathered: &Gathered) -> Observed {
    let model = &gathered.model;
    let identity = identity(model);
    let claims = ClaimNames::of(&model.spec);
    let limits = (context.settings.max_trainings, context.settings.max_rollouts);
    Observed {
        runs: with_refused(context, gathered, runs::runs(gathered, &identity)),
        serving: serving::serving(gathered, &identity),
        data_claim: claims.data.map(|name| claim(name, gathered.data_claim.as_deref())),
        store_claim: claims.store.map(|name| claim(name, gathered.store_claim.as_deref())),
        bundle_claim: claims.bundle.map(|name| claim(name, gathered.bundle_claim.as_deref())),
        holdout_claim: claims.holdout.map(|name| claim(name, gathered.holdout_claim.as_deref())),
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

/// Who a model is.
pub fn identity(model: &DropoutModel) -> Identity {
    Identity {
        namespace: model.namespace().unwrap_or_default(),
        name: model.name_any(),
        uid: model.uid().unwrap_or_default(),
        generation: model.metadata.generation.unwrap_or(0),
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

/// Whether an object is a part of this model, by label.
fn is_of(object: &impl ResourceExt, identity: &Identity) -> bool {
    let of = |key: &str| object.labels().get(key).map(String::as_str);
    object.namespace().as_deref() == Some(&identity.namespace)
        && of(labels::MODEL) == Some(&identity.name)
        && of(labels::MANAGED_BY) == Some(labels::MANAGER)
}
