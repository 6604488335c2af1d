//! The seeded simulation of a model with policies: the outside does anything at any time, and each property holds at every
//! plan of every case. `DROPOUT_SIMULATION_CASES` sets the number of cases; a case that breaks a property is made as small
//! as it can be and prints its seed and its transcript.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod happenings;
#[allow(dead_code, reason = "each test binary plays its own part of the outside")]
mod outside;
mod trial;
mod world;

use dropout_crds::Reason;
use happenings::{Script, script};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
    thread,
};
use trial::{FAIR, Trial, check::Property};

/// Cases, unless the environment says otherwise. Every property is looked at in every one.
const CASES: u64 = 2_000;

/// What all cases together came to.
#[derive(Default)]
struct Played {
    cases: u64,
    /// The first seed that breaks a property.
    broken: BTreeMap<Property, u64>,
    told: BTreeSet<Reason>,
    skipped: BTreeSet<String>,
    fired_trainings: usize,
}

/// A runner whose cases are those of the seed.
fn runner(seed: u64) -> TestRunner {
    let rng_seed = RngSeed::Fixed(seed);
    TestRunner::new(Config { rng_seed, failure_persistence: None, max_shrink_iters: 600, ..Config::default() })
}

/// A trial in which a script was played, and that was left alone after it.
fn played(script: &Script) -> Trial {
    let mut trial = match script.past {
        0 => Trial::new(),
        _ => Trial::with_production(),
    };
    happenings::begins(&mut trial, script);
    for step in &script.steps {
        happenings::play(&mut trial, step);
    }
    settle(&mut trial, script);
    let broken = trial.ledger.of_models.iter().chain(&trial.world.ledger.broken);
    let broken: Vec<String> = broken.map(|(property, what)| format!("{property:?}: {what}")).collect();
    trial.ledger.broken.extend(broken.into_iter().map(|what| (Property::ModelHolds, what)));
    trial
}

/// Leaves the trial alone. At one moment it rests after a few passes; and with Jobs and time going on and facts the same
/// again and again, no more trainings follow than a policy allows.
fn settle(trial: &mut Trial, script: &Script) {
    for _ in 0..12 {
        let is_at_rest = trial.rests();
        trial.expect(Property::ComesToRest, is_at_rest, "it still writes after twelve passes at one moment");
        happenings::goes_on(trial, script.found, script.outside);
        trial.pass_over(FAIR);
    }
}

/// All cases, played once for all properties.
fn all() -> &'static Played {
    static PLAYED: OnceLock<Played> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let cases =
            std::env::var("DROPOUT_SIMULATION_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
        let threads = thread::available_parallelism().map_or(2, |threads| threads.get() as u64);
        let share = |thread: u64| move || (thread..cases).step_by(threads as usize).fold(Played::default(), play);
        let handles: Vec<_> = (0..threads).map(|thread| thread::spawn(share(thread))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).fold(Played::default(), Played::and)
    })
}

fn play(mut played_so_far: Played, seed: u64) -> Played {
    let script = script().new_tree(&mut runner(seed)).unwrap().current();
    let trial = played(&script);
    played_so_far.cases += 1;
    for (property, _) in &trial.ledger.broken {
        played_so_far.broken.entry(*property).or_insert(seed);
    }
    played_so_far.fired_trainings += trial.fired_trainings();
    played_so_far.told.extend(trial.ledger.told);
    played_so_far.skipped.extend(trial.ledger.skipped);
    played_so_far
}

impl Played {
    fn and(mut self, other: Self) -> Self {
        self.cases += other.cases;
        for (property, seed) in other.broken {
            let first = self.broken.entry(property).or_insert(seed);
            *first = seed.min(*first);
        }
        self.told.extend(other.told);
        self.skipped.extend(other.skipped);
        self.fired_trainings += other.fired_trainings;
        self
    }
}

/// A property holds in every case, or the smallest case that breaks it is told.
fn holds(property: Property) {
    let Some(seed) = all().broken.get(&property) else { return };
    let mut runner = runner(*seed);
    let tree = script().new_tree(&mut runner).unwrap();
    let result = runner.run_one(tree, |script| {
        let trial = played(&script);
        match trial.ledger.broken.iter().find(|(broken, _)| *broken == property) {
            Some((_, what)) => Err(TestCaseError::fail(format!("{what}\n{}", trial.world.transcript.join("\n")))),
            None => Ok(()),
        }
    });
    match result {
        Err(TestError::Fail(why, script)) => panic!("{property:?}, seed {seed}: {why}\n{script:#?}"),
        Err(TestError::Abort(_)) | Ok(_) => panic!("{property:?}, seed {seed}: broken, and not again"),
    }
}

#[test]
fn a_firing_trains_at_most_once() {
    holds(Property::FiringOnce);
}

#[test]
fn every_training_has_an_input_of_its_own_and_at_most_its_retries() {
    holds(Property::InputsBound);
}

#[test]
fn nothing_fires_on_reports_that_are_unknown_insufficient_stale_foreign_or_of_the_future() {
    holds(Property::ReportsNeeded);
}

#[test]
fn a_schedule_fires_at_its_times_and_once_for_all_that_were_missed() {
    holds(Property::SchedulesKept);
}

#[test]
fn cooldown_and_budget_are_never_exceeded() {
    holds(Property::LimitsKept);
}

#[test]
fn drift_and_worse_performance_wait_for_new_labels() {
    holds(Property::LabelsNeeded);
}

#[test]
fn one_firing_stands_at_a_time_and_none_beside_a_candidate() {
    holds(Property::OneAtATime);
}

#[test]
fn no_training_rollout_or_promotion_begins_in_a_blackout() {
    holds(Property::BlackoutKept);
}

#[test]
fn notify_never_trains() {
    holds(Property::NotifyTells);
}

#[test]
fn nothing_fires_while_policy_or_model_is_suspended() {
    holds(Property::SuspendedFiresNothing);
}

#[test]
fn a_failing_model_backs_off() {
    holds(Property::BacksOff);
}

#[test]
fn after_enough_refusals_in_a_row_a_policy_stops_and_says_so() {
    holds(Property::StopsItself);
}

#[test]
fn at_most_one_policy_of_a_model_is_accepted_and_the_others_are_idle() {
    holds(Property::OneAccepted);
}

#[test]
fn the_status_of_both_kinds_keeps_to_its_bound() {
    holds(Property::SizeKept);
}

#[test]
fn every_firing_that_was_kept_has_a_reason_in_the_status() {
    holds(Property::SkippedSaid);
}

#[test]
fn one_look_runs_at_a_time_and_only_for_a_policy_that_asks_for_it() {
    holds(Property::OneLook);
}

#[test]
fn planning_a_policy_twice_decides_and_says_nothing_more_than_planning_it_once() {
    holds(Property::TwiceIsOnce);
}

#[test]
fn a_policy_that_watches_is_woken_again() {
    holds(Property::WakeAhead);
}

#[test]
fn when_facts_stop_changing_planning_comes_to_rest() {
    holds(Property::ComesToRest);
}

#[test]
fn what_holds_of_a_model_alone_holds_of_one_with_policies() {
    holds(Property::ModelHolds);
}

#[test]
fn the_cases_reach_every_decision() {
    let all = all();
    println!("{} cases, {} trainings by firings", all.cases, all.fired_trainings);
    let decisions = [
        Reason::Fired,
        Reason::Notified,
        Reason::Breaching,
        Reason::Skipped,
        Reason::Withdrawn,
        Reason::SuspendedAfterRefusals,
        Reason::Conflicted,
        Reason::ModelNotFound,
        Reason::BadSchedule,
        Reason::BadBlackout,
        Reason::ReportMissing,
        Reason::ReportNotLabelled,
        Reason::ReportNotUnderstood,
        Reason::OtherModel,
        Reason::OtherVersion,
        Reason::FromTheFuture,
        Reason::Stale,
        Reason::MonitorFailed,
        Reason::RecordsLost,
        Reason::NoRecords,
        Reason::ClaimNotFound,
    ];
    let missing: Vec<&Reason> = decisions.iter().filter(|reason| !all.told.contains(reason)).collect();
    assert_eq!(missing, Vec::<&Reason>::new());
    let reasons = [
        "Backoff",
        "Blackout",
        "Budget",
        "CandidateInTheMaking",
        "Cooldown",
        "FewNewLabels",
        "Missed",
        "NoProduction",
        "Suspended",
        "SuspendedAfterRefusals",
    ];
    assert_eq!(all.skipped.iter().map(String::as_str).collect::<Vec<_>>(), reasons);
}
