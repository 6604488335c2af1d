//! A toy cluster for one model: its facts, a Job controller, a Deployment controller, a store and a clock. It writes
//! down what happens in a transcript that a person can read.
#![allow(dead_code, reason = "each test binary uses its own part of the world")]

pub mod check;
pub mod cluster;
pub mod model;
pub mod story;

use check::Ledger;
use dropout_crds::{
    DropoutModelSpec, DropoutModelStatus,
    command::{Command, Malformed},
};
use dropout_model::task::Answer;
use dropout_planner::{
    Intent, Observed, Plan,
    observed::{ClaimFact, Deployed, Fleet, Identity, PolicyFact, Run, ServingFact},
    plan,
    plan::Launch,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The world.
pub struct World {
    pub uid: String,
    pub start: Timestamp,
    pub now: Timestamp,
    pub generation: i64,
    pub spec: DropoutModelSpec,
    pub status: Option<DropoutModelStatus>,
    pub commands: Vec<Command>,
    pub malformed: Vec<Malformed>,
    pub jobs: Vec<Job>,
    pub deployed: Option<Deployed>,
    pub foreign: Option<String>,
    pub data_claim: Option<ClaimFact>,
    pub store_claim: Option<ClaimFact>,
    pub bundle_claim: ClaimFact,
    pub policy: Option<PolicyFact>,
    pub fleet: Fleet,
    pub image: String,
    pub store: Store,
    pub ledger: Ledger,
    pub transcript: Vec<String>,
    /// Whether the transcript says dates, not seconds since the start.
    pub says_dates: bool,
}

/// A Job as it runs, with what it was started for.
#[derive(Clone)]
pub struct Job {
    pub run: Run,
    pub launch: Launch,
}

/// What Jobs have written: which bundle has which number, and the answers by task. And what they find in the data: how
/// many patients of the holdout dropped out.
pub struct Store {
    pub positive_patients: u32,
    pub versions: BTreeMap<u32, String>,
    pub answers: BTreeMap<String, Answer>,
}

/// What goes wrong in one reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    None,
    /// The operator dies after the status write.
    Crash,
    /// The n-th intent is not carried out.
    Drop(usize),
}

impl World {
    pub fn new() -> Self {
        let start: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let claim = |name: &str| ClaimFact::Present { name: name.into(), is_shared: true };
        Self {
            uid: "u1".into(),
            start,
            now: start,
            generation: 1,
            spec: model::spec(),
            status: None,
            commands: Vec::new(),
            malformed: Vec::new(),
            jobs: Vec::new(),
            deployed: None,
            foreign: None,
            data_claim: Some(claim("trial-data")),
            store_claim: Some(claim("model-store")),
            bundle_claim: claim("bundles"),
            policy: None,
            fleet: Fleet { trainings: 0, max_trainings: 3, rollouts: 0, max_rollouts: 1 },
            image: "inference:1".into(),
            store: Store { positive_patients: 61, versions: BTreeMap::new(), answers: BTreeMap::new() },
            ledger: Ledger::default(),
            transcript: Vec::new(),
            says_dates: false,
        }
    }

    /// The facts as the operator would gather them.
    pub fn observed(&self) -> Observed {
        let serving = match (&self.foreign, &self.deployed) {
            (Some(owner), _) => ServingFact::Foreign(owner.clone()),
            (None, Some(deployed)) => ServingFact::Ours(Box::new(deployed.clone())),
            (None, None) => ServingFact::Absent,
        };
        Observed {
            identity: Identity {
                namespace: "trials".into(),
                name: "onc-302".into(),
                uid: self.uid.clone(),
                generation: self.generation,
            },
            spec: self.spec.clone(),
            status: self.status.clone(),
            commands: self.commands.clone(),
            malformed: self.malformed.clone(),
            runs: self.jobs.iter().map(|job| job.run.clone()).collect(),
            serving,
            data_claim: self.data_claim.clone(),
            store_claim: self.store_claim.clone(),
            bundle_claim: self.spec.source().map(|_| self.bundle_claim.clone()),
            holdout_claim: self.spec.data.holdout_source().and_then(|_| self.data_claim.clone()),
            policy: self.policy.clone(),
            fleet: self.fleet,
            inference_image: self.image.clone(),
        }
    }

    /// One reconcile: observe, plan, write the status, carry out the intents.
    pub fn reconcile(&mut self, mishap: Mishap) -> Plan {
        let observed = self.observed();
        let plan = plan(&observed, self.now);
        self.check(&observed, &plan);
        if self.status.as_ref() != Some(&plan.status) {
            self.tell_plan(&plan);
            self.status = Some(through_the_api(&plan.status));
        }
        match mishap {
            Mishap::None => self.apply(&plan.intents, None),
            Mishap::Drop(at) => self.apply(&plan.intents, Some(at)),
            Mishap::Crash => self.say("the operator dies after the status write"),
        }
        plan
    }

    fn apply(&mut self, intents: &[Intent], dropped: Option<usize>) {
        for (at, intent) in intents.iter().enumerate() {
            if dropped == Some(at) {
                self.say("an intent is lost");
                continue;
            }
            match intent {
                Intent::Launch(launch) => self.launch(launch),
                Intent::Serve(serve) => self.serve(serve),
                Intent::Withdraw => self.withdraw(),
                Intent::Prune(names) => self.prune(names),
            }
        }
    }

    /// Reconciles without mishap until nothing is written any more, at the present time.
    pub fn reconcile_all(&mut self) {
        for _ in 0..8 {
            let before = (self.status.clone(), self.jobs.len(), self.deployed.clone());
            self.reconcile(Mishap::None);
            if before == (self.status.clone(), self.jobs.len(), self.deployed.clone()) {
                return;
            }
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// Puts a line into the transcript, with the date or the time since the start.
    pub fn say(&mut self, what: impl AsRef<str>) {
        if self.says_dates {
            let date = self.now.to_string().replace('T', " ").replace('Z', "");
            return self.transcript.push(format!("{date:<20} {}", what.as_ref()));
        }
        let seconds = self.now.as_second() - self.start.as_second();
        let time = format!("t+{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        self.transcript.push(format!("{time:<11} {}", what.as_ref()));
    }

    /// Puts down what a plan decides.
    fn tell_plan(&mut self, plan: &Plan) {
        for told in &plan.announcements {
            let mark = if told.is_warning { "  !!" } else { "  ->" };
            self.say(format!("{mark} {:?}: {}", told.reason, told.message));
        }
        for line in model::changes(self.status.as_ref(), &plan.status) {
            self.say(format!("       {line}"));
        }
    }
}

/// A status as it comes back from the API: times in whole seconds, numbers as text.
fn through_the_api(status: &DropoutModelStatus) -> DropoutModelStatus {
    serde_json::from_str(&serde_json::to_string(status).unwrap()).unwrap()
}
