//! Why a patient has a risk: what each feature adds to it, in points of risk, against what is expected before anything is known
//! of the patient. It says how the model came to a risk, not why patients leave.

use dropout_model::{
    bundle::{Cell, Contributions, logistic},
    manifest::Feature,
};
use schemars::JsonSchema;
use serde::Serialize;

/// Distance of two logits below which the curve between them is its tangent.
const NEAR: f64 = 1e-6;

/// What one feature adds to a risk.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Reason<'a> {
    /// Name of the feature.
    pub feature: &'a str,
    /// Its value as it was sent; null if it was missing.
    #[schemars(with = "Sent")]
    pub value: Cell,
    /// What it adds, in points of risk (hundredths of probability), with 2 decimals; below 0 if it lowers the risk.
    pub contribution: f64,
    /// The same in words.
    pub sentence: String,
}

/// A value as it was sent, for the schema alone.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code, reason = "its schema is what it is for")]
enum Sent {
    Number(f64),
    Text(String),
    Nothing,
}

/// The reasons that weigh most, at most `most`, the heaviest first; features that add nothing are left out.
///
/// Points share the difference of risk and expected risk among the features in proportion to what each adds to the
/// calibrated logit: `100 * (risk - expected risk) * logits of the feature / (logit - expected logit)`. Their sum over all
/// features is the difference, within rounding.
pub fn reasons<'a>(features: &'a [Feature], cells: &[Cell], found: &Contributions, most: usize) -> Vec<Reason<'a>> {
    let per_logit = points_per_logit(found);
    let mut weights: Vec<(usize, f64)> = found.by_feature.iter().map(|logits| logits * per_logit).enumerate().collect();
    weights.retain(|(_, points)| rounded(*points) != 0.0);
    weights.sort_by(|(a, one), (b, other)| other.abs().total_cmp(&one.abs()).then(a.cmp(b)));
    let reason = |(at, points): (usize, f64)| Some(reason(features.get(at)?, cells.get(at)?, rounded(points)));
    weights.into_iter().filter_map(reason).take(most).collect()
}

fn points_per_logit(found: &Contributions) -> f64 {
    let gap: f64 = found.by_feature.iter().sum();
    let (risk, expected) = (logistic(found.expected + gap), logistic(found.expected));
    100.0 * if gap.abs() < NEAR { risk * (1.0 - risk) } else { (risk - expected) / gap }
}

fn rounded(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}

fn reason<'a>(feature: &'a Feature, cell: &Cell, points: f64) -> Reason<'a> {
    let name = &feature.name;
    let subject = match cell {
        Cell::Number(number) => format!("{name} {number}"),
        Cell::Category(text) => format!("{name} {text}"),
        Cell::Missing => format!("{name}, which was not given,"),
    };
    let verb = if points > 0.0 { "raises" } else { "lowers" };
    let sentence = format!("{subject} {verb} the risk by {:.1} points", points.abs());
    Reason { feature: name, value: cell.clone(), contribution: points, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_model::manifest::FeatureType;

    fn features() -> Vec<Feature> {
        let feature = |name: &str| Feature {
            name: name.into(),
            kind: FeatureType::Number,
            role: None,
            min: None,
            max: None,
            values: Vec::new(),
            on_missing: None,
            monotone: None,
        };
        ["age", "visits", "arm", "idle"].map(feature).to_vec()
    }

    #[test]
    fn points_add_up_to_the_difference_of_risks_and_the_heaviest_come_first() {
        let (features, cells) =
            (features(), [Cell::Number(61.0), Cell::Missing, Cell::Category("B".into()), Cell::Number(0.0)]);
        let found = Contributions { expected: -1.0, by_feature: vec![0.5, -0.9, 2.0, 0.0] };
        let reasons = reasons(&features, &cells, &found, 10);
        let names: Vec<&str> = reasons.iter().map(|reason| reason.feature).collect();
        assert_eq!(names, ["arm", "visits", "age"]);
        let sum: f64 = reasons.iter().map(|reason| reason.contribution).sum();
        assert!((sum - 100.0 * (logistic(0.6) - logistic(-1.0))).abs() < 0.02, "{sum}");
        assert!(reasons[0].sentence.starts_with("arm B raises the risk by "), "{}", reasons[0].sentence);
        assert!(reasons[1].sentence.starts_with("visits, which was not given, lowers"), "{}", reasons[1].sentence);
        assert_eq!(super::reasons(&features, &cells, &found, 1).len(), 1);
    }

    #[test]
    fn features_that_cancel_out_have_points_all_the_same() {
        let cells = [Cell::Number(1.0), Cell::Number(2.0), Cell::Missing, Cell::Missing];
        let found = Contributions { expected: 0.0, by_feature: vec![1.0, -1.0, 0.0, 0.0] };
        let points: Vec<f64> = reasons(&features(), &cells, &found, 4).iter().map(|one| one.contribution).collect();
        assert_eq!(points, [25.0, -25.0]);
    }
}
