//! The bound on a status: what is oldest leaves first. It never touches what a decision rests on.

use dropout_crds::{DropoutModelStatus, status::MAX_STATUS};

/// Drops the oldest history entries until the status fits into its bytes.
pub fn fit(status: &mut DropoutModelStatus) {
    while bytes(status) > MAX_STATUS && !status.history.is_empty() {
        status.history.remove(0);
    }
}

fn bytes(status: &DropoutModelStatus) -> usize {
    serde_json::to_vec(status).map_or(0, |json| json.len())
}
