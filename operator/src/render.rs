//! From intents to objects, pure: the same intent gives the same bytes.

mod claims;
mod job;
pub mod monitor;
mod pod;
pub mod serving;
pub mod training;

use dropout_crds::DropoutModelSpec;
use dropout_planner::observed::Identity;
use serde_json::{Value, json};

/// What every rendering needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Who the model is.
    pub identity: &'a Identity,
    /// What its user says about pods, claims and Secrets.
    pub spec: &'a DropoutModelSpec,
    /// What the operator was started with.
    pub settings: &'a crate::settings::Settings,
}

impl Frame<'_> {
    /// The reference that lets the API server delete a child with its model.
    pub fn owner(&self) -> Value {
        json!([{
            "apiVersion": "trialops.dev/v1alpha1",
            "kind": "DropoutModel",
            "name": self.identity.name,
            "uid": self.identity.uid,
            "controller": true,
        }])
    }
}
