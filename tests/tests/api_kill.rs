//! The operator is killed again and again while models are made: the end is the same, and no Job is made twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;

use api::{Flags, MODEL, Operator, Tail, Trial, is_current, is_production, passed, requests, with, world};
use dropout_crds::DropoutModel;
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kube::ResourceExt;
use serde_json::json;
use std::{
    collections::BTreeMap,
    env, thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How often it is killed.
const KILLS: u32 = 20;
/// Longest time from its start to the next kill, in milliseconds: what one training with its rollout takes.
const LONGEST: u64 = 2_500;
/// Most writes of the operator that are waited for before a kill.
const WRITES: u64 = 8;
/// Models that are made.
const MODELS: usize = 6;
/// Time from the start of one to that of the next.
const APART: Duration = Duration::from_secs(4);
/// Longest time of it all.
const LIMIT: Duration = Duration::from_secs(240);
/// The labels of everything the operator makes for trainings.
const JOBS: &str = "app.kubernetes.io/component=job";

/// Numbers that look random and follow from the seed: splitmix64.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The seed of this run: `DROPOUT_SEED`, or the time.
fn seed() -> u64 {
    let given = env::var("DROPOUT_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

/// One model on its way to v2.
struct Story {
    trial: Trial,
    /// Spec changes made.
    asked: u32,
}

impl Story {
    fn new(number: usize) -> Self {
        let trial = Trial::new(&format!("kill-{number}"));
        trial.apply(&trial.spec());
        Self { trial, asked: 1 }
    }

    /// Plays kubelet, and user once v1 is production. Whether v2 is production and all is at rest.
    fn go_on(&mut self) -> bool {
        self.trial.play_kubelet();
        for pod in self.trial.list::<Pod>(JOBS) {
            self.answer(&pod);
        }
        let model = self.trial.model();
        if self.asked == 1 && is_production(&model, "v1") && is_current(&model) {
            self.trial.apply(&with(&self.trial.spec(), json!({"training": {"seed": 7}})));
            self.asked = 2;
        }
        is_production(&model, "v2") && is_current(&model) && self.trial.list::<Job>(JOBS).is_empty()
    }

    fn answer(&self, pod: &Pod) {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let Some(name) = pod.labels().get("batch.kubernetes.io/job-name").filter(|_| phase == Some("Pending")) else {
            return;
        };
        let Some(job) = self.trial.get::<Job>(name) else { return };
        let version = job.labels()["trialops.dev/version"].clone();
        self.trial.answer_pod(pod, &job, |task| passed(task, &version));
    }
}

/// Kills the operator at random moments and starts it again: some time after its start, or right behind one of its
/// writes, since what lies between two writes is done in milliseconds. Returns the last one.
fn kill_often(mut random: Seeded) -> Operator {
    let mut operator = Operator::start(world(), Flags::default());
    for _ in 0..KILLS {
        let mut tail = Tail::new(world());
        let is_by_time = random.below(2) == 0;
        let limit = if is_by_time { random.below(LONGEST) } else { LONGEST };
        let (start, mut left) = (Instant::now(), 1 + random.below(WRITES) as usize);
        while start.elapsed() < Duration::from_millis(limit) && (is_by_time || left > 0) {
            thread::sleep(Duration::from_millis(1));
            left = left.saturating_sub(tail.writes());
        }
        operator.kill();
        operator = Operator::start(world(), Flags::default());
    }
    operator
}

#[test]
fn operator_killed_at_any_moment_ends_in_the_same_state_and_makes_no_job_twice() {
    let seed = seed();
    eprintln!("DROPOUT_SEED={seed}");
    world();
    let start = Instant::now();
    let killer = thread::spawn(move || kill_often(Seeded(seed)));
    let mut stories: Vec<Story> = Vec::new();
    loop {
        if stories.len() < MODELS && start.elapsed() > APART * u32::try_from(stories.len()).unwrap() {
            stories.push(Story::new(stories.len()));
        }
        let still_going = stories.iter_mut().map(Story::go_on).filter(|is_over| !is_over).count();
        if still_going == 0 && stories.len() == MODELS && killer.is_finished() {
            break;
        }
        let reports = || stories.iter().map(|story| story.trial.report()).collect::<Vec<_>>().join("\n====\n");
        assert!(start.elapsed() < LIMIT, "DROPOUT_SEED={seed}: it goes on for too long\n{}", reports());
        thread::sleep(Duration::from_millis(20));
    }
    eprintln!("{KILLS} kills, {MODELS} models with two versions each: {:.0} s", start.elapsed().as_secs_f64());
    let operator = killer.join().unwrap();
    stories.iter().for_each(|story| assert_end(&story.trial));
    drop(operator);
}

fn assert_end(trial: &Trial) {
    trial.rests();
    let model: DropoutModel = trial.model();
    let status = model.status.unwrap();
    assert_eq!(status.production.map(|release| release.name), Some("v2".into()));
    assert_eq!(status.previous.map(|release| release.name), Some("v1".into()));
    assert_eq!((status.next_version, status.candidate, status.last_failure), (Some(3), None, None));
    assert_eq!(trial.list::<ConfigMap>(JOBS), [], "tasks are left");
    let created = created_jobs(trial);
    let names: Vec<&String> = created.keys().collect();
    assert!(created.values().all(|times| *times == 1), "{created:?}");
    assert_eq!(names.len(), 2, "{created:?}");
    assert!(
        names[0].starts_with(&format!("{MODEL}-v1-train-")) && names[1].starts_with(&format!("{MODEL}-v2-train-")),
        "{names:?}"
    );
}

/// How often each Job of a namespace was created.
fn created_jobs(trial: &Trial) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    let is_creation = |line: &str| line.contains(r#""resource":"jobs""#) && line.contains(r#""verb":"create""#);
    for request in
        requests(world(), is_creation).filter(|request| request.code == 201 && request.namespace == trial.namespace)
    {
        *times.entry(request.name).or_default() += 1;
    }
    times
}
