//! How a model is made: `spec.training`. It trains nothing.

use crate::pod::Pod;
use dropout_model::{
    manifest::{Algorithm, ClassWeight, Learning, ModelSource},
    period::Period,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a model is trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Training {
    /// Where the model comes from. With a source nothing is trained: the bundle is judged like any candidate, on the same
    /// data. Left out: it is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ModelSource>,
    /// What is tried, 1 or 2. With two, the simpler is taken unless the other is better beyond doubt in cross-validation.
    /// Left out: Logistic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub algorithms: Vec<Algorithm>,
    /// Whether dropouts weigh more than others in a fit; risks stay calibrated. Left out: None.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weight: Option<ClassWeight>,
    /// Image of the container `train`. Left out: the operator's own trainer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// What is said about the training's pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Pod>,
    /// Longest time a training may take, from Job to answer. Left out: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_deadline: Option<Period>,
    /// How often a training that failed for no reason of the data is tried again. Left out: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10))]
    pub retries: Option<i32>,
    /// Seed of everything random. Left out: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub seed: Option<i64>,
}

impl Training {
    /// The part that Jobs need, in one form: algorithms in their own order, values equal to the default left out.
    pub(crate) fn learning(&self) -> Learning {
        let mut learning = Learning {
            seed: self.seed.unwrap_or(0),
            algorithms: self.algorithms.clone(),
            class_weight: self.class_weight.filter(|weight| *weight != ClassWeight::default()),
            source: self.source.as_ref().map(|source| ModelSource { bundle: source.bundle.without_secret() }),
        };
        let (asked, default) = (learning.algorithms(), Learning::default().algorithms());
        learning.algorithms = if asked == default { Vec::new() } else { asked };
        learning
    }
}
