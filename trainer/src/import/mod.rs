//! Models trained elsewhere: an ensemble that somebody else fitted becomes a bundle like ours, with calibration,
//! thresholds, reference scores and golden rows. It fits no tree and runs nothing that came with the model.

pub mod columns;
pub mod xgboost;

use crate::{
    calibrate, curve,
    golden::golden,
    out_of_fold,
    training::{CODE, MIN_DROPOUT_PATIENTS},
};
use dropout_model::{
    bundle::{Bundle, Calibration, Model, SCHEMA, Scorer, logistic},
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::{Rows, cells},
    trees::{Ensemble, Trees},
};
use std::collections::BTreeMap;

/// A fitted ensemble with what is known about its training.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign<'a> {
    /// The trees, as they were read.
    pub ensemble: Ensemble,
    /// Risks of the training rows, in their order, each from a model that never saw the row's patient.
    pub out_of_fold: Option<&'a [f64]>,
}

/// How logits become risks, and the risks of the training rows that thresholds are chosen on.
struct Calibrated {
    calibration: Calibration,
    risk: Vec<f64>,
    reason: String,
}

/// Makes a bundle of a fitted ensemble. `rows` are those of training patients, `digest` is that of the whole data file.
///
/// A dropout that was counted w times multiplies the odds by w, so ln w is taken off every logit first. Platt's
/// calibration is fitted on out-of-fold risks only; without them the calibration stays as it is and the bundle says that
/// its thresholds are optimistic. A missing value goes where the splits say: nothing is imputed.
pub fn import(manifest: &Manifest, rows: &Rows, foreign: Foreign<'_>, digest: &str) -> Result<Bundle, BadInput> {
    manifest.check()?;
    if let Some(unknown) = columns::unknown(&manifest.features, &foreign.ensemble.columns) {
        return Err(unknown.refused());
    }
    check_dropouts(rows)?;
    let shift = shift(foreign.ensemble.positive_weight)?;
    let has_trees = !foreign.ensemble.trees.is_empty();
    let model = Model::Trees(Trees { xgboost: foreign.ensemble, imputed: BTreeMap::new() });
    let own = logits(&scorer(manifest, &model, Calibration::IDENTITY)?, manifest, rows);
    let calibrated = match foreign.out_of_fold {
        Some(risks) => {
            let seen = own.iter().filter(|_| has_trees).map(|logit| logistic(*logit)).collect::<Vec<_>>();
            out_of_fold::check(risks, rows.len(), &seen)?;
            platt(&risks.iter().map(|risk| logit(*risk)).collect::<Vec<_>>(), rows, shift)
        }
        None => uncalibrated(&own, shift),
    };
    let scorer = scorer(manifest, &model, calibrated.calibration)?;
    Ok(bundle(manifest, (rows, digest), golden(&manifest.features, &model, &scorer), (model, calibrated)))
}

/// A trainer's out-of-fold risks as the bundle made with them would give them: by its calibration.
pub fn calibrated(bundle: &Bundle, risks: &[f64]) -> Vec<f64> {
    let Calibration { intercept, slope } = bundle.calibration;
    risks.iter().map(|risk| logistic(intercept + slope * logit(*risk))).collect()
}

fn bundle(
    manifest: &Manifest,
    (rows, digest): (&Rows, &str),
    golden: Vec<dropout_model::bundle::Golden>,
    (model, calibrated): (Model, Calibrated),
) -> Bundle {
    Bundle {
        schema: SCHEMA.to_owned(),
        code: format!("xgboost (imported by {CODE})"),
        study: manifest.study.id.clone(),
        label: manifest.label.column.clone(),
        horizon_seconds: manifest.label.horizon.as_seconds(),
        features: manifest.features.clone(),
        golden,
        model,
        calibration: calibrated.calibration,
        thresholds: curve::points(&calibrated.risk, &rows.label),
        reference: curve::reference(&calibrated.risk),
        calibration_reason: Some(calibrated.reason),
        choice: None,
        cutoff: manifest.data.cutoff.clone(),
        data_digest: digest.to_owned(),
        seed: manifest.training.seed,
        holdout_fraction: manifest.data.holdout_fraction(),
    }
}

/// Thresholds cannot be chosen where hardly anybody dropped out.
fn check_dropouts(rows: &Rows) -> Result<(), BadInput> {
    let dropouts = rows.positive_patients();
    if dropouts >= MIN_DROPOUT_PATIENTS {
        return Ok(());
    }
    let message = format!(
        "only {dropouts} of {} training patients dropped out; {MIN_DROPOUT_PATIENTS} are needed to choose a threshold, wait for more",
        rows.patients.len()
    );
    Err(BadInput::new(Reason::FewDropouts, message))
}

/// What brings logits of a weighted fit back: -ln w (King and Zeng 2001, prior correction).
fn shift(positive_weight: Option<f64>) -> Result<f64, BadInput> {
    let Some(weight) = positive_weight else { return Ok(0.0) };
    if weight.is_finite() && weight > 0.0 {
        return Ok(-libm::log(weight));
    }
    let message = "the model's scale_pos_weight is no positive number; train it with one, or without";
    Err(BadInput::new(Reason::ForeignModel, message))
}

/// Platt's calibration on out-of-fold logits; `shift` is taken into it.
fn platt(logits: &[f64], rows: &Rows, shift: f64) -> Calibrated {
    let dropouts = rows.positive_patients();
    let shifted: Vec<f64> = logits.iter().map(|logit| logit + shift).collect();
    let (Calibration { intercept, slope }, reason) = calibrate::calibrate(&shifted, &rows.label, dropouts);
    Calibrated {
        calibration: Calibration { intercept: intercept + slope * shift, slope },
        risk: shifted.iter().map(|logit| logistic(intercept + slope * logit)).collect(),
        reason: format!("{reason}; the out-of-fold risks are the trainer's own{}", said(shift)),
    }
}

/// The model's own risks of rows that it has probably seen.
fn uncalibrated(own: &[f64], shift: f64) -> Calibrated {
    let reason = "none: there are no out-of-fold risks. Thresholds and reference scores come from the model's risks of rows that it has probably seen, so they are optimistic: expect less recall at a threshold than it promises";
    Calibrated {
        calibration: Calibration { intercept: shift, slope: 1.0 },
        risk: own.iter().map(|logit| logistic(logit + shift)).collect(),
        reason: format!("{reason}{}", said(shift)),
    }
}

fn said(shift: f64) -> String {
    if shift == 0.0 {
        return String::new();
    }
    format!("; {:.3} is taken off every logit, since the fit weighed dropouts (scale_pos_weight)", -shift)
}

/// The logit of a risk. One of 0 or 1 is a number that an f32 rounded.
fn logit(risk: f64) -> f64 {
    let risk = risk.clamp(f64::from(f32::EPSILON), 1.0 - f64::from(f32::EPSILON));
    libm::log(risk / (1.0 - risk))
}

fn logits(scorer: &Scorer, manifest: &Manifest, rows: &Rows) -> Vec<f64> {
    (0..rows.len()).map(|row| scorer.logit(&cells(&manifest.features, &rows.columns, row))).collect()
}

fn scorer(manifest: &Manifest, model: &Model, calibration: Calibration) -> Result<Scorer, BadInput> {
    Scorer::of(&manifest.features, model, calibration)
        .map_err(|error| BadInput::new(Reason::BadBundle, format!("the bundle {}", error.kind())))
}
