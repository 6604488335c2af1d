//! A training: from the rows of training patients to a bundle. The same manifest, rows and code give the same bytes.

use crate::{calibrate, curve, design, fold, golden::golden};
use dropout_model::{
    bundle::{Bundle, Model, SCHEMA, Scorer, logistic},
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::Rows,
};

/// Fewest training patients who dropped out for a model.
pub const MIN_DROPOUT_PATIENTS: usize = 10;

/// Name and version of this code, written into every bundle.
pub const CODE: &str = concat!("dropout-trainer/", env!("CARGO_PKG_VERSION"));

/// Trains a model on the rows of training patients. `digest` is that of the whole data file.
pub fn train(manifest: &Manifest, rows: &Rows, digest: &str) -> Result<Bundle, BadInput> {
    manifest.check()?;
    let dropouts = rows.positive_patients();
    if dropouts < MIN_DROPOUT_PATIENTS {
        let message = format!(
            "only {dropouts} of {} training patients dropped out; {MIN_DROPOUT_PATIENTS} are needed to learn from, wait for more",
            rows.patients.len()
        );
        return Err(BadInput::new(Reason::FewDropouts, message));
    }
    design::check_values(&manifest.features, &rows.columns)?;
    let logits = fold::out_of_fold(manifest, rows)?;
    let calibration = calibrate::calibrate(&logits, &rows.label, dropouts);
    let risk: Vec<f64> =
        logits.iter().map(|logit| logistic(calibration.intercept + calibration.slope * logit)).collect();
    let model = fold::fit(manifest, rows)?;
    let model = Model::Logistic(model);
    let scorer = Scorer::of(&manifest.features, &model, calibration)
        .map_err(|error| BadInput::new(Reason::BadManifest, error.to_string()))?;
    Ok(Bundle {
        schema: SCHEMA.to_owned(),
        code: CODE.to_owned(),
        study: manifest.study.id.clone(),
        label: manifest.label.column.clone(),
        horizon_seconds: manifest.label.horizon.as_seconds(),
        features: manifest.features.clone(),
        golden: golden(&manifest.features, &model, &scorer),
        model,
        calibration,
        thresholds: curve::points(&risk, &rows.label),
        reference: curve::reference(&risk),
        calibration_reason: Some(calibrate::reason(calibration, dropouts)),
        choice: None,
        cutoff: manifest.data.cutoff.clone(),
        data_digest: digest.to_owned(),
        seed: manifest.training.seed,
        holdout_fraction: manifest.data.holdout_fraction(),
    })
}
