//! What people, Jobs and pods do in a story, in one word each. After each the operator has reconciled.

use super::{Mishap, World};
use dropout_crds::{
    ConditionType, DropoutModelStatus,
    command::{Command, CommandName, Malformed},
    status::{JudgedOutcome, Stage},
};
use dropout_model::{
    manifest::{Claim, ModelSource, Source, Threshold},
    task::Outcome,
};
use dropout_planner::observed::RunFailure;
use std::{env, fs, path::PathBuf};

impl World {
    /// The running Job ends with a verdict after ten minutes.
    pub fn is_judged(&mut self, outcome: Outcome, kind: u8) -> &mut Self {
        self.pass(600);
        self.job_answers(outcome, kind);
        self.reconcile_all();
        self
    }

    /// All pods come within twenty seconds, and soak.
    pub fn is_promoted(&mut self) -> &mut Self {
        self.pods_follow().pass(60);
        self.reconcile_all();
        self
    }

    /// All pods come within twenty seconds.
    pub fn pods_follow(&mut self) -> &mut Self {
        self.pass(20);
        self.pods_come();
        self.reconcile_all();
        self
    }

    /// A model with production v1, its making left out of the story.
    pub fn with_production(&mut self) -> &mut Self {
        self.reconcile_all();
        self.is_judged(Outcome::Passed, 0).is_promoted();
        self.transcript = vec!["(v1 is production)".into()];
        self
    }

    /// The same with v1 and v2.
    pub fn with_two_versions(&mut self) -> &mut Self {
        self.with_production().learns_more().is_judged(Outcome::Passed, 0).is_promoted();
        self.transcript = vec!["(v2 is production, v1 is previous)".into()];
        self
    }

    /// A person edits the features.
    pub fn learns_more(&mut self) -> &mut Self {
        self.say("a person edits spec.features");
        self.generation += 1;
        self.spec.features[0].max = Some(self.generation as f64);
        self.reconcile_all();
        self
    }

    pub fn threshold(&mut self, value: f64) -> &mut Self {
        self.say(format!("a person sets spec.threshold.value to {value}"));
        self.generation += 1;
        self.spec.threshold = Some(Threshold { value: Some(value), ..Threshold::default() });
        self.reconcile_all();
        self
    }

    /// A person edits the threshold and the features at once.
    pub fn threshold_and_features(&mut self, value: f64) -> &mut Self {
        self.spec.threshold = Some(Threshold { value: Some(value), ..Threshold::default() });
        self.say(format!("a person sets spec.threshold.value to {value}, and"));
        self.learns_more()
    }

    pub fn suspend(&mut self, is_suspended: bool) -> &mut Self {
        self.say(format!("a person sets spec.suspend to {is_suspended}"));
        self.generation += 1;
        self.spec.suspend = Some(is_suspended);
        self.reconcile_all();
        self
    }

    pub fn commands(&mut self, name: CommandName, argument: &str) -> &mut Self {
        let token = format!("{argument}@{}", self.now);
        self.say(format!("a person annotates trialops.dev/{}: {token}", name.name()));
        self.commands.retain(|command| command.name != name);
        self.malformed.retain(|malformed| malformed.name != name);
        self.commands.push(Command { name, argument: argument.into(), token });
        self.reconcile_all();
        self
    }

    /// A person gives a command whose value cannot be read.
    pub fn mumbles(&mut self, name: CommandName, token: &str) -> &mut Self {
        self.say(format!("a person annotates trialops.dev/{}: {token}", name.name()));
        self.commands.retain(|command| command.name != name);
        self.malformed.retain(|malformed| malformed.name != name);
        self.malformed.push(Malformed { name, token: token.into() });
        self.reconcile_all();
        self
    }

    /// A person names a bundle that was trained elsewhere.
    pub fn names_bundle(&mut self, digest: &str) -> &mut Self {
        self.say(format!("a person names a bundle in spec.training.source, {digest}"));
        self.generation += 1;
        self.spec.training.get_or_insert_default().source = Some(bundle(digest));
        self.reconcile_all();
        self
    }

    /// More patients are enrolled; in the holdout so many dropped out.
    pub fn holdout_grows(&mut self, positive_patients: u32) -> &mut Self {
        self.say(format!("the data grows: {positive_patients} patients of the holdout dropped out"));
        self.store.positive_patients = positive_patients;
        self
    }

    pub fn fails(&mut self, failure: RunFailure) -> &mut Self {
        self.pass(300);
        self.job_fails(failure);
        self.reconcile_all();
        self
    }

    /// Time passes up to the wake that was asked for.
    pub fn waits(&mut self) -> &mut Self {
        let wake = self.reconcile(Mishap::None).wake.unwrap();
        self.now = self.now.max(wake);
        self.reconcile_all();
        self
    }
}

impl World {
    /// Compares the transcript with its golden file.
    pub fn is_golden(&self, name: &str) {
        let told = format!("{}\n", self.transcript.join("\n"));
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stories").join(format!("{name}.txt"));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &told).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(told, golden, "{} is another story now; UPDATE_GOLDEN=1 writes it anew", path.display());
    }

    pub fn status(&self) -> &DropoutModelStatus {
        self.status.as_ref().unwrap()
    }

    /// A condition as `Status/Reason`.
    pub fn says(&self, kind: ConditionType) -> String {
        let name = kind.name();
        let condition = self.status().conditions.iter().find(|condition| condition.type_ == name).unwrap();
        format!("{}/{}", condition.status, condition.reason)
    }

    pub fn stage(&self) -> Option<Stage> {
        self.status().candidate.as_ref().map(|candidate| candidate.stage)
    }

    pub fn production(&self) -> Option<&str> {
        self.status().production.as_ref().map(|release| release.name.as_str())
    }

    pub fn outcome(&self) -> JudgedOutcome {
        self.status().judged.as_ref().unwrap().outcome
    }

    /// v2 passed and its pods are on their way.
    pub fn rolling_out(&mut self) -> &mut Self {
        self.with_production().learns_more().is_judged(Outcome::Passed, 0)
    }
}

/// A bundle that was trained elsewhere.
pub fn bundle(digest: &str) -> ModelSource {
    let claim = Claim { claim_name: "bundles".into() };
    let digest = Some(digest.to_owned());
    ModelSource {
        bundle: Source {
            uri: "file:///bundle.json".into(),
            persistent_volume_claim: Some(claim),
            secret_ref: None,
            digest,
        },
    }
}

pub fn out_of_memory() -> RunFailure {
    RunFailure::OutOfMemory { container: "train".into() }
}
