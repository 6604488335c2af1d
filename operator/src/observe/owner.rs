//! Whose an object is: decided by the uid of its controller, never by its name.

use crate::labels;
use dropout_planner::observed::Identity;
use kube::ResourceExt;

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The parent's, or without a controller and with our labels: adopted by the next write.
    Ours,
    /// Somebody else's. The sentence names the owner.
    Foreign(String),
}

/// Whose an object of kind `kind` is, seen by a model.
pub fn ownership(kind: &str, object: &impl ResourceExt, identity: &Identity) -> Ownership {
    owned_by(("DropoutModel", labels::MODEL, identity), kind, object)
}

/// Whose an object of kind `kind` is, seen by a policy.
pub fn policy_ownership(kind: &str, object: &impl ResourceExt, identity: &Identity) -> Ownership {
    owned_by(("RetrainPolicy", labels::POLICY, identity), kind, object)
}

/// A parent is its kind, the label with its name, and who it is.
fn owned_by(parent: (&str, &str, &Identity), kind: &str, object: &impl ResourceExt) -> Ownership {
    let (parent_kind, label, identity) = parent;
    let name = object.name_any();
    let controller = object.owner_references().iter().find(|owner| owner.controller == Some(true));
    match controller {
        Some(owner) if owner.uid == identity.uid => Ownership::Ours,
        Some(owner) if owner.kind == parent_kind && owner.name == identity.name => Ownership::Foreign(format!(
            "the {kind} {name} belongs to an earlier {parent_kind} {}, which is still being deleted; it is waited for",
            owner.name
        )),
        Some(owner) => Ownership::Foreign(format!(
            "the {kind} {name} belongs to {} {}; rename one of the two",
            owner.kind, owner.name
        )),
        None if object.labels().get(label) == Some(&identity.name) => Ownership::Ours,
        None => Ownership::Foreign(format!(
            "a {kind} {name} that is not ours is in the way; rename it or the {parent_kind}"
        )),
    }
}
