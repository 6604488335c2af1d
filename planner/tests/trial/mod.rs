//! A toy trial: a model's toy cluster, the policies that watch the model, their monitors' Jobs and a ConfigMap with a
//! report. Two controllers pass over it as the operator's do; either may see the other's objects as they stood a write ago.
#![allow(dead_code, reason = "each test binary uses its own part of the trial")]

pub mod check;
pub mod kept;
pub mod monitor;
pub mod seen;
pub mod spec;
pub mod story;

use crate::world::{Mishap, World};
use check::Ledger;
use dropout_crds::{RetrainPolicySpec, RetrainPolicyStatus};
use dropout_planner::{
    observed::{Identity, PolicyFact},
    plan_policy,
    policy::{
        observed::{ModelFact, ModelSeen, MonitorRunFact, ObservedPolicy, ReportFact, Rival},
        plan::{PolicyIntent, PolicyPlan},
        policy_fact,
    },
};
use jiff::Timestamp;
use monitor::{Look, ReportMap};
use std::collections::BTreeMap;

/// Name of the model.
pub const MODEL: &str = "onc-302";

/// The trial.
pub struct Trial {
    pub world: World,
    pub model: Presence,
    pub policies: Vec<Policy>,
    pub report: Option<ReportMap>,
    pub ledger: Ledger,
    /// What both controllers asked to be woken for last, by uid.
    pub wakes: BTreeMap<String, Option<Timestamp>>,
    /// Objects that were created so far, so that none has the uid of another.
    births: u32,
    /// The policies before they were passed over last.
    before: Vec<Policy>,
}

/// Whether the model is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    There,
    Leaving,
    Absent,
}

/// A policy and its Jobs.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: String,
    pub uid: String,
    pub created: Timestamp,
    pub generation: i64,
    pub spec: RetrainPolicySpec,
    pub status: Option<RetrainPolicyStatus>,
    pub looks: Vec<Look>,
}

/// What a pass suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Luck {
    /// What goes wrong with the model's writes.
    pub model: Mishap,
    /// What goes wrong with the policies' writes.
    pub policy: Mishap,
    /// The model is planned from policies as they stood before their last pass.
    pub is_policy_old: bool,
    /// The policies are planned from the model as it stood before this pass.
    pub is_model_old: bool,
}

/// Nothing goes wrong.
pub const FAIR: Luck = Luck { model: Mishap::None, policy: Mishap::None, is_policy_old: false, is_model_old: false };

impl Trial {
    pub fn new() -> Self {
        Self {
            world: World::new(),
            model: Presence::There,
            policies: Vec::new(),
            report: None,
            ledger: Ledger::default(),
            wakes: BTreeMap::new(),
            births: 0,
            before: Vec::new(),
        }
    }

    /// A number that no other object has.
    pub fn birth(&mut self) -> u32 {
        self.births += 1;
        self.births
    }

    /// Both controllers pass over everything once.
    pub fn pass_over(&mut self, luck: Luck) {
        let old_model = self.model_fact(MODEL);
        let old_policies = self.policies.clone();
        self.pass_over_model(luck);
        for at in 0..self.policies.len() {
            let model = self.model_fact(&self.policies[at].spec.model_ref.name);
            let is_old = luck.is_model_old && model != ModelFact::Absent;
            self.pass_over_policy(at, if is_old { old_model.clone() } else { model }, luck.policy);
        }
        self.before = old_policies;
    }

    fn pass_over_model(&mut self, luck: Luck) {
        if self.model != Presence::There {
            return;
        }
        let policies = if luck.is_policy_old { self.before.clone() } else { self.policies.clone() };
        self.world.policy = told(&policies);
        let jobs: Vec<String> = self.world.jobs.iter().map(|job| job.run.name.clone()).collect();
        let plan = self.world.reconcile(luck.model);
        self.wakes.insert(self.world.uid.clone(), plan.wake);
        self.check_model(oldest(&policies), &plan, &jobs);
    }

    fn pass_over_policy(&mut self, at: usize, model: ModelFact, mishap: Mishap) {
        let observed = self.observed(at, model);
        let plan = plan_policy(&observed, self.world.now);
        self.wakes.insert(observed.identity.uid.clone(), plan.wake);
        self.check_policy(&observed, &plan);
        if self.policies[at].status.as_ref() != Some(&plan.status) {
            self.tell_plan(at, &plan);
            self.policies[at].status = Some(through_the_api(&plan.status));
        }
        match mishap {
            Mishap::None => self.apply(at, &plan.intents, None),
            Mishap::Drop(dropped) => self.apply(at, &plan.intents, Some(dropped)),
            Mishap::Crash => self.world.say("the operator dies after the write of a policy's status"),
        }
    }

    fn apply(&mut self, at: usize, intents: &[PolicyIntent], dropped: Option<usize>) {
        for (number, intent) in intents.iter().enumerate() {
            match intent {
                _ if dropped == Some(number) => self.world.say("an intent of a policy is lost"),
                PolicyIntent::Look(task) => self.launch(at, task),
                PolicyIntent::Prune(names) => self.policies[at].looks.retain(|look| !names.contains(&look.fact.name)),
            }
        }
    }

    /// The facts of a policy as the operator would gather them.
    pub fn observed(&self, at: usize, model: ModelFact) -> ObservedPolicy {
        let policy = &self.policies[at];
        let is_rival = |other: &&Policy| other.uid != policy.uid && other.spec.model_ref == policy.spec.model_ref;
        let rival = |other: &Policy| Rival { created: other.created, name: other.name.clone() };
        let runs: Vec<MonitorRunFact> = policy.looks.iter().map(|look| look.fact.clone()).collect();
        ObservedPolicy {
            identity: Identity {
                namespace: "trials".into(),
                name: policy.name.clone(),
                uid: policy.uid.clone(),
                generation: policy.generation,
            },
            created: policy.created,
            spec: policy.spec.clone(),
            status: policy.status.clone(),
            store_claim: self.world.store_claim.clone().filter(|_| model != ModelFact::Absent),
            model,
            rivals: self.policies.iter().filter(is_rival).map(rival).collect(),
            runs,
            report: self.report_fact(&policy.spec),
        }
    }

    fn report_fact(&self, spec: &RetrainPolicySpec) -> ReportFact {
        let source = spec.monitor.as_ref().and_then(|monitor| monitor.source.as_ref());
        let Some(named) = source.and_then(|source| source.config_map.as_ref()) else { return ReportFact::NotAsked };
        match &self.report {
            None => ReportFact::Absent(named.name.clone()),
            Some(report) if !report.is_labelled => ReportFact::Unlabelled(named.name.clone()),
            Some(report) => ReportFact::Present(report.origin.clone()),
        }
    }

    /// The model as a policy sees it.
    pub fn model_fact(&self, name: &str) -> ModelFact {
        match self.model {
            _ if name != MODEL => ModelFact::Absent,
            Presence::Absent => ModelFact::Absent,
            Presence::Leaving => ModelFact::Leaving,
            Presence::There => ModelFact::Present(Box::new(ModelSeen {
                identity: self.world.observed().identity,
                spec: self.world.spec.clone(),
                status: self.world.status.clone(),
            })),
        }
    }

    /// When either controller asks to be woken next.
    pub fn wake(&self) -> Option<Timestamp> {
        self.wakes.values().flatten().min().copied()
    }

    /// Passes over everything without mishap until nothing is written any more, at the present time; false if that does
    /// not come.
    pub fn rests(&mut self) -> bool {
        for _ in 0..12 {
            let before = self.written();
            self.pass_over(FAIR);
            if before == self.written() {
                return true;
            }
        }
        false
    }

    /// Everything that the controllers write.
    pub fn written(&self) -> impl PartialEq + use<> {
        let policy = |policy: &Policy| {
            let looks: Vec<MonitorRunFact> = policy.looks.iter().map(|look| look.fact.clone()).collect();
            (policy.status.clone(), looks)
        };
        let policies: Vec<_> = self.policies.iter().map(policy).collect();
        let jobs: Vec<_> = self.world.jobs.iter().map(|job| job.run.clone()).collect();
        (self.world.status.clone(), jobs, self.world.deployed.clone(), policies)
    }
}

/// The policy that a model listens to: the oldest of those that name it.
pub fn oldest(policies: &[Policy]) -> Option<&Policy> {
    let named = policies.iter().filter(|policy| policy.spec.model_ref.name == MODEL);
    named.min_by_key(|policy| (policy.created, policy.name.clone()))
}

fn told(policies: &[Policy]) -> Option<PolicyFact> {
    let oldest = oldest(policies)?;
    Some(policy_fact(&oldest.name, &oldest.spec, oldest.status.as_ref()))
}

/// A status as it comes back from the API: times in whole seconds, numbers as text.
fn through_the_api(status: &RetrainPolicyStatus) -> RetrainPolicyStatus {
    serde_json::from_str(&serde_json::to_string(status).unwrap()).unwrap()
}

impl Trial {
    /// Puts down what a plan of a policy decides.
    fn tell_plan(&mut self, at: usize, plan: &PolicyPlan) {
        let name = self.policies[at].name.clone();
        for told in &plan.announcements {
            let mark = if told.is_warning { "  !!" } else { "  ->" };
            self.world.say(format!("{mark} {name}: {:?}: {}", told.reason, told.message));
        }
        for line in story::changes(self.policies[at].status.as_ref(), &plan.status) {
            self.world.say(format!("       {name}: {line}"));
        }
    }
}
