//! Each limit of a policy at its boundary: the second before it ends nothing begins, and at its end a training does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod trial;
mod world;

use dropout_crds::{
    ConditionType, Reason, RetrainPolicySpec,
    retrain_policy::{Action, SkipReason, TriggerState},
    status::MAX_STATUS,
};
use dropout_model::{monitoring::WindowVerdict, task::Outcome};
use jiff::SignedDuration;
use serde_json::{Value, json};
use trial::{
    Trial,
    check::says,
    monitor::{DRIFT, Digest, End, Found, LookEnd, QUIET, WORSE},
    spec::spec,
};

const HOUR: i64 = 3_600;
/// The first look's report is there: the policy is created 680 seconds after v1's training began, and a look takes two minutes.
const FIRST_REPORT: i64 = 800;

/// A policy that fires on one report, with these limits; others are as small as they may be.
fn eager(limits: Value) -> RetrainPolicySpec {
    let mut all = json!({"cooldown": "1s", "suspendAfterRefusals": 20, "backoff": {"initial": "1s", "max": "1s"}});
    all.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    spec(json!({
        "monitor": {"every": "1h", "window": "1h"},
        "triggers": [{"name": "drift", "drift": {}, "consecutive": 1}],
        "limits": all,
    }))
}

/// A trial whose v1 began at its start, with a policy.
fn watched(policy: RetrainPolicySpec) -> Trial {
    let mut trial = Trial::with_production();
    assert_eq!(seconds(&trial), FIRST_REPORT - 120);
    trial.creates("watch", policy);
    trial
}

fn seconds(trial: &Trial) -> i64 {
    trial.world.now.as_second() - trial.world.start.as_second()
}

fn trainings(trial: &Trial) -> usize {
    trial.world.status.as_ref().map_or(0, |status| status.trainings.len())
}

/// Lives on, every look finding that, until a training begins; gives the second when it did, none within that many hours. The
/// second before each wake is lived through too.
fn begins(trial: &mut Trial, found: Found, hours: i64) -> Option<i64> {
    let before = trainings(trial);
    let end = trial.world.now + SignedDuration::from_hours(hours);
    trial.reconciles();
    while trial.world.now < end && trainings(trial) == before {
        if trial.running(0) > 0 {
            trial.finds(found);
            continue;
        }
        let wake = trial.wake().unwrap_or(end).min(end);
        trial.world.now = trial.world.now.max(wake - SignedDuration::from_secs(1));
        trial.reconciles();
        trial.world.now = trial.world.now.max(wake);
        if trainings(trial) == before {
            trial.reconciles();
        }
    }
    trial.is_unbroken();
    (trainings(trial) > before).then(|| {
        let time = trial.world.status().trainings.last().unwrap().time.0;
        time.as_second() - trial.world.start.as_second()
    })
}

fn skipped(trial: &Trial) -> Vec<SkipReason> {
    trial.status().skipped.iter().map(|entry| entry.reason).collect()
}

/// The candidate does not get through; gives the second of the verdict.
fn refuse(trial: &mut Trial) -> i64 {
    judge(trial, Outcome::Failed);
    seconds(trial)
}

/// The candidate is another bundle each time.
fn judge(trial: &mut Trial, outcome: Outcome) {
    let kind = u8::try_from(trainings(trial)).unwrap();
    trial.is_judged(outcome, kind);
}

fn promote(trial: &mut Trial) {
    judge(trial, Outcome::Passed);
    trial.is_promoted();
}

#[test]
fn cooldown_ends_when_it_says() {
    for (cooldown, expected) in [("1s", FIRST_REPORT), ("2h", 2 * HOUR), ("19801s", 19_801)] {
        let mut trial = watched(eager(json!({"cooldown": cooldown})));
        assert_eq!(begins(&mut trial, DRIFT, 24), Some(expected), "{cooldown}");
        let reasons = if expected == FIRST_REPORT { vec![] } else { vec![SkipReason::Cooldown] };
        assert_eq!(skipped(&trial), reasons, "{cooldown}");
    }
    let mut trial = watched(spec(json!({
        "monitor": {"every": "1h", "window": "1h"},
        "triggers": [{"name": "drift", "drift": {}, "consecutive": 1}],
    })));
    assert_eq!(begins(&mut trial, DRIFT, 24 * 8), Some(7 * 24 * HOUR), "left out it is a week");
}

#[test]
fn budget_counts_every_training_and_frees_the_oldest() {
    let mut trial = watched(eager(json!({"budget": {"runs": 1, "per": "4h"}})));
    assert_eq!(begins(&mut trial, DRIFT, 24), Some(4 * HOUR));
    assert_eq!(skipped(&trial), [SkipReason::Budget]);

    let mut trial = watched(eager(json!({"budget": {"runs": 2, "per": "12h"}})));
    assert_eq!(begins(&mut trial, DRIFT, 24), Some(FIRST_REPORT));
    refuse(&mut trial);
    assert_eq!(begins(&mut trial, DRIFT, 24), Some(12 * HOUR), "v1's training leaves the twelve hours then");
    refuse(&mut trial);
    assert_eq!(begins(&mut trial, DRIFT, 24), Some(12 * HOUR + FIRST_REPORT), "and then v2's");
}

#[test]
fn a_blackout_lasts_from_its_start_up_to_its_end() {
    let black = |from: i64, to: i64| {
        let start = Trial::new().world.start;
        let at = |seconds| (start + SignedDuration::from_secs(seconds)).to_string();
        let mut policy = eager(json!({"cooldown": "2h"}));
        policy.blackouts = serde_json::from_value(json!([{"name": "lock", "start": at(from), "end": at(to)}])).unwrap();
        let mut trial = watched(policy);
        let begun = begins(&mut trial, DRIFT, 24);
        (begun, skipped(&trial).contains(&SkipReason::Blackout))
    };
    assert_eq!(black(2 * HOUR, 5 * HOUR), (Some(5 * HOUR), true));
    assert_eq!(black(2 * HOUR + 1, 5 * HOUR), (Some(2 * HOUR), false));
    assert_eq!(black(0, 2 * HOUR), (Some(2 * HOUR), true));
    assert_eq!(black(0, 2 * HOUR + 1), (Some(2 * HOUR + 1), true));
}

#[test]
fn drift_waits_for_new_labels_and_an_unknown_number_is_not_enough() {
    for (least, labels, is_begun) in [
        (None, Some(49), false),
        (None, Some(50), true),
        (None, None, false),
        (Some(200), Some(199), false),
        (Some(200), Some(200), true),
        (Some(0), None, true),
        (Some(0), Some(0), true),
    ] {
        let limits = least.map_or(json!({}), |least| json!({"minNewLabelledPatients": least}));
        let mut trial = watched(eager(limits));
        let begun = begins(&mut trial, Found { labels, ..DRIFT }, 6);
        assert_eq!(begun, is_begun.then_some(FIRST_REPORT), "{least:?} {labels:?}");
        assert_eq!(skipped(&trial) == [SkipReason::FewNewLabels], !is_begun, "{least:?} {labels:?}");
    }
}

#[test]
fn a_row_of_refusals_doubles_the_wait_up_to_the_longest() {
    let mut trial = watched(eager(json!({"backoff": {"initial": "90m", "max": "8h"}})));
    assert_eq!(begins(&mut trial, DRIFT, 24), Some(FIRST_REPORT));
    for wait in [90, 180, 360, 480, 480] {
        let verdict = refuse(&mut trial);
        assert_eq!(begins(&mut trial, DRIFT, 24), Some(verdict + wait * 60), "{wait} minutes");
    }
    assert_eq!(skipped(&trial), [SkipReason::Backoff; 5]);
    promote(&mut trial);
    let promoted = seconds(&trial);
    let begun = begins(&mut trial, DRIFT, 24).unwrap();
    assert!(begun - promoted <= HOUR + 120, "one that got through ends the row: {begun}, {promoted}");
}

#[test]
fn after_its_refusals_a_policy_stops_until_a_spec_is_edited() {
    let mut trial = watched(eager(json!({"suspendAfterRefusals": 2})));
    let stalled = |trial: &Trial| says(trial.status(), ConditionType::Stalled);
    for edit in 0..3 {
        for _ in 0..2 {
            assert!(begins(&mut trial, DRIFT, 3).is_some(), "{edit}");
            assert_ne!(stalled(&trial).1, "SuspendedAfterRefusals");
            refuse(&mut trial);
        }
        assert_eq!(begins(&mut trial, DRIFT, 240), None, "{edit}");
        assert_eq!(stalled(&trial), ("True".into(), "SuspendedAfterRefusals".into()));
        if edit == 0 {
            let budget = serde_json::from_value(json!({"runs": 20, "per": "1h"})).unwrap();
            trial.edits(0, "budget", |spec| spec.limits.as_mut().unwrap().budget = Some(budget));
        } else {
            trial.world.threshold(0.2 + f64::from(edit) / 20.0);
            promote(&mut trial);
        }
        trial.is_unbroken();
    }
}

#[test]
fn a_candidate_that_gets_through_ends_the_row_of_refusals() {
    let mut trial = watched(eager(json!({"suspendAfterRefusals": 2})));
    for round in 0..3 {
        assert!(begins(&mut trial, DRIFT, 3).is_some(), "{round}");
        refuse(&mut trial);
        assert!(begins(&mut trial, DRIFT, 3).is_some(), "{round}");
        promote(&mut trial);
    }
}

#[test]
fn suspended_nothing_fires_and_on_again_it_does() {
    let mut policy = eager(json!({}));
    policy.suspend = Some(true);
    let mut trial = watched(policy);
    assert_eq!(begins(&mut trial, DRIFT, 48), None);
    assert!(trial.policies[0].looks.is_empty(), "nothing is looked at");
    trial.edits(0, "suspend", |spec| spec.suspend = None);
    assert!(begins(&mut trial, DRIFT, 2).is_some());

    let mut trial = watched(eager(json!({})));
    trial.world.suspend(true);
    assert_eq!(begins(&mut trial, DRIFT, 48), None);
    assert!(skipped(&trial).contains(&SkipReason::Suspended));
    trial.world.suspend(false);
    assert!(begins(&mut trial, DRIFT, 2).is_some());
}

#[test]
fn notify_tells_whatever_the_limits_are_and_trains_nothing() {
    let mut policy =
        eager(json!({"cooldown": "30d", "budget": {"runs": 1, "per": "90d"}, "minNewLabelledPatients": 5_000}));
    policy.action = Some(Action::Notify);
    let mut trial = watched(policy);
    assert_eq!(begins(&mut trial, DRIFT, 240), None);
    assert!(trial.ledger.told.contains(&Reason::Notified));
    assert_eq!((trial.trigger("drift").state, skipped(&trial)), (TriggerState::Fired, vec![]));

    // Estimated performance tells, unless its trigger asks for more.
    let estimated = |action: Option<Action>| {
        let mut policy = eager(json!({}));
        policy.triggers = serde_json::from_value(json!([{"name": "auc", "consecutive": 1, "action": action,
            "performance": {"metric": "roc_auc", "below": 0.7, "source": "Estimated"}}]))
        .unwrap();
        let mut trial = watched(policy);
        begins(&mut trial, WORSE, 24)
    };
    assert_eq!((estimated(None), estimated(Some(Action::Retrain))), (None, Some(FIRST_REPORT)));
}

#[test]
fn reports_in_a_row_are_of_distinct_digests_and_of_windows_apart() {
    let mut policy = eager(json!({}));
    policy.triggers[0].consecutive = Some(4);
    let mut trial = watched(policy);
    let unknown = Found { verdict: WindowVerdict::Unknown, ..DRIFT };
    let few = Found { verdict: WindowVerdict::InsufficientData, ..DRIFT };
    let same = Found { digest: Digest::Same, ..DRIFT };
    let unnamed = Found { digest: Digest::None, ..DRIFT };
    trial.reconciles();
    for (at, (found, count)) in [
        (DRIFT, 1),
        (unknown, 1),
        (few, 1),
        (same, 2),
        (same, 2),
        (unnamed, 2),
        (Found { end: End::Past, ..DRIFT }, 2),
        (Found { end: End::Future, ..DRIFT }, 2),
        (QUIET, 0),
        (DRIFT, 1),
        (DRIFT, 2),
        (DRIFT, 3),
    ]
    .into_iter()
    .enumerate()
    {
        trial.finds(found);
        assert_eq!(trial.trigger("drift").consecutive, Some(count), "report {at}");
        trial.passes(HOUR - 120);
    }
    assert_eq!(trainings(&trial), 1);
    trial.ends_look(LookEnd::Fails);
    assert_eq!(trial.trigger("drift").consecutive, Some(3), "a look that failed says nothing");
    assert!(begins(&mut trial, DRIFT, 2).is_some());
    assert_eq!(trial.trigger("drift").fired.as_ref().unwrap().version.as_deref(), Some("v2"));
}

#[test]
fn windows_that_overlap_count_once() {
    let mut policy = eager(json!({}));
    policy.triggers[0].consecutive = Some(3);
    policy.monitor.as_mut().unwrap().window = serde_json::from_value(json!("3h")).unwrap();
    let mut trial = watched(policy);
    assert_eq!(begins(&mut trial, DRIFT, 24), Some(FIRST_REPORT + 6 * HOUR));
}

#[test]
fn of_two_policies_the_older_is_accepted_and_of_one_moment_the_first_by_name() {
    let mut trial = watched(eager(json!({})));
    let accepted = |trial: &Trial| -> Vec<String> {
        let says = |policy: &trial::Policy| says(policy.status.as_ref().unwrap(), ConditionType::Accepted).0 == "True";
        trial.policies.iter().filter(|policy| says(policy)).map(|policy| policy.name.clone()).collect()
    };
    trial.creates("also", eager(json!({})));
    trial.world.pass(60);
    trial.creates("again", eager(json!({}))).reconciles();
    assert_eq!(accepted(&trial), ["also"], "watch and also are of one moment");
    trial.deletes(1).reconciles();
    assert_eq!(accepted(&trial), ["watch"]);
    trial.deletes(0).reconciles();
    assert_eq!(accepted(&trial), ["again"]);
    assert_eq!(begins(&mut trial, DRIFT, 2).map(|_| ()), Some(()));
}

#[test]
fn the_longest_status_keeps_to_its_bound() {
    let name = |at: usize| format!("{}{}", "a-long-name-of-a-trigger-with-forty-", char::from(b'a' + at as u8));
    let triggers: Vec<Value> = (0..16)
        .map(|at| match at % 4 {
            0 => json!({"name": name(at), "drift": {}, "consecutive": 1}),
            1 => json!({"name": name(at), "performance": {"metric": "roc_auc", "below": 0.99}, "consecutive": 1}),
            2 => json!({"name": name(at), "newData": {"minLabelledPatients": 1}}),
            _ => json!({"name": name(at), "schedule": {"cron": "0 * * * *"}}),
        })
        .collect();
    let mut policy = eager(json!({"cooldown": "5h"}));
    policy.triggers = serde_json::from_value(json!(triggers)).unwrap();
    let mut trial = watched(policy);
    let (mut longest, mut most) = (0, 0);
    for _ in 0..8 {
        if begins(&mut trial, Found { is_wordy: true, lost: u64::from(u32::MAX), ..DRIFT }, 1).is_some() {
            refuse(&mut trial);
        }
        longest = longest.max(serde_json::to_vec(trial.status()).unwrap().len());
        most = most.max(trial.status().skipped.len());
    }
    assert!(most >= 16, "{most} skipped entries");
    assert!(longest <= MAX_STATUS && longest > MAX_STATUS / 2, "{longest} bytes");
}
