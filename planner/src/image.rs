//! The serving image of production: frozen until the operator brings another, then replaced as the fleet allows.

use crate::{
    next::Next,
    observed::{Observed, ServingFact},
    rollout,
};
use dropout_crds::{Reason, status::Release};

/// Takes up the operator's new image, if the fleet's limits leave room for one more rollout. A Deployment of somebody
/// else would never get there, so it takes no room.
pub fn update(next: &mut Next<'_>) -> bool {
    let (image, fleet) = (&next.observed.inference_image, next.observed.fleet);
    if fleet.rollouts >= fleet.max_rollouts || matches!(next.observed.serving, ServingFact::Foreign(_)) {
        return false;
    }
    let Some(production) = next.status.production.as_mut().filter(|release| release.image != *image) else {
        return false;
    };
    production.image.clone_from(image);
    next.status.updating = Some(image.clone());
    let message = format!("{} moves to the inference image {image}", production.name);
    next.tell(Reason::ImageUpdated, message);
    true
}

/// Gives the fleet's room back once all of production's pods are available on its image. Nothing else does: a model that
/// waits for a human still holds it.
pub fn finish(next: &mut Next<'_>) -> bool {
    let is_there =
        |release: &Release| is_served(next.observed, release) && rollout::is_complete(next.observed, release);
    let is_over = next.status.production.as_ref().is_none_or(is_there);
    next.status.updating.take_if(|_| is_over).is_some()
}

/// Whether the Deployment took the release with its image, by its record.
fn is_served(observed: &Observed, release: &Release) -> bool {
    let record = observed.deployed().and_then(|deployed| deployed.record.as_ref());
    let recorded = record.and_then(|record| record.production.as_ref());
    recorded.is_some_and(|recorded| recorded.digest == release.digest && recorded.image == release.image)
}
