//! Which policy a model listens to: the oldest of those that name it. It looks at nothing else.

use super::observed::{ModelFact, ModelSeen, ObservedPolicy, Rival};
use dropout_crds::Reason;

/// The model of the policy, or why it is not the model's policy.
pub fn accept(observed: &ObservedPolicy) -> Result<&ModelSeen, (Reason, String)> {
    let name = &observed.spec.model_ref.name;
    let model = match &observed.model {
        ModelFact::Absent => {
            return Err((
                Reason::ModelNotFound,
                format!(
                    "there is no DropoutModel {name} in {}: create it, or delete this policy",
                    observed.identity.namespace
                ),
            ));
        }
        ModelFact::Leaving => return Err((Reason::ModelNotFound, format!("DropoutModel {name} is being deleted"))),
        ModelFact::Present(model) => model,
    };
    let own = Rival { created: observed.created, name: observed.identity.name.clone() };
    match observed.rivals.iter().filter(|rival| **rival < own).min() {
        None => Ok(model),
        Some(winner) => Err((
            Reason::Conflicted,
            format!(
                "RetrainPolicy {} is older and is the one that DropoutModel {name} listens to: put the triggers into one policy and delete the other",
                winner.name
            ),
        )),
    }
}
