//! The choice of an algorithm by evidence: repeated, patient-grouped cross-validation, and the simpler one unless the
//! challenger is better beyond doubt. The holdout has no part in it.

use crate::recipe::Recipe;
use dropout_model::{
    bundle::{Choice, Tried, logistic},
    input::BadInput,
    manifest::Manifest,
    metric::{
        Scored,
        bootstrap::{RESAMPLES, quantile, times_drawn},
        calibration::{brier, log_loss},
        rank::{roc_auc, roc_auc_within_landmark},
    },
    random::Stream,
    rows::Rows,
};

/// Level of the interval that decides.
const LEVEL: f64 = 0.95;
/// Repeats of the cross-validation.
const REPEATS: u32 = 5;
/// Rows above which one repeat is enough: folds then differ less than the interval is wide.
const MANY: usize = 50_000;

/// What was chosen.
pub struct Chosen<'a> {
    /// The recipe.
    pub recipe: Recipe<'a>,
    /// Its out-of-fold logits of the first repeat.
    pub logits: Vec<f64>,
    /// What was tried, if there was more than one recipe.
    pub choice: Option<Choice>,
}

/// Tries every algorithm of the manifest.
pub fn choose<'a>(manifest: &'a Manifest, rows: &Rows) -> Result<Chosen<'a>, BadInput> {
    let algorithms = manifest.training.algorithms();
    let recipes = algorithms.iter().map(|algorithm| Recipe::of(manifest, *algorithm, rows));
    let mut recipes: Vec<Recipe<'a>> = recipes.collect::<Result<_, _>>()?;
    let repeats = if recipes.len() == 1 || rows.len() > MANY { 1 } else { REPEATS };
    let mut tried = Vec::new();
    for recipe in &recipes {
        tried.push((0..repeats).map(|repeat| recipe.out_of_fold(rows, repeat)).collect::<Result<Vec<_>, _>>()?);
    }
    let choice = match tried.as_slice() {
        [simpler, challenger] => Some(compare((&recipes, manifest.training.seed), rows, [simpler, challenger])),
        _ => None,
    };
    let winner = usize::from(choice.as_ref().is_some_and(|choice| choice.low > 0.0));
    let logits = tried.swap_remove(winner).swap_remove(0);
    Ok(Chosen { recipe: recipes.swap_remove(winner), logits, choice })
}

/// Compares the out-of-fold logits of two recipes, the simpler first, repeat by repeat.
fn compare((recipes, seed): (&[Recipe<'_>], i64), rows: &Rows, logits: [&Vec<Vec<f64>>; 2]) -> Choice {
    let scored = logits.map(|repeats| {
        let risks = |logits: &Vec<f64>| logits.iter().map(|logit| logistic(*logit)).collect();
        repeats.iter().map(|logits| Scored::new(risks(logits), rows)).collect::<Vec<_>>()
    });
    let even = vec![1.0; rows.len()];
    let gain = |weight: &[f64]| area(&scored[1], weight) - area(&scored[0], weight);
    let difference = gain(&even);
    let (low, high) = interval(rows, seed, gain);
    let tried: Vec<Tried> = recipes.iter().zip(&scored).map(|(recipe, scored)| tried(recipe, scored, rows)).collect();
    let repeats = logits[0].len() as u32;
    let message = sentence(&tried, difference, (low, high));
    Choice { repeats, tried, difference, low, high, level: LEVEL, message }
}

/// The percentile interval of a number over resamples of patients.
fn interval(rows: &Rows, seed: i64, number: impl Fn(&[f64]) -> f64) -> (f64, f64) {
    let stream = Stream::new(seed as u64).part(0x63_686f_6963);
    let mut weight = vec![0.0; rows.len()];
    let draw = |resample: u64| {
        let times = times_drawn(stream.part(resample), rows.patients.len());
        for (weight, patient) in weight.iter_mut().zip(&rows.patient) {
            *weight = times.get(*patient as usize).copied().unwrap_or_default();
        }
        number(&weight)
    };
    let mut drawn: Vec<f64> = (0..RESAMPLES as u64).map(draw).filter(|number| !number.is_nan()).collect();
    drawn.sort_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    (quantile(&drawn, tail), quantile(&drawn, 1.0 - tail))
}

fn area(scored: &[Scored<'_>], weight: &[f64]) -> f64 {
    mean(scored, |scored| roc_auc(scored, weight))
}

fn mean(scored: &[Scored<'_>], number: impl Fn(&Scored<'_>) -> f64) -> f64 {
    scored.iter().map(number).sum::<f64>() / scored.len() as f64
}

fn tried(recipe: &Recipe<'_>, scored: &[Scored<'_>], rows: &Rows) -> Tried {
    let even = vec![1.0; rows.len()];
    Tried {
        algorithm: recipe.algorithm,
        roc_auc: area(scored, &even),
        roc_auc_within_landmark: Some(mean(scored, |scored| roc_auc_within_landmark(scored, &even)))
            .filter(|area| rows.landmarks.len() > 1 && area.is_finite()),
        log_loss: mean(scored, |scored| log_loss(scored, &even)),
        brier: mean(scored, |scored| brier(scored, &even)),
    }
}

fn sentence(tried: &[Tried], difference: f64, (low, high): (f64, f64)) -> String {
    let name = |at: usize| tried.get(at).map_or("", |tried| tried.algorithm.name());
    let area = |at: usize| tried.get(at).map_or(f64::NAN, |tried| tried.roc_auc);
    let numbers = format!(
        "{} has roc_auc {:.3} against {:.3} out of fold ({difference:+.3}, {} % interval {low:+.3} to {high:+.3})",
        name(1),
        area(1),
        area(0),
        LEVEL * 100.0
    );
    if low > 0.0 {
        return format!("{} was taken: {numbers}, better beyond doubt", name(1));
    }
    format!("{} was taken: {numbers}, which is no sure gain over the simpler one", name(0))
}
