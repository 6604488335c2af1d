//! The report: everything that was found about a candidate, as deterministic JSON, and the short answer made from it. It
//! holds no time, host, path or patient.

use crate::{curves::Curves, findings::Finding};
use dropout_model::{
    bundle::{Calibration, Choice, Term},
    gate::Decided,
    manifest::{Comparison, Enforcement, Metric},
    metric::bootstrap::Interval,
    rows::{Counts, Rows},
    task::{Answer, CONTRACT, Check, Evidence, Figure, Outcome, Served, Verdict},
};
use serde::Serialize;

/// The schema of reports.
pub const SCHEMA: &str = "trialops.dev/report/v1alpha1";

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// Identifier of the trial.
    pub study: String,
    /// What came out.
    pub outcome: Outcome,
    /// One word for it.
    pub reason: String,
    /// One sentence with the numbers.
    pub message: String,
    /// The candidate.
    pub candidate: Candidate,
    /// What it was compared with.
    pub production: Option<Served>,
    /// The rows.
    pub rows: RowReport,
    /// Whose rows decided, and how sure it had to be.
    pub evidence: EvidenceReport,
    /// How intervals were made.
    pub bootstrap: Bootstrap,
    /// Every metric on the rows that decided (on all of the holdout if nothing decided), in fixed order.
    pub metrics: Vec<MetricReport>,
    /// Every metric on all patients of the holdout, if other rows decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<MetricReport>,
    /// Every metric on the rows that no intervention touched, if some were touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untouched: Option<UntouchedReport>,
    /// What may not get worse, with the defaults; empty for a first model.
    pub guardrails: Vec<GuardrailReport>,
    /// Groups of patients.
    pub slices: Vec<SliceReport>,
    /// The metric that decides.
    pub primary: Metric,
    /// Every check of the gate.
    pub checks: Vec<Check>,
    /// What pages draw.
    pub curves: Curves,
    /// What was tried and why the candidate's algorithm was taken, if there was a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// Mean size of each feature's contribution to the calibrated logit over held out rows, the largest first.
    pub importances: Vec<Importance>,
    /// What looks wrong in the training rows but refuses nothing.
    pub findings: Vec<Finding>,
    /// What the trainer claims beside what was measured here; it decides nothing. None if it claims nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Claimed>,
    /// What came of the records whose rows count beside those of the file; none if none were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordReport>,
}

/// What came of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordReport {
    /// What was counted while predictions and outcomes became rows.
    pub counts: dropout_model::record::assemble::Counts,
    /// Lines that were lost before they were written.
    pub lost: u64,
    /// Rows that lack a feature or no longer keep the manifest.
    pub unfit: usize,
}

/// How much a feature moves risks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Importance {
    /// The feature.
    pub feature: String,
    /// Mean of the absolute contributions, in logits.
    pub logits: f64,
}

/// The numbers that a trainer claims for its own model. Where they come from is not known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// The claims whose metric is known here.
    pub metrics: Vec<Claim>,
    /// How many claims name something that is no metric here; the names are not repeated.
    pub unknown: usize,
}

/// A metric as the trainer claims it and as it was measured on the holdout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The metric.
    pub metric: Metric,
    /// What the trainer says.
    pub claimed: f64,
    /// What was measured; none if it is not defined on the holdout.
    pub measured: Option<f64>,
}

/// The candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Digest of its bundle.
    pub digest: String,
    /// What trained it.
    pub code: String,
    /// Digest of the data it was trained on.
    pub data_digest: String,
    /// Seed of its training.
    pub seed: i64,
    /// Its decision threshold.
    pub threshold: f64,
    /// What the threshold was chosen by.
    pub threshold_target: String,
    /// Its calibration.
    pub calibration: Calibration,
    /// Why the calibration is what it is.
    pub calibration_reason: String,
    /// Logit of a row whose terms are all at their means; none for trees.
    pub intercept: Option<f64>,
    /// Its terms with their coefficients; empty for trees.
    pub terms: Vec<Term>,
}

/// The rows, and how they were split.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowReport {
    /// Digest of the file.
    pub digest: String,
    /// Rows that count and rows that do not.
    pub counts: Counts,
    /// Share of patients held out.
    pub holdout_fraction: f64,
    /// Training patients.
    pub training: Side,
    /// Patients held out.
    pub holdout: Side,
}

/// One side of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Patients.
    pub patients: usize,
    /// Patients who dropped out within the horizon of one of their rows.
    pub positive_patients: usize,
    /// Rows.
    pub rows: usize,
    /// Rows labelled dropout.
    pub positive_rows: usize,
}

impl Side {
    /// Counts a side.
    pub fn of(rows: &Rows) -> Self {
        Self {
            patients: rows.patients.len(),
            positive_patients: rows.positive_patients(),
            rows: rows.len(),
            positive_rows: rows.positives(),
        }
    }
}

/// Whose rows decided, and how sure it had to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReport {
    /// Whose rows decided.
    pub decided: Decided,
    /// The same in words.
    pub message: String,
    /// Patients who decided.
    pub patients: usize,
    /// Those of them who dropped out.
    pub positive_patients: usize,
    /// Which look at the holdout this was; none if it could promote nothing.
    pub look: Option<u32>,
    /// Level of the intervals that had to show a gain.
    pub level: f64,
}

/// The numbers without the rows that an intervention touched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UntouchedReport {
    /// Rows that were touched.
    pub touched_rows: usize,
    /// Rows that production flags.
    pub flagged_rows: usize,
    /// Those of them that were touched.
    pub touched_flagged_rows: usize,
    /// The other rows.
    pub rows: Side,
    /// Every metric on them.
    pub metrics: Vec<MetricReport>,
}

/// A guardrail, applied.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardrailReport {
    /// The metric.
    pub metric: Metric,
    /// How the margin is read.
    pub comparison: Comparison,
    /// The candidate may be worse by this.
    pub margin: f64,
    /// Whether it decides.
    pub enforcement: Enforcement,
    /// The candidate's value.
    pub candidate: f64,
    /// Production's value.
    pub production: f64,
    /// By how much the candidate is worse than allowed; positive is bad.
    pub excess: Option<Interval>,
    /// What it says.
    pub verdict: Verdict,
}

/// A column's groups of patients.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SliceReport {
    /// The column.
    pub column: String,
    /// The metric.
    pub metric: Metric,
    /// The candidate may be worse by this, in the metric's own unit.
    pub margin: f64,
    /// Whether it decides.
    pub enforcement: Enforcement,
    /// Level of each group's interval.
    pub level: Option<f64>,
    /// The groups with at least 5 patients.
    pub groups: Vec<GroupReport>,
    /// How many groups have fewer.
    pub suppressed: usize,
}

/// A group of patients.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupReport {
    /// Its value of the column.
    pub name: String,
    /// Its patients.
    pub patients: usize,
    /// Its patients who dropped out; none means 1 to 4.
    pub positive_patients: Option<usize>,
    /// The candidate's value.
    pub candidate: f64,
    /// Production's value.
    pub production: Option<f64>,
    /// By how much the candidate is worse; negative is better.
    pub loss: Option<Interval>,
    /// What that means; none if the group is only told.
    pub verdict: Option<Verdict>,
}

/// How intervals were made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// Resamples of patients for every metric; 0 if none were needed.
    pub resamples: usize,
    /// Resamples for the metric that had the most.
    pub most_resamples: usize,
    /// Level of the intervals that decide no gain.
    pub level: f64,
    /// Seed of the draws.
    pub seed: i64,
}

/// A metric of both models with intervals; `null` where it is not defined.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricReport {
    /// The metric.
    pub metric: Metric,
    /// The candidate's value.
    pub candidate: f64,
    /// Its interval.
    pub candidate_interval: Option<Interval>,
    /// Production's value on the same rows.
    pub production: Option<f64>,
    /// Its interval.
    pub production_interval: Option<Interval>,
    /// Candidate less production.
    pub difference: Option<f64>,
    /// Its interval from paired resamples.
    pub difference_interval: Option<Interval>,
}

impl Report {
    /// The bytes of the report, the same for equal reports.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The answer to a task; `digest` is that of the report's bytes.
    pub fn answer(&self, task: &str, digest: &str) -> Answer {
        let evidence = Evidence {
            bundle: self.candidate.digest.clone(),
            report: digest.to_owned(),
            data: self.rows.digest.clone(),
            threshold: self.candidate.threshold,
            patients: u32::try_from(self.rows.holdout.patients).unwrap_or(u32::MAX),
            positive_patients: u32::try_from(self.rows.holdout.positive_patients).unwrap_or(u32::MAX),
            look: self.evidence.look,
            metrics: self.figures(),
            checks: self.checks.clone(),
        };
        Answer {
            contract: CONTRACT.to_owned(),
            task: task.to_owned(),
            outcome: self.outcome,
            reason: self.reason.clone(),
            message: self.message.clone(),
            evidence: Some(evidence),
        }
    }

    /// The numbers that matter most, the primary one first; a number that is none is left out.
    fn figures(&self) -> Vec<Figure> {
        let others = [
            Metric::Recall,
            Metric::Precision,
            Metric::AlertRate,
            Metric::RocAuc,
            Metric::RocAucWithinLandmark,
            Metric::Brier,
        ];
        let wanted = std::iter::once(self.primary).chain(others.into_iter().filter(|metric| *metric != self.primary));
        let found = wanted.filter_map(|wanted| self.metrics.iter().find(|found| found.metric == wanted));
        let known = found.filter(|found| found.candidate.is_finite());
        known
            .map(|found| Figure {
                metric: found.metric,
                candidate: found.candidate,
                production: found.production.filter(|value| value.is_finite()),
            })
            .collect()
    }
}
