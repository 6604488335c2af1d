//! How a model is made: what it is learned with, and the seed. It never says on which machine.

use super::Source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a model is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Learning {
    /// The seed of everything random. Left out: 0.
    #[serde(default)]
    pub seed: i64,
    /// What is tried. Left out: Logistic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Algorithm>,
    /// Whether dropouts weigh more than others in a fit. Left out: None.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weight: Option<ClassWeight>,
    /// Where the model comes from. Left out: it is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ModelSource>,
}

/// A model that was trained elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelSource {
    /// A bundle file, as `dropout-trainer import` writes it. `digest` is needed: another digest is another candidate.
    pub bundle: Source,
}

impl Learning {
    /// What is tried, the simpler first, each once; the default filled in.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = self.algorithms.clone();
        algorithms.sort();
        algorithms.dedup();
        if algorithms.is_empty() { vec![Algorithm::Logistic] } else { algorithms }
    }

    /// Whether dropouts weigh more, the default filled in.
    pub fn class_weight(&self) -> ClassWeight {
        self.class_weight.unwrap_or_default()
    }
}

/// What a model is learned with, the simpler first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// Logistic regression with a ridge penalty.
    Logistic,
    /// Gradient boosting of small trees.
    GradientBoosting,
}

impl Algorithm {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logistic => "Logistic",
            Self::GradientBoosting => "GradientBoosting",
        }
    }
}

/// Whether dropouts weigh more than others in a fit. Left out: None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClassWeight {
    /// Every row weighs the same; risks are calibrated as they are.
    #[default]
    None,
    /// Dropouts as a whole weigh as much as all others; risks are brought back to the true share of dropouts afterwards.
    Balanced,
}
