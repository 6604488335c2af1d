//! A recipe: one algorithm with everything that is decided before it sees rows. It fits models, also for out-of-fold logits:
//! every training patient is then scored by a model that never saw the patient, so what is learned from these logits
//! (calibration, thresholds, reference scores, the choice of an algorithm) is honest.

use crate::{
    design::Design,
    forest,
    logistic::{FitError, FittedLogistic, LogisticParams, dataset, standard_errors},
};
use dropout_model::{
    bundle::{Calibration, Logistic, Model, Part, Scorer},
    input::{BadInput, Reason},
    manifest::{Algorithm, ClassWeight, Manifest, Monotone},
    rows::{Rows, cells},
    split::FOLDS,
};
use linfa::traits::Fit;
use ndarray::{Array1, Array2, Axis};

/// One algorithm with everything that is decided before it sees rows.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    /// What is learned.
    pub manifest: &'a Manifest,
    /// With what.
    pub algorithm: Algorithm,
    /// Trees of an ensemble; logistic regression has none.
    pub rounds: usize,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// What is added to its logits to undo the weight of dropouts: -ln(weight). The odds of a fit in which dropouts count
    /// w times are w times too high (King and Zeng, Political Analysis 2001, section 4.1).
    pub shift: f64,
}

impl<'a> Recipe<'a> {
    /// The recipe of an algorithm; the number of trees is chosen out of fold.
    pub fn of(manifest: &'a Manifest, algorithm: Algorithm, rows: &Rows) -> Result<Self, BadInput> {
        let rounds = match algorithm {
            Algorithm::Logistic => 0,
            Algorithm::GradientBoosting => forest::rounds(manifest, rows)?,
        };
        Ok(Self { manifest, algorithm, rounds })
    }

    /// Fits a model to rows.
    pub fn fit(&self, rows: &Rows) -> Result<Fitted, BadInput> {
        let weight = positive_weight(self.manifest, rows);
        let model = match self.algorithm {
            Algorithm::Logistic => Model::Logistic(fit_logistic(self.manifest, rows, weight)?),
            Algorithm::GradientBoosting => Model::Trees(forest::fit(self.manifest, rows, (self.rounds, weight))?),
        };
        Ok(Fitted { model, shift: -libm::log(weight) })
    }

    /// The logit of every row from the model of the other folds, weights undone, in the order of the rows. Each repeat has
    /// folds of its own.
    pub fn out_of_fold(&self, rows: &Rows, repeat: u32) -> Result<Vec<f64>, BadInput> {
        let folds = folds(self.manifest, rows, repeat);
        let mut logits = vec![f64::NAN; rows.len()];
        for fold in 0..FOLDS {
            let (held, others): (Vec<usize>, Vec<usize>) =
                (0..rows.len()).partition(|row| folds.get(*row) == Some(&fold));
            if held.is_empty() {
                continue;
            }
            let fitted = self.fit(&rows.pick(&others))?;
            let scorer = self.scorer(&fitted)?;
            for row in held {
                if let Some(logit) = logits.get_mut(row) {
                    *logit = scorer.logit(&cells(&self.manifest.features, &rows.columns, row)) + fitted.shift;
                }
            }
        }
        Ok(logits)
    }

    fn scorer(&self, fitted: &Fitted) -> Result<Scorer, BadInput> {
        Scorer::of(&self.manifest.features, &fitted.model, Calibration::IDENTITY)
            .map_err(|error| BadInput::new(Reason::BadManifest, error.to_string()))
    }
}

/// By row: the fold of its patient, in one repeat of the cross-validation.
pub fn folds(manifest: &Manifest, rows: &Rows, repeat: u32) -> Vec<u64> {
    // The seed's own folds come first; others are far from those of a neighbouring seed.
    let seed = manifest.training.seed.wrapping_add(i64::from(repeat).wrapping_mul(1_000_003));
    rows.folds(&manifest.study.id, seed)
}

/// How often a dropout row counts beside another one: rows without dropout / rows with, if the spec asks for balance.
fn positive_weight(manifest: &Manifest, rows: &Rows) -> f64 {
    let positives = rows.positives();
    match manifest.training.class_weight() {
        ClassWeight::Balanced if positives > 0 => (rows.len() - positives) as f64 / positives as f64,
        ClassWeight::Balanced | ClassWeight::None => 1.0,
    }
}

/// Logistic regression with standard errors. A term that would break a feature's monotone constraint is held at zero.
pub fn fit_logistic(manifest: &Manifest, rows: &Rows, positive_weight: f64) -> Result<Logistic, BadInput> {
    let design = Design::learn(&manifest.features, &rows.columns);
    let matrix = design.matrix(&manifest.features, &rows.columns);
    let signs = signs(manifest, &design);
    let mut kept: Vec<usize> = (0..matrix.ncols()).collect();
    loop {
        let taken = matrix.select(Axis(1), &kept);
        let fitted = fitted(taken.clone(), &rows.label, positive_weight)?;
        let allowed = allowed(&fitted, &kept, &signs);
        if allowed.len() == kept.len() {
            let errors = standard_errors(&fitted, &taken, &rows.label, (&rows.patient, positive_weight));
            return Ok(model(&design, &fitted, (&kept, errors)));
        }
        kept = allowed;
    }
}

fn fitted(matrix: Array2<f64>, labels: &[bool], positive_weight: f64) -> Result<FittedLogistic, BadInput> {
    let fitted: Result<FittedLogistic, FitError> =
        LogisticParams::default().positive_weight(positive_weight).fit(&dataset(matrix, labels));
    fitted.map_err(|error| {
        BadInput::new(Reason::FewDropouts, format!("no model can be fitted to the training rows: {error}"))
    })
}

/// By term: the sign that its coefficient must not have; 0 if it may have both.
fn signs(manifest: &Manifest, design: &Design) -> Vec<f64> {
    let refused = |(at, part): (usize, &Part)| {
        let monotone = manifest.features.get(at).and_then(|feature| feature.monotone);
        match (monotone, part) {
            (Some(Monotone::Increasing), Part::Value) => -1.0,
            (Some(Monotone::Decreasing), Part::Value) => 1.0,
            (_, Part::Value | Part::Is(_) | Part::Missing) => 0.0,
        }
    };
    design.parts().map(refused).collect()
}

/// The kept terms whose coefficients have no refused sign.
fn allowed(fitted: &FittedLogistic, kept: &[usize], signs: &[f64]) -> Vec<usize> {
    let is_allowed =
        |(at, coefficient): &(&usize, &f64)| signs.get(**at).is_none_or(|sign| sign * **coefficient <= 0.0);
    kept.iter().zip(&fitted.coefficients).filter(is_allowed).map(|(at, _)| *at).collect()
}

/// The model of all terms; those that were not kept are zero.
fn model(design: &Design, fitted: &FittedLogistic, (kept, errors): (&[usize], Option<Array1<f64>>)) -> Logistic {
    let mut model = design.model(fitted.intercept, vec![0.0; design.parts().count()]);
    for (place, (at, coefficient)) in kept.iter().zip(&fitted.coefficients).enumerate() {
        if let Some(term) = model.terms.get_mut(*at) {
            term.coefficient = *coefficient;
            term.standard_error = errors.as_ref().and_then(|errors| errors.get(place)).copied();
        }
    }
    model
}
