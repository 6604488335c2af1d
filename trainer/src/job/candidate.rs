//! The candidate of a task: a bundle of the store, a bundle or XGBoost's own file that the trainer left, or a bundle that
//! was trained elsewhere. A foreign trainer may leave anything, so nothing that it wrote is ever repeated.

use super::{
    Pod, Training,
    claim::{self, Claims},
    evaluate::stored_bundle,
    inside,
};
use crate::{
    evaluation::{risks as own_risks, training_rows},
    failure::{Failure, bytes, object},
    import::{Foreign, calibrated, import, xgboost},
    out_of_fold,
    training::CODE,
};
use dropout_model::{
    bundle::{Bundle, BundleError, MAX_BYTES},
    digest::digest,
    input::{BadInput, Reason},
    manifest::{Manifest, ModelSource, is_in_bucket},
    rows::Table,
    task::{Task, Work, path},
    trees::{self, Ensemble},
};
use dropout_store::Store;
use std::{fs, io::ErrorKind, path::Path};

/// What was found, before the rows were read.
pub struct Found {
    model: Model,
    out_of_fold: Option<Vec<f64>>,
    claims: Option<Claims>,
}

enum Model {
    /// A bundle with its bytes; `is_new` if it was made from the data of this task.
    Bundle { bundle: Box<Bundle>, bytes: Vec<u8>, is_new: bool },
    /// An ensemble that has yet to become a bundle, and the digest of the data that its trainer was given rows of.
    Xgboost { ensemble: Ensemble, data_digest: String },
}

/// A candidate to judge.
pub struct Candidate {
    /// Its bundle.
    pub bundle: Bundle,
    /// The bytes of the bundle: its identity.
    pub bytes: Vec<u8>,
    /// Its calibrated risks of the training rows from models that never saw the row's patient, if its trainer left them.
    pub out_of_fold: Option<Vec<f64>>,
    /// What its trainer claims.
    pub claims: Option<Claims>,
}

/// Finds the candidate of a task.
pub fn find(pod: &Pod, task: &Task, store: &Store) -> Result<Found, Failure> {
    match (&task.work, &task.manifest.training.source) {
        (Work::Evaluate(wanted), _) => Found::bundle_of(stored_bundle(store, wanted)?, false),
        (Work::Train | Work::Read(_), Some(source)) => Found::bundle_of(sourced(pod, source)?, false),
        (Work::Train | Work::Read(_), None) => left(pod),
    }
}

impl Found {
    /// The bundle, unless it has yet to be made.
    pub fn bundle(&self) -> Option<&Bundle> {
        match &self.model {
            Model::Bundle { bundle, .. } => Some(bundle),
            Model::Xgboost { .. } => None,
        }
    }

    /// The candidate, now that the rows are known.
    pub fn finished(self, manifest: &Manifest, table: &Table) -> Result<Candidate, Failure> {
        let rows = training_rows(manifest, table);
        match self.model {
            Model::Bundle { bundle, bytes, is_new } => {
                if is_new {
                    check_training(&bundle, &table.digest)?;
                }
                if let Some(risks) = &self.out_of_fold {
                    out_of_fold::check(risks, rows.len(), &own_risks(&bundle, &manifest.features, &rows.columns)?)?;
                }
                Ok(Candidate { bundle: *bundle, bytes, out_of_fold: self.out_of_fold, claims: self.claims })
            }
            Model::Xgboost { data_digest, .. } if data_digest != table.digest => Err(changed()),
            Model::Xgboost { ensemble, .. } => {
                let foreign = Foreign { ensemble, out_of_fold: self.out_of_fold.as_deref() };
                let bundle = import(manifest, &rows, foreign, &table.digest)?;
                let bytes = bundle.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?;
                let out_of_fold = self.out_of_fold.map(|risks| calibrated(&bundle, &risks));
                Ok(Candidate { bundle, bytes, out_of_fold, claims: self.claims })
            }
        }
    }

    fn bundle_of(bytes: Vec<u8>, is_new: bool) -> Result<Self, Failure> {
        let bundle = Bundle::read(&bytes, None).map_err(unreadable)?;
        let model = Model::Bundle { bundle: Box::new(bundle), bytes, is_new };
        Ok(Self { model, out_of_fold: None, claims: None })
    }
}

/// What the trainer left in its output folder: exactly one model, and what may stand beside it.
fn left(pod: &Pod) -> Result<Found, Failure> {
    let [json, ubj] = path::XGBOOST;
    let models: Vec<&str> = [path::BUNDLE, json, ubj].into_iter().filter(|file| is_there(pod, file)).collect();
    let claims = optional(pod, path::CLAIMS, claim::MAX_BYTES)?;
    let claims = claims.map(|(name, bytes)| claim::read(&name, &bytes)).transpose()?;
    let out_of_fold = optional(pod, path::OUT_OF_FOLD, out_of_fold::MAX_BYTES)?;
    let out_of_fold = out_of_fold.map(|(name, bytes)| out_of_fold::read(&name, &bytes)).transpose()?;
    let found = match models.as_slice() {
        [] => return Err(nothing_left().into()),
        [model] => {
            let (name, bytes) = file(pod, model, MAX_BYTES as u64)?;
            if *model == path::BUNDLE { Found::bundle_of(bytes, true)? } else { ensemble(pod, &name, &bytes)? }
        }
        models => return Err(too_many(models).into()),
    };
    Ok(Found { claims, out_of_fold, ..found })
}

fn ensemble(pod: &Pod, name: &str, bytes: &[u8]) -> Result<Found, Failure> {
    let told: Training = pod.json(&inside(path::INPUT, path::TRAINING))?;
    let ensemble = trees::read(bytes).map_err(|error| xgboost::refused(name, &error))?;
    let model = Model::Xgboost { ensemble, data_digest: told.data_digest };
    Ok(Found { model, out_of_fold: None, claims: None })
}

fn nothing_left() -> BadInput {
    let [json, ubj] = path::XGBOOST;
    let message = format!(
        "the trainer left no bundle: {} has neither {} nor XGBoost's {json} or {ubj}; write exactly one of them",
        path::OUTPUT,
        path::BUNDLE
    );
    BadInput::new(Reason::BadBundle, message)
}

fn too_many(files: &[&str]) -> BadInput {
    let message = format!(
        "the trainer left {} in {}; nobody knows which one is meant, leave one of them",
        files.join(" and "),
        path::OUTPUT
    );
    BadInput::new(Reason::ForeignModel, message)
}

/// Whether there is anything of a name. What cannot be looked at counts as there, and opening it says why.
fn is_there(pod: &Pod, file: &str) -> bool {
    let place = pod.at(&inside(path::OUTPUT, file));
    !fs::symlink_metadata(place).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn optional(pod: &Pod, name: &str, most: u64) -> Result<Option<(String, Vec<u8>)>, Failure> {
    if is_there(pod, name) { file(pod, name, most).map(Some) } else { Ok(None) }
}

/// A file that the trainer left, with the name that messages show. A link would make us read what the trainer may not
/// see, a pipe would never end. What cannot be looked at cannot be opened either, and [`bytes`] says why.
fn file(pod: &Pod, file: &str, most: u64) -> Result<(String, Vec<u8>), Failure> {
    let name = inside(path::OUTPUT, file);
    let place = pod.at(&name);
    if let Ok(found) = fs::symlink_metadata(&place) {
        check_left(&name, &found, most)?;
    }
    let bytes = bytes(&place, &name, most)?;
    Ok((name, bytes))
}

fn check_left(name: &str, found: &fs::Metadata, most: u64) -> Result<(), BadInput> {
    if !found.is_file() {
        let message = format!("{name} is no regular file; the trainer must write the file itself there");
        return Err(BadInput::new(Reason::ForeignModel, message));
    }
    if found.len() > most {
        let message = format!("{name} is larger than the {most} bytes that are read; the trainer must write less");
        return Err(BadInput::new(Reason::ForeignModel, message));
    }
    Ok(())
}

/// The bytes of a bundle that was trained elsewhere, from its claim or bucket, by its digest.
fn sourced(pod: &Pod, source: &ModelSource) -> Result<Vec<u8>, Failure> {
    const URI: &str = "spec.training.source.bundle.uri";
    const DIGEST: &str = "spec.training.source.bundle.digest";
    let name = source.bundle.path();
    let bad = |reason, message: String| Failure::from(BadInput::new(reason, message));
    let Some(wanted) = &source.bundle.digest else {
        return Err(bad(Reason::BadManifest, format!("{DIGEST} is not set; name the digest of the file in {URI}")));
    };
    let bytes = match is_in_bucket(name) {
        true => object(name, pod.keys(path::MODEL_KEYS).as_deref(), MAX_BYTES as u64)?,
        false => claimed(pod, name)?,
    };
    let found = digest(&bytes);
    if found != *wanted {
        let message = format!("the file of {URI} has digest {found}, but {DIGEST} is another; correct one of the two");
        return Err(bad(Reason::DigestMismatch, message));
    }
    Ok(bytes)
}

/// The bytes of a file on the claim of a bundle.
fn claimed(pod: &Pod, name: &str) -> Result<Vec<u8>, Failure> {
    let place = pod.at(&inside(path::MODEL, name));
    if leads_away(&pod.at(path::MODEL), &place) {
        let message = "spec.training.source.bundle.uri leads out of its claim; name a file inside it";
        return Err(BadInput::new(Reason::BadManifest, message).into());
    }
    bytes(&place, name, MAX_BYTES as u64)
}

/// Whether a place is outside its folder, because a link is on the way. What is not there leads nowhere.
fn leads_away(folder: &Path, place: &Path) -> bool {
    let (Ok(folder), Ok(found)) = (fs::canonicalize(folder), fs::canonicalize(place)) else { return false };
    !found.starts_with(folder)
}

fn changed() -> Failure {
    Failure::Moved("the data file changed while the model was trained; train again".into())
}

fn unreadable(error: BundleError) -> Failure {
    let message = format!("the candidate is no model to serve: its bundle {}; correct the trainer", error.kind());
    BadInput::new(Reason::BadBundle, message).into()
}

/// Whether the candidate was made from the file that was read just now. Our own trainer copies the digest, so then the
/// file changed meanwhile; of a foreign one that is not known.
fn check_training(bundle: &Bundle, now: &str) -> Result<(), Failure> {
    if bundle.data_digest == now {
        return Ok(());
    }
    if bundle.code == CODE {
        return Err(changed());
    }
    let message = "the candidate's dataDigest is not that of the data; the trainer must copy dataDigest from training.json (or the file changed while it trained)";
    Err(BadInput::new(Reason::ForeignModel, message).into())
}
