//! What every model is doing, kept by the one leader as it writes statuses, so that limits hold although caches lag.

use dropout_crds::{DropoutModel, DropoutModelStatus};
use dropout_planner::{FleetShare, fleet_share, observed::Fleet};
use kube::{ResourceExt, runtime::watcher::Event};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Shares of the fleet's limits in use, by uid of the model.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<HashMap<String, FleetShare>>);

impl Ledger {
    /// Notes what a model's status says.
    pub fn note(&self, uid: &str, status: &DropoutModelStatus) {
        self.shares().insert(uid.to_owned(), fleet_share(status));
    }

    /// Forgets a model that is not there any more: nobody looks at it again, and its share is free.
    pub fn forget(&self, uid: &str) {
        self.shares().remove(uid);
    }

    /// Takes in what a watch tells beside our own writes: a list, behind which `models` are all there are, or an end.
    pub fn hear(&self, event: &Event<DropoutModel>, models: impl FnOnce() -> Vec<Arc<DropoutModel>>) {
        match event {
            Event::Delete(model) => self.forget(&model.uid().unwrap_or_default()),
            Event::InitDone => self.list(&models()),
            Event::Apply(_) | Event::Init | Event::InitApply(_) => {}
        }
    }

    /// What is known already is newer than a list.
    fn list(&self, models: &[Arc<DropoutModel>]) {
        let mut shares = self.shares();
        let there: HashSet<String> = models.iter().filter_map(|model| model.uid()).collect();
        shares.retain(|uid, _| there.contains(uid));
        for model in models {
            let share = || model.status.as_ref().map(fleet_share).unwrap_or_default();
            shares.entry(model.uid().unwrap_or_default()).or_insert_with(share);
        }
    }

    /// What the others do, seen by the model of `uid`, under the two limits.
    pub fn others(&self, uid: &str, limits: (u32, u32)) -> Fleet {
        let shares = self.shares();
        let count = |uses: fn(&FleetShare) -> bool| {
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

    fn shares(&self) -> MutexGuard<'_, HashMap<String, FleetShare>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_crds::status::{Candidate, CandidateWork, Stage, Trigger};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    fn training() -> DropoutModelStatus {
        let candidate = Candidate {
            version: 1,
            name: "v1".into(),
            stage: Stage::Training,
            since: Time(jiff::Timestamp::UNIX_EPOCH),
            trigger: Trigger::FirstModel,
            training_hash: String::new(),
            gate_hash: String::new(),
            work: CandidateWork::Train,
            attempt: 1,
            firing: None,
            retry_at: None,
            task: None,
            cutoff: None,
            bundle: None,
            release: None,
            available_since: None,
        };
        DropoutModelStatus { candidate: Some(candidate), ..DropoutModelStatus::default() }
    }

    fn trainings(ledger: &Ledger) -> u32 {
        ledger.others("b", (1, 1)).trainings
    }

    #[test]
    fn a_model_that_is_gone_or_waits_for_its_next_attempt_leaves_its_room() {
        let ledger = Ledger::default();
        ledger.note("a", &training());
        assert_eq!((trainings(&ledger), ledger.others("a", (1, 1)).trainings), (1, 0));
        ledger.hear(&Event::InitDone, Vec::new);
        assert_eq!(trainings(&ledger), 0);
        let mut waiting = training();
        if let Some(candidate) = &mut waiting.candidate {
            candidate.retry_at = Some(Time(jiff::Timestamp::UNIX_EPOCH));
        }
        ledger.note("a", &training());
        ledger.note("a", &waiting);
        assert_eq!(trainings(&ledger), 0);
    }
}
