//! From what was gathered about a policy to facts, and what a model is told of its policies. It decides nothing: of several
//! policies of a model the oldest counts, by the planner's order.

pub mod gather;
mod looks;

use super::{claim, identity};
use crate::{context::Context, labels};
use dropout_crds::RetrainPolicy;
use dropout_model::monitoring::ReportOrigin;
use dropout_planner::{
    observed::{ClaimFact, Identity, PolicyFact},
    policy::observed::{ModelFact, ModelSeen, ObservedPolicy, ReportFact, Rival},
};
use gather::{GatheredPolicy, Report};
use jiff::Timestamp;
use kube::ResourceExt;
use std::sync::Arc;

/// Every fact that a decision about a policy may use, from what was gathered.
pub fn observed_policy(context: &Context, gathered: &GatheredPolicy) -> ObservedPolicy {
    let policy = &gathered.policy;
    let identity = identity(policy.as_ref());
    let refusal = context.refusals.recent(&identity.uid);
    ObservedPolicy {
        created: created(policy),
        spec: policy.spec.clone(),
        status: policy.status.clone().filter(|status| *status != Default::default()),
        model: model(gathered),
        rivals: gathered.rivals.iter().map(|rival| standing(rival)).collect(),
        runs: looks::looks(gathered, &identity, refusal),
        report: report(gathered),
        store_claim: store_claim(gathered),
        identity,
    }
}

/// Those among the policies that watch over this model and are not being deleted, by name.
pub fn watch_over(policies: Vec<Arc<RetrainPolicy>>, model: &Identity) -> Vec<Arc<RetrainPolicy>> {
    let is_of = |policy: &Arc<RetrainPolicy>| {
        policy.spec.model_ref.name == model.name
            && policy.namespace().as_deref() == Some(&model.namespace)
            && policy.metadata.deletion_timestamp.is_none()
    };
    let mut policies: Vec<Arc<RetrainPolicy>> = policies.into_iter().filter(is_of).collect();
    policies.sort_by_key(|policy| policy.name_any());
    policies
}

/// What a model is told: what its oldest policy asks for and forbids.
pub fn policy_fact(policies: &[Arc<RetrainPolicy>]) -> Option<PolicyFact> {
    let oldest = policies.iter().min_by_key(|policy| standing(policy))?;
    Some(dropout_planner::policy::policy_fact(&oldest.name_any(), &oldest.spec, oldest.status.as_ref()))
}

/// A policy among those of its model.
fn standing(policy: &RetrainPolicy) -> Rival {
    Rival { created: created(policy), name: policy.name_any() }
}

fn created(policy: &RetrainPolicy) -> Timestamp {
    policy.creation_timestamp().map_or(Timestamp::UNIX_EPOCH, |time| time.0)
}

fn model(gathered: &GatheredPolicy) -> ModelFact {
    match &gathered.model {
        None => ModelFact::Absent,
        Some(model) if model.metadata.deletion_timestamp.is_some() => ModelFact::Leaving,
        Some(model) => ModelFact::Present(Box::new(ModelSeen {
            identity: identity(model.as_ref()),
            spec: model.spec.clone(),
            status: model.status.clone().filter(|status| *status != Default::default()),
        })),
    }
}

fn store_claim(gathered: &GatheredPolicy) -> Option<ClaimFact> {
    let model = gathered.model.as_ref()?;
    Some(claim(model.spec.store.claim()?, gathered.store_claim.as_deref()))
}

fn report(gathered: &GatheredPolicy) -> ReportFact {
    let Some(name) = gather::report_name(&gathered.policy) else { return ReportFact::NotAsked };
    let Some(report) = gathered.report.as_deref() else { return ReportFact::Absent(name.to_owned()) };
    if report.labels().get(labels::REPORT) != Some(&gathered.policy.spec.model_ref.name) {
        return ReportFact::Unlabelled(name.to_owned());
    }
    ReportFact::Present(origin(name, report))
}

fn origin(name: &str, report: &Report) -> ReportOrigin {
    let annotation = |key: &str| report.annotations().get(key).cloned();
    ReportOrigin {
        config_map: name.to_owned(),
        state: format!("{}/{}", report.uid().unwrap_or_default(), report.resource_version().unwrap_or_default()),
        model: annotation(labels::MODEL),
        version: annotation(labels::VERSION),
        window_end: annotation(labels::WINDOW_END),
    }
}
