//! Odds ratios of a logistic model: what a term does to the odds of a dropout, with intervals. It explains no trees.

use crate::curves::calibration::NORMAL;
use dropout_model::bundle::{Bundle, Model, Part, Term};
use serde::Serialize;

/// A term's odds ratios.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Odds {
    /// The feature.
    pub feature: String,
    /// What is taken from it.
    pub part: Part,
    /// The ratio for one unit more of the feature; of a category or a missing value, for being it.
    pub per_unit: Ratio,
    /// The ratio for one standard deviation more, which compares terms of different units.
    pub per_deviation: Ratio,
}

/// An odds ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ratio {
    /// The ratio.
    pub ratio: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Ratio {
    /// exp(coefficient) with exp(coefficient ± 1.96 standard errors) (Wald 1943).
    fn of(coefficient: f64, error: f64) -> Self {
        let at = |deviations: f64| libm::exp(coefficient + deviations * error);
        Self { ratio: at(0.0), low: at(-NORMAL), high: at(NORMAL) }
    }
}

/// The odds ratios of a bundle, before calibration, the strongest first; none of terms without a standard error and none
/// of trees.
pub fn ratios(bundle: &Bundle) -> Vec<Odds> {
    let Model::Logistic(model) = &bundle.model else { return Vec::new() };
    let mut ratios: Vec<Odds> = model.terms.iter().filter_map(odds).collect();
    let strength = |odds: &Odds| libm::log(odds.per_deviation.ratio).abs();
    ratios.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    ratios
}

fn odds(term: &Term) -> Option<Odds> {
    let error = term.standard_error.filter(|error| error.is_finite() && *error >= 0.0)?;
    Some(Odds {
        feature: term.feature.clone(),
        part: term.part.clone(),
        per_unit: Ratio::of(term.coefficient / term.scale, error / term.scale.abs()),
        per_deviation: Ratio::of(term.coefficient, error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_a_deviation_divided_by_the_scale() {
        let term = Term {
            feature: "age".into(),
            part: Part::Value,
            mean: 50.0,
            scale: 10.0,
            coefficient: 0.5,
            standard_error: Some(0.1),
        };
        let found = odds(&term).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(found.per_deviation.ratio, 0.5_f64.exp()) && near(found.per_unit.ratio, 0.05_f64.exp()));
        assert!(near(found.per_deviation.low, (0.5 - NORMAL * 0.1).exp()));
        assert!(near(found.per_unit.high, (0.05 + NORMAL * 0.01).exp()));
        assert_eq!(odds(&Term { standard_error: None, ..term.clone() }), None);
        assert_eq!(odds(&Term { standard_error: Some(f64::NAN), ..term }), None);
    }
}
