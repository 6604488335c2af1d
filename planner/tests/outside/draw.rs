//! How scripts are drawn: what happens often, what seldom.

use super::{Event, JobEnd, Mishap, Outside, Pods, Script, Step};
use dropout_crds::command::CommandName;
use dropout_model::task::Outcome;
use proptest::{collection::vec, prelude::*};

/// Whole cases.
pub fn script() -> impl Strategy<Value = Script> {
    let outside = (job_end(), pods()).prop_map(|(jobs, pods)| Outside { jobs, pods });
    (0_u8..3, vec(step(), 4..36), outside).prop_map(|(past, steps, outside)| Script { past, steps, outside })
}

fn step() -> impl Strategy<Value = Step> {
    let mishap =
        prop_oneof![8 => Just(Mishap::None), 1 => Just(Mishap::Crash), 2 => (0_usize..3).prop_map(Mishap::Drop)];
    (event(), mishap, 0_usize..4, 0_i64..90).prop_map(|(event, mishap, reconciles, seconds)| Step {
        event,
        mishap,
        reconciles,
        seconds,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![5 => Just(Outcome::Passed), 1 => Just(Outcome::Failed), 1 => Just(Outcome::Inconclusive)]
}

/// How a model's Job ends.
pub fn job_end() -> impl Strategy<Value = JobEnd> {
    prop_oneof![
        6 => (outcome(), 0_u8..3).prop_map(|(outcome, kind)| JobEnd::Answers(outcome, kind)),
        1 => (outcome(), 0_u8..3).prop_map(|(outcome, kind)| JobEnd::LosesAnswer(outcome, kind)),
        2 => Just(JobEnd::Fails),
        1 => Just(JobEnd::BadInput),
    ]
}

/// What becomes of a model's pods.
pub fn pods() -> impl Strategy<Value = Pods> {
    prop_oneof![5 => Just(Pods::Come), 1 => Just(Pods::Stay), 1 => Just(Pods::CandidateFault), 1 => Just(Pods::EnvironmentFault)]
}

/// What happens to a model.
pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Nothing),
        4 => Just(Event::JobMovesOn),
        24 => job_end().prop_map(Event::Job),
        1 => Just(Event::AnswerIsLostForGood),
        20 => pods().prop_map(Event::Pods),
        3 => prop_oneof![Just(Event::PodsGo), Just(Event::NoPodIsLeft), Just(Event::FaultGoes)],
        12 => Just(Event::TimePasses(120)),
        6 => prop_oneof![Just(Event::TimePasses(700)), Just(Event::TimePasses(5_000))],
        14 => edit(),
        8 => command(),
        6 => Just(Event::LoseStatus),
        8 => neighbourhood(),
        2 => (0_u32..20).prop_map(Event::HoldoutGrows),
    ]
}

fn edit() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0_u8..3).prop_map(Event::Features),
        2 => (0_u8..3).prop_map(Event::DataDigest),
        4 => (0_u8..3).prop_map(Event::Threshold),
        1 => any::<bool>().prop_map(Event::Tiers),
        1 => (0_u8..3).prop_map(Event::Source),
        3 => any::<bool>().prop_map(Event::Suspend),
        1 => (0_u8..4).prop_map(Event::Retries),
        1 => any::<bool>().prop_map(Event::AutomaticRollback),
        1 => (0_u8..3).prop_map(Event::Soak),
        1 => (1_u8..4).prop_map(Event::Replicas),
    ]
}

fn command() -> impl Strategy<Value = Event> {
    let target = prop_oneof![Just("previous"), Just("production"), Just("v1"), Just("v2"), Just("v99")];
    let mumble = (0_usize..3, 0_u8..2).prop_map(|(name, kind)| Event::Mumble(CommandName::ALL[name], kind));
    let bundle = prop_oneof![3 => Just("all"), 1 => Just("v1"), 1 => Just("v2")];
    prop_oneof![4 => Just(Event::Retrain), 4 => target.prop_map(Event::RollbackTo), 2 => bundle.prop_map(Event::Release), 1 => mumble]
}

fn neighbourhood() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<bool>(), any::<bool>()).prop_map(|(data, store)| Event::Claims(data, store)),
        Just(Event::Claims(true, true)),
        any::<bool>().prop_map(Event::BundleClaim),
        any::<bool>().prop_map(Event::FleetIsFull),
        Just(Event::FleetIsFull(false)),
        any::<bool>().prop_map(Event::FleetRolls),
        (0_u8..3).prop_map(Event::NewImage),
        any::<bool>().prop_map(Event::ForeignDeployment),
        Just(Event::ForeignDeployment(false)),
    ]
}
