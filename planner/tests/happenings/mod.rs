//! What happens to a model with policies: persons, reports, monitors, Jobs, mishaps, time. Drawn at random from a seed.
#![allow(clippy::wildcard_enum_match_arm, reason = "each function plays its own kind of event")]

mod draw;

use crate::{
    outside,
    trial::{
        FAIR, Luck, MODEL, Policy, Presence, Trial,
        monitor::{Found, LookEnd},
        spec::spec,
    },
    world::Mishap,
};
use dropout_crds::{
    RetrainPolicySpec,
    retrain_policy::{Action, Blackout},
};
use dropout_model::period::Period;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub use draw::script;

/// A whole case: what happens, and how the outside goes on once nobody does anything any more.
#[derive(Clone, Debug)]
pub struct Script {
    pub past: u8,
    pub policy: u8,
    pub steps: Vec<Step>,
    pub outside: outside::Outside,
    pub found: Found,
}

/// One happening, and the passes that follow it.
#[derive(Clone, Debug)]
pub struct Step {
    event: Event,
    luck: Luck,
    passes: usize,
    seconds: i64,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Event {
    Nothing,
    /// The world goes on for some rounds: looks find this, Jobs and pods do that, and time passes up to the next wake.
    GoesOn(usize, Found, outside::Outside),
    Look(LookEnd),
    Report(Found),
    ReportIs(u8),
    NewPolicy(u8, bool),
    PolicyGoes,
    PolicyComesAnew,
    Edit(u8),
    Suspend(bool),
    PolicyStatusIsLost,
    ModelLeaves,
    ModelComesAnew,
    ModelIsBack,
    Records(bool),
    Model(outside::Event),
    TimePasses(i64),
}

/// Plays one step.
pub fn play(trial: &mut Trial, step: &Step) {
    happen(trial, &step.event);
    for at in 0..step.passes {
        trial.pass_over(if at == 0 { step.luck } else { FAIR });
    }
    trial.world.pass(step.seconds);
}

fn happen(trial: &mut Trial, event: &Event) {
    let last = trial.policies.len().saturating_sub(1);
    match event {
        Event::Nothing => {}
        Event::GoesOn(rounds, found, outside) => (0..*rounds).for_each(|_| _ = goes_on(trial, *found, *outside)),
        Event::Look(end) => (0..trial.policies.len()).for_each(|at| _ = trial.look_ends(at, *end)),
        Event::Report(found) => _ = trial.writes_report(*found),
        Event::ReportIs(kind) => report_changes(trial, *kind),
        Event::NewPolicy(kind, is_ours) => new_policy(trial, *kind, *is_ours),
        Event::PolicyGoes if !trial.policies.is_empty() => _ = trial.deletes(0),
        Event::PolicyComesAnew if !trial.policies.is_empty() => {
            let Policy { name, spec, .. } = trial.policies[0].clone();
            trial.deletes(0).creates(&name, spec);
        }
        Event::Edit(kind) if !trial.policies.is_empty() => edit(trial, last * usize::from(kind % 2), *kind),
        Event::Suspend(is_suspended) if !trial.policies.is_empty() => {
            trial.edits(0, "suspend", |spec| spec.suspend = Some(*is_suspended));
        }
        Event::PolicyStatusIsLost if !trial.policies.is_empty() => {
            trial.world.say("the status of a policy is lost");
            let uid = trial.policies[0].uid.clone();
            trial.policies[0].status = None;
            trial.note_policy_loss(&uid);
        }
        Event::PolicyGoes | Event::PolicyComesAnew | Event::Edit(_) | Event::Suspend(_) | Event::PolicyStatusIsLost => {
        }
        Event::ModelLeaves => trial.model = Presence::Leaving,
        Event::ModelComesAnew => _ = trial.model_comes_anew(),
        Event::ModelIsBack => {
            if trial.model == Presence::Leaving {
                trial.model = Presence::Absent;
                trial.pass_over(FAIR);
                trial.model_comes_anew();
            }
        }
        Event::Records(is_kept) => {
            let records = is_kept.then(Default::default);
            if trial.world.spec.serving.records != records {
                trial.world.say(format!("the model's records are kept: {is_kept}"));
                trial.world.generation += 1;
                trial.world.spec.serving.records = records;
            }
        }
        Event::Model(event) => model_happens(trial, event),
        Event::TimePasses(seconds) => trial.world.pass(*seconds),
    }
}

fn model_happens(trial: &mut Trial, event: &outside::Event) {
    match event {
        // With a Deployment of somebody else there is no record to restore a lost status from.
        outside::Event::ForeignDeployment(_) => {}
        outside::Event::LoseStatus => {
            // The record of what was decided is on the Deployment before the status is lost.
            trial.pass_over(FAIR);
            trial.note_model_loss();
            outside::happen(&mut trial.world, event);
        }
        event => outside::happen(&mut trial.world, event),
    }
}

/// One round of a world that goes on by itself.
pub fn goes_on(trial: &mut Trial, found: Found, outside: outside::Outside) -> bool {
    trial.pass_over(FAIR);
    let looks =
        (0..trial.policies.len()).map(|at| trial.look_ends(at, LookEnd::Finds(found))).filter(|ends| *ends).count();
    let moves = trial.model == Presence::There && outside::goes_on(&mut trial.world, outside);
    trial.pass_over(FAIR);
    let now = trial.world.now;
    let wake = trial.wake().filter(|_| looks == 0 && !moves).unwrap_or(now);
    trial.world.now = wake.clamp(now + SignedDuration::from_secs(1), now + SignedDuration::from_hours(6));
    looks > 0 || moves
}

fn report_changes(trial: &mut Trial, kind: u8) {
    trial.world.say(format!("the ConfigMap changes: {kind}"));
    let state = format!("c/{}", trial.birth());
    let now = trial.world.now;
    let Some(report) = &mut trial.report else { return };
    let origin = &mut report.origin;
    origin.state = state;
    match kind {
        0 => trial.report = None,
        1 => report.is_labelled = false,
        2 => origin.model = Some("onc-303".into()),
        3 => origin.version = Some("v99".into()),
        4 => origin.window_end = Some((now + SignedDuration::from_hours(5)).to_string()),
        5 => origin.window_end = Some("soon".into()),
        6 => (origin.model, origin.version, origin.window_end) = (None, None, None),
        7 => origin.window_end = Some((now - SignedDuration::from_hours(90)).to_string()),
        _ => report.is_labelled = true,
    }
}

fn new_policy(trial: &mut Trial, kind: u8, is_ours: bool) {
    if trial.policies.len() >= 3 {
        return;
    }
    let name = format!("p{}", (b'z' - kind % 9) as char);
    if trial.policies.iter().any(|policy| policy.name == name) {
        return;
    }
    let mut spec = policy(kind);
    if !is_ours {
        spec.model_ref.name = "onc-999".into();
    }
    trial.creates(&name, spec);
}

/// The triggers that policies are put together from.
fn triggers() -> Vec<Value> {
    vec![
        json!({"name": "drift", "drift": {}, "consecutive": 2}),
        json!({"name": "share", "drift": {"share": 0.3}, "consecutive": 1}),
        json!({"name": "auc", "performance": {"metric": "roc_auc", "below": 0.7}, "consecutive": 1}),
        json!({"name": "estimate", "performance": {"metric": "roc_auc", "below": 0.7, "source": "Estimated"}, "consecutive": 1}),
        json!({"name": "labels", "newData": {"minLabelledPatients": 100}}),
        json!({"name": "hourly", "schedule": {"cron": "0 * * * *", "startingDeadline": "30m"}}),
        json!({"name": "daily", "schedule": {"cron": "30 2 * * *"}}),
        json!({"name": "never", "schedule": {"cron": "0 0 31 2 *"}}),
        json!({"name": "told", "drift": {}, "consecutive": 1, "action": "Notify"}),
        json!({"name": "thrice", "drift": {}, "consecutive": 3}),
    ]
}

/// Triggers by number, and what reads them.
fn policy(kind: u8) -> RetrainPolicySpec {
    let all = triggers();
    let few: &[usize] = match kind {
        0 => &[0],
        1 => &[1, 5],
        2 => &[2, 3, 8],
        3 => &[4, 6],
        4 => &[5],
        5 => &[0, 6, 7],
        6 => &[1, 2, 3, 4],
        7 => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        _ => &[1],
    };
    let few: Vec<&Value> = few.iter().map(|at| &all[*at]).collect();
    let mut text = json!({
        "modelRef": {"name": MODEL},
        "monitor": {"every": "1h", "window": "2h"},
        "triggers": few,
        "limits": {"cooldown": "3h", "backoff": {"initial": "1h", "max": "8h"}, "suspendAfterRefusals": 2},
    });
    if kind == 4 {
        text.as_object_mut().unwrap().remove("monitor");
        text["limits"] = json!({"cooldown": "1h", "budget": {"runs": 2, "per": "12h"}});
    }
    if kind >= 8 {
        text["monitor"]["source"] = json!({"configMap": {"name": "evidently"}});
    }
    spec(text)
}

fn edit(trial: &mut Trial, at: usize, kind: u8) {
    let now = trial.world.now;
    trial.edits(at, &format!("{kind}"), |spec| {
        let limits = spec.limits.get_or_insert_default();
        match kind {
            0 => limits.cooldown = Some(Period::seconds(1)),
            1 => limits.cooldown = Some(Period::hours(12)),
            2 => limits.budget = Some(serde_json::from_value(json!({"runs": 1, "per": "24h"})).unwrap()),
            3 => limits.budget = Some(serde_json::from_value(json!({"runs": 3, "per": "12h"})).unwrap()),
            4 => limits.suspend_after_refusals = Some(1),
            5 => limits.min_new_labelled_patients = Some(0),
            6 => limits.min_new_labelled_patients = Some(200),
            7 => spec.action = Some(Action::Notify),
            8 => spec.action = Some(Action::Retrain),
            9 | 10 => {
                let end = now + SignedDuration::from_hours(if kind == 9 { 2 } else { 20 });
                let blackout =
                    Blackout { name: "lock".into(), start: now.to_string(), end: end.to_string(), reason: None };
                spec.blackouts = vec![blackout];
            }
            11 => spec.blackouts.clear(),
            12 => spec.triggers.push(serde_json::from_value(triggers()[6].clone()).unwrap()),
            13 => spec.triggers.truncate(1),
            14 => spec.triggers.reverse(),
            15 => {
                spec.blackouts =
                    vec![Blackout { name: "odd".into(), start: "today".into(), end: "then".into(), reason: None }]
            }
            16 => spec.triggers.iter_mut().filter_map(|trigger| trigger.schedule.as_mut()).for_each(|schedule| {
                schedule.cron = if schedule.cron == "0 * * * *" { "30 2 * * *" } else { "0 * * * *" }.into();
            }),
            _ => {}
        }
        let mut names = std::collections::BTreeSet::new();
        spec.triggers.retain(|trigger| names.insert(trigger.name.clone()));
        spec.triggers.truncate(16);
    });
}

/// Nothing goes wrong, or something does.
pub fn luck(kind: u8) -> Luck {
    match kind {
        0 => Luck { model: Mishap::Crash, ..FAIR },
        1 => Luck { policy: Mishap::Crash, ..FAIR },
        2 => Luck { policy: Mishap::Drop(0), ..FAIR },
        3 => Luck { model: Mishap::Drop(1), ..FAIR },
        4 | 5 => Luck { is_policy_old: true, ..FAIR },
        6 | 7 => Luck { is_model_old: true, ..FAIR },
        8 => Luck { is_policy_old: true, is_model_old: true, ..FAIR },
        _ => FAIR,
    }
}

/// How a case begins: with a first policy, or none.
pub fn begins(trial: &mut Trial, script: &Script) {
    if script.past == 2 {
        trial.world.learns_more();
        trial.pass_over(FAIR);
    }
    if script.policy < 9 {
        new_policy(trial, script.policy, true);
        trial.writes_report(script.found);
    }
}
