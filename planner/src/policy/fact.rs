//! What a model's policy asks of its model's plan and forbids it, from its spec and status. It decides nothing.

use super::limits::blackouts;
use crate::observed::{FiringFact, PolicyFact};
use dropout_crds::{
    RetrainPolicySpec, RetrainPolicyStatus,
    retrain_policy::{Action, Firing, TriggerSpec},
    status::Trigger,
};

/// What the model's plan is told of the policy that it listens to. Blackouts count from the moment they are written down; a
/// firing only as long as the spec still asks for a training.
pub fn policy_fact(name: &str, spec: &RetrainPolicySpec, status: Option<&RetrainPolicyStatus>) -> PolicyFact {
    let triggers = spec.triggers.iter().filter(|trigger| asks(spec, trigger));
    let mut firings: Vec<(&Firing, Trigger)> = triggers.filter_map(|trigger| standing(trigger, status?)).collect();
    firings.sort_by_key(|(firing, _)| firing.time.0);
    let fact = |(firing, trigger): (&Firing, Trigger)| FiringFact {
        id: firing.id.clone(),
        trigger,
        message: firing.message.clone(),
    };
    PolicyFact { name: name.to_owned(), firings: firings.into_iter().map(fact).collect(), blackouts: blackouts(spec) }
}

fn asks(spec: &RetrainPolicySpec, trigger: &TriggerSpec) -> bool {
    !spec.is_suspended() && spec.action(trigger) == Action::Retrain
}

/// The trigger's firing that asks for a training and is not known to be taken.
fn standing<'a>(trigger: &TriggerSpec, status: &'a RetrainPolicyStatus) -> Option<(&'a Firing, Trigger)> {
    let status = status.triggers.iter().find(|status| status.name == trigger.name)?;
    let firing = status.fired.as_ref().filter(|fired| fired.action == Action::Retrain && fired.version.is_none())?;
    Some((firing, kind(trigger)?))
}

/// The kind of a trigger, as a training says it; none if it has none, which the API refuses.
fn kind(trigger: &TriggerSpec) -> Option<Trigger> {
    let kinds = [
        (trigger.drift.is_some(), Trigger::Drift),
        (trigger.performance.is_some(), Trigger::Performance),
        (trigger.schedule.is_some(), Trigger::Schedule),
        (trigger.new_data.is_some(), Trigger::NewData),
    ];
    kinds.into_iter().find(|(is_set, _)| *is_set).map(|(_, kind)| kind)
}
