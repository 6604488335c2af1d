//! What one controller's watches have seen and the other one must look at. It looks at caches only.

use crate::{
    labels,
    observe::{
        caches::Caches,
        is_monitor,
        policy::gather::{Report, report_name},
    },
};
use dropout_crds::{DropoutModel, RetrainPolicy};
use futures::channel::mpsc::UnboundedSender;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{ResourceExt, runtime::reflector::ObjectRef};
use std::sync::Arc;

/// The ways to the two controllers.
#[derive(Clone)]
pub struct Nudges {
    /// To that of policies.
    pub policies: UnboundedSender<ObjectRef<RetrainPolicy>>,
    /// To that of models.
    pub models: UnboundedSender<ObjectRef<DropoutModel>>,
    /// What the watches have told.
    pub caches: Caches,
}

impl Nudges {
    /// A model came, changed or went: its policies look.
    pub fn model(&self, model: &DropoutModel) {
        self.policies_of(&model.name_any(), model.namespace().as_deref());
    }

    /// A policy came, changed or went: its model and its rivals look.
    pub fn policy(&self, policy: &RetrainPolicy) {
        let (model, namespace) = (&policy.spec.model_ref.name, policy.namespace());
        send(&self.models, ObjectRef::new(model).within(&namespace.clone().unwrap_or_default()));
        self.policies_of(model, namespace.as_deref());
    }

    /// A Job or pod came, changed or went: if it is of a policy, that one looks.
    pub fn part(&self, part: &impl ResourceExt) {
        let Some(policy) = part.labels().get(labels::POLICY).filter(|_| is_monitor(part)) else { return };
        send(&self.policies, ObjectRef::new(policy).within(&part.namespace().unwrap_or_default()));
    }

    /// A claim came, changed or went: the policies of the models that use it look. The models that use it.
    pub fn claim(&self, claim: &PersistentVolumeClaim) -> Vec<ObjectRef<DropoutModel>> {
        let (name, namespace) = (claim.name_any(), claim.namespace());
        let uses = |model: &Arc<DropoutModel>| {
            model.namespace() == namespace && model.spec.claims().any(|claim| claim == name)
        };
        let users: Vec<Arc<DropoutModel>> = self.caches.models.state().into_iter().filter(uses).collect();
        users.iter().for_each(|model| self.model(model));
        users.iter().map(|model| ObjectRef::from_obj(model.as_ref())).collect()
    }

    /// The policies that read a report which came, changed or went.
    pub fn readers(&self, report: &Report) -> Vec<ObjectRef<RetrainPolicy>> {
        let (name, namespace) = (report.name_any(), report.namespace());
        let reads = |policy: &Arc<RetrainPolicy>| policy.namespace() == namespace && report_name(policy) == Some(&name);
        let readers = self.caches.policies.state().into_iter().filter(reads);
        readers.map(|policy| ObjectRef::from_obj(policy.as_ref())).collect()
    }

    fn policies_of(&self, model: &str, namespace: Option<&str>) {
        let is_of = |policy: &&Arc<RetrainPolicy>| {
            policy.spec.model_ref.name == model && policy.namespace().as_deref() == namespace
        };
        for policy in self.caches.policies.state().iter().filter(is_of) {
            send(&self.policies, ObjectRef::from_obj(policy.as_ref()));
        }
    }
}

/// The model that a part of ours belongs to, by label; none if it is a part of a policy.
pub fn model_of(part: &impl ResourceExt) -> Option<ObjectRef<DropoutModel>> {
    let name = part.labels().get(labels::MODEL).filter(|_| !is_monitor(part))?;
    Some(ObjectRef::new(name).within(&part.namespace()?))
}

/// A controller that has ended needs no nudge.
fn send<K: kube::Resource>(to: &UnboundedSender<ObjectRef<K>>, object: ObjectRef<K>)
where
    K::DynamicType: std::hash::Hash + Eq,
{
    drop(to.unbounded_send(object));
}
