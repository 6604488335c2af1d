//! The properties that hold at every plan of a model with policies, whatever the outside does. It only looks on.

use super::{
    Policy, Trial,
    kept::{Begun, Fired, is_black, most_refusals},
    monitor::Truth,
    seen::{Seen, can_look, is_usable, listened, seen, served},
};
use crate::world::check::Property as ModelProperty;
use dropout_crds::{
    ConditionType, Reason, RetrainPolicyStatus,
    retrain_policy::{ScheduleTrigger, SkipReason, TriggerSpec, TriggerState, TriggerStatus},
    status::{CandidateWork, MAX_STATUS},
};
use dropout_planner::{
    Plan, plan_policy,
    policy::{
        observed::{ModelSeen, MonitorPhase, ObservedPolicy},
        plan::{PolicyIntent, PolicyPlan},
    },
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    FiringOnce,
    InputsBound,
    ReportsNeeded,
    SchedulesKept,
    LimitsKept,
    LabelsNeeded,
    OneAtATime,
    BlackoutKept,
    NotifyTells,
    SuspendedFiresNothing,
    BacksOff,
    StopsItself,
    OneAccepted,
    SizeKept,
    SkippedSaid,
    OneLook,
    TwiceIsOnce,
    WakeAhead,
    ComesToRest,
    ModelHolds,
}

/// What was seen so far, and what of it broke a property.
#[derive(Default)]
pub struct Ledger {
    pub broken: Vec<(Property, String)>,
    /// What broke among models that are gone.
    pub of_models: Vec<(ModelProperty, String)>,
    /// What each look truly found, by the policy's uid and the task's hash.
    pub truths: BTreeMap<(String, String), Truth>,
    pub fired: BTreeMap<String, Fired>,
    pub begun: Vec<Begun>,
    /// What was decided in words, for the coverage of the cases.
    pub told: BTreeSet<Reason>,
    pub skipped: BTreeSet<String>,
    watched: BTreeMap<String, Watched>,
    launched: BTreeMap<(String, u32), BTreeSet<String>>,
    inputs: BTreeSet<(String, String)>,
    retries: usize,
}

/// What a policy must know, by what was truly found.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The last report.
    pub last: Option<Truth>,
    /// When specs were edited last.
    pub edited: Timestamp,
    generations: (i64, i64, String),
    rows: BTreeMap<String, Row>,
}

/// How a trigger must stand.
#[derive(Clone, Debug, Default)]
struct Row {
    /// Reports in a row that breach: digest and end of each.
    run: Vec<(String, Timestamp)>,
    /// The report that it fired for.
    fired: Option<String>,
    /// New labels from which it fires again.
    floor: Option<f64>,
    /// The schedule and the time up to which all was fired or skipped.
    schedule: Option<(ScheduleTrigger, Timestamp)>,
}

impl Trial {
    pub fn expect(&mut self, property: Property, holds: bool, what: impl Into<String>) {
        if !holds {
            let what = what.into();
            self.world.say(format!("BROKEN {property:?}: {what}"));
            self.ledger.broken.push((property, what));
        }
    }

    /// What a policy must know; a policy is looked at before it fires.
    pub fn watched(&self, uid: &str) -> &Watched {
        &self.ledger.watched[uid]
    }

    /// A policy's status is lost: what only it can know is forgotten.
    pub fn note_policy_loss(&mut self, uid: &str) {
        self.ledger.watched.remove(uid);
    }

    /// Looks at one plan of the model, made from that policy.
    pub fn check_model(&mut self, policy: Option<&Policy>, plan: &Plan, jobs: &[String]) {
        self.note_inputs(policy);
        self.note_begun();
        let begins = [Reason::TrainingStarted, Reason::RollingOut, Reason::Promoted];
        let told = plan.announcements.iter().find(|told| begins.contains(&told.reason)).map(|told| told.reason);
        let news: Vec<_> = self.world.jobs.iter().filter(|job| !jobs.contains(&job.run.name)).cloned().collect();
        let starts = news.iter().any(|job| job.run.work != CandidateWork::Read);
        if policy.is_some_and(|policy| is_black(&policy.spec, self.world.now)) {
            self.expect(Property::BlackoutKept, told.is_none() && !starts, format!("in a blackout begins {told:?}"));
        }
        for job in news.iter().filter(|job| job.run.work == CandidateWork::Train) {
            self.check_training(job.run.version, &job.run.name);
        }
        let bytes = serde_json::to_vec(&plan.status).unwrap().len();
        self.expect(Property::SizeKept, bytes <= MAX_STATUS, format!("{bytes} bytes of the model's status"));
        let count = self.ledger.begun.iter().filter(|begun| begun.model == self.world.uid).count();
        let inputs = self.ledger.inputs.iter().filter(|(model, _)| *model == self.world.uid).count();
        self.expect(Property::InputsBound, count <= inputs, format!("{count} trainings of {inputs} inputs"));
    }

    /// All that may make a training: each spec, each command, each firing that the model was told of, each lost status.
    pub fn note_inputs(&mut self, policy: Option<&Policy>) {
        let firings = policy.and_then(|policy| policy.status.as_ref()).into_iter().flat_map(|status| &status.triggers);
        let firings = firings.filter_map(|trigger| trigger.fired.as_ref()).map(|fired| fired.id.clone());
        let commands = self.world.commands.iter().map(|command| command.token.clone());
        let spec = format!("generation {}", self.world.generation);
        let all: Vec<String> = firings.chain(commands).chain([spec]).collect();
        self.ledger.inputs.extend(all.into_iter().map(|input| (self.world.uid.clone(), input)));
        self.ledger.retries = self.ledger.retries.max(self.world.spec.retries() as usize);
    }

    /// A model's status is lost: a training that its record does not know is one more input.
    pub fn note_model_loss(&mut self) {
        let input = format!("loss {}", self.birth());
        self.ledger.inputs.insert((self.world.uid.clone(), input));
        let uid = &self.world.uid;
        self.ledger.begun.iter_mut().filter(|begun| begun.model == *uid).for_each(|begun| begun.is_forgotten = true);
        self.world.note_loss();
    }

    fn check_training(&mut self, version: u32, job: &str) {
        let uid = self.world.uid.clone();
        let attempts = self.ledger.launched.entry((uid.clone(), version)).or_default();
        attempts.insert(job.to_owned());
        let (count, most) = (attempts.len(), 1 + self.ledger.retries);
        self.expect(Property::InputsBound, count <= most, format!("{count} trainings of v{version}, {most} at most"));
        let is_kept = self.ledger.begun.iter().any(|begun| begun.model == uid && begun.version == version);
        self.expect(Property::InputsBound, is_kept, format!("the training of v{version} is not put down"));
    }

    /// Looks at one plan of a policy.
    pub fn check_policy(&mut self, observed: &ObservedPolicy, plan: &PolicyPlan) {
        self.ledger.told.extend(plan.announcements.iter().map(|told| told.reason));
        self.ledger.skipped.extend(plan.status.skipped.iter().map(|skipped| format!("{:?}", skipped.reason)));
        let bytes = serde_json::to_vec(&plan.status).unwrap().len();
        self.expect(Property::SizeKept, bytes <= MAX_STATUS, format!("{bytes} bytes of a policy's status"));
        self.check_twice(observed, plan);
        match listened(observed) {
            Some(model) => self.check_watch(observed, model, plan),
            None => self.check_refused(observed, plan),
        }
    }

    fn check_twice(&mut self, observed: &ObservedPolicy, first: &PolicyPlan) {
        let again = ObservedPolicy { status: Some(first.status.clone()), ..observed.clone() };
        let second = plan_policy(&again, self.world.now);
        let is_same =
            second.status == first.status && second.intents == first.intents && second.announcements.is_empty();
        self.expect(Property::TwiceIsOnce, is_same, format!("planned twice: {:?}", second.announcements));
        let is_ahead = first.wake.is_none_or(|wake| wake > self.world.now);
        self.expect(Property::WakeAhead, is_ahead, "wake is not in the future");
    }

    /// A policy that its model does not listen to watches nothing and asks for nothing.
    fn check_refused(&mut self, observed: &ObservedPolicy, plan: &PolicyPlan) {
        let is_idle = plan.status.triggers.is_empty() && plan.status.monitor.is_none();
        let looks = plan.intents.iter().any(|intent| matches!(intent, PolicyIntent::Look(_)));
        let name = &observed.identity.name;
        let is_refused = says(&plan.status, ConditionType::Accepted).0 == "False";
        let holds = is_idle && !looks && is_refused;
        self.expect(Property::OneAccepted, holds, format!("{name} is not its model's and is at work"));
        if let Some(watched) = self.ledger.watched.get_mut(&observed.identity.uid) {
            (watched.last, watched.rows) = (None, BTreeMap::new());
        }
    }

    fn check_watch(&mut self, observed: &ObservedPolicy, model: &ModelSeen, plan: &PolicyPlan) {
        let is_accepted = says(&plan.status, ConditionType::Accepted).0 == "True";
        self.expect(Property::OneAccepted, is_accepted, format!("{} is not accepted", observed.identity.name));
        let is_edited = self.note_watch(observed, model);
        self.take(observed, plan);
        let watched = self.watched(&observed.identity.uid).clone();
        let last = watched.last.filter(|last| is_usable(observed, model, last, self.world.now));
        let names: Vec<&String> = plan.status.triggers.iter().map(|trigger| &trigger.name).collect();
        let asked: Vec<&String> = observed.spec.triggers.iter().map(|trigger| &trigger.name).collect();
        self.expect(Property::SkippedSaid, names == asked, "a trigger is not told of");
        self.check_standing(model, &plan.status.triggers);
        for (trigger, status) in observed.spec.triggers.iter().zip(&plan.status.triggers) {
            let weighed = Weighed { observed, model, plan, trigger, status, is_edited };
            match &trigger.schedule {
                Some(schedule) => self.check_schedule(&weighed, schedule),
                None => self.check_report(&weighed, last.as_ref()),
            }
        }
        self.check_stop(observed, model, plan);
        let needs = can_look(observed, model, self.world.now);
        self.expect(Property::WakeAhead, !needs || plan.wake.is_some(), "a model is watched and nobody wakes");
    }

    /// Keeps up with edits; true if the policy's spec was edited since the last plan.
    fn note_watch(&mut self, observed: &ObservedPolicy, model: &ModelSeen) -> bool {
        let new = (observed.identity.generation, model.identity.generation, model.identity.uid.clone());
        let served = served(model).map(str::to_owned);
        let edited = observed.created;
        let watched = self.ledger.watched.entry(observed.identity.uid.clone());
        let watched =
            watched.or_insert(Watched { last: None, edited, generations: new.clone(), rows: BTreeMap::new() });
        let old = std::mem::replace(&mut watched.generations, new.clone());
        if old != new {
            watched.edited = self.world.now;
        }
        if old.2 != new.2 {
            (watched.last, watched.rows) = (None, BTreeMap::new());
        }
        if watched.last.as_ref().map(|last| &last.version) != served.as_ref() {
            watched.rows.values_mut().for_each(|row| (row.run, row.floor) = (Vec::new(), None));
        }
        old.0 != new.0
    }

    /// Takes what the plan takes in, as it truly was: the answer to the look that ran, once.
    fn take(&mut self, observed: &ObservedPolicy, plan: &PolicyPlan) {
        let last = |status: &RetrainPolicyStatus| status.monitor.clone().and_then(|monitor| monitor.last);
        let (old, new) = (observed.status.as_ref().and_then(last), last(&plan.status));
        let uid = &observed.identity.uid;
        let run = observed.status.as_ref().and_then(|status| status.monitor.as_ref()?.run.clone());
        let truth = run.as_ref().and_then(|run| self.ledger.truths.get(&(uid.clone(), run.task.clone()))).cloned();
        let is_answered = |run: &dropout_crds::retrain_policy::MonitorRun| {
            let is_it = |task: &str| task == run.task;
            observed.runs.iter().any(|fact| {
                is_it(&fact.task) && matches!(&fact.phase, MonitorPhase::Finished(Ok(answer)) if is_it(&answer.task))
            })
        };
        if old != new && new.is_some() {
            let is_known = truth.is_some() && run.as_ref().is_some_and(is_answered);
            self.expect(Property::ReportsNeeded, is_known, "an answer is taken that nobody gave");
            let read = self.world.now;
            let watched = self.ledger.watched.get_mut(uid).unwrap();
            watched.last = truth.map(|truth| Truth { read, ..truth });
        }
        let watched = self.ledger.watched.get_mut(uid).unwrap();
        watched.last = watched.last.take().filter(|_| new.is_some());
        let listened = listened(observed).and_then(served).map(str::to_owned);
        if watched.last.as_ref().map(|last| &last.version) != listened.as_ref() {
            watched.rows.values_mut().for_each(|row| (row.run, row.floor) = (Vec::new(), None));
        }
    }

    fn row(&mut self, weighed: &Weighed<'_>) -> &mut Row {
        let watched = self.ledger.watched.get_mut(&weighed.observed.identity.uid).unwrap();
        watched.rows.entry(weighed.trigger.name.clone()).or_default()
    }

    /// A trigger that reads reports fires only after as many in a row as it asks for, each of another window.
    fn check_report(&mut self, weighed: &Weighed<'_>, last: Option<&Truth>) {
        let Weighed { observed, trigger, status, .. } = weighed;
        let window = observed.spec.monitor.as_ref().and_then(|monitor| monitor.window);
        let window = window.map_or(28 * 86_400, |window| window.as_seconds() as i64);
        let is_edited = weighed.is_edited;
        let row = self.row(weighed);
        row.schedule = None;
        let floor = row.floor.filter(|_| !is_edited);
        let sees = last.map_or(Seen::Unknown, |last| seen(trigger, last, floor));
        match (sees, last) {
            (Seen::Quiet, _) => row.run.clear(),
            (Seen::Breach, Some(Truth { digest: Some(digest), end: Some(end), .. })) => {
                let is_later = |(_, before): &(String, Timestamp)| end.as_second() >= before.as_second() + window;
                let is_other = row.run.last().is_none_or(|(before, _)| before != digest);
                if is_other && row.run.last().is_none_or(is_later) {
                    row.run.push((digest.clone(), *end));
                }
            }
            (Seen::Breach | Seen::Unknown, _) => {}
        }
        let most = if trigger.new_data.is_some() { 1 } else { trigger.consecutive.unwrap_or(2) as usize };
        // New labels are counted by patient: whatever report shows them fires.
        let shown = last.and_then(|last| last.digest.clone()).filter(|_| trigger.new_data.is_some());
        let (count, newest) = (row.run.len(), shown.or_else(|| row.run.last().map(|(digest, _)| digest.clone())));
        let is_enough = sees == Seen::Breach && count >= most;
        if is_edited && sees != Seen::Unknown {
            row.floor = None;
        }
        if weighed.has_taken_back() {
            row.fired = None;
        }
        let is_new = row.fired.is_none() || row.fired != newest;
        if let Some(firing) = weighed.new_firing() {
            row.fired = newest;
            let labels = last.and_then(|last| last.found.labels);
            let least = trigger.new_data.as_ref().map(|it| f64::from(it.min_labelled_patients));
            row.floor = labels.zip(least).map(|(labels, least)| labels as f64 + least);
            let what = format!("{} fires on {count} of {most} reports, the last {sees:?}", trigger.name);
            self.expect(Property::ReportsNeeded, is_enough, what);
            self.check_firing(observed, (trigger, weighed.model), &firing);
        } else if is_enough && is_new {
            self.check_skipped(weighed);
        }
        let is_unknown = status.state == TriggerState::Unknown;
        let what = format!("{} is {:?} and sees {sees:?}", trigger.name, status.state);
        self.expect(Property::ReportsNeeded, is_unknown == (sees == Seen::Unknown), what);
    }

    /// A schedule fires at its times, once for all that were missed, and not later than its deadline.
    fn check_schedule(&mut self, weighed: &Weighed<'_>, schedule: &ScheduleTrigger) {
        let (now, trigger) = (self.world.now, weighed.trigger);
        let Some(due) = last_time(&schedule.cron, now) else {
            let is_silent = weighed.new_firing().is_none();
            return self.expect(Property::SchedulesKept, is_silent, format!("{} never comes and fires", trigger.name));
        };
        let row = self.row(weighed);
        *row = Row { schedule: row.schedule.take(), ..Row::default() };
        let since = row.schedule.take().filter(|(of, _)| of.cron == schedule.cron).map_or(now, |(_, since)| since);
        let deadline = schedule.starting_deadline.map_or(6 * 3_600, |deadline| deadline.as_seconds() as i64);
        let is_late = now.as_second() > due.as_second() + deadline;
        let has_come = due > since;
        let firing = weighed.new_firing();
        let settled = if has_come && (is_late || firing.is_some()) { due } else { since };
        row.schedule = Some((schedule.clone(), settled));
        if let Some(firing) = firing {
            let what = format!("{} fires; due {due}, since {since}", trigger.name);
            self.expect(Property::SchedulesKept, has_come && !is_late, what);
            self.check_firing(weighed.observed, (trigger, weighed.model), &firing);
        } else if has_come {
            let is_missed = self.check_skipped(weighed) == Some(SkipReason::Missed);
            let what = format!("{} of {due}: late {is_late}, missed {is_missed}", trigger.name);
            self.expect(Property::SkippedSaid, !is_late || is_missed, what);
        }
    }

    /// A firing that was kept has a reason in the status, put down since the trigger fired last. Gives that reason.
    fn check_skipped(&mut self, weighed: &Weighed<'_>) -> Option<SkipReason> {
        let name = &weighed.trigger.name;
        let since = weighed.status.fired.as_ref().map_or(Timestamp::MIN, |fired| fired.time.0);
        let all = weighed.plan.status.skipped.iter().rev();
        let reasons: Vec<SkipReason> =
            all.filter(|it| it.trigger == *name && it.time.0 >= since).map(|it| it.reason).collect();
        self.expect(Property::SkippedSaid, !reasons.is_empty(), format!("{name} does not fire, and nothing says why"));
        reasons.iter().find(|reason| **reason == SkipReason::Missed).or(reasons.first()).copied()
    }

    /// A policy whose candidates did not get through often enough in a row says so, and no other does.
    fn check_stop(&mut self, observed: &ObservedPolicy, model: &ModelSeen, plan: &PolicyPlan) {
        if self.world.status != model.status {
            return;
        }
        let refusals = self.refusals(self.watched(&observed.identity.uid).edited).len();
        let is_over = refusals >= most_refusals(&observed.spec);
        let (status, reason) = says(&plan.status, ConditionType::Stalled);
        let is_said = if is_over { status == "True" } else { reason != "SuspendedAfterRefusals" };
        self.expect(Property::StopsItself, is_said, format!("after {refusals} refusals: Stalled={status}/{reason}"));
    }

    /// A look was started: it is the only one, and the policy may look.
    pub fn check_launch(&mut self, at: usize) {
        let running = self.running(at);
        self.expect(Property::OneLook, running == 1, format!("{running} looks run"));
        let observed = self.observed(at, self.model_fact(&self.policies[at].spec.model_ref.name));
        let may = observed.spec.suspend != Some(true) && observed.spec.monitor.is_some();
        self.expect(Property::OneLook, may, "a look is started and the policy asks for none");
    }
}

/// One trigger of one plan.
struct Weighed<'a> {
    observed: &'a ObservedPolicy,
    model: &'a ModelSeen,
    plan: &'a PolicyPlan,
    trigger: &'a TriggerSpec,
    status: &'a TriggerStatus,
    is_edited: bool,
}

impl Weighed<'_> {
    fn before(&self) -> Option<&TriggerStatus> {
        let triggers = &self.observed.status.as_ref()?.triggers;
        triggers.iter().find(|trigger| trigger.name == self.trigger.name)
    }

    /// The firing that the plan decides, if it does.
    fn new_firing(&self) -> Option<dropout_crds::retrain_policy::Firing> {
        let before = self.before().and_then(|trigger| trigger.fired.as_ref()).map(|fired| (&fired.id, &fired.time));
        self.status.fired.clone().filter(|fired| before != Some((&fired.id, &fired.time)))
    }

    /// Whether the plan takes a firing back.
    fn has_taken_back(&self) -> bool {
        let told = &self.plan.announcements;
        told.iter()
            .any(|told| told.reason == Reason::Withdrawn && told.message.contains(&format!(" {} ", self.trigger.name)))
    }
}

/// The last time of a schedule, of those that the trials have, up to now; none if it never comes.
fn last_time(cron: &str, now: Timestamp) -> Option<Timestamp> {
    let (period, offset) = match cron {
        "0 * * * *" => (3_600, 0),
        "30 2 * * *" => (86_400, 2 * 3_600 + 1_800),
        _ => return None,
    };
    let whole = (now.as_second() - offset).div_euclid(period);
    Some(Timestamp::from_second(whole * period + offset).unwrap())
}

/// A condition's status and reason.
pub fn says(status: &RetrainPolicyStatus, kind: ConditionType) -> (String, String) {
    let condition = status.conditions.iter().find(|condition| condition.type_ == kind.name()).unwrap();
    (condition.status.clone(), condition.reason.clone())
}
