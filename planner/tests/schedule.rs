//! When schedules come, through what a policy's status tells: the days on which clocks change, time zones, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_planner::{
    observed::Identity,
    policy::{
        observed::{ModelFact, ModelSeen, ObservedPolicy, ReportFact},
        plan::PolicyPlan,
        plan_policy,
    },
};
use jiff::Timestamp;
use serde_json::json;

/// A policy with one schedule.
fn observed(cron: &str, zone: Option<&str>, now: Timestamp) -> ObservedPolicy {
    let identity =
        |name: &str| Identity { namespace: "trial".into(), name: name.into(), uid: name.into(), generation: 1 };
    let mut schedule = json!({"cron": cron});
    if let Some(zone) = zone {
        schedule["timeZone"] = json!(zone);
    }
    let spec = json!({"modelRef": {"name": "onc-302"}, "triggers": [{"name": "times", "schedule": schedule}]});
    let claim = json!({"claimName": "c"});
    let model = json!({
        "study": {"id": "ONC-302"}, "patientId": "patient_id", "features": [{"name": "age", "type": "Integer"}],
        "label": {"column": "dropout", "horizon": "28d"},
        "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": claim}},
        "store": {"uri": "file:///store", "persistentVolumeClaim": claim},
        "serving": {"apiKeys": {"secretRef": {"name": "keys"}}},
    });
    let seen = ModelSeen { identity: identity("onc-302"), spec: serde_json::from_value(model).unwrap(), status: None };
    ObservedPolicy {
        identity: identity("policy"),
        created: now,
        spec: serde_json::from_value(spec).unwrap(),
        status: None,
        model: ModelFact::Present(Box::new(seen)),
        rivals: Vec::new(),
        runs: Vec::new(),
        report: ReportFact::NotAsked,
        store_claim: None,
    }
}

fn planned(cron: &str, zone: Option<&str>, now: Timestamp) -> PolicyPlan {
    plan_policy(&observed(cron, zone, now), now)
}

/// All times from one moment up to another, as the status names them one after the other.
fn times(cron: &str, zone: Option<&str>, (from, to): (&str, &str)) -> Vec<String> {
    let (mut now, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
    let mut times = Vec::new();
    loop {
        let plan = planned(cron, zone, now);
        let next = plan.status.triggers[0].next_time.clone().unwrap().0;
        assert!(next > now, "{cron} does not go on from {now}");
        if next > to {
            return times;
        }
        times.push(next.to_string());
        now = next;
    }
}

const BERLIN: Option<&str> = Some("Europe/Berlin");
/// The nights in which Berlin skips 02:00 to 03:00, and lives it twice.
const SPRING: (&str, &str) = ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
const AUTUMN: (&str, &str) = ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");

#[test]
fn one_time_a_day_comes_at_the_end_of_the_gap_and_once_in_the_repeated_hour() {
    assert_eq!(times("30 2 * * *", BERLIN, SPRING), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    assert_eq!(times("30 2 * * *", BERLIN, AUTUMN), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
}

#[test]
fn several_times_a_day_are_left_out_in_the_gap_and_come_twice_in_the_repeated_hour() {
    let night = ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
    let quarters = ["00:45", "01:00", "01:15", "01:30"].map(|time| format!("2026-03-29T{time}:00Z"));
    assert_eq!(times("*/15 * * * *", BERLIN, night), quarters);
    assert_eq!(times("0,30 2 * * *", BERLIN, SPRING), ["2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"]);
    let night = ("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    let twice = ["00:00", "00:30", "01:00", "01:30"].map(|time| format!("2026-10-25T{time}:00Z"));
    assert_eq!(times("0,30 2 * * *", BERLIN, night), twice);
}

#[test]
fn without_a_zone_times_are_utc_and_names_stand_for_numbers() {
    assert_eq!(times("30 2 * * *", None, SPRING), ["2026-03-29T02:30:00Z", "2026-03-30T02:30:00Z"]);
    let year = ("2026-01-01T12:00:00Z", "2026-12-31T12:00:00Z");
    let quarters = ["2026-04-01T08:00:00Z", "2026-07-01T08:00:00Z", "2026-10-01T08:00:00Z"];
    assert_eq!(times("0 8 1 JAN,APR,JUL,OCT *", None, year), quarters);
}

#[test]
fn what_never_comes_or_is_not_understood_is_refused_with_the_reason() {
    let now: Timestamp = "2026-11-26T00:00:00Z".parse().unwrap();
    for (cron, zone, why) in [
        ("0 0 31 2 *", None, "never comes"),
        ("0 0 * *", None, "4 fields"),
        ("0 0 * * * *", None, "6 fields"),
        ("61 0 * * *", None, "cron '61 0 * * *'"),
        ("0 0 L * *", None, "field 3: 'L' is not understood"),
        ("0 0 * * *", Some("Mars/Olympus"), "timeZone 'Mars/Olympus' is not known"),
    ] {
        let plan = planned(cron, zone, now);
        let stalled = plan.status.conditions.iter().find(|condition| condition.type_ == "Stalled").unwrap();
        assert_eq!((stalled.status.as_str(), stalled.reason.as_str()), ("True", "BadSchedule"), "{cron}");
        assert!(stalled.message.contains(why), "{}", stalled.message);
        assert_eq!(plan.status.triggers[0].next_time, None, "{cron}");
    }
}
