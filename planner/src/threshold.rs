//! Production's threshold under the gate and the target that the spec asks for now: whether it is resolved, and what an
//! evaluation that was to resolve it leaves behind. It never judges another bundle.

use crate::{next::Next, sentence};
use dropout_crds::status::{Candidate, Judged, JudgedOutcome, Unresolved};
use dropout_model::task::Evidence;

/// Whether production's threshold was resolved under another gate or target than the spec's, and no evaluation under
/// the spec's has ended without one. What an earlier operator left without a gate is taken as it is.
pub fn is_stale(next: &Next<'_>) -> bool {
    let resolved = next.status.production.as_ref().and_then(|release| release.gate_hash.as_ref());
    resolved.is_some_and(|gate| *gate != next.gate_hash) && unresolved(next).is_none()
}

/// The evaluation of production's bundle under the spec's gate that ended without a threshold, if one did.
pub fn unresolved<'a>(next: &'a Next<'_>) -> Option<&'a Unresolved> {
    let digest = &next.status.production.as_ref()?.digest;
    next.status.unresolved.as_ref().filter(|left| left.bundle == *digest && left.gate_hash == next.gate_hash)
}

/// Whether the candidate is an evaluation of the bundle that is served.
pub fn is_about_production(next: &Next<'_>, candidate: &Candidate) -> bool {
    let served = next.status.production.as_ref().map(|release| &release.digest);
    candidate.bundle.is_some() && candidate.bundle.as_ref() == served
}

/// Production takes the threshold that was resolved for its bundle. Says how it moved, if it did.
pub fn resolve(next: &mut Next<'_>, candidate: &Candidate, evidence: &Evidence) -> Option<String> {
    let Some(served) = next.status.production.as_mut().filter(|release| release.digest == evidence.bundle) else {
        put_down(next, candidate, (JudgedOutcome::Unchanged, "the answer is about another bundle"));
        return None;
    };
    served.gate_hash = Some(candidate.gate_hash.clone());
    let old = std::mem::replace(&mut served.threshold, evidence.threshold);
    next.status.unresolved = None;
    let is_moved = old.to_bits() != evidence.threshold.to_bits();
    is_moved.then(|| format!("; its threshold moves from {old:.4} to {:.4}", evidence.threshold))
}

/// An evaluation of production's bundle ended without a threshold: production keeps the one it has. True if the last
/// verdict, on another version that learned the same, stays; the gate counts as taken then.
pub fn leave(next: &mut Next<'_>, (outcome, message): (JudgedOutcome, &str)) -> bool {
    let Some(candidate) = next.status.candidate.clone() else { return false };
    if !is_about_production(next, &candidate) {
        return false;
    }
    put_down(next, &candidate, (outcome, message));
    let is_other =
        |judged: &&mut Judged| judged.version != candidate.version && judged.training_hash == candidate.training_hash;
    match next.status.judged.as_mut().filter(is_other) {
        Some(judged) => {
            judged.gate_hash.clone_from(&candidate.gate_hash);
            true
        }
        None => false,
    }
}

fn put_down(next: &mut Next<'_>, candidate: &Candidate, (outcome, message): (JudgedOutcome, &str)) {
    let Some(bundle) = candidate.bundle.clone().filter(|_| is_about_production(next, candidate)) else { return };
    let message = sentence::short(&sentence::about(&candidate.name, message), sentence::VERDICT);
    let gate_hash = candidate.gate_hash.clone();
    next.status.unresolved = Some(Unresolved { bundle, gate_hash, outcome, message, time: next.time() });
}
