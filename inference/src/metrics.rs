//! What is counted: requests, their time, tiers and risks, what was refused, connections, records, and what is served. No label
//! ever holds an id, a feature, a key or a path as it was sent.

use crate::problem::Fault;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::{fmt, time::Duration};

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

/// Upper bounds of the risk buckets.
const RISKS: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    path: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Path {
    path: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TierAssigned {
    model_version: String,
    tier: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Served {
    model_version: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Release {
    model_version: String,
    bundle_digest: String,
    policy_hash: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Wrong {
    fault: &'static str,
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

/// The numbers of a version's predictions.
#[derive(Debug)]
pub struct Predicted {
    tiers: Vec<(String, Counter)>,
    risks: Histogram,
}

impl Predicted {
    /// Counts a prediction.
    pub fn count(&self, tier: &str, risk: f64) {
        if let Some((_, counter)) = self.tiers.iter().find(|(name, _)| name == tier) {
            counter.inc();
        }
        self.risks.observe(risk);
    }
}

/// The numbers of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Outcome, Counter>,
    seconds: Family<Path, Histogram>,
    tiers: Family<TierAssigned, Counter>,
    risks: Family<Served, Histogram>,
    faults: Family<Wrong, Counter>,
    refused_keys: Counter,
    connections: Gauge,
    turned_away: Counter,
    records: RecordNumbers,
    served: Family<Release, Gauge>,
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
        let risks = Family::new_with_constructor((|| Histogram::new(RISKS)) as fn() -> Histogram);
        registry.register("risk", "Risks predicted, by version", Family::clone(&risks));
        let faults = Family::default();
        let help = "Fields of patients that were not accepted, by what was wrong with them";
        registry.register("refused_fields", help, Family::clone(&faults));
        let refused_keys = Counter::default();
        registry.register("refused_keys", "Requests without a key that is accepted", Counter::clone(&refused_keys));
        let (connections, turned_away) = (Gauge::default(), Counter::default());
        registry.register("connections", "Open connections on the port for predictions", Gauge::clone(&connections));
        let help = "Connections refused because too many were open";
        registry.register("connections_refused", help, Counter::clone(&turned_away));
        let served = Family::default();
        registry.register("served", "1 for the version that is served", Family::clone(&served));
        registry.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let records = RecordNumbers::default();
        records.register(&mut registry);
        Self {
            registry,
            requests,
            seconds,
            tiers,
            risks,
            faults,
            refused_keys,
            connections,
            turned_away,
            records,
            served,
        }
    }

    /// Counts an answered request. `path` is the route's, not what was sent.
    pub fn count_request(&self, path: &'static str, status: u16, time: Duration) {
        self.requests.get_or_create(&Outcome { path, status }).inc();
        self.seconds.get_or_create(&Path { path }).observe(time.as_secs_f64());
    }

    /// The numbers of a version's predictions, looked up once.
    pub fn predictions<'a>(&self, model_version: &str, tiers: impl Iterator<Item = &'a str>) -> Predicted {
        let counter = |tier: &str| {
            let labels = TierAssigned { model_version: model_version.to_owned(), tier: tier.to_owned() };
            (tier.to_owned(), self.tiers.get_or_create(&labels).clone())
        };
        let risks = self.risks.get_or_create(&Served { model_version: model_version.to_owned() }).clone();
        Predicted { tiers: tiers.map(counter).collect(), risks }
    }

    /// Counts what was wrong with a patient's fields.
    pub fn count_faults(&self, faults: impl Iterator<Item = Fault>) {
        faults.for_each(|fault| _ = self.faults.get_or_create(&Wrong { fault: fault.word() }).inc());
    }

    /// Counts a request whose key was not accepted.
    pub fn count_refused_key(&self) {
        self.refused_keys.inc();
    }

    /// Says what is served from now on.
    pub fn serve(&self, model_version: &str, bundle_digest: &str, policy_hash: &str) {
        let [model_version, bundle_digest, policy_hash] =
            [model_version, bundle_digest, policy_hash].map(str::to_owned);
        self.served.get_or_create(&Release { model_version, bundle_digest, policy_hash }).set(1);
    }

    /// The number of connections that were too many.
    pub fn turned_away(&self) -> Counter {
        self.turned_away.clone()
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
