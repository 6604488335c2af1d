//! What people, monitors, Jobs and time do in a story of a trial, in one word each, and how a change of a policy's status
//! reads. After each the operator has passed over everything.

use super::{
    Presence, Trial,
    monitor::{Found, LookEnd},
};
use dropout_crds::{RetrainPolicyStatus, retrain_policy::TriggerStatus};
use dropout_model::task::Outcome;

impl Trial {
    /// Everything is passed over until it rests.
    pub fn reconciles(&mut self) -> &mut Self {
        assert!(self.rests(), "{}", self.world.transcript.join("\n"));
        self
    }

    /// Time passes up to the next full hour, and then some.
    pub fn passes(&mut self, seconds: i64) -> &mut Self {
        self.world.pass(seconds);
        self.reconciles()
    }

    /// The look of the first policy ends after two minutes.
    pub fn finds(&mut self, found: Found) -> &mut Self {
        self.ends_look(LookEnd::Finds(found))
    }

    pub fn ends_look(&mut self, end: LookEnd) -> &mut Self {
        self.world.pass(120);
        assert!(self.look_ends(0, end), "no look runs\n{}", self.world.transcript.join("\n"));
        self.reconciles()
    }

    /// The candidate's Job ends with a verdict after ten minutes.
    pub fn is_judged(&mut self, outcome: Outcome, kind: u8) -> &mut Self {
        self.world.pass(600);
        self.world.job_answers(outcome, kind);
        self.reconciles()
    }

    /// All pods come, and soak.
    pub fn is_promoted(&mut self) -> &mut Self {
        self.world.pass(20);
        self.world.pods_come();
        self.reconciles();
        self.passes(60)
    }

    /// The model is being deleted.
    pub fn model_leaves(&mut self) -> &mut Self {
        self.world.say("a person deletes the DropoutModel");
        self.model = Presence::Leaving;
        self.reconciles()
    }

    /// No property was broken, of the policies or of the model.
    pub fn is_unbroken(&self) {
        assert_eq!(self.ledger.broken, [], "{}", self.world.transcript.join("\n"));
        assert_eq!(self.world.ledger.broken, [], "{}", self.world.transcript.join("\n"));
    }

    /// The first policy's status.
    pub fn status(&self) -> &RetrainPolicyStatus {
        self.policies[0].status.as_ref().unwrap()
    }

    /// A trigger of the first policy.
    pub fn trigger(&self, name: &str) -> &TriggerStatus {
        self.status().triggers.iter().find(|trigger| trigger.name == name).unwrap()
    }

    /// Trainings that a firing of a policy began.
    pub fn fired_trainings(&self) -> usize {
        self.ledger.begun.iter().filter(|begun| begun.firing.is_some()).count()
    }
}

/// What changed from one status to the next, in the words of `kubectl describe`.
pub fn changes(old: Option<&RetrainPolicyStatus>, new: &RetrainPolicyStatus) -> Vec<String> {
    let mut lines = Vec::new();
    for condition in &new.conditions {
        let is_said = old.is_some_and(|old| {
            let key = (&condition.type_, &condition.status, &condition.reason);
            old.conditions.iter().any(|old| (&old.type_, &old.status, &old.reason) == key)
        });
        if !is_said {
            lines.push(format!("{}={}/{}: {}", condition.type_, condition.status, condition.reason, condition.message));
        }
    }
    for trigger in &new.triggers {
        let before = old.and_then(|old| old.triggers.iter().find(|before| before.name == trigger.name));
        let headline = |trigger: &TriggerStatus| {
            let fired = trigger.fired.as_ref().and_then(|fired| fired.version.clone());
            (trigger.state, trigger.consecutive, fired)
        };
        if before.map(headline) != Some(headline(trigger)) {
            lines.push(line(trigger));
        }
    }
    lines
}

fn line(trigger: &TriggerStatus) -> String {
    let version = trigger.fired.as_ref().and_then(|fired| fired.version.as_ref());
    let made = version.map(|version| format!(", {version} was made of it")).unwrap_or_default();
    format!("trigger {} is {:?}{made}: {}", trigger.name, trigger.state, trigger.message)
}
