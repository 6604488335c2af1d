//! Six months of a trial on a clock that jumps: what a person sees when a policy watches a model, and schedules that an
//! operator missed while it was down. `UPDATE_GOLDEN=1` writes the story anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod trial;
mod world;

use dropout_crds::{
    Reason,
    retrain_policy::{SkipReason, TriggerState},
    status::JudgedOutcome,
};
use dropout_model::task::Outcome;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use trial::{
    Trial,
    monitor::{DRIFT, Found, QUIET, WORSE},
    spec::spec,
};

/// What the weekly looks of the story find.
fn found(now: Timestamp) -> Found {
    let day = now.to_string();
    let day = day.get(..10).unwrap();
    let some = |labels, found| Found { labels: Some(labels), ..found };
    let story = [
        ("2026-12-14", "2027-01-07", some(74, DRIFT)), // A region's visits go remote.
        ("2027-02-01", "2027-02-07", some(31, DRIFT)), // One week moved, the next did not.
        ("2027-03-08", "2027-03-21", some(44, WORSE)), // The model does worse, and few labels have arrived.
        ("2027-03-22", "2027-04-04", some(88, WORSE)), // Enough have.
        ("2027-04-26", "2027-05-16", some(120, DRIFT)), // Adherence falls while the database is locked.
    ];
    let part = story.into_iter().find(|(first, last, _)| (*first..=*last).contains(&day));
    part.map_or(some(12, QUIET), |(_, _, found)| found)
}

fn watch() -> Value {
    json!({
        "monitor": {"every": "7d", "window": "7d"},
        "triggers": [
            {"name": "drift", "drift": {}, "consecutive": 2},
            {"name": "worse", "performance": {"metric": "roc_auc", "below": 0.7}, "consecutive": 2},
            {"name": "quarterly", "schedule": {"cron": "30 2 28 3,6,9,12 *", "timeZone": "Europe/Berlin"}},
        ],
        "limits": {"cooldown": "14d", "budget": {"runs": 3, "per": "90d"}, "backoff": {"initial": "21d", "max": "60d"}},
        "blackouts": [{"name": "database lock", "start": "2027-05-01T00:00:00Z", "end": "2027-05-12T06:00:00Z"}],
    })
}

/// Lives up to that time: looks end after two minutes, and a candidate is judged after an hour.
fn lives(trial: &mut Trial, end: &str, outcome: impl Fn(u32) -> Outcome) {
    let end: Timestamp = end.parse().unwrap();
    while trial.world.now < end {
        trial.reconciles();
        if let Some(version) = trial.world.status().candidate.as_ref().map(|candidate| candidate.version) {
            trial.world.pass(3_000);
            let outcome = outcome(version);
            trial.is_judged(outcome, u8::try_from(version).unwrap());
            if trial.world.status().candidate.is_some() {
                trial.is_promoted();
            }
        } else if trial.running(0) > 0 {
            let found = found(trial.world.now);
            trial.finds(found);
        } else {
            trial.world.now = trial.wake().unwrap_or(end).min(end).max(trial.world.now);
        }
    }
    trial.reconciles();
}

#[test]
fn six_months() {
    let mut trial = Trial::with_production();
    trial.world.says_dates = true;
    trial.creates("watch", spec(watch()));
    lives(&mut trial, "2027-05-31T00:00:00Z", |version| if version == 3 { Outcome::Failed } else { Outcome::Passed });
    trial.is_unbroken();
    trial.world.is_golden("six_months");
    let judged = trial.world.status().trainings.iter().map(|entry| (entry.version, entry.outcome.unwrap()));
    let (passed, failed) = (JudgedOutcome::Passed, JudgedOutcome::Failed);
    assert_eq!(judged.collect::<Vec<_>>(), [(1, passed), (2, passed), (3, failed), (4, passed)]);
}

/// A policy that is on schedule alone, and fires whenever it comes.
fn scheduled(cron: &str, deadline: Option<&str>) -> Trial {
    let mut trial = Trial::with_production();
    let mut policy = json!({
        "triggers": [{"name": "time", "schedule": {"cron": cron}}],
        "limits": {"cooldown": "1s", "backoff": {"initial": "1s", "max": "1s"}, "suspendAfterRefusals": 20},
    });
    if let Some(deadline) = deadline {
        policy["triggers"][0]["schedule"]["startingDeadline"] = json!(deadline);
    }
    trial.creates("watch", spec(policy)).reconciles();
    trial
}

/// The operator is down for so many hours, and then comes back. Gives the firings since.
fn is_down(trial: &mut Trial, hours: i64) -> usize {
    let before = trial.fired_trainings();
    trial.world.now += SignedDuration::from_hours(hours);
    trial.reconciles();
    let firings = trial.fired_trainings() - before;
    trial.is_unbroken();
    firings
}

#[test]
fn two_hundred_missed_times_are_caught_up_with_once() {
    let mut trial = scheduled("0 * * * *", None);
    assert_eq!(is_down(&mut trial, 200), 1);
    let fired = trial.trigger("time").fired.clone().unwrap();
    let last = "2026-11-28T17:00:00Z";
    assert_eq!(trial.trigger("time").last_schedule.as_ref().unwrap().0, last.parse::<Timestamp>().unwrap());
    assert!(fired.message.contains(last), "{}", fired.message);
    trial.is_judged(Outcome::Failed, 7).reconciles();
    assert_eq!(trial.fired_trainings(), 1, "nothing else is caught up with");
    assert!(trial.status().skipped.is_empty());
    assert_eq!(is_down(&mut trial, 1), 1, "and the next hour it goes on");
}

#[test]
fn what_was_missed_by_more_than_its_deadline_is_said_and_not_made_up_for() {
    let mut trial = scheduled("30 2 * * *", None);
    assert_eq!(is_down(&mut trial, 200 * 24), 0);
    let skipped = &trial.status().skipped;
    assert_eq!((skipped.len(), skipped[0].reason), (1, SkipReason::Missed));
    assert!(skipped[0].message.starts_with("2027-06-08T02:30:00Z was missed"), "{}", skipped[0].message);
    assert_eq!(trial.trigger("time").state, TriggerState::Quiet);

    let mut trial = scheduled("30 2 * * *", Some("8h"));
    assert_eq!(is_down(&mut trial, 200 * 24), 1, "09:11 is within eight hours of 02:30");
    assert!(trial.ledger.told.contains(&Reason::Fired));
}
