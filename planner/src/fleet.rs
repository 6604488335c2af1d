//! What a model takes of the fleet's limits, as its status says.

use dropout_crds::{DropoutModelStatus, status::Stage};

/// What one model takes of the fleet's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FleetShare {
    /// A Job of it runs or is asked for. Waiting for the next attempt does not count.
    pub is_training: bool,
    /// Its pods move to the operator's new image.
    pub is_rolling: bool,
}

/// What a model takes of the fleet's limits.
pub fn fleet_share(status: &DropoutModelStatus) -> FleetShare {
    let is_training = status
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.stage == Stage::Training && candidate.retry_at.is_none());
    FleetShare { is_training, is_rolling: status.updating.is_some() }
}
