//! The toy monitor: its Jobs, what they find, and the ConfigMap in which somebody else puts a report. What was truly found is
//! kept beside what is answered.

use super::{MODEL, Trial};
use dropout_model::{
    digest::json_digest,
    manifest::Metric,
    monitoring::{
        CONTRACT, Measure, MonitorAnswer, MonitorTask, PerformanceSource, Reads, ReportOrigin, WindowVerdict,
    },
    task::NoAnswer,
};
use dropout_planner::policy::observed::{MonitorPhase, MonitorRunFact};
use jiff::{SignedDuration, Timestamp};

/// A monitor's Job.
#[derive(Clone, Debug)]
pub struct Look {
    pub fact: MonitorRunFact,
    pub task: MonitorTask,
}

/// A ConfigMap with a report.
#[derive(Clone, Debug)]
pub struct ReportMap {
    pub is_labelled: bool,
    pub origin: ReportOrigin,
    pub found: Found,
}

/// What is found in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub verdict: WindowVerdict,
    /// Share of drifted columns.
    pub share: Option<f64>,
    /// Bounds of the realised AUC, and patients with a label.
    pub realised: Option<(f64, f64, u64)>,
    /// Bounds of the estimated AUC.
    pub estimated: Option<(f64, f64)>,
    /// Patients with a new label.
    pub labels: Option<u64>,
    pub lost: u64,
    pub digest: Digest,
    pub end: End,
    /// Whether the sentences are as long as they may be.
    pub is_wordy: bool,
}

/// Digest of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Of its own.
    New,
    /// The same as of every other report of this kind.
    Same,
    /// It has none.
    None,
}

/// End of the window of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it was asked.
    Asked,
    /// It does not say.
    Unsaid,
    /// To come.
    Future,
    /// Long ago.
    Past,
}

/// How a monitor's Job ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LookEnd {
    Finds(Found),
    Fails,
    AnswerGone,
    Mumbles,
    AnswersAnother(Found),
}

/// What a report truly says, as the one who made it knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub found: Found,
    /// Digest, if it has one.
    pub digest: Option<String>,
    /// End of its window, if it has one.
    pub end: Option<Timestamp>,
    /// When it was taken in.
    pub read: Timestamp,
    /// Version that was looked at.
    pub version: String,
}

/// Nothing moved.
pub const QUIET: Found = Found {
    verdict: WindowVerdict::NoDrift,
    share: Some(0.05),
    realised: Some((0.72, 0.80, 200)),
    estimated: Some((0.72, 0.80)),
    labels: Some(120),
    lost: 0,
    digest: Digest::New,
    end: End::Asked,
    is_wordy: false,
};

/// The inputs moved.
pub const DRIFT: Found = Found { verdict: WindowVerdict::Drift, share: Some(0.41), ..QUIET };

/// Production does worse.
pub const WORSE: Found = Found { realised: Some((0.55, 0.64, 200)), estimated: Some((0.55, 0.64)), ..QUIET };

impl Trial {
    /// Starts a monitor's Job. One of that name that is there already stays as it is.
    pub fn launch(&mut self, at: usize, task: &MonitorTask) {
        let policy = &mut self.policies[at];
        let hash = task.hash();
        let name = format!("{}-monitor-{}", policy.name, &json_digest(&(&policy.uid, &hash))[7..15]);
        if policy.looks.iter().any(|look| look.fact.name == name) {
            return;
        }
        let fact = MonitorRunFact { name, task: hash, phase: MonitorPhase::Pending(None) };
        policy.looks.push(Look { fact, task: task.clone() });
        let line = format!("{}: a look at the window up to {} is started", policy.name, task.until);
        self.world.say(line);
        self.check_launch(at);
    }

    /// Looks of a policy that have not ended.
    pub fn running(&self, at: usize) -> usize {
        let is_running = |look: &&Look| matches!(look.fact.phase, MonitorPhase::Pending(_) | MonitorPhase::Running);
        self.policies[at].looks.iter().filter(is_running).count()
    }

    /// The policy's look that has not ended ends.
    pub fn look_ends(&mut self, at: usize, end: LookEnd) -> bool {
        let is_running = |look: &Look| matches!(look.fact.phase, MonitorPhase::Pending(_) | MonitorPhase::Running);
        let Some(number) = self.policies[at].looks.iter().position(is_running) else { return false };
        let task = self.policies[at].looks[number].task.clone();
        let phase = match end {
            LookEnd::Finds(found) => MonitorPhase::Finished(Ok(self.answer(at, &task, found))),
            LookEnd::AnswersAnother(found) => {
                let other = MonitorTask { until: "2026-01-01T00:00:00Z".into(), ..task.clone() };
                MonitorPhase::Finished(Ok(self.answer(at, &other, found)))
            }
            LookEnd::Fails => MonitorPhase::Failed("the monitor ended with code 1: its log says why".into()),
            LookEnd::AnswerGone => MonitorPhase::AnswerGone,
            LookEnd::Mumbles => MonitorPhase::Finished(Err(NoAnswer::Empty)),
        };
        let name = &self.policies[at].name;
        self.world.say(format!("{name}: the look ends: {}", line(&end)));
        self.policies[at].looks[number].fact.phase = phase;
        true
    }

    /// What a Job answers, and keeps what is true of it.
    fn answer(&mut self, at: usize, task: &MonitorTask, found: Found) -> MonitorAnswer {
        let is_map = matches!(task.reads, Reads::ConfigMap(_));
        let found = self.report.as_ref().filter(|_| is_map).map_or(found, |report| report.found);
        let asked = match &task.reads {
            Reads::ConfigMap(origin) => origin.window_end.clone().unwrap_or_default().parse().ok(),
            Reads::Predictions | Reads::Source(_) => task.until.parse::<Timestamp>().ok(),
        };
        let shift = |days: i64| asked.map(|asked| asked + SignedDuration::from_hours(24 * days));
        let end = match found.end {
            End::Asked => asked,
            End::Unsaid => None,
            End::Future => shift(1),
            End::Past => shift(-400),
        };
        let digest = match found.digest {
            Digest::New => Some(json_digest(&(&task.until, &task.version, &task.reads, format!("{found:?}")))),
            Digest::Same => Some(json_digest(&format!("{:?}", found.verdict))),
            Digest::None => None,
        };
        // What the annotations say, or the Job was asked, stands for what the report leaves out.
        let known = end.or(asked);
        let (read, version) = (self.world.now, task.version.clone());
        let truth = Truth { found, digest: digest.clone(), end: known, read, version };
        let uid = self.policies[at].uid.clone();
        self.ledger.truths.insert((uid, task.hash()), truth);
        MonitorAnswer {
            contract: CONTRACT.into(),
            task: task.hash(),
            verdict: found.verdict,
            reason: format!("{:?}", found.verdict),
            message: if found.is_wordy { "\u{1F9EA}\"x\\".repeat(300) } else { sentence(found) },
            report: digest,
            folder: Some(format!("drift/{}", task.until)),
            window_end: end.map(|end| end.to_string()),
            patients: Some(312),
            share: found.share,
            performance: measures(found),
            new_labelled_patients: found.labels,
            lost: found.lost,
        }
    }

    /// Somebody writes a report about the served version into the ConfigMap.
    pub fn writes_report(&mut self, found: Found) -> &mut Self {
        let state = format!("c/{}", self.birth());
        let status = self.world.status.as_ref();
        let production = status.and_then(|status| status.production.as_ref());
        let version = production.map_or_else(|| "v1".to_owned(), |release| release.name.clone());
        let end = self.world.now.to_string();
        self.world.say("somebody writes a report into the ConfigMap");
        self.report = Some(ReportMap {
            is_labelled: true,
            origin: ReportOrigin {
                config_map: "evidently".into(),
                state,
                model: Some(MODEL.into()),
                version: Some(version),
                window_end: Some(end),
            },
            found,
        });
        self
    }
}

fn measures(found: Found) -> Vec<Measure> {
    let measure = |source, (low, high): (f64, f64), patients| Measure {
        metric: Metric::RocAuc,
        source,
        value: (low + high) / 2.0,
        low,
        high,
        patients,
    };
    let realised = found.realised.map(|(low, high, n)| measure(PerformanceSource::Realised, (low, high), n));
    let estimated = found.estimated.map(|bounds| measure(PerformanceSource::Estimated, bounds, 312));
    realised.into_iter().chain(estimated).collect()
}

fn sentence(found: Found) -> String {
    let share = found.share.unwrap_or_default();
    match found.verdict {
        WindowVerdict::Drift => format!("3 of 9 columns moved, weighted share {share}"),
        WindowVerdict::NoDrift => format!("no column moved enough, weighted share {share}"),
        WindowVerdict::InsufficientData => "31 patients, 100 are needed".into(),
        WindowVerdict::SchemaBreach => "column age is all missing".into(),
        WindowVerdict::Unknown => "the report is of no shape that is known".into(),
    }
}

fn line(end: &LookEnd) -> String {
    match end {
        LookEnd::Finds(found) => format!("{:?}: {}", found.verdict, sentence(*found)),
        LookEnd::Fails => "its Job fails".into(),
        LookEnd::AnswerGone => "its pod is gone, and the answer with it".into(),
        LookEnd::Mumbles => "it leaves nothing that is an answer".into(),
        LookEnd::AnswersAnother(_) => "it answers another task".into(),
    }
}
