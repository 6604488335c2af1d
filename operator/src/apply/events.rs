//! Tells announcements as events. A failure is logged, never more: events are for people.

use crate::context::Context;
use dropout_planner::plan::Announcement;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType};

/// Tells announcements about an object.
pub async fn announce(context: &Context, about: &ObjectReference, announcements: &[Announcement]) {
    for announcement in announcements {
        let reason = announcement.reason.name();
        context.metrics.decided(&reason);
        tracing::info!(
            kind = about.kind,
            name = about.name,
            namespace = about.namespace,
            reason,
            "{}",
            announcement.message
        );
        let kind = if announcement.is_warning { EventType::Warning } else { EventType::Normal };
        tell(context, about, (kind, &reason, &announcement.message)).await;
    }
}

/// Tells one sentence about an object.
pub async fn tell(context: &Context, about: &ObjectReference, (kind, reason, sentence): (EventType, &str, &str)) {
    let event = Event {
        type_: kind,
        reason: reason.to_owned(),
        note: Some(sentence.chars().take(1_000).collect()),
        action: "Plan".into(),
        secondary: None,
    };
    let published = tokio::time::timeout(crate::call::DEADLINE, context.recorder.publish(&event, about)).await;
    if !matches!(published, Ok(Ok(()))) {
        tracing::warn!(kind = about.kind, name = about.name, "an event could not be written");
    }
}
