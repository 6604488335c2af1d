//! What every model is doing, kept by the one leader as it writes statuses, so that limits hold although caches lag.

use dropout_crds::{DropoutModelStatus, status::Stage};
use dropout_planner::observed::Fleet;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Shares of the fleet's limits in use, by uid of the model.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<HashMap<String, Share>>);

/// What one model uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    is_training: bool,
    is_rolling: bool,
}

impl Ledger {
    /// Notes what a model's status says.
    pub fn note(&self, uid: &str, status: Option<&DropoutModelStatus>) {
        let share = status.map(share).unwrap_or_default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), share);
    }

    /// Forgets models that are not there any more.
    pub fn retain(&self, is_there: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| is_there(uid));
    }

    /// What the others do, seen by the model of `uid`, under the two limits.
    pub fn others(&self, uid: &str, limits: (u32, u32)) -> Fleet {
        let shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |uses: fn(&Share) -> bool| {
            let number = shares.iter().filter(|(other, share)| other.as_str() != uid && uses(share)).count();
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        Fleet {
            trainings: count(|share| share.is_training),
            max_trainings: limits.0,
            rollouts: count(|share| share.is_rolling),
            max_rollouts: limits.1,
        }
    }
}

fn share(status: &DropoutModelStatus) -> Share {
    let is_training = status.candidate.as_ref().is_some_and(|candidate| candidate.stage == Stage::Training);
    let is_rolling = status.conditions.iter().any(|c| c.type_ == "Reconciling" && c.reason == "ImageUpdated");
    Share { is_training, is_rolling }
}
