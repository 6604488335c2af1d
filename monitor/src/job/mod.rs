//! The monitor's container: reads a window of records or somebody else's report, compares, keeps the report in the store and
//! answers. It finds everything by fixed paths below a root, and reads nothing but what its task names.

mod given;
mod history;
mod lines;
mod reference;
mod window;

use crate::{
    failure::Failure,
    page,
    report::{DriftReport, Verdict},
};
use dropout_model::{
    digest::{digest, short},
    input::{BadInput, Reason},
    monitoring::{CONTRACT, DRIFT, MonitorAnswer, MonitorTask, Reads},
    task::path,
};
use dropout_store::Store;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Name of a report's file in its folder.
pub const REPORT: &str = "report.json";
/// Largest task that is read, in bytes.
const MAX_TASK: usize = 4 << 20;

/// A pod's file system.
#[derive(Clone, Debug)]
pub struct Pod {
    root: PathBuf,
}

/// What a look found, before it is an answer.
pub struct Look {
    /// What the window says.
    pub verdict: Verdict,
    /// One word for why.
    pub reason: String,
    /// One sentence.
    pub message: String,
    /// The report, if there is one, with its bytes as JSON.
    pub report: Option<(DriftReport, Vec<u8>)>,
    /// The rest of the answer.
    pub found: Found,
}

/// What a look found beside its verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// End of the window, RFC 3339.
    pub window_end: Option<String>,
    /// Metrics of production.
    pub performance: Vec<dropout_model::monitoring::Measure>,
    /// Patients with a certain label since production's data cut-off.
    pub new_labelled_patients: Option<u64>,
    /// Records that were lost.
    pub lost: u64,
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

    /// Does the task. What is wrong with the input is an answer of its own: Unknown, with the reason.
    pub fn run(&self) -> Result<(), Failure> {
        let task = self.task()?;
        let store = store(self, &task)?;
        let look = match self.look(&task, &store) {
            Ok(look) => look,
            Err(Failure::Bad(bad)) => Look::unknown(&bad.reason.to_string(), bad.message),
            Err(failure) => return Err(failure),
        };
        let folder = look.report.as_ref().map(|report| keep(&store, &task, report)).transpose()?;
        let answer = answer(&task, look, folder);
        let text = answer.to_message().map_err(|error| Failure::Moved(error.to_string()))?;
        eprintln!("{:?}: {}", answer.verdict, answer.message);
        let place = self.at(path::ANSWER);
        fs::write(&place, text).map_err(|cause| Failure::Disk { what: "write", place: path::ANSWER.into(), cause })
    }

    fn task(&self) -> Result<MonitorTask, Failure> {
        let bytes = crate::failure::bytes(&self.at(path::TASK).display().to_string(), MAX_TASK)?;
        let bad = |why: String| BadInput::new(Reason::BadManifest, format!("{} {why}", path::TASK));
        let task: MonitorTask =
            serde_json::from_slice(&bytes).map_err(|error| bad(format!("is not readable: {error}")))?;
        if task.contract != CONTRACT {
            let why =
                format!("speaks another contract than {CONTRACT}; use the monitor's image of the operator's release");
            return Err(bad(why).into());
        }
        Ok(task)
    }

    fn look(&self, task: &MonitorTask, store: &Store) -> Result<Look, Failure> {
        match &task.reads {
            Reads::Predictions => window::look(task, store),
            Reads::ConfigMap(origin) => given::config_map(self, task, origin),
            Reads::Source(source) => given::source(self, task, source),
        }
    }
}

impl Look {
    /// Nothing can be said.
    pub fn unknown(reason: &str, message: String) -> Self {
        let (verdict, reason) = (Verdict::Unknown, reason.to_owned());
        Self { verdict, reason, message, report: None, found: Found::default() }
    }
}

/// The model's folder of the store.
fn store(pod: &Pod, task: &MonitorTask) -> Result<Store, Failure> {
    let is_outside = |name: &str| name.is_empty() || name.contains(['/', '\\']) || name == "..";
    if is_outside(&task.namespace) || is_outside(&task.name) {
        return Err(BadInput::new(Reason::BadManifest, "the task's namespace or name is no name").into());
    }
    let keys = Some(pod.at(path::STORE_KEYS)).filter(|folder| folder.is_dir());
    let store = Store::open_with(&task.store, &pod.at(path::STORE), keys.as_deref())?;
    Ok(store.within(&format!("{}/{}", task.namespace, task.name)))
}

/// Keeps a report as JSON, as a page and in Evidently's shape; the folder's name.
fn keep(store: &Store, task: &MonitorTask, (report, bytes): &(DriftReport, Vec<u8>)) -> Result<String, Failure> {
    let end = report.window.to.as_deref().unwrap_or(&task.until);
    let end: String = end.chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).take(40).collect();
    let folder = format!("{DRIFT}/{end}-{}", short(&digest(bytes), 8));
    let legacy = serde_json::to_vec(&crate::evidently::write_legacy(report));
    let legacy = legacy.map_err(|error| Failure::Moved(error.to_string()))?;
    let page = page::html(report);
    // The report comes last: a folder with one is complete.
    for (name, bytes) in [("report.html", page.as_bytes()), ("evidently.json", &legacy), (REPORT, bytes)] {
        store.create(&format!("{folder}/{name}"), bytes)?;
    }
    Ok(folder)
}

fn answer(task: &MonitorTask, look: Look, folder: Option<String>) -> MonitorAnswer {
    let report = look.report.as_ref().map(|(report, _)| report);
    // Nothing was compared where the data is too few: no share is not a share of none.
    let compared = report.filter(|report| report.decision.verdict != Verdict::InsufficientData);
    let share = compared.and_then(|report| report.dataset.weighted_share.or(report.dataset.share));
    let patients = report.and_then(|report| report.window.compared);
    MonitorAnswer {
        contract: CONTRACT.to_owned(),
        task: task.hash(),
        verdict: look.verdict,
        reason: look.reason,
        message: look.message,
        report: look.report.as_ref().map(|(_, bytes)| digest(bytes)),
        folder,
        window_end: look.found.window_end,
        patients,
        share: share.filter(|share| share.is_finite()),
        performance: look.found.performance,
        new_labelled_patients: look.found.new_labelled_patients,
        lost: look.found.lost,
    }
}
