//! What the columns are: by the model's manifest. It reads no cell.

use crate::report::ColumnKind;
use dropout_model::manifest::{Feature, FeatureType, Role};

/// What is known of a column before it is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSpec {
    /// Name.
    pub name: String,
    /// Numbers or categories.
    pub kind: ColumnKind,
    /// Whether numbers are whole by type.
    pub is_whole: bool,
    /// Whether it advances with the trial by itself.
    pub is_time: bool,
    /// Smallest value that is expected.
    pub min: Option<f64>,
    /// Largest value that is expected.
    pub max: Option<f64>,
    /// Categories that are expected; empty: those of the reference.
    pub values: Vec<String>,
    /// Share of the model's importance, 0 to 1.
    pub importance: Option<f64>,
}

impl ColumnSpec {
    /// A column of numbers of which no more is known.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: ColumnKind::Num,
            is_whole: false,
            is_time: false,
            min: None,
            max: None,
            values: Vec::new(),
            importance: None,
        }
    }
}

/// The columns of a model's features.
pub fn of_manifest(features: &[Feature]) -> Vec<ColumnSpec> {
    features.iter().map(of_feature).collect()
}

fn of_feature(feature: &Feature) -> ColumnSpec {
    ColumnSpec {
        name: feature.name.clone(),
        kind: match feature.kind {
            FeatureType::Number | FeatureType::Integer => ColumnKind::Num,
            FeatureType::Category => ColumnKind::Cat,
        },
        is_whole: feature.kind == FeatureType::Integer,
        is_time: feature.role == Some(Role::Time),
        min: feature.min,
        max: feature.max,
        values: feature.values.clone(),
        importance: None,
    }
}
