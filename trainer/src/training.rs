//! A training: from the rows of training patients to a bundle. The same manifest, rows and code give the same bytes.

use crate::{
    calibrate,
    choice::{Chosen, choose},
    curve, design,
    golden::golden,
    recipe::Fitted,
};
use dropout_model::{
    bundle::{Bundle, Calibration, Choice, SCHEMA, Scorer, logistic},
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::Rows,
};

/// Fewest training patients who dropped out for a model.
pub const MIN_DROPOUT_PATIENTS: usize = 10;

/// Name and version of this code, written into every bundle.
pub const CODE: &str = concat!("dropout-trainer/", env!("CARGO_PKG_VERSION"));

/// What a training leaves.
pub struct Trained {
    /// The model.
    pub bundle: Bundle,
    /// The calibrated out-of-fold risk of every training row, in the order of the rows.
    pub out_of_fold: Vec<f64>,
}

/// Trains a model on the rows of training patients. `digest` is that of the whole data file.
pub fn train(manifest: &Manifest, rows: &Rows, digest: &str) -> Result<Trained, BadInput> {
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
    let Chosen { recipe, logits, choice } = choose(manifest, rows)?;
    let fitted = recipe.fit(rows)?;
    let (calibration, reason) = calibrate::calibrate(&logits, &rows.label, dropouts);
    let risk: Vec<f64> =
        logits.iter().map(|logit| logistic(calibration.intercept + calibration.slope * logit)).collect();
    let bundle = bundle(manifest, rows, Made { fitted, calibration, reason, choice, risk: &risk, digest })?;
    Ok(Trained { bundle, out_of_fold: risk })
}

/// What was made, on the way into a bundle.
struct Made<'a> {
    fitted: Fitted,
    calibration: Calibration,
    reason: String,
    choice: Option<Choice>,
    risk: &'a [f64],
    digest: &'a str,
}

fn bundle(manifest: &Manifest, rows: &Rows, made: Made<'_>) -> Result<Bundle, BadInput> {
    let Fitted { model, shift } = made.fitted;
    let Calibration { intercept, slope } = made.calibration;
    // The calibration was learned on logits whose weights were undone; the bundle's model still has them.
    let calibration = Calibration { intercept: intercept + slope * shift, slope };
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
        thresholds: curve::points(made.risk, &rows.label),
        reference: curve::reference(made.risk),
        calibration_reason: Some(if shift == 0.0 {
            made.reason
        } else {
            format!("{}; the weight of dropouts is undone by {shift:+.4} logits", made.reason)
        }),
        choice: made.choice,
        cutoff: manifest.data.cutoff.clone(),
        data_digest: made.digest.to_owned(),
        seed: manifest.training.seed,
        holdout_fraction: manifest.data.holdout_fraction(),
    })
}
