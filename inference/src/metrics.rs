//! What is counted: requests, their time, tiers assigned, open connections, records. No label ever holds an id, a feature, a key
//! or a path as it was sent.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{fmt, time::Duration};

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    path: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Path {
    path: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TierAssigned {
    model_version: String,
    tier: String,
}

/// The numbers of records.
#[derive(Clone, Debug, Default)]
pub struct RecordNumbers {
    /// Predictions that are in the store.
    pub written: Counter,
    /// Outcomes that are in the store.
    pub told: Counter,
    /// Predictions that were answered and whose record is lost.
    pub dropped: Counter,
    /// Predictions whose record is in the queue or in a batch that is not in the store.
    pub waiting: Gauge,
    /// Attempts to write a batch that the store failed.
    pub failures: Counter,
}

impl RecordNumbers {
    fn register(&self, registry: &mut Registry) {
        registry.register("records_written", "Records of predictions in the store", self.written.clone());
        registry.register("outcomes_written", "Outcomes in the store", self.told.clone());
        let help = "Records of predictions lost: the queue was full or the store down";
        registry.register("records_dropped", help, self.dropped.clone());
        registry.register("records_waiting", "Records of predictions not yet in the store", self.waiting.clone());
        let help = "Attempts to write a batch of records that the store failed";
        registry.register("record_store_failures", help, self.failures.clone());
    }
}

/// The numbers of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Outcome, Counter>,
    seconds: Family<Path, Histogram>,
    tiers: Family<TierAssigned, Counter>,
    connections: Gauge,
    records: RecordNumbers,
}

impl Metrics {
    /// All numbers at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("dropout_inference");
        let requests = Family::default();
        registry.register("requests", "Requests answered, by matched path and status", Family::clone(&requests));
        let seconds = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let help = "Time to answer a request, by matched path";
        registry.register_with_unit("request_duration", help, Unit::Seconds, Family::clone(&seconds));
        let tiers = Family::default();
        registry.register("predictions", "Predictions made, by version and tier assigned", Family::clone(&tiers));
        let connections = Gauge::default();
        registry.register("connections", "Open connections on the port for predictions", Gauge::clone(&connections));
        let records = RecordNumbers::default();
        records.register(&mut registry);
        Self { registry, requests, seconds, tiers, connections, records }
    }

    /// Counts an answered request. `path` is the route's, not what was sent.
    pub fn count_request(&self, path: &str, status: u16, time: Duration) {
        self.requests.get_or_create(&Outcome { path: path.to_owned(), status }).inc();
        self.seconds.get_or_create(&Path { path: path.to_owned() }).observe(time.as_secs_f64());
    }

    /// Counts a prediction.
    pub fn count_tier(&self, model_version: &str, tier: &str) {
        let labels = TierAssigned { model_version: model_version.to_owned(), tier: tier.to_owned() };
        self.tiers.get_or_create(&labels).inc();
    }

    /// The number of open connections.
    pub fn connections(&self) -> Gauge {
        self.connections.clone()
    }

    /// The numbers of records.
    pub fn records(&self) -> RecordNumbers {
        self.records.clone()
    }

    /// All numbers as OpenMetrics text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
