//! What Prometheus may read. No label holds anything of a patient, and none grows with the number of models.

use dropout_crds::condition::Reason;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// The content type of the exposition.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Decisions that the chart's alerts are about. They are counted from 0: a counter that begins at 1 has not increased.
const ALARMING: [Reason; 4] =
    [Reason::RolledBack, Reason::TrainingFailed, Reason::BadInput, Reason::SuspendedAfterRefusals];

/// One word of a metric.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Word {
    /// The word.
    pub kind: String,
}

/// The operator's metrics.
#[derive(Debug, Default)]
pub struct Metrics {
    registry: Registry,
    passes: Counter,
    errors: Family<Word, Counter>,
    writes: Family<Word, Counter>,
    decisions: Family<Word, Counter>,
    looks: Counter,
    firings: Family<Word, Counter>,
    leader: Gauge,
    models: Gauge,
    policies: Gauge,
}

impl Metrics {
    /// Registers them all.
    pub fn new() -> Self {
        let mut metrics = Self::default();
        let registry = &mut metrics.registry;
        registry.register("dropout_operator_passes", "Passes over models and policies", metrics.passes.clone());
        registry.register("dropout_operator_errors", "Passes that ended early, by kind", metrics.errors.clone());
        registry.register("dropout_operator_writes", "Writes to the API server, by kind", metrics.writes.clone());
        registry.register("dropout_operator_decisions", "Decisions, by reason", metrics.decisions.clone());
        registry.register("dropout_operator_looks", "Monitor Jobs started", metrics.looks.clone());
        registry.register("dropout_operator_firings", "Firings of policies, by action", metrics.firings.clone());
        registry.register("dropout_operator_leader", "1 while this process leads", metrics.leader.clone());
        registry.register("dropout_operator_models", "Models in the cache", metrics.models.clone());
        registry.register("dropout_operator_policies", "Policies in the cache", metrics.policies.clone());
        for reason in ALARMING {
            drop(metrics.decisions.get_or_create(&Word { kind: reason.name() }));
        }
        metrics
    }

    /// Counts a pass.
    pub fn passed(&self) {
        self.passes.inc();
    }

    /// Counts an error.
    pub fn failed(&self, kind: &str) {
        self.errors.get_or_create(&Word { kind: kind.to_owned() }).inc();
    }

    /// Counts a write.
    pub fn wrote(&self, kind: &str) {
        self.writes.get_or_create(&Word { kind: kind.to_owned() }).inc();
    }

    /// Counts a decision.
    pub fn decided(&self, reason: &str) {
        self.decisions.get_or_create(&Word { kind: reason.to_owned() }).inc();
    }

    /// Counts a monitor's Job.
    pub fn looked(&self) {
        self.looks.inc();
    }

    /// Counts a firing.
    pub fn fired(&self, action: &str) {
        self.firings.get_or_create(&Word { kind: action.to_owned() }).inc();
    }

    /// Says whether this process leads.
    pub fn leads(&self, is_leader: bool) {
        self.leader.set(i64::from(is_leader));
    }

    /// Says how many models there are.
    pub fn models(&self, number: usize) {
        self.models.set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// Says how many policies there are.
    pub fn policies(&self, number: usize) {
        self.policies.set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// The exposition as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}
