//! Whether the volume claims that a Job needs are there. It never reads what is on them.

use crate::{Observed, observed::ClaimFact, sentence};
use dropout_crds::{Reason, dropout_model::SingleNode};

/// What is wrong with the claims, if anything.
pub fn missing(observed: &Observed) -> Option<(Reason, String)> {
    absent(&observed.data_claim, "training data")
        .or_else(|| absent(&observed.store_claim, "store"))
        .or_else(|| unshared(observed))
}

fn absent(claim: &ClaimFact, what: &str) -> Option<(Reason, String)> {
    match claim {
        ClaimFact::Absent(name) => Some((Reason::ClaimNotFound, sentence::claim_not_found(name, what))),
        ClaimFact::Present { .. } => None,
    }
}

/// The store is written by Jobs and read by serving pods, so its claim must reach every node unless one is enough.
fn unshared(observed: &Observed) -> Option<(Reason, String)> {
    match &observed.store_claim {
        ClaimFact::Present { name, is_shared: false } if observed.spec.single_node() == SingleNode::Refuse => {
            Some((Reason::ClaimNotShared, sentence::claim_not_shared(name)))
        }
        ClaimFact::Present { .. } | ClaimFact::Absent(_) => None,
    }
}
