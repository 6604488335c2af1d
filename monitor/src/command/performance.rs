//! `performance`: what the model's risks let expect on a window, and what the labels that have arrived show. One row a patient.

use super::{
    Arguments, print,
    sides::{Sides, sides},
};
use crate::{
    engine::{Chosen, choose},
    failure::Failure,
    performance::{Expectation, Labelled, Outcome, Unmeasured, against, coverage, expectations, realised, summary},
    report::{Estimate, Performance},
};
use dropout_model::{
    bundle::OperatingPoint,
    input::{BadInput, Reason},
    manifest::Manifest,
    policy::resolve,
};
use std::fmt::Write as _;

/// Its lines of the help.
pub const HELP: &str = "--spec model.yaml --reference FILE --current FILE --risk COLUMN [--patient COLUMN] [--out DIR]
               estimates how well the model does on the window from its risks, and measures it where labels are known;
               the risks of the reference are out of fold; --out DIR writes performance.json";
/// Seed of the resamples; any will do.
const SEED: i64 = 7;

/// Does it.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    arguments.needed("spec")?;
    arguments.needed("risk")?;
    let sides = sides(arguments)?;
    let bad = |why: String| BadInput::new(Reason::NoData, why);
    let chosen = choose(&sides.reference, &sides.window);
    let performance = measured(&sides, &chosen).map_err(bad)?;
    let performance = performance.ok_or_else(|| bad("neither risks nor labels are known: give --risk".to_owned()))?;
    if let Some(folder) = arguments.optional("out") {
        let bytes = serde_json::to_vec_pretty(&performance).unwrap_or_default();
        super::drift::write(&std::path::Path::new(folder).join("performance.json"), &bytes)?;
    }
    print(&told(&performance))?;
    Ok(0)
}

/// How well the model does, as far as the files say; none without risks and labels on the reference. An error is a sentence.
pub fn measured(sides: &Sides, chosen: &Chosen) -> Result<Option<Performance>, String> {
    let (reference, window) = (&sides.reference, &sides.window);
    let Some(spec) = &sides.spec else { return Ok(None) };
    if reference.risk.is_empty() || window.risk.is_empty() {
        return Ok(None);
    }
    if reference.label.iter().all(Option::is_none) {
        return Err("the reference has no labels".to_owned());
    }
    let known = |row: &usize| Some((*reference.risk.get(*row)?, (*reference.label.get(*row)?)?));
    let (risk, label): (Vec<f64>, Vec<bool>) = chosen.reference.iter().filter_map(known).unzip();
    let labelled = Labelled { risk: &risk, label: &label };
    let threshold = threshold(&spec.manifest, labelled);
    let risks: Vec<f64> = chosen.window.iter().filter_map(|row| window.risk.get(*row)).copied().collect();
    let expected = expectations(labelled, &risks, threshold).map_err(|why| why.to_string())?;
    with_labels(sides, (&expected, &chosen.window), (labelled, threshold)).map_err(|why| why.to_string())
}

fn with_labels(
    sides: &Sides,
    (expected, rows): (&[Expectation], &[usize]),
    (reference, threshold): (Labelled<'_>, f64),
) -> Result<Option<Performance>, Unmeasured> {
    let window = &sides.window;
    if window.label.is_empty() {
        return Ok(summary(expected, Vec::new(), None));
    }
    let names: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let outcome = |(row, name): (&usize, &'_ String)| -> Option<(f64, Option<bool>, String)> {
        Some((*window.risk.get(*row)?, *window.label.get(*row)?, name.clone()))
    };
    let kept: Vec<(f64, Option<bool>, String)> = rows.iter().zip(&names).filter_map(outcome).collect();
    let outcomes: Vec<Outcome<'_>> =
        kept.iter().map(|(risk, label, patient)| Outcome { risk: *risk, label: *label, patient }).collect();
    let coverage = coverage(&outcomes);
    let found = match realised(&outcomes, threshold, SEED) {
        Ok(found) => against(found, reference, threshold)?,
        Err(Unmeasured::NoLabels | Unmeasured::FewLabels { .. }) => Vec::new(),
        Err(why @ (Unmeasured::Lengths { .. } | Unmeasured::NotARisk { .. } | Unmeasured::FewRows { .. })) => {
            return Err(why);
        }
    };
    Ok(summary(expected, found, Some(coverage)))
}

/// The decision threshold of the manifest, on the reference's risks.
fn threshold(manifest: &Manifest, reference: Labelled<'_>) -> f64 {
    let mut risks = reference.risk.to_vec();
    risks.sort_by(f64::total_cmp);
    risks.dedup();
    let rows = reference.risk.len() as f64;
    let dropouts = reference.label.iter().filter(|label| **label).count() as f64;
    let point = |threshold: &f64| {
        let flagged = || reference.risk.iter().zip(reference.label).filter(|(risk, _)| **risk >= *threshold);
        OperatingPoint {
            threshold: *threshold,
            recall: flagged().filter(|(_, label)| **label).count() as f64 / dropouts,
            alert_rate: flagged().count() as f64 / rows,
        }
    };
    // A few hundred thresholds are as good as all of them, and quick.
    let step = risks.len().div_ceil(500).max(1);
    let points: Vec<OperatingPoint> = risks.iter().step_by(step).map(point).collect();
    resolve(manifest.threshold.target(), &points)
}

fn told(performance: &Performance) -> String {
    let mut text = String::new();
    lines(&mut text, "estimated", &performance.estimated);
    lines(&mut text, "realised", &performance.realised);
    if let Some(share) = performance.label_coverage {
        let patients = performance.labelled_patients.unwrap_or(0);
        let _ = writeln!(text, "labels are known for {:.0} % of the window, {patients} patients", share * 100.0);
    }
    if performance.realised.is_empty() {
        text.push_str("realised performance is not known: at least 10 dropouts and 10 others with labels are needed\n");
    }
    if let Some(assumption) = &performance.assumption {
        let _ = writeln!(text, "{assumption}");
    }
    text
}

fn lines(text: &mut String, word: &str, estimates: &[Estimate]) {
    for estimate in estimates {
        let Estimate { metric, value, low, high, .. } = estimate;
        let was = estimate.reference.map_or(String::new(), |reference| format!(", {reference:.3} in the reference"));
        let alert = if estimate.alert == Some(true) { "  ALERT" } else { "" };
        let _ = writeln!(text, "{word:<10} {metric:<26} {value:.3} ({low:.3} to {high:.3}){was}{alert}");
    }
}
