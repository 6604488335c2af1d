//! The task of a look, made anew from status and spec at every plan: while nothing that it rests on changes, it has the
//! same hash.

use super::observed::{ModelSeen, ObservedPolicy, ReportFact};
use dropout_crds::{
    retrain_policy::{Monitor, MonitorSource},
    status::Release,
};
use dropout_model::{
    monitoring::{CONTRACT, MonitorTask, Reads, ReportOrigin},
    period::Period,
    task::Served,
};
use jiff::Timestamp;

/// How long records are kept if the model does not say.
const RETENTION: Period = Period::days(730);

/// The task of a look at the window that ends at `until`.
pub fn task(observed: &ObservedPolicy, model: &ModelSeen, production: &Release, until: Timestamp) -> MonitorTask {
    let monitor = observed.spec.monitor.clone().unwrap_or_default();
    let mut manifest = model.spec.manifest();
    manifest.tiers.clear();
    let records = model.spec.serving.records.as_ref();
    MonitorTask {
        contract: CONTRACT.to_owned(),
        namespace: model.identity.namespace.clone(),
        name: model.identity.name.clone(),
        policy: observed.identity.name.clone(),
        version: production.name.clone(),
        production: Served { digest: production.digest.clone(), threshold: production.threshold },
        store: model.spec.store.uri.clone(),
        manifest,
        until: until.to_string(),
        window_seconds: monitor.window().as_seconds(),
        min_rows: monitor.min_rows(),
        rule: monitor.method.unwrap_or_default(),
        reads: reads(observed, &monitor),
        retention_seconds: records.map(|records| records.retention.unwrap_or(RETENTION).as_seconds()),
    }
}

/// What the ConfigMap says about its report, if the spec names one and it is there.
pub fn origin(observed: &ObservedPolicy) -> Option<&ReportOrigin> {
    match &observed.report {
        ReportFact::Present(origin) => source(observed)?.config_map.as_ref().map(|_| origin),
        ReportFact::NotAsked | ReportFact::Absent(_) | ReportFact::Unlabelled(_) => None,
    }
}

/// The source that the spec names; none means the model's own predictions.
pub fn source(observed: &ObservedPolicy) -> Option<&MonitorSource> {
    observed.spec.monitor.as_ref()?.source.as_ref()
}

/// Whether the model's own predictions are read, so that new labels can be counted.
pub fn reads_predictions(observed: &ObservedPolicy) -> bool {
    source(observed).is_none_or(|source| source.config_map.is_none() && source.report.is_none())
}

fn reads(observed: &ObservedPolicy, monitor: &Monitor) -> Reads {
    if let Some(origin) = origin(observed) {
        return Reads::ConfigMap(origin.clone());
    }
    let report = monitor.source.as_ref().and_then(|source| source.report.clone());
    report.map_or(Reads::Predictions, Reads::Source)
}
