//! Whose an object is: decided by the uid of its controller, never by its name.

use crate::labels;
use dropout_planner::observed::Identity;
use kube::ResourceExt;

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// This model's, or without a controller and with our labels: adopted by the next write.
    Ours,
    /// Somebody else's. The sentence names the owner.
    Foreign(String),
}

/// Whose an object of kind `kind` is.
pub fn ownership(kind: &str, object: &impl ResourceExt, identity: &Identity) -> Ownership {
    let name = object.name_any();
    let controller = object.owner_references().iter().find(|owner| owner.controller == Some(true));
    match controller {
        Some(owner) if owner.uid == identity.uid => Ownership::Ours,
        Some(owner) if owner.kind == "DropoutModel" && owner.name == identity.name => Ownership::Foreign(format!(
            "the {kind} {name} belongs to an earlier DropoutModel {}, which is still being deleted; it is waited for",
            owner.name
        )),
        Some(owner) => Ownership::Foreign(format!(
            "the {kind} {name} belongs to {} {}; rename one of the two",
            owner.kind, owner.name
        )),
        None if object.labels().get(labels::MODEL) == Some(&identity.name) => Ownership::Ours,
        None => {
            Ownership::Foreign(format!("a {kind} {name} that is not ours is in the way; rename it or the DropoutModel"))
        }
    }
}
