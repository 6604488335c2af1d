//! Policies of the toy trial, and people who write, edit and delete them.

use super::{MODEL, Policy, Presence, Trial};
use crate::world::World;
use dropout_crds::{RetrainPolicySpec, dropout_model::Records};
use serde_json::{Value, json};

/// The spec of a policy from its JSON; the model is ours unless it says otherwise.
pub fn spec(mut text: Value) -> RetrainPolicySpec {
    if text.get("modelRef").is_none() {
        text["modelRef"] = json!({"name": MODEL});
    }
    serde_json::from_value(text).unwrap()
}

/// A policy that looks every hour at windows of two hours.
pub fn hourly(triggers: Value) -> RetrainPolicySpec {
    spec(json!({
        "monitor": {"every": "1h", "window": "2h"},
        "triggers": triggers,
        "limits": {"cooldown": "6h", "backoff": {"initial": "1h", "max": "8h"}, "suspendAfterRefusals": 3},
    }))
}

impl Trial {
    /// A trial whose model keeps records and has production v1; its making is left out.
    pub fn with_production() -> Self {
        let mut trial = Self::new();
        trial.keeps_records();
        trial.world.with_production();
        trial.takes_over();
        trial
    }

    fn keeps_records(&mut self) {
        self.world.spec.serving.records = Some(Records::default());
    }

    /// The trainings so far are taken as they are.
    fn takes_over(&mut self) {
        self.note_inputs(None);
        self.note_begun();
    }

    /// A person creates a policy.
    pub fn creates(&mut self, name: &str, spec: RetrainPolicySpec) -> &mut Self {
        let uid = format!("p{}", self.birth());
        self.world.say(format!("a person creates RetrainPolicy {name}"));
        let created = self.world.now;
        let (name, generation, status) = (name.to_owned(), 1, None);
        self.policies.push(Policy { name, uid, created, generation, spec, status, looks: Vec::new() });
        self
    }

    /// A person deletes a policy; its Jobs go with it.
    pub fn deletes(&mut self, at: usize) -> &mut Self {
        let gone = self.policies.remove(at);
        self.wakes.remove(&gone.uid);
        self.world.say(format!("a person deletes RetrainPolicy {}", gone.name));
        self
    }

    /// A person edits a policy.
    pub fn edits(&mut self, at: usize, what: &str, edit: impl FnOnce(&mut RetrainPolicySpec)) -> &mut Self {
        let policy = &mut self.policies[at];
        let before = policy.spec.clone();
        edit(&mut policy.spec);
        if policy.spec == before {
            return self;
        }
        policy.generation += 1;
        let line = format!("a person edits RetrainPolicy {}: {what}", policy.name);
        self.world.say(line);
        self
    }

    /// The model is deleted, and another one of its name is created after it; what Jobs left in the store stays.
    pub fn model_comes_anew(&mut self) -> &mut Self {
        let uid = format!("u{}", self.birth() + 1);
        self.world.say("a person deletes the DropoutModel and creates another of the name");
        let fresh = World::new();
        let old = std::mem::replace(&mut self.world, fresh);
        self.wakes.remove(&old.uid);
        self.ledger.of_models.extend(old.ledger.broken);
        self.world.uid = uid;
        (self.world.start, self.world.now, self.world.transcript) = (old.start, old.now, old.transcript);
        (self.world.store, self.world.says_dates) = (old.store, old.says_dates);
        self.keeps_records();
        self.model = Presence::There;
        self
    }
}
