//! The properties that hold at every plan, whatever the outside does. It only looks on.

use super::{Job, World};
use dropout_crds::{
    DropoutModelStatus, Reason,
    status::{CandidateWork, Release, Stage},
};
use dropout_model::task::{Answer, Outcome};
use dropout_planner::{Intent, Observed, Plan, observed::RunPhase, plan, plan::Launch};
use std::collections::{BTreeMap, BTreeSet};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    OneTraining,
    VersionOnce,
    ProductionProven,
    NeverWithdrawn,
    FailureHarmless,
    TwiceIsOnce,
    ComesToRest,
    WakeAhead,
    WaitGrows,
    TrainingsBounded,
    SuspendedStartsNothing,
    PrunedWhenTaken,
    JudgedAsAsked,
    ThresholdResolved,
    RoomKept,
    LooksKept,
}

/// What was seen so far, and what of it broke a property.
#[derive(Default)]
pub struct Ledger {
    pub broken: Vec<(Property, String)>,
    pub trainings: usize,
    pub told: BTreeSet<Reason>,
    passed: BTreeSet<(u32, String)>,
    tasks: BTreeMap<u32, String>,
    wait: Option<(u32, i64)>,
    /// Most looks at one holdout.
    pub looks: u32,
}

type Identity = (u32, String);

fn identity(release: &Release) -> Identity {
    (release.version, release.digest.clone())
}

fn production(status: Option<&DropoutModelStatus>) -> Option<Identity> {
    status.and_then(|status| status.production.as_ref()).map(identity)
}

impl World {
    fn expect(&mut self, property: Property, holds: bool, what: impl Into<String>) {
        if !holds {
            let what = what.into();
            self.say(format!("BROKEN {property:?}: {what}"));
            self.ledger.broken.push((property, what));
        }
    }

    /// Forgets what only a status can know.
    pub fn note_loss(&mut self) {
        self.ledger.tasks.clear();
        self.ledger.wait = None;
    }

    pub fn note_launch(&mut self, launch: &Launch) {
        if launch.work != CandidateWork::Train {
            return;
        }
        self.ledger.trainings += 1;
        let is_running = |job: &Job| {
            job.run.work == CandidateWork::Train
                && matches!(job.run.phase, RunPhase::Pending(_) | RunPhase::Running { .. })
        };
        let others = self.jobs.iter().filter(|job| is_running(job)).count();
        self.expect(Property::OneTraining, others == 0, format!("{others} other trainings run"));
        let hash = launch.task.hash();
        let first = self.ledger.tasks.entry(launch.version).or_insert_with(|| hash.clone()).clone();
        self.expect(Property::VersionOnce, first == hash, format!("v{} was another task", launch.version));
    }

    pub fn note_answer(&mut self, launch: &Launch, answer: &Answer) {
        if let (Outcome::Passed, Some(evidence)) = (answer.outcome, &answer.evidence) {
            self.ledger.passed.insert((launch.version, evidence.bundle.clone()));
        }
    }

    pub fn note_prune(&mut self, name: &str) {
        let candidate = self.status.as_ref().and_then(|status| status.candidate.clone());
        let is_awaited = |job: &Job| {
            candidate.as_ref().is_some_and(|candidate| {
                let is_same = (candidate.version, candidate.work, candidate.attempt)
                    == (job.run.version, job.run.work, job.run.attempt);
                is_same
                    && candidate.stage == Stage::Training
                    && candidate.retry_at.is_none()
                    && candidate.task.as_ref() == Some(&job.launch.answers)
            })
        };
        let is_lost = self.jobs.iter().any(|job| job.run.name == name && is_awaited(job));
        self.expect(Property::PrunedWhenTaken, !is_lost, format!("{name} was still awaited"));
    }

    /// Looks at one plan.
    pub fn check(&mut self, observed: &Observed, plan: &Plan) {
        self.ledger.told.extend(plan.announcements.iter().map(|told| told.reason));
        self.check_production(observed, plan);
        self.check_serving(observed, plan);
        self.check_failure(observed, plan);
        self.check_versions(observed, plan);
        self.check_wake(observed, plan);
        self.check_wait(plan);
        self.check_suspended(observed, plan);
        self.check_gate(observed, plan);
        self.check_room(observed, plan);
        self.check_looks(observed, plan);
        self.check_twice(observed, plan);
    }

    fn check_gate(&mut self, observed: &Observed, new: &Plan) {
        let comes_into_service = |status: &DropoutModelStatus| {
            let candidate = status.candidate.as_ref();
            candidate.is_some_and(|candidate| matches!(candidate.stage, Stage::RollingOut | Stage::Held))
        };
        if observed.status.as_ref().is_some_and(comes_into_service) {
            return;
        }
        let candidate = new.status.candidate.as_ref().filter(|_| comes_into_service(&new.status));
        let is_asked = candidate.is_none_or(|candidate| candidate.gate_hash == observed.spec.gate_hash());
        self.expect(Property::JudgedAsAsked, is_asked, "a rollout begins under a gate that is no longer asked for");
    }

    fn check_room(&mut self, observed: &Observed, new: &Plan) {
        let was_updating = observed.status.as_ref().is_some_and(|status| status.updating.is_some());
        let is_complete = observed.deployed().is_some_and(|deployed| {
            deployed.updated_available >= observed.spec.replicas() && deployed.total == deployed.updated_available
        });
        let is_kept = !was_updating || new.status.updating.is_some() || is_complete;
        self.expect(Property::RoomKept, is_kept, "the fleet's room is given back before the pods are there");
        let image = new.status.production.as_ref().map(|release| &release.image);
        let is_known = observed.production().is_none_or(|old| Some(&old.image) == image);
        let is_moved = new.announcements.iter().any(|told| told.reason == Reason::ImageUpdated);
        let is_counted = is_known || !is_moved || new.status.updating.as_ref() == image;
        self.expect(Property::RoomKept, is_counted, "a new image rolls and is not counted");
    }

    fn check_looks(&mut self, observed: &Observed, new: &Plan) {
        let recorded = || observed.deployed().and_then(|deployed| deployed.record.as_ref()?.holdout);
        let before = observed.status.as_ref().map_or_else(recorded, |status| status.holdout);
        let after = new.status.holdout;
        let is_kept = before.is_none_or(|before| {
            after.is_some_and(|after| {
                let is_grown = 4 * u64::from(after.positive_patients) >= 5 * u64::from(before.positive_patients);
                let is_same = (after.patients, after.positive_patients) == (before.patients, before.positive_patients);
                is_grown || (is_same && after.looks >= before.looks)
            })
        });
        self.expect(Property::LooksKept, is_kept, format!("looks go from {before:?} to {after:?}"));
        let told = new.intents.iter().find_map(|intent| match intent {
            Intent::Launch(launch) => Some(launch.task.looked.map(|looked| (looked.looks, looked.positive_patients))),
            Intent::Serve(_) | Intent::Prune(_) | Intent::Withdraw => None,
        });
        let counted = after.map(|after| (after.looks, after.positive_patients));
        self.expect(Property::LooksKept, told.is_none_or(|told| told == counted), format!("a task is told {told:?}"));
        let recorded = new.intents.iter().find_map(|intent| match intent {
            Intent::Serve(serve) => Some(serve.record.holdout),
            Intent::Launch(_) | Intent::Prune(_) | Intent::Withdraw => None,
        });
        let is_recorded = recorded.is_none_or(|recorded| recorded == after);
        self.expect(Property::LooksKept, is_recorded, format!("the record keeps {recorded:?} of {after:?}"));
        let best = after.map_or(0, |after| after.looks);
        self.ledger.looks = self.ledger.looks.max(best);
    }

    fn check_production(&mut self, observed: &Observed, new: &Plan) {
        let (before, after) = (production(observed.status.as_ref()), production(Some(&new.status)));
        let Some(now) = after.filter(|after| before.as_ref() != Some(after)) else { return };
        let old = observed.status.as_ref();
        let candidate = old.and_then(|old| old.candidate.as_ref()?.release.as_ref()).map(identity);
        let previous = old.and_then(|old| old.previous.as_ref()).map(identity);
        let record =
            observed.deployed().and_then(|deployed| deployed.record.as_ref()?.production.as_ref()).map(identity);
        let is_restored = old.is_none() && record.as_ref() == Some(&now);
        let is_known = [candidate, previous].contains(&Some(now.clone())) || is_restored;
        let is_proven = self.ledger.passed.contains(&now);
        self.expect(Property::ProductionProven, is_known && is_proven, format!("v{} became production", now.0));
    }

    fn check_serving(&mut self, observed: &Observed, new: &Plan) {
        let had = production(observed.status.as_ref()).is_some();
        let has = production(Some(&new.status)).is_some();
        self.expect(Property::NeverWithdrawn, !had || has, "production was withdrawn");
        let served = new.intents.iter().find_map(|intent| match intent {
            Intent::Serve(serve) => Some(&serve.release),
            Intent::Launch(_) | Intent::Prune(_) | Intent::Withdraw => None,
        });
        if new.intents.contains(&Intent::Withdraw) {
            let is_refused = observed
                .deployed()
                .is_some_and(|deployed| new.status.quarantined.iter().any(|bundle| bundle.digest == deployed.digest));
            let is_needed = !has && is_refused && served.is_none();
            self.expect(Property::NeverWithdrawn, is_needed, "pods of a version that may be served are withdrawn");
        }
        let is_foreign = self.foreign.is_some();
        self.expect(Property::NeverWithdrawn, !has || is_foreign || served.is_some(), "nothing is served");
        let Some(served) = served else { return };
        let is_proven = self.ledger.passed.contains(&identity(served));
        self.expect(Property::NeverWithdrawn, is_proven, format!("{} is served and never passed", served.name));
        let is_quarantined = new.status.quarantined.iter().any(|bundle| bundle.digest == served.digest);
        self.expect(Property::NeverWithdrawn, !is_quarantined, format!("{} is served and quarantined", served.name));
    }

    fn check_failure(&mut self, observed: &Observed, new: &Plan) {
        let Some(old) = &observed.status else { return };
        let is = |reasons: &[Reason]| new.announcements.iter().any(|told| reasons.contains(&told.reason));
        let is_wanted = is(&[Reason::Promoted, Reason::Unchanged, Reason::ImageUpdated])
            || new.announcements.iter().any(|told| told.message.starts_with("rollback-to"));
        let is_same = (&old.production, &old.previous) == (&new.status.production, &new.status.previous);
        self.expect(
            Property::FailureHarmless,
            is_wanted || is_same,
            "production changed without a promotion or a command",
        );
    }

    fn check_versions(&mut self, observed: &Observed, new: &Plan) {
        let next = observed.status.as_ref().and_then(|status| status.next_version);
        self.expect(Property::VersionOnce, new.status.next_version >= next, "nextVersion went back");
        let candidate = new.status.candidate.as_ref().map(|candidate| candidate.version);
        self.expect(
            Property::VersionOnce,
            candidate < new.status.next_version,
            "the candidate's number is not taken yet",
        );
    }

    fn check_wake(&mut self, observed: &Observed, new: &Plan) {
        let is_ahead = new.wake.is_none_or(|wake| wake > self.now);
        self.expect(Property::WakeAhead, is_ahead, "wake is not in the future");
        let is_waiting = new.status.candidate.is_some() && !observed.spec.is_suspended();
        self.expect(Property::WakeAhead, !is_waiting || new.wake.is_some(), "a candidate and no wake");
    }

    fn check_wait(&mut self, new: &Plan) {
        let is_retried = new.announcements.iter().any(|told| told.reason == Reason::TrainingRetried);
        let candidate = new.status.candidate.as_ref().filter(|_| is_retried);
        let Some((version, at)) =
            candidate.and_then(|candidate| Some((candidate.version, candidate.retry_at.as_ref()?.0)))
        else {
            return;
        };
        let wait = at.as_second() - self.now.as_second();
        let grows = self.ledger.wait.is_none_or(|(of, last)| of != version || wait >= last);
        self.expect(Property::WaitGrows, grows, format!("the wait shrinks to {wait} s"));
        self.ledger.wait = Some((version, wait));
    }

    fn check_suspended(&mut self, observed: &Observed, new: &Plan) {
        if !observed.spec.is_suspended() {
            return;
        }
        let starts = new.intents.iter().any(|intent| match intent {
            Intent::Launch(launch) => launch.work != CandidateWork::Read,
            Intent::Serve(_) | Intent::Prune(_) | Intent::Withdraw => false,
        });
        self.expect(Property::SuspendedStartsNothing, !starts, "a Job starts");
        let promotes = new.announcements.iter().any(|told| told.reason == Reason::Promoted);
        self.expect(Property::SuspendedStartsNothing, !promotes, "a version is promoted");
    }

    fn check_twice(&mut self, observed: &Observed, first: &Plan) {
        if observed.status.as_ref() == Some(&first.status) {
            return self.expect(
                Property::TwiceIsOnce,
                first.announcements.is_empty(),
                "something is told and nothing decided",
            );
        }
        let again = Observed { status: Some(first.status.clone()), ..observed.clone() };
        let second = plan(&again, self.now);
        let is_same =
            second.status == first.status && second.intents == first.intents && second.announcements.is_empty();
        self.expect(Property::TwiceIsOnce, is_same, format!("{:?}", second.announcements));
    }

    /// What holds of a world at rest: production's threshold is the one that is asked for, or it is said why not.
    pub fn check_rest(&mut self) {
        let Some(status) = self.status.clone().filter(|status| status.candidate.is_none()) else { return };
        let gate = self.spec.gate_hash();
        if let Some(production) = status.production.as_ref().filter(|_| !self.spec.is_suspended()) {
            let is_left =
                status.unresolved.is_some_and(|left| left.bundle == production.digest && left.gate_hash == gate);
            let is_resolved = is_left || production.gate_hash.as_ref() == Some(&gate);
            self.expect(Property::ThresholdResolved, is_resolved, "production serves a stale threshold");
        }
        let is_foreign = self.foreign.is_some();
        let deployed = self.deployed.as_ref().filter(|deployed| deployed.replicas > 0 && !is_foreign);
        let is_quarantined =
            deployed.is_some_and(|deployed| status.quarantined.iter().any(|bundle| bundle.digest == deployed.digest));
        self.expect(Property::NeverWithdrawn, !is_quarantined, "a quarantined bundle goes on serving");
    }

    /// A property that is checked by the settling of the world.
    pub fn expect_settled(&mut self, property: Property, holds: bool, what: String) {
        self.expect(property, holds, what);
    }
}
