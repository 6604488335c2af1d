//! Whether what the monitor said last may be used: it is about the served version, understood, in time. What may not is
//! never read as quiet.

use super::{next::Next, observed::ModelSeen, task};
use crate::{next::after, observed::later};
use dropout_crds::{Reason, retrain_policy::LastReport};
use dropout_model::monitoring::{ReportOrigin, WindowVerdict};
use jiff::Timestamp;

/// Seconds by which clocks may differ.
pub const SKEW: i64 = 300;

/// Why something is not known.
pub type Because = (Reason, String);

/// What the monitor said last, if it may be used.
pub fn report<'a>(next: &'a Next<'_>, model: &ModelSeen) -> Result<&'a LastReport, Because> {
    if let Some(because) = &next.blocked {
        return Err(because.clone());
    }
    let production = served(model);
    let last = next.status.monitor.as_ref().and_then(|monitor| monitor.last.as_ref());
    let Some(last) = last else { return Err((Reason::NeverChecked, format!("{production} was not looked at yet"))) };
    if let Some(version) = last.version.as_ref().filter(|version| **version != production) {
        return Err((
            Reason::NeverChecked,
            format!("{production} was not looked at yet; the last report is about {version}"),
        ));
    }
    usable(next, last).map(|()| last)
}

fn usable(next: &Next<'_>, last: &LastReport) -> Result<(), Because> {
    if last.verdict == WindowVerdict::Unknown {
        return Err((word(&last.reason), last.message.clone()));
    }
    let Some(end) = &last.window_end else {
        return Err((Reason::ReportNotUnderstood, "the report does not say when its window ends".to_owned()));
    };
    if last.digest.is_none() {
        return Err((Reason::ReportNotUnderstood, "the report has no digest".to_owned()));
    }
    if end.0 > later(last.time.0, SKEW) {
        return Err((
            Reason::FromTheFuture,
            format!("the report's window ends at {}, after it was read at {}", end.0, last.time.0),
        ));
    }
    let stale = stale_at(next, end.0);
    if next.now >= stale {
        let message = format!(
            "the last window ended at {} and is stale since {stale}: the monitor's Jobs or its source stopped",
            end.0
        );
        return Err((Reason::Stale, message));
    }
    Ok(())
}

/// When a report whose window ended then is stale.
pub fn stale_at(next: &Next<'_>, end: Timestamp) -> Timestamp {
    let monitor = next.observed.spec.monitor.clone().unwrap_or_default();
    let at = after(&k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(end), monitor.max_age_seconds());
    later(at, 1)
}

/// Name of the served version.
pub fn served(model: &ModelSeen) -> String {
    let production = model.status.as_ref().and_then(|status| status.production.as_ref());
    production.map_or_else(|| "nothing".to_owned(), |release| release.name.clone())
}

/// What is wrong with what a ConfigMap says about its report, if anything.
pub fn trouble(origin: &ReportOrigin, model: &ModelSeen, now: Timestamp) -> Option<Because> {
    let map = &origin.config_map;
    let (Some(name), Some(version), Some(end)) = (&origin.model, &origin.version, &origin.window_end) else {
        let message = format!(
            "ConfigMap {map}: set the annotations trialops.dev/model, trialops.dev/version and trialops.dev/window-end"
        );
        return Some((Reason::ReportNotUnderstood, message));
    };
    if *name != model.identity.name {
        return Some((
            Reason::OtherModel,
            format!("ConfigMap {map}: its report is about model {name}, not {}", model.identity.name),
        ));
    }
    if *version != served(model) {
        return Some((
            Reason::OtherVersion,
            format!("ConfigMap {map}: its report is about {version}, but {} is served", served(model)),
        ));
    }
    match end.parse::<Timestamp>() {
        Err(_) => Some((
            Reason::ReportNotUnderstood,
            format!("ConfigMap {map}: annotation trialops.dev/window-end is no time such as 2026-11-20T00:00:00Z"),
        )),
        Ok(end) if end > later(now, SKEW) => {
            Some((Reason::FromTheFuture, format!("ConfigMap {map}: its window ends at {end}, which is to come")))
        }
        Ok(_) => None,
    }
}

/// When what a ConfigMap says may become true by itself: the end of a window to come.
pub fn comes_true_at(next: &Next<'_>) -> Option<Timestamp> {
    let end = task::origin(next.observed)?.window_end.as_ref()?.parse::<Timestamp>().ok()?;
    Some(later(end, -SKEW))
}

/// The reason for a word of the monitor's.
fn word(reason: &str) -> Reason {
    match reason {
        "OtherModel" => Reason::OtherModel,
        "OtherVersion" => Reason::OtherVersion,
        "FromTheFuture" | "Future" | "FutureWindow" => Reason::FromTheFuture,
        "ReportMissing" | "Missing" | "NotFound" => Reason::ReportMissing,
        "Stale" => Reason::Stale,
        "RecordsLost" => Reason::RecordsLost,
        _ => Reason::ReportNotUnderstood,
    }
}
