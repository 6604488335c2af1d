//! The serving image of production: frozen until the operator brings another, then replaced as the fleet allows.

use crate::next::Next;
use dropout_crds::Reason;

/// Takes up the operator's new image, if the fleet's limits leave room for one more rollout.
pub fn update(next: &mut Next<'_>) -> bool {
    let (image, fleet) = (&next.observed.inference_image, next.observed.fleet);
    if fleet.rollouts >= fleet.max_rollouts {
        return false;
    }
    let Some(production) = next.status.production.as_mut().filter(|release| release.image != *image) else {
        return false;
    };
    production.image.clone_from(image);
    let message = format!("{} moves to the inference image {image}", production.name);
    next.tell(Reason::ImageUpdated, message);
    true
}
