//! The containers of a Job's pod: prepare, train, evaluate, read. They find each other by fixed paths below a root, and
//! whoever finds bad input answers at once.

mod candidate;
pub mod claim;
mod evaluate;
pub mod prepare;
mod records;
mod train;

use crate::{
    failure::{Failure, bytes},
    given::{Given, Place},
};
use dropout_model::{
    bundle::SCHEMA,
    input::{BadInput, Reason},
    manifest::{Feature, Manifest, Source, is_in_bucket},
    task::{Answer, CONTRACT, Outcome, Task, Work, path},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs,
    path::{Path, PathBuf},
};

const MAX_TASK: u64 = 4 << 20;

/// The part of a Job that a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reads the data and leaves training rows.
    Prepare,
    /// Learns from training rows.
    Train,
    /// Judges the candidate and answers.
    Evaluate,
    /// Answers again from the store.
    Read,
}

/// What `train` is told beside the rows. It names no production, nothing of the gate, and of a given holdout only that it
/// is somewhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Training {
    /// Always [`CONTRACT`].
    pub contract: String,
    /// Hash of the task, which an answer must name.
    pub task: String,
    /// What is learned.
    pub manifest: Manifest,
    /// Digest of the whole data; it must stand in the bundle.
    pub data_digest: String,
    /// Training rows in the file beside this one.
    pub rows: usize,
    /// Training patients.
    pub patients: usize,
    /// What a bundle of this training must say; a trainer that writes a bundle copies these fields.
    pub bundle: Head,
}

/// The fields of a bundle that the task decides, the defaults filled in. The names are those of a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The schema of bundles.
    pub schema: String,
    /// Identifier of the trial.
    pub study: String,
    /// Column of the label.
    pub label: String,
    /// The horizon in seconds.
    pub horizon_seconds: u64,
    /// The inputs, in order.
    pub features: Vec<Feature>,
    /// Digest of the whole data file.
    pub data_digest: String,
    /// The data cut-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<String>,
    /// Seed of the training.
    pub seed: i64,
    /// Share of patients held out.
    pub holdout_fraction: f64,
}

impl Head {
    /// The head of bundles that are trained for a manifest on a file.
    pub fn of(manifest: &Manifest, data_digest: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            study: manifest.study.id.clone(),
            label: manifest.label.column.clone(),
            horizon_seconds: manifest.label.horizon.as_seconds(),
            features: manifest.features.clone(),
            data_digest: data_digest.to_owned(),
            cutoff: manifest.data.cutoff.clone(),
            seed: manifest.training.seed,
            holdout_fraction: manifest.data.holdout_fraction(),
        }
    }
}

/// A pod's file system.
#[derive(Clone, Debug)]
pub struct Pod {
    root: PathBuf,
}

impl Pod {
    /// The file system below a root; `/` in a container.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a fixed path is.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The files of rows that a manifest names, where a pod has them.
    fn given<'m>(&self, manifest: &'m Manifest) -> Result<Given<'m>, Failure> {
        let training = self.found(&manifest.data.training, (path::DATA, path::DATA_KEYS));
        let held = manifest.data.holdout_source();
        let held = held.map(|source| self.found(source, (path::HOLDOUT, path::HOLDOUT_KEYS)));
        Given::read(training.place(), held.as_ref().map(Found::place))
    }

    /// Where a source is in this pod: on the claim below a folder, or in a bucket with its keys in another one.
    fn found<'m>(&self, source: &'m Source, (claim, keys): (&str, &str)) -> Found<'m> {
        let name = source.path();
        match is_in_bucket(name) {
            true => Found { name, file: None, keys: self.keys(keys) },
            false => Found { name, file: Some(self.at(&inside(claim, name))), keys: None },
        }
    }

    /// The folder of keys, if it is mounted.
    fn keys(&self, folder: &str) -> Option<PathBuf> {
        Some(self.at(folder)).filter(|folder| folder.is_dir())
    }

    /// Does a step. Bad input is answered and returned as an error.
    pub fn run(&self, step: Step) -> Result<(), Failure> {
        if step == Step::Train {
            return self.train();
        }
        let task: Task = match self.json(path::TASK) {
            Ok(task) => task,
            Err(failure) => return self.refuse("", failure),
        };
        let hash = task.hash();
        let checked = spoken(&task.contract).and_then(|()| inner(&task));
        let done = checked.and_then(|()| match (step, &task.work) {
            (Step::Read | Step::Evaluate, Work::Read(earlier)) => evaluate::repeat(self, &task, earlier),
            (Step::Prepare, Work::Train) => prepare::prepare(self, &task),
            (Step::Evaluate, Work::Train | Work::Evaluate(_)) => evaluate::evaluate(self, &task),
            (Step::Read, Work::Train | Work::Evaluate(_)) => evaluate::repeat(self, &task, &hash),
            (Step::Prepare, Work::Evaluate(_) | Work::Read(_)) | (Step::Train, _) => Ok(()),
        });
        done.or_else(|failure| self.refuse(&hash, failure))
    }

    /// Trains from what `prepare` left: this container has neither task nor data nor store.
    fn train(&self) -> Result<(), Failure> {
        let told: Training = match self.json(&inside(path::INPUT, path::TRAINING)) {
            Ok(told) => told,
            Err(failure) => return self.refuse("", failure),
        };
        let task = told.task.clone();
        let done = spoken(&told.contract).and_then(|()| train::train(self, told));
        done.or_else(|failure| self.refuse(&task, failure))
    }

    /// Answers bad input. Any other failure is left for another try; what is wrong with a store is said all the same, for
    /// whoever looks at the model.
    fn refuse(&self, task: &str, failure: Failure) -> Result<(), Failure> {
        let (reason, message) = match &failure {
            Failure::Bad(bad) => (bad.reason.to_string(), bad.to_string()),
            Failure::Store(error) => ("Store".to_owned(), error.to_string()),
            Failure::Usage(_) | Failure::Disk { .. } | Failure::Moved(_) => return Err(failure),
        };
        self.answer(&Answer {
            contract: CONTRACT.to_owned(),
            task: task.to_owned(),
            outcome: Outcome::BadInput,
            reason,
            message,
            evidence: None,
        })?;
        Err(failure)
    }

    /// Leaves an answer where the kubelet reads it.
    fn answer(&self, answer: &Answer) -> Result<(), Failure> {
        let text = answer.to_message().map_err(|error| Failure::Moved(error.to_string()))?;
        self.answer_text(&text)
    }

    fn answer_text(&self, text: &str) -> Result<(), Failure> {
        self.write(path::ANSWER, text.as_bytes())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        let place = self.at(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(|error| Failure::disk("make", folder, error))?;
        }
        fs::write(&place, bytes).map_err(|error| Failure::disk("write", &place, error))
    }

    fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let read = bytes(&self.at(path), path, MAX_TASK)?;
        serde_json::from_slice(&read)
            .map_err(|error| BadInput::new(Reason::BadManifest, format!("{path} is not readable: {error}")).into())
    }
}

/// Where a source is in a pod.
struct Found<'m> {
    name: &'m str,
    file: Option<PathBuf>,
    keys: Option<PathBuf>,
}

impl<'m> Found<'m> {
    fn place(&self) -> Place<'_, 'm> {
        match &self.file {
            Some(file) => Place::File(file, self.name),
            None => Place::Object(self.name, self.keys.as_deref()),
        }
    }
}

/// Refuses what speaks another contract.
fn spoken(contract: &str) -> Result<(), Failure> {
    if contract == CONTRACT {
        return Ok(());
    }
    let message = format!(
        "the task speaks '{contract}', this trainer {CONTRACT}; use the trainer's image of the operator's release"
    );
    Err(BadInput::new(Reason::BadManifest, message).into())
}

/// Refuses paths that lead out of their claims.
fn inner(task: &Task) -> Result<(), Failure> {
    let paths = [task.store.as_str(), task.namespace.as_str(), task.name.as_str()];
    match paths.iter().flat_map(|path| path.split('/')).any(|part| part == "..") {
        true => Err(BadInput::new(Reason::BadManifest, "the store's path must not hold '..'").into()),
        false => Ok(()),
    }
}

fn inside(folder: &str, file: &str) -> String {
    format!("{folder}/{file}")
}
