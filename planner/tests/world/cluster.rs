//! The toy controllers: Jobs that start, answer and fail; a Deployment whose pods come and go; a store that gives no
//! number twice.

use super::{Job, World};
use dropout_crds::status::CandidateWork;
use dropout_model::{
    digest::json_digest,
    manifest::{Metric, Target},
    task::{Answer, CONTRACT, Check, Evidence, Figure, NoAnswer, Outcome, Task, Verdict, Work},
};
use dropout_planner::{
    observed::{Deployed, Run, RunFailure, RunPhase, ServingFault},
    plan::{Launch, Serve},
};

impl World {
    /// Starts a Job. One of that name that is there already stays as it is.
    pub fn launch(&mut self, launch: &Launch) {
        let name =
            format!("onc-302-{}-v{}-{}", format!("{:?}", launch.work).to_lowercase(), launch.version, launch.attempt);
        if self.jobs.iter().any(|job| job.run.name == name) {
            return;
        }
        self.say(format!("Job {name} is started"));
        self.note_launch(launch);
        let run = Run {
            name,
            version: launch.version,
            work: launch.work,
            attempt: launch.attempt,
            task: launch.task.hash(),
            phase: RunPhase::Pending(None),
        };
        self.jobs.push(Job { run, launch: launch.clone() });
    }

    /// Server-side apply of the Deployment: the record always, a new template only if it differs.
    pub fn serve(&mut self, serve: &Serve) {
        let template =
            json_digest(&(&serve.release.digest, &serve.release.name, serve.policy.hash(), &serve.release.image));
        if self.deployed.as_ref().is_none_or(|deployed| deployed.template != template) {
            self.say(format!(
                "the Deployment serves {} (threshold {:.2}, {})",
                serve.release.name, serve.release.threshold, serve.release.image
            ));
        }
        let old = self.deployed.take();
        let is_same = old.as_ref().is_some_and(|old| old.template == template);
        let (available, total) = old.as_ref().map_or((0, 0), |old| (old.available, old.total));
        self.deployed = Some(Deployed {
            record: Some(serve.record.clone()),
            version: serve.release.name.clone(),
            digest: serve.release.digest.clone(),
            template,
            replicas: serve.replicas,
            updated_available: old.as_ref().filter(|_| is_same).map_or(0, |old| old.updated_available),
            available,
            total,
            fault: old.filter(|_| is_same).and_then(|old| old.fault),
        });
    }

    /// Scales the Deployment to no pods.
    pub fn withdraw(&mut self) {
        self.pods("the Deployment is scaled to no pods", |deployed| {
            *deployed =
                Deployed { replicas: 0, updated_available: 0, available: 0, total: 0, fault: None, ..deployed.clone() };
        });
    }

    pub fn prune(&mut self, names: &[String]) {
        for name in names {
            self.note_prune(name);
            self.say(format!("Job {name} is deleted"));
        }
        self.jobs.retain(|job| !names.contains(&job.run.name));
    }

    /// The Job that has not ended yet, if there is one.
    pub fn running(&mut self) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| matches!(job.run.phase, RunPhase::Pending(_) | RunPhase::Running { .. }))
    }

    pub fn job_moves_on(&mut self) {
        let Some(job) = self.running() else { return };
        job.run.phase = match job.run.phase {
            RunPhase::Running { is_prepared: true, .. } => RunPhase::Running { is_prepared: true, is_trained: true },
            RunPhase::Running { .. } => RunPhase::Running { is_prepared: true, is_trained: false },
            RunPhase::Pending(_)
            | RunPhase::Finished(_)
            | RunPhase::AnswerGone
            | RunPhase::Failed(_)
            | RunPhase::Foreign(_) => RunPhase::Running { is_prepared: false, is_trained: false },
        };
        let line = format!("Job {}: {:?}", job.run.name, job.run.phase);
        self.say(line);
    }

    /// The running Job ends well. Its bundle is told apart by `kind`, its verdict is `outcome` unless the contract says
    /// otherwise; a reading answers what the store has.
    pub fn job_answers(&mut self, outcome: Outcome, kind: u8) {
        let Some(job) = self.running().map(|job| job.clone()) else { return };
        let answer = match job.launch.work {
            CandidateWork::Read => self.store.answers.get(&job.launch.answers).cloned().ok_or(NoAnswer::Empty),
            CandidateWork::Train | CandidateWork::Evaluate => Ok(self.judged(&job.launch.task, outcome, kind)),
        };
        let line = match &answer {
            Ok(answer) => format!("Job {} answers {:?}: {}", job.run.name, answer.outcome, answer.message),
            Err(none) => format!("Job {} ends well: {none}", job.run.name),
        };
        if let Ok(answer) = &answer {
            self.note_answer(&job.launch, answer);
        }
        self.job_ends(RunPhase::Finished(answer));
        self.say(line);
    }

    /// The running Job ends well, and its answer is lost; the store has it.
    pub fn job_loses_answer(&mut self, outcome: Outcome, kind: u8) {
        self.job_answers(outcome, kind);
        let Some(job) = self.jobs.last_mut() else { return };
        if let RunPhase::Finished(Ok(_)) = job.run.phase {
            job.run.phase = RunPhase::AnswerGone;
            let line = format!("Job {}: its pod is gone, and the answer with it", job.run.name);
            self.say(line);
        }
    }

    pub fn job_fails(&mut self, failure: RunFailure) {
        let Some(name) = self.running().map(|job| job.run.name.clone()) else { return };
        self.say(format!("Job {name} fails: {failure:?}"));
        self.job_ends(RunPhase::Failed(failure));
    }

    pub fn job_finds_bad_input(&mut self, message: &str) {
        let Some(job) = self.running() else { return };
        let (name, task) = (job.run.name.clone(), job.launch.answers.clone());
        let answer =
            Answer { evidence: None, reason: "MissingColumn".into(), ..answer(&task, Outcome::BadInput, message) };
        self.job_ends(RunPhase::Failed(RunFailure::BadInput(answer)));
        self.say(format!("Job {name} finds bad input: {message}"));
    }

    pub fn job_ends(&mut self, phase: RunPhase) {
        if let Some(job) = self.running() {
            job.run.phase = phase;
        }
    }

    /// What an evaluation says, and what it leaves in the store.
    fn judged(&mut self, task: &Task, outcome: Outcome, kind: u8) -> Answer {
        let bundle = match &task.work {
            Work::Evaluate(bundle) | Work::Read(bundle) => bundle.clone(),
            Work::Train => match &task.manifest.training.source {
                Some(source) => source.bundle.digest.clone().unwrap(),
                None => json_digest(&("bundle", &task.manifest.features, &task.manifest.data, kind)),
            },
        };
        let hash = task.hash();
        if self.store.versions.get(&task.version).is_some_and(|taken| *taken != bundle) {
            let message = format!("v{} is taken by another bundle", task.version);
            return Answer { evidence: None, ..answer(&hash, Outcome::VersionTaken, &message) };
        }
        self.store.versions.insert(task.version, bundle.clone());
        let is_served = task.production.as_ref().is_some_and(|served| served.digest == bundle);
        let outcome = if is_served { Outcome::Unchanged } else { outcome };
        let look = look(task, outcome, self.store.positive_patients);
        let found = Evidence {
            patients: 179 + self.store.positive_patients,
            positive_patients: self.store.positive_patients,
            look,
            ..evidence(task, bundle, outcome)
        };
        let answer = Answer { evidence: Some(found), ..answer(&hash, outcome, sentence(outcome)) };
        self.store.answers.insert(hash, answer.clone());
        answer
    }

    pub fn pods_come(&mut self) {
        let replicas = self.spec.serving.replicas.unwrap_or(2);
        self.pods("all pods of the template are available", |deployed| {
            deployed.fault = None;
            deployed.updated_available = replicas;
            deployed.available = replicas;
            deployed.total = replicas;
        });
    }

    pub fn pods_go(&mut self) {
        self.pods("pods of the template become unavailable", |deployed| {
            deployed.updated_available = 0;
        });
    }

    pub fn no_pod_is_left(&mut self) {
        self.pods("no pod is available", |deployed| {
            deployed.updated_available = 0;
            deployed.available = 0;
        });
    }

    pub fn fault(&mut self, fault: Option<ServingFault>) {
        let line = format!("pods of the template: {fault:?}");
        self.pods(&line, |deployed| {
            if fault.is_some() {
                deployed.updated_available = 0;
            }
            deployed.fault = fault;
        });
    }

    /// Pods come or change only where some are asked for.
    fn pods(&mut self, line: &str, change: impl FnOnce(&mut Deployed)) {
        let Some(deployed) = self.deployed.as_mut().filter(|deployed| deployed.replicas > 0) else { return };
        let before = deployed.clone();
        change(deployed);
        if *deployed != before {
            self.say(line);
        }
    }
}

fn sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "roc_auc 0.77 against 0.70",
        Outcome::Failed => "recall_at_capacity 0.61 against 0.62: not better by 2 %",
        Outcome::Inconclusive => "21 patients dropped out in the holdout, 30 are needed",
        Outcome::Unchanged => "it is the served bundle, byte for byte",
        Outcome::BadInput => "file trial.csv has no column dropped_out",
        Outcome::VersionTaken => "the number is taken",
    }
}

/// Which look an evaluation is: none without a comparison; the first again once the dropout patients grew by a quarter.
fn look(task: &Task, outcome: Outcome, positive_patients: u32) -> Option<u32> {
    let is_look = matches!(outcome, Outcome::Passed | Outcome::Failed | Outcome::Inconclusive);
    task.production.as_ref().filter(|_| is_look)?;
    let earlier = task.looked.filter(|looked| 4 * positive_patients < 5 * looked.positive_patients);
    Some(earlier.map_or(1, |looked| looked.looks + 1))
}

fn answer(task: &str, outcome: Outcome, message: &str) -> Answer {
    Answer {
        contract: CONTRACT.into(),
        task: task.into(),
        outcome,
        reason: format!("{outcome:?}"),
        message: message.into(),
        evidence: None,
    }
}

fn evidence(task: &Task, bundle: String, outcome: Outcome) -> Evidence {
    let threshold = match task.manifest.threshold.target() {
        Target::Value(value) => value,
        Target::Recall(recall) => 1.0 - recall,
        Target::AlertRate(rate) => rate,
    };
    let verdict = if outcome == Outcome::Passed { Verdict::Passed } else { Verdict::Failed };
    let check = Check { name: "primary".into(), verdict, message: sentence(outcome).into() };
    Evidence {
        report: json_digest(&("report", &bundle)),
        bundle,
        data: json_digest(&task.manifest.data),
        threshold,
        patients: 240,
        positive_patients: 61,
        look: None,
        metrics: vec![Figure {
            metric: Metric::RocAuc,
            candidate: 0.77,
            production: task.production.as_ref().map(|_| 0.70),
        }],
        checks: vec![check],
    }
}
