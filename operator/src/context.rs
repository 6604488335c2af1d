//! What every pass shares. A leaf: it imports no step.

use crate::{fleet::Ledger, metrics::Metrics, observe::caches::Caches, refusals::Refusals, settings::Settings};
use kube::{Client, runtime::events::Recorder};

/// What every pass shares.
pub struct Context {
    /// The client.
    pub client: Client,
    /// What the operator was started with.
    pub settings: Settings,
    /// What the watches have told.
    pub caches: Caches,
    /// What every model is doing.
    pub ledger: Ledger,
    /// What the API server refused lately.
    pub refusals: Refusals,
    /// Held from the live look to the write of the status, so that two models never take the same free place.
    pub turn: tokio::sync::Mutex<()>,
    /// Events.
    pub recorder: Recorder,
    /// Metrics.
    pub metrics: Metrics,
}
