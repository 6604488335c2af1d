//! The last container: rereads the data, judges the candidate on the holdout, keeps bundle, report, version and answer in
//! the store, and answers. What it did once it repeats.

use super::{
    Pod,
    candidate::{self, Candidate},
    inside, records,
};
use crate::{
    card::Card,
    evaluation::{self, Contest, training_rows},
    failure::Failure,
    out_of_fold,
    page::{self, View},
    reference,
    report::{RecordReport, Report},
};
use dropout_model::{
    bundle::{Bundle, MAX_BYTES},
    digest::digest,
    input::BadInput,
    manifest::{Manifest, is_in_bucket},
    rows::Contract,
    task::{
        Answer, CONTRACT, Outcome, Served, Task, Work, answer_file, bundle_file, card_file, out_of_fold_file,
        page_file, path, reference_file, report_file,
    },
};
use dropout_store::{Created, Store};
use serde::{Deserialize, Serialize};

/// The index of a version in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: u32,
    bundle: String,
    report: String,
    data: String,
}

/// Judges the candidate of a task and answers.
pub fn evaluate(pod: &Pod, task: &Task) -> Result<(), Failure> {
    let store = store(pod, task)?;
    let hash = task.hash();
    if let Some(text) = stored_answer(&store, &hash)? {
        return pod.answer_text(&text);
    }
    let manifest = &task.manifest;
    manifest.check()?;
    let found = candidate::find(pod, task, &store)?;
    let asked = found.bundle().map_or_else(|| Ok(manifest.clone()), |bundle| asked(task, bundle))?;
    let production = task.production.as_ref().map(|served| production(&store, served)).transpose()?;
    let features = production.as_ref().map(|bundle| bundle.features.as_slice());
    let mut given = pod.given(manifest)?;
    records::append(pod, task, (&mut given, features.unwrap_or_default()))?;
    let table = given.table(&Contract { manifest: &asked, production: features })?;
    let candidate = found.finished(&records::stated(task, &given), &table)?;
    let digest = digest(&candidate.bytes);
    let out_of_fold = OutOfFold::find((&store, task), &candidate, (&digest, &table.digest))?;
    let mut report = evaluation::evaluate(&Contest {
        manifest,
        table: &table,
        candidate: (&candidate.bundle, &digest),
        production: production.as_ref().zip(task.production.as_ref()),
        out_of_fold: out_of_fold.as_ref().map(|found| found.risks.as_slice()),
        looked: task.looked,
    })?;
    report.records =
        given.records().map(|file| RecordReport { counts: file.counts, lost: file.lost, unfit: table.counts.unfit });
    report.claimed = candidate.claims.map(|claims| claims.beside(&report));
    if let Some(found) = &out_of_fold {
        exactly(&store, &found.name, &found.bytes)?;
    }
    let risks = out_of_fold.as_ref().map(|found| found.risks.as_slice());
    let sample = reference::sample(&task.manifest, &training_rows(&task.manifest, &table), risks);
    store.create(&reference_file(&digest), sample.as_bytes())?;
    keep(pod, task, (&candidate.bytes, &candidate.bundle), &report)
}

/// The manifest that rows are read by, if the candidate fits it. A bundle that is served already is read and scored as
/// production, by its own features: the spec may name others by now.
fn asked(task: &Task, bundle: &Bundle) -> Result<Manifest, BadInput> {
    let served = task.production.as_ref().map(|served| &served.digest);
    let is_served = matches!(&task.work, Work::Evaluate(wanted) if Some(wanted) == served);
    if is_served {
        evaluation::check_trial(&task.manifest, bundle)?;
        return Ok(Manifest { features: Vec::new(), ..task.manifest.clone() });
    }
    evaluation::check_own(&task.manifest, bundle)?;
    Ok(task.manifest.clone())
}

/// Answers again what an earlier task was answered.
pub fn repeat(pod: &Pod, task: &Task, earlier: &str) -> Result<(), Failure> {
    match stored_answer(&store(pod, task)?, earlier)? {
        Some(text) => pod.answer_text(&text),
        None => Err(Failure::Moved(format!("the store has no answer to task {earlier}; train again"))),
    }
}

/// The model's folder of the store, on its claim or in its bucket.
/// The model's folder of the store.
pub fn store(pod: &Pod, task: &Task) -> Result<Store, Failure> {
    let folder = task.store_folder(&task.store);
    if is_in_bucket(&folder) {
        return Ok(Store::open_with(&folder, &pod.at("/"), pod.keys(path::STORE_KEYS).as_deref())?);
    }
    Ok(Store::at(&pod.at(&inside(path::STORE, &folder))))
}

fn stored_answer(store: &Store, task: &str) -> Result<Option<String>, Failure> {
    let Some(bytes) = store.get(&answer_file(task))? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match Answer::read(&text, task) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(Failure::Moved(format!("the store's answer to task {task} is spoilt: {error}"))),
    }
}

/// The candidate's risks of training rows from models that never saw the row's patient.
struct OutOfFold {
    /// Its name in the store.
    name: String,
    bytes: Vec<u8>,
    risks: Vec<f64>,
}

impl OutOfFold {
    /// What came with the candidate, or, for a bundle of the store, what was kept when it was trained on the same data;
    /// none if there is nothing.
    fn find(
        (store, task): (&Store, &Task),
        candidate: &Candidate,
        (bundle, data): (&str, &str),
    ) -> Result<Option<Self>, Failure> {
        let name = out_of_fold_file(bundle, data);
        if let Work::Evaluate(_) = &task.work {
            let Some(bytes) = store.get(&name)? else { return Ok(None) };
            return Ok(Some(Self { name, risks: out_of_fold::read(path::OUT_OF_FOLD, &bytes)?, bytes }));
        }
        let came = candidate.out_of_fold.clone();
        Ok(came.map(|risks| Self { name, bytes: out_of_fold::text(&risks).into_bytes(), risks }))
    }
}

fn production(store: &Store, served: &Served) -> Result<Bundle, Failure> {
    let bytes = stored_bundle(store, &served.digest)?;
    Bundle::read(&bytes, Some(&served.digest))
        .map_err(|error| Failure::Moved(format!("production's bundle {}", error.kind())))
}

pub(super) fn stored_bundle(store: &Store, wanted: &str) -> Result<Vec<u8>, Failure> {
    let name = bundle_file(wanted);
    match store.get_at_most(&name, MAX_BYTES as u64)? {
        Some(bytes) if digest(&bytes) == wanted => Ok(bytes),
        Some(_) => Err(Failure::Moved(format!("{name} in the store does not have the digest in its name"))),
        None => Err(Failure::Moved(format!("the store has no {name}"))),
    }
}

/// Keeps everything in the store, the answer last, then answers.
fn keep(pod: &Pod, task: &Task, (candidate, bundle): (&[u8], &Bundle), report: &Report) -> Result<(), Failure> {
    let store = store(pod, task)?;
    let written = report.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?;
    let report_digest = digest(&written);
    exactly(&store, &bundle_file(&report.candidate.digest), candidate)?;
    exactly(&store, &report_file(&report_digest), &written)?;
    show(&store, &View::new(report, bundle, &task.manifest.gate), &report_digest)?;
    let hash = task.hash();
    if report.outcome != Outcome::Unchanged {
        let version = Version {
            version: task.version,
            bundle: report.candidate.digest.clone(),
            report: report_digest.clone(),
            data: report.rows.digest.clone(),
        };
        if let Some(message) = taken(&store, &version)? {
            return pod.answer(&Answer {
                contract: CONTRACT.to_owned(),
                task: hash,
                outcome: Outcome::VersionTaken,
                reason: "VersionTaken".to_owned(),
                message,
                evidence: None,
            });
        }
    }
    let text = report.answer(&hash, &report_digest).to_message().map_err(|error| Failure::Moved(error.to_string()))?;
    exactly(&store, &answer_file(&hash), text.as_bytes())?;
    eprintln!("{:?}: {}", report.outcome, report.message);
    pod.answer_text(&text)
}

/// Keeps the page and the card beside the report. What was shown first stays: a newer trainer may draw the same report
/// otherwise, and that is no reason to fail.
fn show(store: &Store, view: &View<'_>, report: &str) -> Result<(), Failure> {
    store.create(&page_file(report), page::html(view).as_bytes())?;
    store.create(&card_file(report), Card::of(view).markdown().as_bytes())?;
    Ok(())
}

/// Takes the version's number; a sentence if another bundle has it.
fn taken(store: &Store, version: &Version) -> Result<Option<String>, Failure> {
    let name = format!("versions/{}.json", version.version);
    let bytes = serde_json::to_vec_pretty(version).map_err(|error| Failure::Moved(error.to_string()))?;
    let Created::Other(found) = store.create(&name, &bytes)? else { return Ok(None) };
    match serde_json::from_slice::<Version>(&found) {
        Ok(found) if found.bundle == version.bundle => Ok(None),
        Ok(_) | Err(_) => {
            Ok(Some(format!("version {} in the store is another bundle; take a higher number", version.version)))
        }
    }
}

/// Creates a file whose name says what its bytes are.
fn exactly(store: &Store, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    match store.create(name, bytes)? {
        Created::Kept => Ok(()),
        Created::Other(_) => Err(Failure::Moved(format!("{name} is in the store with other bytes"))),
    }
}
