//! The generated CRD is the one in the repository, in both places where it is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::schema::dropout_model_yaml;
use std::{fs, path::Path};

#[test]
fn the_crd_in_the_repository_is_the_generated_one() {
    is_generated("crds/dropoutmodels.yaml");
}

#[test]
fn the_crd_in_the_chart_is_the_generated_one() {
    is_generated("charts/dropout-operator/files/dropoutmodels.yaml");
}

fn is_generated(path: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let kept = fs::read_to_string(root.join(path)).unwrap_or_default();
    let generated = dropout_model_yaml().unwrap();
    let differs = kept.lines().zip(generated.lines()).position(|(kept, generated)| kept != generated);
    assert!(
        kept == generated,
        "{path} is not what the types say, first at line {}; run `make generate` and look at the difference",
        differs.unwrap_or_else(|| kept.lines().count().min(generated.lines().count())) + 1
    );
}
