//! What an accepted policy asks of its model's plan and forbids it, from its spec and status. It decides nothing.

use super::limits::blackouts;
use crate::observed::{FiringFact, PolicyFact};
use dropout_crds::{
    ConditionType, RetrainPolicySpec, RetrainPolicyStatus,
    retrain_policy::{Action, Firing, TriggerSpec},
    status::Trigger,
};

/// What the model's plan is told of a policy; none unless the policy is accepted.
pub fn policy_fact(name: &str, spec: &RetrainPolicySpec, status: &RetrainPolicyStatus) -> Option<PolicyFact> {
    let accepted = ConditionType::Accepted.name();
    let is_accepted = |kind: &String, status: &String| *kind == accepted && status == "True";
    status.conditions.iter().find(|condition| is_accepted(&condition.type_, &condition.status))?;
    let mut firings: Vec<(&Firing, Trigger)> =
        spec.triggers.iter().filter_map(|trigger| standing(trigger, status)).collect();
    firings.sort_by_key(|(firing, _)| firing.time.0);
    let fact = |(firing, trigger): (&Firing, Trigger)| FiringFact {
        id: firing.id.clone(),
        trigger,
        message: firing.message.clone(),
    };
    Some(PolicyFact {
        name: name.to_owned(),
        firings: firings.into_iter().map(fact).collect(),
        blackouts: blackouts(spec),
    })
}

/// The trigger's firing that asks for a training and is not known to be taken.
fn standing<'a>(trigger: &TriggerSpec, status: &'a RetrainPolicyStatus) -> Option<(&'a Firing, Trigger)> {
    let status = status.triggers.iter().find(|status| status.name == trigger.name)?;
    let firing = status.fired.as_ref().filter(|fired| fired.action == Action::Retrain && fired.version.is_none())?;
    Some((firing, kind(trigger)?))
}

/// The kind of a trigger, as a training says it.
fn kind(trigger: &TriggerSpec) -> Option<Trigger> {
    let kinds = [
        (trigger.drift.is_some(), Trigger::Drift),
        (trigger.performance.is_some(), Trigger::Performance),
        (trigger.schedule.is_some(), Trigger::Schedule),
        (trigger.new_data.is_some(), Trigger::NewData),
    ];
    kinds.into_iter().find(|(is_set, _)| *is_set).map(|(_, kind)| kind)
}
