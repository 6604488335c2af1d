//! Whether the volume claims that a Job needs are there. It never reads what is on them.

use crate::{Observed, next::Next, observed::ClaimFact, sentence};
use dropout_crds::{Reason, dropout_model::SingleNode, status::CandidateWork};

/// What is wrong with the claims that the candidate's Job needs, if anything.
pub fn missing(next: &Next<'_>) -> Option<(Reason, String)> {
    let observed = next.observed;
    let bundle = observed.bundle_claim.as_ref().filter(|_| needs_bundle(next));
    absent(observed.data_claim.as_ref(), "training data")
        .or_else(|| absent(observed.store_claim.as_ref(), "store"))
        .or_else(|| absent(observed.holdout_claim.as_ref(), "holdout"))
        .or_else(|| absent(bundle, "bundle in spec.training.source"))
        .or_else(|| unshared(observed))
}

/// Whether the candidate's Job takes a bundle from elsewhere: later ones find it in the store.
fn needs_bundle(next: &Next<'_>) -> bool {
    next.status.candidate.as_ref().is_none_or(|candidate| candidate.work == CandidateWork::Train)
}

/// Why a claim that is needed is no use. What is in a bucket needs none.
fn absent(claim: Option<&ClaimFact>, what: &str) -> Option<(Reason, String)> {
    match claim? {
        ClaimFact::Absent(name) => Some((Reason::ClaimNotFound, sentence::claim_not_found(name, what))),
        ClaimFact::Present { .. } => None,
    }
}

/// The store is written by Jobs and read by serving pods, so its claim must reach every node unless one is enough.
fn unshared(observed: &Observed) -> Option<(Reason, String)> {
    match observed.store_claim.as_ref()? {
        ClaimFact::Present { name, is_shared: false } if observed.spec.single_node() == SingleNode::Refuse => {
            Some((Reason::ClaimNotShared, sentence::claim_not_shared(name)))
        }
        ClaimFact::Present { .. } | ClaimFact::Absent(_) => None,
    }
}
