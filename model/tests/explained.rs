//! A scorer's contributions, trees over numbers and categories, and what a bundle with trees must have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Numbers, around, bundle_of, ensemble, feature, leaf, split, stump};
use dropout_model::{
    bundle::{Bundle, BundleError, Calibration, Cell, Contributions, Logistic, Model, Part, Scorer, Term},
    manifest::{Feature, FeatureType, OnMissing},
    trees::{Ensemble, Tree, Trees},
};
use std::collections::BTreeMap;

const CALIBRATION: Calibration = Calibration { intercept: 0.1, slope: 0.8 };

fn category(name: &str, values: &[&str], on_missing: Option<OnMissing>) -> Feature {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Feature { values, ..feature(name, FeatureType::Category, on_missing) }
}

fn level(level: &str) -> Cell {
    Cell::Category(level.into())
}

/// Age, and arms A to C of which only B and C have columns.
fn features() -> Vec<Feature> {
    vec![
        category("arm", &["A", "B", "C"], Some(OnMissing::Indicate)),
        feature("age", FeatureType::Number, Some(OnMissing::Impute)),
    ]
}

fn arms() -> Ensemble {
    let tree = |column, low, high| Tree { nodes: vec![split(column, 0.5, 1), leaf(low, 3.0), leaf(high, 1.0)] };
    Ensemble {
        columns: vec!["age".into(), "arm=B".into(), "arm=C".into()],
        trees: vec![tree(1, 0.0, 1.0), tree(2, 0.0, 2.0), tree(0, 0.0, 4.0)],
        ..stump()
    }
}

fn model(ensemble: &Ensemble, imputed: &[(&str, Cell)]) -> Model {
    let imputed = imputed.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone()));
    Model::Trees(Trees { xgboost: ensemble.clone(), imputed: imputed.collect() })
}

#[test]
fn levels_are_columns_of_0_and_1_and_a_missing_category_is_missing_in_all() {
    let model = model(&arms(), &[("age", Cell::Number(1.0))]);
    let scorer = Scorer::of(&features(), &model, Calibration::IDENTITY).unwrap();
    let logit = |arm, age| scorer.logit(&[arm, age]);
    assert_eq!(logit(level("A"), Cell::Number(0.0)), 0.0);
    assert_eq!(logit(level("B"), Cell::Number(0.0)), 1.0);
    assert_eq!(logit(level("C"), Cell::Number(0.0)), 2.0);
    // Missing goes right here: 1 + 2; the age is imputed and 1 goes right.
    assert_eq!(logit(Cell::Missing, Cell::Missing), 7.0);
}

#[test]
fn contributions_of_trees_are_summed_over_the_columns_of_a_feature_and_calibrated() {
    let model = model(&arms(), &[("age", Cell::Number(1.0))]);
    let scorer = Scorer::of(&features(), &model, CALIBRATION).unwrap();
    let found = scorer.contributions(&[level("B"), Cell::Missing]);
    // Each stump adds its value less its mean: 1 - 0.25, 0 - 0.5 and 4 - 1.
    let wanted = Contributions { expected: 0.1 + 0.8 * 1.75, by_feature: vec![0.8 * 0.25, 0.8 * 3.0] };
    assert!((found.expected - wanted.expected).abs() < 1e-12, "{found:?}");
    let gaps = found.by_feature.iter().zip(&wanted.by_feature).map(|(found, wanted)| (found - wanted).abs());
    assert!(found.by_feature.len() == 2 && gaps.into_iter().all(|gap| gap < 1e-12), "{found:?}");
}

#[test]
fn contributions_of_a_logistic_model_are_its_coefficients_times_the_deviations() {
    let term = |feature: &str, part, coefficient| Term {
        feature: feature.into(),
        part,
        mean: 0.25,
        scale: 2.0,
        coefficient,
        standard_error: None,
    };
    let terms = vec![
        term("age", Part::Value, 3.0),
        term("arm", Part::Is("A".into()), 1.0),
        term("arm", Part::Is("B".into()), -2.0),
        term("arm", Part::Missing, 5.0),
    ];
    let imputed = BTreeMap::from([("age".to_owned(), Cell::Number(4.25))]);
    let model = Model::Logistic(Logistic { intercept: 0.5, terms, imputed });
    let scorer = Scorer::of(&features(), &model, CALIBRATION).unwrap();
    let row = [level("B"), Cell::Missing];
    let arm = 0.8 * (-0.125 - 2.0 * 0.375 - 5.0 * 0.125);
    let found = scorer.contributions(&row);
    assert!((found.expected - 0.5).abs() < 1e-12, "{found:?}");
    assert!((found.by_feature[0] - arm).abs() < 1e-12 && (found.by_feature[1] - 0.8 * 6.0).abs() < 1e-12, "{found:?}");
    let sum = found.expected + found.by_feature.iter().sum::<f64>();
    assert!((sum - (0.1 + 0.8 * scorer.logit(&row))).abs() < 1e-12);
}

#[test]
fn contributions_add_up_to_the_calibrated_logit_for_many_columns() {
    for seed in 0..50 {
        let columns = if seed % 2 == 0 { 9 } else { 90 };
        let ensemble = ensemble(seed, columns, 7);
        let bundle = bundle_of(&ensemble);
        let scorer = Scorer::new(&bundle).unwrap();
        let mut numbers = Numbers(seed);
        let row = common::row(&mut numbers, columns);
        let cell = |value: &f32| if value.is_nan() { Cell::Missing } else { Cell::Number(f64::from(*value)) };
        let cells: Vec<_> = row.iter().map(cell).collect();
        assert_eq!(scorer.logit(&cells).to_bits(), ensemble.logit(&row).to_bits());
        let found = scorer.contributions(&cells);
        let sum = found.expected + found.by_feature.iter().sum::<f64>();
        assert!((sum - (0.1 + 0.8 * scorer.logit(&cells))).abs() < 1e-9);
    }
}

#[test]
fn a_bundle_with_trees_comes_back_and_has_no_line_for_each_number() {
    let bundle = bundle_of(&ensemble(7, 5, 7));
    let bytes = bundle.to_bytes().unwrap();
    assert_eq!(Bundle::read(&bytes, None).unwrap(), bundle);
    let text = String::from_utf8(bytes).unwrap();
    let in_line = text.lines().find(|line| line.trim_start().starts_with("\"split_conditions\": ["));
    assert!(in_line.is_some_and(|line| line.ends_with("],")), "{text}");
}

#[test]
fn trees_that_cannot_be_scored_make_a_bundle_unusable() {
    let read = |features: Vec<Feature>, model: Model| {
        let mut bundle = around(features, model);
        bundle.golden[0].risk += 0.0;
        Bundle::read(&bundle.to_bytes().unwrap(), None)
    };
    let part = |read: Result<Bundle, BundleError>| match read {
        Err(error @ BundleError::Unusable(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let imputed = |cell| model(&arms(), &[("age", cell)]);
    read(features(), imputed(Cell::Number(1.0))).unwrap();
    let unfit = "the bundle's imputed value of age cannot be used for scoring";
    // A model that was trained elsewhere imputes nothing, whatever onMissing says: each split says where to go.
    read(features(), model(&arms(), &[])).unwrap();
    assert_eq!(part(read(features(), imputed(level("A")))), unfit);
    assert_eq!(part(read(features(), imputed(Cell::Missing))), unfit);
    let arm = |cell| model(&arms(), &[("age", Cell::Number(1.0)), ("arm", cell)]);
    read(features(), arm(level("C"))).unwrap();
    let unfit = "the bundle's imputed value of arm cannot be used for scoring";
    assert_eq!(part(read(features(), arm(level("D")))), unfit);
    let indicated = |mut features: Vec<Feature>| {
        features[1].on_missing = Some(OnMissing::Indicate);
        features
    };
    read(indicated(features()), model(&arms(), &[])).unwrap();
}

#[test]
fn columns_and_trees_of_no_use_are_refused_by_the_scorer() {
    let scorer = |ensemble: &Ensemble| Scorer::of(&features(), &model(ensemble, &[]), CALIBRATION);
    for name in ["height", "arm", "arm=D", "arm=", "age=1", "ar=m=A"] {
        let ensemble = Ensemble { columns: vec!["age".into(), "arm=B".into(), name.into()], ..arms() };
        let error = scorer(&ensemble).unwrap_err();
        assert_eq!(error.to_string(), format!("the bundle's column {name} cannot be used for scoring"));
        assert_eq!(error.kind(), "cannot be used for scoring because of its column");
    }
    let mut cycle = arms();
    cycle.trees[0].nodes[0] = split(1, 0.5, 0);
    assert_eq!(scorer(&cycle).unwrap_err().kind(), "cannot be used for scoring because of its model");
}
