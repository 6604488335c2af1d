//! The generated CRDs are those in the repository, in both places where it is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::schema::{dropout_model_yaml, retrain_policy_yaml};
use std::{fs, path::Path};

#[test]
fn the_crds_in_the_repository_are_the_generated_ones() {
    is_generated("crds/dropoutmodels.yaml", &dropout_model_yaml().unwrap());
    is_generated("crds/retrainpolicies.yaml", &retrain_policy_yaml().unwrap());
}

#[test]
fn the_crds_in_the_chart_are_the_generated_ones() {
    is_generated("charts/dropout-operator/files/dropoutmodels.yaml", &dropout_model_yaml().unwrap());
    is_generated("charts/dropout-operator/files/retrainpolicies.yaml", &retrain_policy_yaml().unwrap());
}

fn is_generated(path: &str, generated: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let kept = fs::read_to_string(root.join(path)).unwrap_or_default();
    let differs = kept.lines().zip(generated.lines()).position(|(kept, generated)| kept != generated);
    assert!(
        kept == generated,
        "{path} is not what the types say, first at line {}; run `make generate` and look at the difference",
        differs.unwrap_or_else(|| kept.lines().count().min(generated.lines().count())) + 1
    );
}
