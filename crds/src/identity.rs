//! Identities of what a spec asks for: what is learned and how it is judged. An upgrade of the operator changes neither:
//! what a spec does not say leaves no trace in them, and values equal to the default count as not said.

use crate::DropoutModelSpec;
use dropout_model::{
    digest::json_digest,
    manifest::{Algorithm, ClassWeight, Feature, Learning, OnMissing, Role},
};
use serde::Serialize;

impl DropoutModelSpec {
    /// Identity of what a training would learn: features with their directions, deny, label, data, seed, an explicit
    /// image, algorithms, class weight, or the bundle that takes a training's place. Deadlines, resources and the
    /// operator's own defaults are no part of it, so that an upgrade retrains nothing.
    pub fn training_hash(&self) -> String {
        let image = self.training.as_ref().and_then(|training| training.image.as_deref());
        let seed = self.training.as_ref().and_then(|training| training.seed).filter(|seed| *seed != 0);
        let columns = (&self.patient_id, &self.landmark, &self.index);
        let features: Vec<Feature> = self.features.iter().cloned().map(without_defaults).collect();
        let label = (
            &self.label.column,
            self.label.positive_value(),
            self.label.horizon,
            self.label.maturity(),
            &self.label.censor,
        );
        let data = (self.data.training.without_secret(), &self.data.cutoff, self.data.holdout_fraction());
        let first = (columns, features, &self.deny, label, data, seed, image);
        let learning = self.training.as_ref().map(|training| training.learning()).unwrap_or_default();
        let mut made = Made::of(&learning);
        made.records = self.data.takes_records().then_some("Append");
        made.holdout = self.data.holdout_source().map(|source| (source.uri.as_str(), source.digest.as_deref()));
        // A spec that says nothing of these has the identity that it had before they could be said.
        if made == Made::default() { json_digest(&first) } else { json_digest(&(first, made)) }
    }

    /// Identity of how a candidate is judged: the gate and the target of the threshold.
    pub fn gate_hash(&self) -> String {
        json_digest(&(self.gate.clone().unwrap_or_default(), self.threshold.clone().unwrap_or_default()))
    }
}

/// How a model is made, as far as it is said. Of a bundle the claim is left out: the same file on another claim is the
/// same model.
#[derive(Default, PartialEq, Serialize)]
struct Made<'a> {
    algorithms: &'a [Algorithm],
    class_weight: Option<ClassWeight>,
    bundle: Option<(&'a str, Option<&'a str>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holdout: Option<(&'a str, Option<&'a str>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<&'static str>,
}

impl<'a> Made<'a> {
    fn of(learning: &'a Learning) -> Self {
        let bundle = learning.source.as_ref().map(|source| &source.bundle);
        Self {
            algorithms: &learning.algorithms,
            class_weight: learning.class_weight,
            bundle: bundle.map(|bundle| (bundle.uri.as_str(), bundle.digest.as_deref())),
            holdout: None,
            records: None,
        }
    }
}

/// A feature with values equal to the default left out, so that writing a default down retrains nothing.
fn without_defaults(mut feature: Feature) -> Feature {
    feature.role = feature.role.filter(|role| *role != Role::default());
    feature.on_missing = feature.on_missing.filter(|rule| *rule != OnMissing::default());
    feature
}
