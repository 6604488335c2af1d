//! Out-of-fold logits: every training patient is scored by a model that never saw the patient. What is learned from them
//! (calibration, thresholds, reference scores) is honest.

use crate::{
    design::Design,
    logistic::{FitError, FittedLogistic, LogisticParams, dataset},
};
use dropout_model::{
    bundle::{Calibration, Logistic, Model, Scorer},
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::{Rows, cells},
    split::FOLDS,
};
use linfa::traits::Fit;

/// Fits a model to rows.
pub fn fit(manifest: &Manifest, rows: &Rows) -> Result<Logistic, BadInput> {
    let design = Design::learn(&manifest.features, &rows.columns);
    let records = dataset(design.matrix(&manifest.features, &rows.columns), &rows.label);
    let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().fit(&records);
    match fitted {
        Ok(fitted) => Ok(design.model(fitted.intercept, fitted.coefficients)),
        Err(error) => {
            Err(BadInput::new(Reason::FewDropouts, format!("no model can be fitted to the training rows: {error}")))
        }
    }
}

/// The logit of every row from the model of the other folds, in the order of the rows.
pub fn out_of_fold(manifest: &Manifest, rows: &Rows) -> Result<Vec<f64>, BadInput> {
    let folds = rows.folds(&manifest.study.id, manifest.training.seed);
    let mut logits = vec![f64::NAN; rows.len()];
    for fold in 0..FOLDS {
        let (held, others): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|row| folds.get(*row) == Some(&fold));
        if held.is_empty() {
            continue;
        }
        let scorer = scorer(manifest, &Model::Logistic(fit(manifest, &rows.pick(&others))?))?;
        for row in held {
            if let Some(logit) = logits.get_mut(row) {
                *logit = scorer.logit(&cells(&manifest.features, &rows.columns, row));
            }
        }
    }
    Ok(logits)
}

fn scorer(manifest: &Manifest, model: &Model) -> Result<Scorer, BadInput> {
    Scorer::of(&manifest.features, model, Calibration::IDENTITY)
        .map_err(|error| BadInput::new(Reason::BadManifest, error.to_string()))
}
