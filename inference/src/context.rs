//! What all requests share: the loaded version, the keys, the numbers, and whether the service is ready. It reads no
//! file and answers no request.

use crate::{
    ids::Ids,
    keys::Keys,
    log::Log,
    metrics::{Metrics, Predicted},
    problem::Problem,
    rates::Rates,
    records::{Patient, Records},
    version::Version,
};
use axum::http::{HeaderValue, StatusCode};
use std::sync::{
    Arc, Mutex, Once, OnceLock, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

/// Time without a beat after which the process is dead.
const HANGING: Duration = Duration::from_secs(30);

/// What all requests share.
pub struct Context {
    version: OnceLock<Arc<Version>>,
    predicted: OnceLock<Predicted>,
    records: OnceLock<Records>,
    wants_records: AtomicBool,
    keys: RwLock<Arc<Keys>>,
    bundle_fault: Mutex<String>,
    key_fault: Mutex<String>,
    key_doubt: Mutex<String>,
    record_fault: Mutex<String>,
    certificate_fault: Mutex<String>,
    certificate_doubt: Mutex<String>,
    announced: Once,
    is_draining: AtomicBool,
    start: Instant,
    /// Milliseconds from the start to the last beat.
    beat: AtomicU64,
    ids: Ids,
    metrics: Metrics,
    rates: Rates,
    origins: Vec<HeaderValue>,
    log: Log,
}

impl Context {
    /// No version, no keys: not ready.
    pub fn new() -> Self {
        Self {
            version: OnceLock::new(),
            predicted: OnceLock::new(),
            records: OnceLock::new(),
            wants_records: AtomicBool::new(false),
            keys: RwLock::default(),
            bundle_fault: Mutex::new("the bundle is being read".into()),
            key_fault: Mutex::new("no API key has been read".into()),
            key_doubt: Mutex::default(),
            record_fault: Mutex::new("the pseudonym key is being read".into()),
            certificate_fault: Mutex::default(),
            certificate_doubt: Mutex::default(),
            announced: Once::new(),
            is_draining: AtomicBool::new(false),
            start: Instant::now(),
            beat: AtomicU64::new(0),
            ids: Ids::new(),
            metrics: Metrics::new(),
            rates: Rates::new(None),
            origins: Vec::new(),
            log: Log::default(),
        }
    }

    /// The same, where pages of these origins may call from a browser.
    pub fn open_to(self, origins: Vec<HeaderValue>) -> Self {
        Self { origins, ..self }
    }

    /// The same, with a log of requests.
    pub fn logging(self, log: Log) -> Self {
        Self { log, ..self }
    }

    /// The log of requests.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Origins whose pages may call from a browser.
    pub fn origins(&self) -> &[HeaderValue] {
        &self.origins
    }

    /// The same, where clients may have only so many rows predicted in a second.
    pub fn limited(self, rows_per_second: Option<u32>) -> Self {
        Self { rates: Rates::new(rows_per_second), ..self }
    }

    /// How much is taken from whom.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// The loaded version.
    pub fn version(&self) -> Option<&Arc<Version>> {
        self.version.get()
    }

    /// Serves a version from now on. The first one stays: a process never changes what it serves.
    pub fn serve(&self, version: Version) {
        self.metrics.serve(version.name(), version.digest(), version.policy_hash());
        let tiers = version.tiers();
        self.predicted.get_or_init(|| self.metrics.predictions(version.name(), tiers));
        let _ = self.version.set(Arc::new(version));
    }

    /// Keeps records from now on, or is not ready and predicts nothing while it cannot.
    pub fn want_records(&self) {
        self.wants_records.store(true, Ordering::Relaxed);
    }

    /// Keeps records here from now on.
    pub fn keep(&self, records: Records) {
        let _ = self.records.set(records);
    }

    /// Says why no records can be kept yet; true if that is news.
    pub fn miss_records(&self, sentence: String) -> bool {
        replace(&self.record_fault, sentence)
    }

    /// Where records are kept, if they are wanted; a refusal while they cannot be.
    pub fn records(&self) -> Result<Option<&Records>, Problem> {
        let records = self.records.get();
        if records.is_none() && self.wants_records.load(Ordering::Relaxed) {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Records cannot be kept yet."));
        }
        Ok(records)
    }

    /// Says why there is no version yet; true if that is news.
    pub fn miss_bundle(&self, sentence: String) -> bool {
        replace(&self.bundle_fault, sentence)
    }

    /// The accepted keys.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Accepts these keys and no others from now on; true if they are others than before.
    pub fn accept(&self, keys: Keys) -> bool {
        let mut accepted = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let is_news = **accepted != keys;
        *accepted = Arc::new(keys);
        is_news
    }

    /// Says why keys could not be read; those read before stay accepted. True if that is news.
    pub fn miss_keys(&self, sentence: String) -> bool {
        replace(&self.key_fault, sentence)
    }

    /// Names entries of the keys that hold a line that is no key; true if that is news.
    pub fn doubt_keys(&self, entries: String) -> bool {
        replace(&self.key_doubt, entries)
    }

    /// Says why no certificate can be shown yet, or with an empty sentence that one can; true if that is news.
    pub fn miss_certificate(&self, sentence: String) -> bool {
        replace(&self.certificate_fault, sentence)
    }

    /// Says why the certificate could not be read; one that was read before stays shown, so that the service stays ready.
    pub fn doubt_certificate(&self, sentence: String, is_shown: bool) -> bool {
        if is_shown { replace(&self.certificate_doubt, sentence) } else { self.miss_certificate(sentence) }
    }

    /// Not ready from now on, and every answer asks its client to connect anew.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to stop.
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// The threads that predict run.
    pub fn beat(&self) {
        self.beat.store(self.start.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// Whether the threads that predict have run lately. Threads that hang for so long do not come back.
    pub fn is_alive(&self) -> bool {
        let beat = Duration::from_millis(self.beat.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(beat) < HANGING
    }

    /// The version that is served, or a sentence that says why none is.
    pub fn ready(&self) -> Result<&Version, String> {
        if self.is_draining() {
            return Err("the service is stopping".into());
        }
        let version = self.version().ok_or_else(|| copy(&self.bundle_fault))?;
        if self.keys().is_empty() {
            return Err(copy(&self.key_fault));
        }
        if self.records().is_err() {
            return Err(copy(&self.record_fault));
        }
        let certificate = copy(&self.certificate_fault);
        if !certificate.is_empty() {
            return Err(certificate);
        }
        Ok(version)
    }

    /// Says so in the log the first time that the service is ready.
    pub fn announce(&self) {
        if let Ok(version) = self.ready() {
            let (model_version, bundle_digest) = (version.name(), version.digest());
            self.announced.call_once(|| tracing::info!(model_version, bundle_digest, "ready"));
        }
    }

    /// Identity of the next prediction, with a check of its patient if records are kept.
    pub fn prediction_id(&self, keeping: Option<(&Records, Patient)>) -> String {
        match keeping {
            Some((records, patient)) => self.ids.draw_for(records.pseudonyms(), &patient.pseudonym),
            None => self.ids.draw(),
        }
    }

    /// Counts a prediction of the loaded version.
    pub fn count_prediction(&self, tier: &str, risk: f64) {
        if let Some(predicted) = self.predicted.get() {
            predicted.count(tier, risk);
        }
    }

    /// The numbers.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

fn replace(fault: &Mutex<String>, sentence: String) -> bool {
    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
    let is_news = *fault != sentence;
    *fault = sentence;
    is_news
}

fn copy(fault: &Mutex<String>) -> String {
    fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
