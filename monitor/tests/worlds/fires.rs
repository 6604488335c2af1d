//! Policies over simulated trials: how often they fire, by our rule and by Evidently's. It prints nothing.

use super::worlds::{Setting, Trial};
use dropout_monitor::{
    engine::{Comparison, compare},
    report::{Advice, DriftReport, PastWindow, Rule, Settings, Verdict},
};

/// First seed. No limit of the rule was chosen on these draws: those that were begin at 1.
pub const SEEDS: u64 = 7_000_001;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub policies: usize,
    pub windows: usize,
    /// Windows with the advice to retrain.
    pub firing: usize,
    /// Policies that fired by their third window.
    pub by_third: usize,
    /// Windows with drift by our rule.
    pub drifted: usize,
    /// Windows with drift by Evidently's rule.
    pub evidently: usize,
    /// Windows that could not be judged.
    pub unjudged: usize,
}

impl Counted {
    fn plus(self, other: Self) -> Self {
        Self {
            policies: self.policies + other.policies,
            windows: self.windows + other.windows,
            firing: self.firing + other.firing,
            by_third: self.by_third + other.by_third,
            drifted: self.drifted + other.drifted,
            evidently: self.evidently + other.evidently,
            unjudged: self.unjudged + other.unjudged,
        }
    }
}

/// Runs a policy of so many windows for each seed.
pub fn run(setting: Setting, seeds: std::ops::Range<u64>, windows: u64) -> Counted {
    seeds.map(|seed| policy_of(&Trial::new(setting, seed), windows)).fold(Counted::default(), Counted::plus)
}

fn policy_of(trial: &Trial, windows: u64) -> Counted {
    let (schema, reference) = (trial.schema(), trial.reference());
    let mut history: Vec<PastWindow> = Vec::new();
    let mut counted = Counted { policies: 1, ..Counted::default() };
    for at in 0..windows {
        let window = trial.window(at);
        let report = |rule: Rule, history: &[PastWindow]| -> DriftReport {
            let settings = Settings::of(rule);
            let (schema, reference, window) = (&schema, &reference, &window);
            compare(&Comparison { schema, reference, window, rule, settings, model: None, history, performance: None })
        };
        let ours = report(Rule::Default, &history);
        counted.windows += 1;
        let fires = ours.decision.advice == Advice::Retrain;
        counted.firing += usize::from(fires);
        counted.by_third = counted.by_third.max(usize::from(fires && at < 3));
        counted.drifted += usize::from(ours.decision.verdict == Verdict::Drift);
        counted.unjudged += usize::from(ours.decision.verdict == Verdict::InsufficientData);
        counted.evidently += usize::from(report(Rule::Evidently, &[]).decision.verdict == Verdict::Drift);
        history = ours.history;
    }
    counted
}
