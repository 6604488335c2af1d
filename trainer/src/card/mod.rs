//! The model card (Mitchell et al., FAT* 2019): what a model is, what it is for, how good it is and where its limits are,
//! as JSON and as Markdown. It holds no time, host, path or patient.

mod limits;
mod markdown;

use crate::{
    curves::{calibration::Calibrated, tiers::Cut},
    odds::{Odds, ratios},
    page::{SliceRow, View, words},
    report::{Bootstrap, MetricReport, RowReport},
};
use dropout_model::{
    bundle::{Calibration, Choice},
    manifest::{Feature, Metric},
    task::{Check, Outcome, Served},
};
use serde::Serialize;

/// The schema of cards.
pub const SCHEMA: &str = "trialops.dev/card/v1alpha1";

/// A model card; its fields are the headings of the paper, in its order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// What the model is.
    pub model_details: Details,
    /// What it is for.
    pub intended_use: Use,
    /// What it was learned from and judged on.
    pub data: Origin,
    /// How good it is.
    pub metrics: Metrics,
    /// Where risk is cut.
    pub threshold: ThresholdCard,
    /// How true its risks are.
    pub calibration: CalibrationCard,
    /// How good it is for groups of patients, those of 1 to 4 without numbers.
    pub slices: Vec<SliceRow>,
    /// Why its algorithm was taken; none if only one was asked for.
    pub choice: Option<Choice>,
    /// Odds ratios of a logistic model.
    pub odds_ratios: Vec<Odds>,
    /// Mean absolute contribution to the logit by feature, where it is known.
    pub importances: Vec<(String, f64)>,
    /// Limits and cautions, in sentences.
    pub limits: Vec<String>,
    /// From what it can be made again.
    pub provenance: Provenance,
}

/// What a model is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Identifier of the trial.
    pub study: String,
    /// Its kind and size.
    pub kind: String,
    /// Column of the label.
    pub label: String,
    /// How far ahead risk is predicted, in seconds.
    pub horizon_seconds: u64,
    /// Its inputs.
    pub features: Vec<Feature>,
}

/// What a model is for, in sentences.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// What it may be used for.
    pub purpose: String,
    /// By whom.
    pub users: String,
    /// What it may not be used for.
    pub out_of_scope: Vec<String>,
}

/// What a model was learned from and judged on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The date of the data cut-off.
    pub cutoff: Option<String>,
    /// The rows and how they were split.
    pub rows: RowReport,
}

/// How good a model is, on patients held out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// What the gate said.
    pub outcome: Outcome,
    /// Its sentence.
    pub message: String,
    /// The metric that decides.
    pub primary: Metric,
    /// How intervals were made.
    pub bootstrap: Bootstrap,
    /// Every metric.
    pub all: Vec<MetricReport>,
    /// Every rule of the gate.
    pub checks: Vec<Check>,
}

/// Where risk is cut.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdCard {
    /// The decision threshold.
    pub value: f64,
    /// What it was chosen by.
    pub target: String,
    /// Share of the judged rows that are labelled dropout.
    pub dropout_share: f64,
    /// What each tier costs and brings.
    pub tiers: Vec<Cut>,
}

/// How true a model's risks are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationCard {
    /// The map from the model's logit to a calibrated one.
    pub map: Calibration,
    /// Why it is what it is.
    pub reason: String,
    /// What was measured on patients held out; none if they are too few.
    pub measured: Option<Calibrated>,
}

/// From what a model can be made again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// Digest of the bundle.
    pub bundle: String,
    /// Digest of the file it was trained on.
    pub trained_on: String,
    /// Digest of the file it was judged on.
    pub judged_on: String,
    /// What trained it.
    pub code: String,
    /// Seed of the training.
    pub seed: i64,
    /// What it was compared with.
    pub production: Option<Served>,
}

impl Card {
    /// The card of a judged candidate.
    pub fn of(view: &View<'_>) -> Self {
        let curves = &view.report.curves;
        Self {
            schema: SCHEMA,
            model_details: details(view),
            intended_use: limits::intended(view),
            data: Origin { cutoff: view.bundle.cutoff.clone(), rows: view.report.rows.clone() },
            metrics: metrics(view),
            threshold: ThresholdCard {
                value: view.report.candidate.threshold,
                target: view.report.candidate.threshold_target.clone(),
                dropout_share: curves.dropout_share,
                tiers: curves.tiers.clone(),
            },
            calibration: CalibrationCard {
                map: view.bundle.calibration,
                reason: view.report.candidate.calibration_reason.clone(),
                measured: curves.candidate.as_ref().map(|drawn| drawn.calibration.clone()),
            },
            slices: view.slices.clone(),
            choice: view.bundle.choice.clone(),
            odds_ratios: ratios(view.bundle),
            importances: view.importances.clone(),
            limits: limits::limits(view),
            provenance: provenance(view),
        }
    }

    /// The bytes of the card, the same for equal cards.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The card as Markdown.
    pub fn markdown(&self) -> String {
        markdown::written(self)
    }
}

fn details(view: &View<'_>) -> Details {
    Details {
        study: view.report.study.clone(),
        kind: words::kind(view.bundle),
        label: view.bundle.label.clone(),
        horizon_seconds: view.bundle.horizon_seconds,
        features: view.bundle.features.clone(),
    }
}

fn metrics(view: &View<'_>) -> Metrics {
    let report = view.report;
    Metrics {
        outcome: report.outcome,
        message: report.message.clone(),
        primary: report.primary,
        bootstrap: report.bootstrap,
        all: report.metrics.clone(),
        checks: report.checks.clone(),
    }
}

fn provenance(view: &View<'_>) -> Provenance {
    let report = view.report;
    Provenance {
        bundle: report.candidate.digest.clone(),
        trained_on: report.candidate.data_digest.clone(),
        judged_on: report.rows.digest.clone(),
        code: report.candidate.code.clone(),
        seed: report.candidate.seed,
        production: report.production.clone(),
    }
}
