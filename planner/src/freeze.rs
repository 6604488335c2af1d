//! When nothing may begin: `spec.suspend` of the model, or a blackout of its policy. Rolling back always works.

use crate::next::Next;
use dropout_crds::Reason;
use jiff::Timestamp;

/// Why no training, rollout or promotion begins now, if none does.
pub fn frozen(next: &Next<'_>) -> Option<(Reason, String)> {
    if next.observed.spec.is_suspended() {
        return Some((Reason::Suspended, "spec.suspend is set".to_owned()));
    }
    let (name, _, end) = blackout(next)?;
    let policy = next.observed.policy.as_ref().map(|policy| policy.name.as_str()).unwrap_or_default();
    Some((Reason::Blackout, format!("blackout {name} of RetrainPolicy {policy} lasts until {end}")))
}

/// Whether no training, rollout or promotion begins now.
pub fn is_frozen(next: &Next<'_>) -> bool {
    next.observed.spec.is_suspended() || blackout(next).is_some()
}

/// When a blackout ends, if one lasts; a suspended model waits for its spec.
pub fn thaw(next: &Next<'_>) -> Option<Timestamp> {
    blackout(next).filter(|_| !next.observed.spec.is_suspended()).map(|(_, _, end)| *end)
}

/// The blackout that ends last of those that last now.
fn blackout<'a>(next: &Next<'a>) -> Option<&'a (String, Timestamp, Timestamp)> {
    let blackouts = next.observed.policy.as_ref()?.blackouts.iter();
    blackouts.filter(|(_, start, end)| *start <= next.now && next.now < *end).max_by_key(|(_, _, end)| *end)
}
