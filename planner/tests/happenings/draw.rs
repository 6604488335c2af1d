//! How scripts are drawn: what happens often, what seldom.

use super::{Event, Script, Step, luck};
use crate::{
    outside,
    trial::monitor::{DRIFT, Digest, End, Found, LookEnd, QUIET, WORSE},
};
use dropout_model::monitoring::WindowVerdict;
use proptest::{collection::vec, prelude::*};

/// Whole cases.
pub fn script() -> impl Strategy<Value = Script> {
    let past = prop_oneof![1 => Just(0_u8), 8 => Just(1), 1 => Just(2)];
    (past, 0_u8..10, vec(step(), 3..22), outside(), found()).prop_map(|(past, policy, steps, outside, found)| Script {
        past,
        policy,
        steps,
        outside,
        found,
    })
}

fn outside() -> impl Strategy<Value = outside::Outside> {
    (outside::job_end(), outside::pods()).prop_map(|(jobs, pods)| outside::Outside { jobs, pods })
}

fn step() -> impl Strategy<Value = Step> {
    let luck = (0_u8..40).prop_map(luck);
    (event(), luck, 0_usize..3, prop_oneof![Just(0_i64), 1_i64..900, 1_800_i64..9_000])
        .prop_map(|(event, luck, passes, seconds)| Step { event, luck, passes, seconds })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Nothing),
        24 => (2_usize..24, found(), outside()).prop_map(|(rounds, found, outside)| Event::GoesOn(rounds, found, outside)),
        12 => look().prop_map(Event::Look),
        6 => found().prop_map(Event::Report),
        6 => (0_u8..10).prop_map(Event::ReportIs),
        6 => (0_u8..9, prop_oneof![4 => Just(true), 1 => Just(false)]).prop_map(|(kind, is_ours)| Event::NewPolicy(kind, is_ours)),
        2 => Just(Event::PolicyGoes),
        2 => Just(Event::PolicyComesAnew),
        16 => (0_u8..17).prop_map(Event::Edit),
        4 => any::<bool>().prop_map(Event::Suspend),
        4 => Just(Event::PolicyStatusIsLost),
        1 => Just(Event::ModelLeaves),
        1 => Just(Event::ModelComesAnew),
        2 => Just(Event::ModelIsBack),
        1 => any::<bool>().prop_map(Event::Records),
        1 => Just(Event::Records(true)),
        18 => outside::event().prop_map(Event::Model),
        12 => prop_oneof![Just(3_600_i64), Just(7_200), Just(30_000), Just(100_000)].prop_map(Event::TimePasses),
    ]
}

fn look() -> impl Strategy<Value = LookEnd> {
    prop_oneof![
        12 => found().prop_map(LookEnd::Finds),
        2 => Just(LookEnd::Fails),
        1 => Just(LookEnd::AnswerGone),
        1 => Just(LookEnd::Mumbles),
        1 => found().prop_map(LookEnd::AnswersAnother),
    ]
}

fn found() -> impl Strategy<Value = Found> {
    let verdict = prop_oneof![
        Just(WindowVerdict::InsufficientData),
        Just(WindowVerdict::SchemaBreach),
        Just(WindowVerdict::Unknown)
    ];
    let base = prop_oneof![
        8 => Just(DRIFT),
        2 => Just(QUIET),
        3 => Just(WORSE),
        4 => verdict.prop_map(|verdict| Found { verdict, ..DRIFT }),
    ];
    let labels = prop_oneof![1 => Just(None), 2 => Just(Some(20)), 6 => Just(Some(120)), 3 => Just(Some(400))];
    let digest = prop_oneof![10 => Just(Digest::New), 1 => Just(Digest::Same), 1 => Just(Digest::None)];
    let end = prop_oneof![12 => Just(End::Asked), 1 => Just(End::Unsaid), 1 => Just(End::Future), 1 => Just(End::Past)];
    (base, labels, digest, end, 0_u8..12).prop_map(|(found, labels, digest, end, odd)| {
        let found = Found { labels, digest, end, is_wordy: odd == 0, lost: u64::from(odd == 1), ..found };
        match odd {
            2 => Found { share: None, ..found },
            3 => Found { realised: Some((0.5, 0.6, 12)), ..found },
            4 => Found { realised: None, estimated: None, ..found },
            _ => found,
        }
    })
}
