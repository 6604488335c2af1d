//! What a report truly means for a trigger, from what was truly found: a second reading, made apart from the planner's.

use super::monitor::Truth;
use dropout_crds::{
    RetrainPolicySpec,
    retrain_policy::{Action, TriggerSpec},
};
use dropout_model::{
    manifest::Metric,
    monitoring::{PerformanceSource, WindowVerdict},
};
use dropout_planner::policy::observed::{ModelFact, ModelSeen, ObservedPolicy, ReportFact};
use jiff::{SignedDuration, Timestamp};

/// What a trigger must see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Quiet,
    Breach,
    Unknown,
}

/// The model, if the policy is the one that it listens to.
pub fn listened(observed: &ObservedPolicy) -> Option<&ModelSeen> {
    let own = (observed.created, observed.identity.name.as_str());
    let has_older = observed.rivals.iter().any(|rival| (rival.created, rival.name.as_str()) < own);
    match &observed.model {
        ModelFact::Present(model) if !has_older => Some(model),
        ModelFact::Present(_) | ModelFact::Leaving | ModelFact::Absent => None,
    }
}

/// Name of the served version.
pub fn served(model: &ModelSeen) -> Option<&str> {
    Some(model.status.as_ref()?.production.as_ref()?.name.as_str())
}

/// Whether the last report may be used now.
pub fn is_usable(observed: &ObservedPolicy, model: &ModelSeen, truth: &Truth, now: Timestamp) -> bool {
    let Some(end) = truth.end else { return false };
    let spec = &observed.spec;
    let is_foreign = served(model) != Some(&truth.version);
    let is_of_the_future = end.as_second() > truth.read.as_second() + 300;
    let is_stale = now.as_second() > end.as_second() + oldest_age(spec);
    let is_known = truth.digest.is_some() && truth.found.verdict != WindowVerdict::Unknown;
    can_look(observed, model, now) && is_known && !is_foreign && !is_of_the_future && !is_stale
}

/// Seconds from the end of a window to the moment its report is stale.
fn oldest_age(spec: &RetrainPolicySpec) -> i64 {
    let monitor = spec.monitor.as_ref().unwrap();
    let every = monitor.every.map_or(86_400, |every| every.as_seconds() as i64);
    monitor.max_age.map_or(2 * every + 3_600, |age| age.as_seconds() as i64)
}

/// Whether the policy can look at the model at all.
pub fn can_look(observed: &ObservedPolicy, model: &ModelSeen, now: Timestamp) -> bool {
    let Some(monitor) = &observed.spec.monitor else { return false };
    let reads_map = monitor.source.as_ref().is_some_and(|source| source.config_map.is_some());
    let has_input = if reads_map { is_told(observed, model, now) } else { model.spec.serving.records.is_some() };
    let has_store = matches!(observed.store_claim, Some(dropout_planner::observed::ClaimFact::Present { .. }));
    observed.spec.suspend != Some(true) && served(model).is_some() && has_store && has_input
}

/// Whether the ConfigMap says that its report is about the served version, and of now or before.
fn is_told(observed: &ObservedPolicy, model: &ModelSeen, now: Timestamp) -> bool {
    let ReportFact::Present(origin) = &observed.report else { return false };
    let end = origin.window_end.as_ref().and_then(|end| end.parse::<Timestamp>().ok());
    let is_past = end.is_some_and(|end| end <= now + SignedDuration::from_secs(300));
    origin.model.as_deref() == Some(super::MODEL) && origin.version.as_deref() == served(model) && is_past
}

/// What a trigger must see in a report that may be used. New labels count from `floor` on.
pub fn seen(trigger: &TriggerSpec, truth: &Truth, floor: Option<f64>) -> Seen {
    let found = &truth.found;
    if found.verdict == WindowVerdict::SchemaBreach {
        return Seen::Unknown;
    }
    let of = |is_breach| if is_breach { Seen::Breach } else { Seen::Quiet };
    if let Some(drift) = &trigger.drift {
        return match (found.verdict, drift.share) {
            (WindowVerdict::InsufficientData, _) => Seen::Unknown,
            (verdict, None) => of(verdict == WindowVerdict::Drift),
            (_, Some(limit)) => found.share.map_or(Seen::Unknown, |share| of(share >= limit)),
        };
    }
    if let Some(new_data) = &trigger.new_data {
        let least = f64::from(new_data.min_labelled_patients);
        return found
            .labels
            .map_or(Seen::Unknown, |labels| of(labels as f64 >= floor.map_or(least, |floor| floor.max(least))));
    }
    let performance = trigger.performance.as_ref().unwrap();
    assert_eq!(performance.metric, Metric::RocAuc, "the toy monitor finds no other metric");
    let bounds = match performance.source.unwrap_or_default() {
        PerformanceSource::Realised => {
            let least = performance.min_labelled.unwrap_or(80) as u64;
            found.realised.filter(|(_, _, patients)| *patients >= least).map(|(low, high, _)| (low, high))
        }
        PerformanceSource::Estimated => found.estimated,
    };
    bounds.map_or(Seen::Unknown, |(_, high)| of(high < performance.below.unwrap()))
}

/// What a trigger must do.
pub fn action(spec: &RetrainPolicySpec, trigger: &TriggerSpec) -> Action {
    let is_estimated = trigger.performance.as_ref().and_then(|it| it.source) == Some(PerformanceSource::Estimated);
    let of_policy = if is_estimated { Action::Notify } else { spec.action.unwrap_or(Action::Retrain) };
    trigger.action.unwrap_or(of_policy)
}
