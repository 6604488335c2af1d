//! A look at the model's own records: the window against the training sample, how well the model does by the labels that have
//! arrived and without them, and how many new labels there are.

use super::{Found, Look, history, lines, reference::Reference};
use crate::{
    engine::{Chosen, Comparison, choose, compare_rows},
    failure::Failure,
    frame::Frame,
    page,
    performance::{self, Labelled, Outcome},
    records,
    report::{Estimate, ModelName, Performance, Rule, Settings},
};
use dropout_model::{
    input::{BadInput, Reason},
    manifest::Metric,
    monitoring::{MAX_MEASURES, Measure, MonitorTask, PerformanceSource, RuleName},
    record::{Prediction, assemble::assemble, table::Records},
    rows::Day,
};
use dropout_store::Store;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Looks.
pub fn look(task: &MonitorTask, store: &Store) -> Result<Look, Failure> {
    let (start, end) = span(task)?;
    let reference = Reference::read(task, store)?;
    let mut all = Records::default();
    for object in records::batches(store)? {
        if let Some(bytes) = store.get(&object.name)? {
            all.add(&task.manifest, &object.name, &bytes)?;
        }
    }
    let (from, to) = (moment(start), moment(end));
    let rows: Vec<&Prediction> = all.predictions.iter().filter(|line| line.time >= from && line.time < to).collect();
    let digest = &task.production.digest;
    let mut window = lines::frame(&rows, &reference.schema, (digest, task.manifest.landmark.as_deref()));
    window.span = Some((from.clone(), to.clone()));
    let labels = Labels::of(task, &all, &to)?;
    let chosen = choose(&reference.frame, &window);
    let performance = performance(task, &reference, (&window, &chosen, &labels));
    let history = history::earlier(task, store, &from)?;
    let rule = if task.rule == RuleName::Evidently { Rule::Evidently } else { Rule::Default };
    let comparison = Comparison {
        schema: &reference.schema,
        reference: &reference.frame,
        window: &window,
        rule,
        settings: Settings { min_rows: u64::from(task.min_rows), ..Settings::of(rule) },
        model: Some(ModelName {
            name: task.name.clone(),
            version: Some(task.version.clone()),
            bundle: Some(digest.clone()),
        }),
        history: &history,
        performance,
    };
    let report = page::fit(compare_rows(&comparison, &chosen));
    let bytes = page::json(&report).into_bytes();
    retain(task, store, end)?;
    let found = Found {
        window_end: Some(to),
        performance: report.performance.as_ref().map(|found| measures(found, window.rows as u64)).unwrap_or_default(),
        new_labelled_patients: labels.new_patients(reference.bundle.cutoff.as_deref()),
        lost: all.lost,
    };
    let (reason, message) = super::given::words(&report);
    Ok(Look { verdict: report.decision.verdict, reason, message, report: Some((report, bytes)), found })
}

/// Start and end of the window.
fn span(task: &MonitorTask) -> Result<(Timestamp, Timestamp), BadInput> {
    let bad = || BadInput::new(Reason::BadManifest, "the task's window has no end or is too long");
    let end: Timestamp = task.until.parse().map_err(|_| bad())?;
    let length = SignedDuration::from_secs(i64::try_from(task.window_seconds).map_err(|_| bad())?);
    Ok((end.checked_sub(length).map_err(|_| bad())?, end))
}

/// A moment as records have it, so that texts compare as times.
fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// What became of the patients whose predictions were recorded.
struct Labels<'a> {
    /// The predictions of the served bundle, with the label where it is certain.
    own: Vec<(&'a Prediction, Option<bool>)>,
    /// First day of each patient with a certain label.
    labelled: BTreeMap<&'a str, &'a str>,
}

impl<'a> Labels<'a> {
    fn of(task: &MonitorTask, all: &'a Records, until: &str) -> Result<Self, BadInput> {
        let day = until.get(..10).and_then(Day::read);
        let day = day.ok_or_else(|| BadInput::new(Reason::BadManifest, "the task's window has no end"))?;
        let (rows, _) = assemble(&task.manifest.label, &all.predictions, &all.outcomes, day);
        let known: BTreeMap<&str, bool> = rows.iter().map(|row| (row.prediction.id.as_str(), row.label)).collect();
        let is_own = |line: &&Prediction| line.bundle == task.production.digest && line.time.as_str() < until;
        let own: Vec<(&Prediction, Option<bool>)> =
            all.predictions.iter().filter(is_own).map(|line| (line, known.get(line.id.as_str()).copied())).collect();
        let with_label: BTreeSet<&str> = rows.iter().map(|row| row.prediction.patient.as_str()).collect();
        let mut labelled: BTreeMap<&str, &str> = BTreeMap::new();
        for line in all.predictions.iter().filter(|line| with_label.contains(line.patient.as_str())) {
            let first = labelled.entry(&line.patient).or_insert(&line.date);
            *first = (*first).min(&line.date);
        }
        Ok(Self { own, labelled })
    }

    /// Patients with a certain label whose first prediction is after a data cut-off; none without one.
    fn new_patients(&self, cutoff: Option<&str>) -> Option<u64> {
        let cutoff = cutoff?;
        Some(self.labelled.values().filter(|first| **first > cutoff).count() as u64)
    }
}

/// How well the model does, as far as that can be told; what cannot is left out, and none if nothing can.
fn performance(
    task: &MonitorTask,
    reference: &Reference,
    (window, chosen, labels): (&Frame, &Chosen, &Labels<'_>),
) -> Option<Performance> {
    let threshold = task.production.threshold;
    let pairs = chosen.reference.iter().filter_map(|row| {
        let risk = reference.frame.risk.get(*row).copied().filter(|risk| !risk.is_nan())?;
        Some((risk, (*reference.frame.label.get(*row)?)?))
    });
    let (risk, label): (Vec<f64>, Vec<bool>) = pairs.unzip();
    let known = Labelled { risk: &risk, label: &label };
    let risks = chosen.window.iter().filter_map(|row| window.risk.get(*row)).copied();
    let risks: Vec<f64> = risks.filter(|risk| !risk.is_nan()).collect();
    let expectations = performance::expectations(known, &risks, threshold).unwrap_or_default();
    let outcomes: Vec<Outcome<'_>> = labels
        .own
        .iter()
        .map(|(line, label)| Outcome { risk: line.risk, label: *label, patient: &line.patient })
        .collect();
    let measured = performance::realised(&outcomes, threshold, task.manifest.training.seed);
    let realised = measured.and_then(|found| performance::against(found, known, threshold)).unwrap_or_default();
    let coverage = (!outcomes.is_empty()).then(|| performance::coverage(&outcomes));
    performance::summary(&expectations, realised, coverage)
}

/// The metrics of an answer, all that a trigger may ask for: realised ones first.
fn measures(found: &Performance, patients: u64) -> Vec<Measure> {
    let labelled = found.labelled_patients.unwrap_or(0);
    let measure = |source, patients| {
        move |estimate: &Estimate| {
            let metric: Metric = serde_json::from_value(serde_json::Value::String(estimate.metric.clone())).ok()?;
            let Estimate { value, low, high, .. } = *estimate;
            let is_finite = [value, low, high].iter().all(|number| number.is_finite());
            let [value, low, high] = [value, low, high].map(|number| (number * 1e5).round() / 1e5);
            is_finite.then_some(Measure { metric, source, value, low, high, patients })
        }
    };
    let realised = found.realised.iter().filter_map(measure(PerformanceSource::Realised, labelled));
    let estimated = found.estimated.iter().filter_map(measure(PerformanceSource::Estimated, patients));
    realised.chain(estimated).take(MAX_MEASURES).collect()
}

/// Removes what is older than records are kept.
fn retain(task: &MonitorTask, store: &Store, end: Timestamp) -> Result<(), Failure> {
    let Some(seconds) = task.retention_seconds.and_then(|seconds| i64::try_from(seconds).ok()) else { return Ok(()) };
    let Ok(first) = end.checked_sub(SignedDuration::from_secs(seconds)) else { return Ok(()) };
    let removed = records::retain(store, &first.strftime("%Y-%m-%d").to_string())?;
    if removed > 0 {
        eprintln!("{removed} batches were older than records are kept, and were removed");
    }
    Ok(())
}
