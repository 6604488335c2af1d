//! The contract of a Job: the task it is handed as a file and the answer it gives in its termination message. It knows
//! no Kubernetes.

use crate::{
    digest::json_digest,
    manifest::{Manifest, Metric},
};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

/// The contract that this code speaks.
pub const CONTRACT: &str = "trialops.dev/job/v1alpha1";

/// Most bytes of an answer; kubelet cuts a termination message at 4,096.
pub const MAX_ANSWER: usize = 2_048;

/// Where the parts of a Job's pod find each other.
pub mod path {
    /// The task, from a ConfigMap.
    pub const TASK: &str = "/task/task.json";
    /// The claim with the data, read only.
    pub const DATA: &str = "/data";
    /// The claim with the file of a given holdout, read only; no trainer sees it.
    pub const HOLDOUT: &str = "/holdout";
    /// The claim with the store.
    pub const STORE: &str = "/store";
    /// Training rows and what the trainer needs to know, written by `prepare`, read by `train`.
    pub const INPUT: &str = "/scratch/in";
    /// The keys of the bucket that the training data are in, an entry of the Secret a file; no trainer sees it.
    pub const DATA_KEYS: &str = "/credentials/data";
    /// The keys of the bucket that a given holdout is in.
    pub const HOLDOUT_KEYS: &str = "/credentials/holdout";
    /// The keys of the bucket that the store is in.
    pub const STORE_KEYS: &str = "/credentials/store";
    /// The keys of the bucket that a bundle is in that was trained elsewhere.
    pub const MODEL_KEYS: &str = "/credentials/model";
    /// The model, written by `train`, read by `evaluate`.
    pub const OUTPUT: &str = "/scratch/out";
    /// The claim with a bundle that was trained elsewhere, read only.
    pub const MODEL: &str = "/model";
    /// Out-of-fold risks inside the output folder: a header `risk` and a number a line, in the order of the training
    /// rows.
    pub const OUT_OF_FOLD: &str = "out_of_fold.csv";
    /// XGBoost's own file inside the output folder, JSON or UBJ, of a trainer that writes no bundle.
    pub const XGBOOST: [&str; 2] = ["model.json", "model.ubj"];
    /// What a trainer claims about its model, inside the output folder: one JSON object of metric names and numbers.
    pub const CLAIMS: &str = "claims.json";
    /// Where a container leaves its answer.
    pub const ANSWER: &str = "/dev/termination-log";
    /// Training rows inside the input folder.
    pub const ROWS: &str = "rows.csv";
    /// The bundle inside the output folder.
    pub const BUNDLE: &str = "bundle.json";
    /// The copy of the task with the data digest inside the input folder.
    pub const TRAINING: &str = "training.json";
}

/// What a Job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Work {
    /// Prepare, train, evaluate.
    Train,
    /// Evaluate a bundle that is in the store already, by digest.
    Evaluate(String),
    /// Read the answer of an earlier task, by its hash, from the store.
    Read(String),
}

/// A bundle that is being served, with the threshold it is served at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Served {
    /// Digest of the bundle.
    pub digest: String,
    /// Resolved decision threshold.
    pub threshold: f64,
}

/// What a Job is asked to do: the content of one immutable ConfigMap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Always [`CONTRACT`].
    pub contract: String,
    /// Namespace of the model.
    pub namespace: String,
    /// Name of the model.
    pub name: String,
    /// Number of the version being made.
    pub version: u32,
    /// What is to be done.
    pub work: Work,
    /// Path of the store inside its claim, empty for the claim's root; or, in a bucket, its whole uri.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub store: String,
    /// What is learned and how it is judged.
    pub manifest: Manifest,
    /// What the candidate is compared with; none for a first model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<Served>,
    /// How often the holdout was looked at before; none if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
    /// Which records count; none if `manifest.data.records` takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsAsked>,
}

/// Which records become rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordsAsked {
    /// The data cut-off of rows from records, `YYYY-MM-DD`: a row counts only if its label was certain by then.
    pub cutoff: String,
}

/// Earlier looks at a holdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Looked {
    /// Looks since the holdout's positive patients last grew by a quarter.
    pub looks: u32,
    /// Positive patients in the holdout at the first of these looks.
    pub positive_patients: u32,
}

impl Task {
    /// Identity of the task; an answer must name it.
    pub fn hash(&self) -> String {
        json_digest(self)
    }

    /// Folder of the model's bundles, reports and versions, relative to the root of the store's claim or in its bucket.
    pub fn store_folder(&self, store_path: &str) -> String {
        let parts = [store_path.trim_matches('/'), &self.namespace, &self.name];
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
    }
}

/// Name of a bundle's file in the model's folder of the store.
pub fn bundle_file(digest: &str) -> String {
    format!("bundles/sha256-{}.json", digest.strip_prefix("sha256:").unwrap_or(digest))
}

/// Name of a report's file in the model's folder of the store.
pub fn report_file(digest: &str) -> String {
    format!("reports/sha256-{}.json", digest.strip_prefix("sha256:").unwrap_or(digest))
}

/// Name of the file in the model's folder of the store that keeps the out-of-fold risks of a bundle on some data.
pub fn out_of_fold_file(bundle: &str, data: &str) -> String {
    let hex = |digest: &str| digest.strip_prefix("sha256:").unwrap_or(digest).to_owned();
    format!("outoffold/sha256-{}-{}.csv", hex(bundle), hex(data).chars().take(12).collect::<String>())
}

/// Name of the file in the model's folder of the store that holds what a bundle was trained on, as later windows are
/// compared with it.
pub fn reference_file(bundle: &str) -> String {
    format!("references/sha256-{}.csv", bundle.strip_prefix("sha256:").unwrap_or(bundle))
}

/// Name of the file in the model's folder of the store that keeps the same as sorted columns, in version 1 of their format.
pub fn profile_file(bundle: &str) -> String {
    format!("references/sha256-{}.profile1", bundle.strip_prefix("sha256:").unwrap_or(bundle))
}

/// Name of the file in the model's folder of the store that shows a report as a page.
pub fn page_file(digest: &str) -> String {
    format!("reports/sha256-{}.html", digest.strip_prefix("sha256:").unwrap_or(digest))
}

/// Name of the file in the model's folder of the store that holds the model card written from a report.
pub fn card_file(digest: &str) -> String {
    format!("reports/sha256-{}.card.md", digest.strip_prefix("sha256:").unwrap_or(digest))
}

/// Name of the file in the model's folder of the store that keeps the answer of a task.
pub fn answer_file(task: &str) -> String {
    format!("answers/sha256-{}.json", task.strip_prefix("sha256:").unwrap_or(task))
}

/// What a Job answers: one JSON document of at most [`MAX_ANSWER`] bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Always [`CONTRACT`].
    pub contract: String,
    /// Hash of the task that is answered.
    pub task: String,
    /// What came out.
    pub outcome: Outcome,
    /// One word for it, such as `MissingColumn` or `MarginAndConfidenceMet`.
    pub reason: String,
    /// One sentence: what, where, what to do.
    pub message: String,
    /// What was found, unless the input was bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// What came out of a Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The candidate may be promoted.
    Passed,
    /// The candidate is refused.
    Failed,
    /// The evidence decides nothing; the candidate is not promoted.
    Inconclusive,
    /// The candidate is, byte for byte, the bundle that is served.
    Unchanged,
    /// The data or the manifest is bad; trying again changes nothing.
    BadInput,
    /// The version number is taken in the store by another bundle; a higher one is needed.
    VersionTaken,
}

/// What a Job found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Digest of the candidate's bundle.
    pub bundle: String,
    /// Digest of the report in the store.
    pub report: String,
    /// Digest of the data.
    pub data: String,
    /// The candidate's resolved decision threshold.
    pub threshold: f64,
    /// Patients in the holdout.
    pub patients: u32,
    /// Patients in the holdout who dropped out.
    pub positive_patients: u32,
    /// Which look at the holdout this was, from 1; a look that compares nothing is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<u32>,
    /// The numbers that matter most, primary first.
    pub metrics: Vec<Figure>,
    /// Up to 8 checks of the gate, failed ones first.
    pub checks: Vec<Check>,
}

/// A metric of the candidate and of production.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// The metric.
    pub metric: Metric,
    /// The candidate's value.
    pub candidate: f64,
    /// Production's value on the same patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<f64>,
}

/// One rule of the gate, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which rule, such as `primary` or `guardrail/brier`.
    pub name: String,
    /// What it says.
    pub verdict: Verdict,
    /// The sentence with the numbers.
    pub message: String,
}

/// What a check or a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The rule is kept.
    Passed,
    /// The rule is broken.
    Failed,
    /// The evidence decides nothing.
    Inconclusive,
}

/// Why a text is no answer to a task.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing there.
    #[error("it left no answer")]
    Empty,
    /// No JSON of the contract. The sentence says what is wrong and where, and repeats nothing of the text.
    #[error("its answer is not readable: {0}")]
    Malformed(String),
    /// The answer of another contract or task.
    #[error("its answer is to another task")]
    Foreign,
}

impl Answer {
    /// Reads the answer to the task of hash `task` from a termination message.
    pub fn read(text: &str, task: &str) -> Result<Self, NoAnswer> {
        if text.trim().is_empty() {
            return Err(NoAnswer::Empty);
        }
        let answer: Self = serde_json::from_str(text).map_err(|error| NoAnswer::Malformed(place(&error)))?;
        if answer.contract != CONTRACT || answer.task != task {
            return Err(NoAnswer::Foreign);
        }
        if answer.evidence.is_none() && answer.outcome.needs_evidence() {
            return Err(NoAnswer::Malformed("it has no evidence".into()));
        }
        Ok(answer)
    }

    /// The answer as JSON of at most [`MAX_ANSWER`] bytes: passed checks go first, then sentences are cut.
    pub fn to_message(&self) -> Result<String, serde_json::Error> {
        let mut answer = self.clone();
        if let Some(evidence) = &mut answer.evidence {
            evidence.checks.sort_by_key(|check| check.verdict.rank());
            evidence.checks.truncate(8);
        }
        loop {
            let text = serde_json::to_string(&answer)?;
            if text.len() <= MAX_ANSWER || !answer.shrink() {
                return Ok(text);
            }
        }
    }

    /// Leaves something out; false if there is nothing left to leave out.
    fn shrink(&mut self) -> bool {
        let evidence = self.evidence.as_mut();
        let checks = evidence.map(|evidence| &mut evidence.checks).filter(|checks| checks.len() > 1);
        if let Some(checks) = checks {
            checks.pop();
            return true;
        }
        let length = self.message.chars().count();
        if length <= 64 {
            return false;
        }
        self.message = self.message.chars().take(length * 3 / 4).chain("...".chars()).collect();
        true
    }
}

impl NoAnswer {
    /// A text that is no JSON of the contract, told by its place and never by its content.
    pub fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed(place(error))
    }
}

/// What is wrong with a text and where. The parser's own words repeat what it stumbled over, which might be a patient's.
fn place(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax => "it is no JSON",
        Category::Eof => "it ends too early",
        Category::Data | Category::Io => "it breaks the contract",
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

impl Outcome {
    /// Whether an answer with this outcome must say what was found.
    pub const fn needs_evidence(self) -> bool {
        match self {
            Self::Passed | Self::Failed | Self::Inconclusive | Self::Unchanged => true,
            Self::BadInput | Self::VersionTaken => false,
        }
    }
}

impl Verdict {
    /// Failed first, passed last: the order in which people want to read them.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Failed => 0,
            Self::Inconclusive => 1,
            Self::Passed => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_cannot_be_read_is_told_by_its_place_and_never_by_its_content() {
        let told = |text: &str| Answer::read(text, "sha256:task");
        let malformed = |place: &str| Err(NoAnswer::Malformed(place.to_owned()));
        assert_eq!(told("patient P-0017 has no age"), malformed("it is no JSON at line 1 column 1"));
        assert_eq!(told(r#"{"contract":"P-0017"#), malformed("it ends too early at line 1 column 19"));
        let outcome = r#"{"contract": "x", "task": "x", "outcome": "P-0017", "reason": "", "message": ""}"#;
        assert_eq!(told(outcome), malformed("it breaks the contract at line 1 column 50"));
        assert_eq!(told(r#"{"P-0017": 1}"#), malformed("it breaks the contract at line 1 column 13"));
        assert_eq!(told(" \n"), Err(NoAnswer::Empty));
    }
}
