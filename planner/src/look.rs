//! Looks at the holdout: how often candidates were compared with production on it. A Job says which look its own was; here
//! it is counted, and the next task is told. It never decides how much evidence a look needs.

use crate::next::Next;
use dropout_crds::{DropoutModelStatus, status::HoldoutLooks};
use dropout_model::task::{Evidence, Looked};

/// Counts the look of an answer, if it was one. The first look is the base that the next ones are counted from; a count
/// from that base never falls.
pub fn count(next: &mut Next<'_>, evidence: &Evidence) {
    let Some(look) = evidence.look else { return };
    let first = HoldoutLooks { patients: evidence.patients, positive_patients: evidence.positive_patients, looks: 1 };
    let base = next.status.holdout.filter(|_| look > 1).unwrap_or(first);
    next.status.holdout = Some(HoldoutLooks { looks: look.max(base.looks), ..base });
}

/// The looks so far, as a task tells them. They change only when an answer is taken, so the task of a candidate whose Job
/// runs stays the same.
pub fn so_far(status: &DropoutModelStatus) -> Option<Looked> {
    let HoldoutLooks { positive_patients, looks, .. } = status.holdout?;
    Some(Looked { looks, positive_patients })
}
