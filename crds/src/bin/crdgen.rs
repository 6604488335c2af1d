//! Prints one of the CRDs: `dropoutmodels` or `retrainpolicies`.

use dropout_crds::schema::{dropout_model_yaml, retrain_policy_yaml};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("retrainpolicies") => print!("{}", retrain_policy_yaml()?),
        Some("dropoutmodels") => print!("{}", dropout_model_yaml()?),
        Some(_) | None => return Err("name one of dropoutmodels and retrainpolicies".into()),
    }
    Ok(())
}
