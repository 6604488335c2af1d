//! A deadline around every call and bounded retries of reads. Writes are never retried here: the next pass looks first.

use crate::error::{Error, Result};
use std::time::Duration;

/// Longest time of one call.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Pauses before a read is tried again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// One call under a deadline.
pub async fn once<T>(what: &str, call: impl Future<Output = kube::Result<T>>) -> Result<T> {
    match tokio::time::timeout(DEADLINE, call).await {
        Ok(answer) => answer.map_err(|error| Error::of(what, error)),
        Err(_) => Err(Error::Deadline { what: what.to_owned(), seconds: DEADLINE.as_secs() }),
    }
}

/// A read under a deadline, tried again when the server is busy or the connection broke.
pub async fn read<T, F: Future<Output = kube::Result<T>>>(what: &str, call: impl Fn() -> F) -> Result<T> {
    for pause in PAUSES {
        match once(what, call()).await {
            Err(error) if is_transient(&error) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    once(what, call()).await
}

fn is_transient(error: &Error) -> bool {
    let Error::Api { source, .. } = error else { return false };
    let is_busy =
        matches!(source.as_ref(), kube::Error::Api(status) if [429, 500, 502, 503, 504].contains(&status.code));
    is_busy || matches!(source.as_ref(), kube::Error::HyperError(_) | kube::Error::Service(_))
}
