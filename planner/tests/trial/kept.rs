//! What must keep a trigger from asking for a training, from trainings as they truly began: a second reading, made apart from
//! the planner's.

use super::{Presence, Trial, check::Property};
use dropout_crds::{
    RetrainPolicySpec,
    retrain_policy::{Action, Firing, TriggerSpec, TriggerStatus},
    status::{JudgedOutcome, TrainingEntry, Trigger},
};
use dropout_planner::policy::observed::{ModelSeen, ObservedPolicy};
use jiff::Timestamp;

/// A training that began.
#[derive(Clone, Debug)]
pub struct Begun {
    pub model: String,
    pub version: u32,
    pub time: Timestamp,
    pub trigger: Trigger,
    pub firing: Option<String>,
    /// What came out, and when that was known.
    pub end: Option<(JudgedOutcome, Timestamp)>,
    /// The model's status was lost since, and what was brought back of it does not say that it was begun.
    pub is_forgotten: bool,
}

/// A firing, and the limits under which it came.
#[derive(Clone, Debug)]
pub struct Fired {
    pub action: Action,
    pub time: Timestamp,
    cooldown: i64,
    budget: Option<(usize, i64)>,
}

fn is_policy(trigger: Trigger) -> bool {
    !matches!(trigger, Trigger::FirstModel | Trigger::SpecChanged | Trigger::GateChanged | Trigger::Command)
}

fn cooldown(spec: &RetrainPolicySpec) -> i64 {
    spec.limits.as_ref().and_then(|limits| limits.cooldown).map_or(7 * 86_400, |cooldown| cooldown.as_seconds() as i64)
}

fn budget(spec: &RetrainPolicySpec) -> Option<(usize, i64)> {
    let budget = spec.limits.as_ref()?.budget.as_ref()?;
    Some((budget.runs as usize, budget.per.as_seconds() as i64))
}

/// The wait after so many refusals: the first, twice that, four times, up to the longest.
fn wait(spec: &RetrainPolicySpec, refusals: u32) -> i64 {
    let backoff = spec.limits.as_ref().and_then(|limits| limits.backoff.clone()).unwrap_or_default();
    let first = backoff.initial.map_or(600, |initial| initial.as_seconds() as i64);
    let longest = backoff.max.map_or(86_400, |max| max.as_seconds() as i64);
    (0..refusals.saturating_sub(1)).fold(first, |wait, _| (2 * wait).min(longest)).min(longest)
}

/// Whether a blackout of the spec lasts.
pub fn is_black(spec: &RetrainPolicySpec, now: Timestamp) -> bool {
    spec.blackouts.iter().any(|blackout| match (blackout.start.parse(), blackout.end.parse()) {
        (Ok(start), Ok(end)) => (start..end).contains(&now),
        (Ok::<Timestamp, _>(_), Err(_)) | (Err(_), Ok::<Timestamp, _>(_)) | (Err(_), Err(_)) => true,
    })
}

/// Refusals in a row after which the policy stops.
pub fn most_refusals(spec: &RetrainPolicySpec) -> usize {
    spec.limits.as_ref().and_then(|limits| limits.suspend_after_refusals).map_or(4, |refusals| refusals as usize)
}

impl Trial {
    /// Trainings of the model that is there, oldest first.
    fn trainings(&self) -> impl DoubleEndedIterator<Item = &Begun> {
        self.ledger.begun.iter().filter(|begun| begun.model == self.world.uid && !begun.is_forgotten)
    }

    /// When those of the policies that did not get through ended, the newest first, since specs were edited.
    pub fn refusals(&self, since: Timestamp) -> Vec<Timestamp> {
        let passed = |begun: &&Begun| matches!(begun.end, Some((JudgedOutcome::Passed, _)));
        let row = self.trainings().rev().take_while(|begun| !passed(begun));
        let row = row.filter(|begun| is_policy(begun.trigger) && begun.time >= since);
        row.filter_map(|begun| begun.end.map(|(_, time)| time)).collect()
    }

    /// Looks at a firing that is new.
    pub fn check_firing(&mut self, observed: &ObservedPolicy, place: (&TriggerSpec, &ModelSeen), firing: &Firing) {
        let (spec, (trigger, model)) = (&observed.spec, place);
        let asked = super::seen::action(spec, trigger);
        self.expect(
            Property::NotifyTells,
            firing.action == asked,
            format!("{} fires as {:?}", trigger.name, firing.action),
        );
        let is_stopped = spec.suspend == Some(true);
        self.expect(Property::SuspendedFiresNothing, !is_stopped, format!("{} fires while suspended", trigger.name));
        let fired = Fired { action: asked, time: firing.time.0, cooldown: cooldown(spec), budget: budget(spec) };
        self.ledger.fired.insert(firing.id.clone(), fired);
        if asked == Action::Notify {
            return;
        }
        let status = model.status.as_ref();
        let is_free = status.is_some_and(|status| status.production.is_some() && status.candidate.is_none());
        self.expect(
            Property::OneAtATime,
            is_free,
            format!("{} fires without production or with a candidate", trigger.name),
        );
        let is_stopped = model.spec.suspend == Some(true);
        self.expect(
            Property::SuspendedFiresNothing,
            !is_stopped,
            format!("{} fires for a suspended model", trigger.name),
        );
        let is_black = is_black(spec, self.world.now);
        self.expect(Property::BlackoutKept, !is_black, format!("{} fires in a blackout", trigger.name));
        self.check_labels(observed, trigger);
        if self.model == Presence::There && self.world.status.as_ref() == status {
            self.check_room(observed, &trigger.name);
        }
    }

    /// No other firing stands that no training has taken.
    pub fn check_standing(&mut self, model: &ModelSeen, triggers: &[TriggerStatus]) {
        let trainings: &[TrainingEntry] = model.status.as_ref().map_or(&[], |status| &status.trainings);
        let stands = |trigger: &&TriggerStatus| {
            trigger.fired.as_ref().is_some_and(|fired| {
                let is_taken = trainings.iter().any(|entry| entry.firing.as_ref() == Some(&fired.id));
                fired.action == Action::Retrain && fired.version.is_none() && !is_taken
            })
        };
        let standing = triggers.iter().filter(stands).count();
        self.expect(Property::OneAtATime, standing <= 1, format!("{standing} firings stand"));
    }

    fn check_labels(&mut self, observed: &ObservedPolicy, trigger: &TriggerSpec) {
        let needed = observed.spec.limits.as_ref().and_then(|limits| limits.min_new_labelled_patients).unwrap_or(50);
        let reads_records = observed.spec.monitor.as_ref().is_some_and(|monitor| monitor.source.is_none());
        let labels = self.watched(&observed.identity.uid).last.as_ref().and_then(|truth| truth.found.labels);
        let is_asked = needed > 0 && (trigger.drift.is_some() || trigger.performance.is_some());
        let is_enough = labels.map_or(!reads_records, |labels| labels >= needed as u64);
        self.expect(
            Property::LabelsNeeded,
            !is_asked || is_enough,
            format!("{} fires on {labels:?} labels", trigger.name),
        );
    }

    /// Cooldown, budget, backoff and refusals, where the plan has seen the model as it is.
    fn check_room(&mut self, observed: &ObservedPolicy, name: &str) {
        let (spec, now) = (&observed.spec, self.world.now.as_second());
        let last = self.trainings().map(|begun| begun.time.as_second()).max();
        let is_cool = last.is_none_or(|last| now >= last + cooldown(spec));
        self.expect(Property::LimitsKept, is_cool, format!("{name} fires within the cooldown"));
        let is_in_budget = budget(spec).is_none_or(|(runs, per)| {
            self.trainings().filter(|begun| begun.time.as_second() > now - per).count() < runs
        });
        self.expect(Property::LimitsKept, is_in_budget, format!("{name} fires beyond the budget"));
        let refusals = self.refusals(self.watched(&observed.identity.uid).edited);
        let end = refusals.first().map_or(i64::MIN, |last| last.as_second() + wait(spec, refusals.len() as u32));
        self.expect(
            Property::BacksOff,
            now >= end,
            format!("{name} fires {} s too early after refusals", end.saturating_sub(now)),
        );
        let is_open = refusals.len() < most_refusals(spec);
        self.expect(Property::StopsItself, is_open, format!("{name} fires after {} refusals", refusals.len()));
    }

    /// Takes down what began and ended, and looks at it.
    pub fn note_begun(&mut self) {
        let entries = self.world.status.as_ref().map(|status| status.trainings.clone()).unwrap_or_default();
        let versions: Vec<u32> = entries.iter().map(|entry| entry.version).collect();
        for entry in entries {
            let is_it = |begun: &&Begun| begun.model == self.world.uid && begun.time == entry.time.0;
            let is_same = |begun: &Begun| is_it(&begun) && begun.version == entry.version;
            // A training that goes on under a later version is the same one, unless its own entry is still there.
            let is_listed = |version: u32| versions.contains(&version);
            let is_earlier =
                |begun: &Begun| is_it(&begun) && begun.version < entry.version && !is_listed(begun.version);
            let begun = &self.ledger.begun;
            match begun.iter().rposition(is_same).or_else(|| begun.iter().rposition(is_earlier)) {
                Some(at) => self.goes_on(at, &entry),
                None => self.begins(&entry),
            }
        }
    }

    fn goes_on(&mut self, at: usize, entry: &TrainingEntry) {
        let now = self.world.now;
        let begun = &mut self.ledger.begun[at];
        begun.version = entry.version;
        begun.is_forgotten = false;
        let since = begun.end.map_or(now, |(_, time)| time);
        begun.end = entry.outcome.map(|outcome| (outcome, since));
        if begun.firing != entry.firing {
            begun.firing.clone_from(&entry.firing);
            self.check_taken(entry);
        }
    }

    fn begins(&mut self, entry: &TrainingEntry) {
        self.check_taken(entry);
        self.check_begin(entry);
        let end = entry.outcome.map(|outcome| (outcome, self.world.now));
        let (version, time, trigger) = (entry.version, entry.time.0, entry.trigger);
        let (model, firing) = (self.world.uid.clone(), entry.firing.clone());
        self.ledger.begun.push(Begun { model, version, time, trigger, firing, end, is_forgotten: false });
    }

    /// A firing is taken by one training, and it asked for one.
    fn check_taken(&mut self, entry: &TrainingEntry) {
        let needs = is_policy(entry.trigger);
        self.expect(Property::InputsBound, !needs || entry.firing.is_some(), "a policy's training has no firing");
        let Some(id) = &entry.firing else { return };
        // A model that comes anew under the name knows nothing of what the one before it took.
        let is_other = |begun: &Begun| {
            begun.model == self.world.uid && begun.firing.as_ref() == Some(id) && begun.time != entry.time.0
        };
        let is_again = self.ledger.begun.iter().any(is_other);
        self.expect(Property::FiringOnce, !is_again, format!("firing {id} is taken again by v{}", entry.version));
        let asks = self.ledger.fired.get(id).is_some_and(|fired| fired.action == Action::Retrain);
        self.expect(Property::NotifyTells, asks, format!("v{} begins on a firing that asks for none", entry.version));
    }

    /// Cooldown and budget hold when a training begins, whatever was seen when its trigger fired.
    fn check_begin(&mut self, entry: &TrainingEntry) {
        let fired = entry.firing.as_ref().and_then(|id| self.ledger.fired.get(id)).cloned();
        let Some(fired) = fired.filter(|_| is_policy(entry.trigger)) else { return };
        let now = entry.time.0.as_second();
        let last = self.trainings().map(|begun| begun.time.as_second()).max();
        let is_cool = last.is_none_or(|last| now >= last + fired.cooldown);
        self.expect(Property::LimitsKept, is_cool, format!("v{} begins within the cooldown", entry.version));
        let is_in_budget = fired
            .budget
            .is_none_or(|(runs, per)| self.trainings().filter(|it| it.time.as_second() > now - per).count() < runs);
        self.expect(Property::LimitsKept, is_in_budget, format!("v{} begins beyond the budget", entry.version));
    }
}
