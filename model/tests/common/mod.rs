//! What the tests of trees share: ensembles grown from a seed, a bundle around one, and a writer of UBJ.
#![allow(dead_code)]

use dropout_model::{
    bundle::{Bundle, Calibration, Cell, Golden, Model, OperatingPoint, SCHEMA, Scorer},
    manifest::{Feature, FeatureType, OnMissing},
    trees::{Ensemble, Node, Tree, Trees},
};
use serde_json::Value;
use std::{collections::BTreeMap, io::Write};

/// Says loudly, past the capture of the test runner, that a test was not run.
pub fn skipped(why: &str) {
    let _ = std::io::stderr().write_all(format!("\nSKIPPED: {why}\n").as_bytes());
}

/// Numbers from a seed (splitmix64, Steele, Lea and Flood 2014).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// A number in -1..1.
    pub fn share(&mut self) -> f32 {
        (self.below(20_001) as f32 - 10_000.0) / 10_000.0
    }
}

pub fn leaf(value: f32, cover: f32) -> Node {
    Node::Leaf { value, cover }
}

/// A split whose children stand side by side.
pub fn split(column: u32, below: f32, left: u32) -> Node {
    Node::Split { column, below, missing_left: false, left, right: left + 1, gain: 1.5, cover: 4.0 }
}

/// logit = -1 if c0 < 1.25, else 2.
pub fn stump() -> Ensemble {
    let tree = Tree { nodes: vec![split(0, 1.25, 1), leaf(-1.0, 3.0), leaf(2.0, 1.0)] };
    Ensemble { base_score: 0.5, positive_weight: None, columns: vec!["c0".into()], trees: vec![tree] }
}

/// An ensemble of a few trees on `columns` columns.
pub fn ensemble(seed: u64, columns: usize, depth: usize) -> Ensemble {
    let mut numbers = Numbers(seed);
    let trees = (0..numbers.below(4) + 1).map(|_| tree(&mut numbers, columns, depth)).collect();
    Ensemble {
        base_score: f64::from(numbers.share().abs().clamp(0.01, 0.99)),
        positive_weight: (numbers.below(2) == 0).then_some(2.5),
        columns: (0..columns).map(|at| format!("c{at}")).collect(),
        trees,
    }
}

fn tree(numbers: &mut Numbers, columns: usize, depth: usize) -> Tree {
    let mut nodes = Vec::new();
    grow(numbers, &mut nodes, (columns, depth));
    Tree { nodes }
}

/// Adds a node with all that is below it, and says its cover.
fn grow(numbers: &mut Numbers, nodes: &mut Vec<Node>, (columns, depth): (usize, usize)) -> f32 {
    let at = nodes.len();
    let cover = numbers.below(50) as f32;
    nodes.push(Node::Leaf { value: numbers.share(), cover });
    if depth == 0 || numbers.below(5) == 0 {
        return cover;
    }
    let left = nodes.len() as u32;
    let left_cover = grow(numbers, nodes, (columns, depth - 1));
    let right = nodes.len() as u32;
    let cover = left_cover + grow(numbers, nodes, (columns, depth - 1));
    nodes[at] = Node::Split {
        column: numbers.below(columns as u64) as u32,
        below: numbers.share(),
        missing_left: numbers.below(2) == 0,
        left,
        right,
        gain: numbers.share().abs(),
        cover,
    };
    cover
}

/// A row with missing values.
pub fn row(numbers: &mut Numbers, columns: usize) -> Vec<f32> {
    (0..columns).map(|_| if numbers.below(4) == 0 { f32::NAN } else { numbers.share() }).collect()
}

pub fn feature(name: &str, kind: FeatureType, on_missing: Option<OnMissing>) -> Feature {
    Feature { name: name.into(), kind, role: None, min: None, max: None, values: vec![], on_missing, monotone: None }
}

/// A bundle around an ensemble: `feature=value` columns are levels of a category, others are numbers that may be missing.
pub fn bundle_of(ensemble: &Ensemble) -> Bundle {
    let mut features: Vec<Feature> = Vec::new();
    for column in &ensemble.columns {
        match column.split_once('=') {
            None => features.push(feature(column, FeatureType::Number, Some(OnMissing::Indicate))),
            Some((name, level)) => match features.iter_mut().find(|feature| feature.name == name) {
                Some(feature) => feature.values.push(level.into()),
                None => features.push(Feature {
                    values: vec![level.into()],
                    ..feature(name, FeatureType::Category, Some(OnMissing::Indicate))
                }),
            },
        }
    }
    let model = Model::Trees(Trees { xgboost: ensemble.clone(), imputed: BTreeMap::new() });
    around(features, model)
}

/// A bundle with one golden row, in which all is missing.
pub fn around(features: Vec<Feature>, model: Model) -> Bundle {
    let calibration = Calibration { intercept: 0.1, slope: 0.8 };
    let cells = vec![Cell::Missing; features.len()];
    let risk = Scorer::of(&features, &model, calibration).unwrap().risk(&cells);
    Bundle {
        schema: SCHEMA.into(),
        code: "test".into(),
        study: "ONC-302".into(),
        label: "dropout".into(),
        horizon_seconds: 28 * 86_400,
        features,
        model,
        calibration,
        thresholds: vec![OperatingPoint { threshold: 0.5, recall: 0.5, alert_rate: 0.5 }],
        reference: vec![0.0, 1.0],
        calibration_reason: None,
        choice: None,
        data_digest: "sha256:0".into(),
        cutoff: None,
        seed: 0,
        holdout_fraction: 0.25,
        golden: vec![Golden { cells, risk }],
    }
}

/// A document as UBJ, with typed arrays as XGBoost writes them.
pub fn ubj(value: &Value) -> Vec<u8> {
    let length = |count: usize| [&b"L"[..], &(count as i64).to_be_bytes()].concat();
    let text = |text: &str| [length(text.len()), text.as_bytes().to_vec()].concat();
    match value {
        Value::Null => b"Z".to_vec(),
        Value::Bool(flag) => if *flag { b"T" } else { b"F" }.to_vec(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => [&b"L"[..], &number.to_be_bytes()].concat(),
            None => [&b"D"[..], &number.as_f64().unwrap().to_be_bytes()].concat(),
        },
        Value::String(string) => [b"S".to_vec(), text(string)].concat(),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_i64) => {
            let items = items.iter().flat_map(|item| (item.as_i64().unwrap() as i32).to_be_bytes());
            [b"[$l#".to_vec(), length(items.clone().count() / 4), items.collect()].concat()
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_f64) => {
            let items = items.iter().flat_map(|item| (item.as_f64().unwrap() as f32).to_be_bytes());
            [b"[$d#".to_vec(), length(items.clone().count() / 4), items.collect()].concat()
        }
        Value::Array(items) => [b"[#".to_vec(), length(items.len()), items.iter().flat_map(ubj).collect()].concat(),
        Value::Object(entries) => {
            let entries = entries.iter().flat_map(|(key, value)| [text(key), ubj(value)].concat());
            [b"{".to_vec(), entries.collect(), b"}".to_vec()].concat()
        }
    }
}
