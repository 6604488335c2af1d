//! What is read while the service runs: the bundle, from a file or a bucket, and the pseudonym key, until they are there, and
//! the keys of clients, again and again. What
//! cannot be read is a reason in `/readyz`; only a bundle that was read and is wrong ends the service.

use crate::{
    context::Context,
    keeping::Keeping,
    keys::{Found, Keys},
    records::{NoRecords, Records},
    settings::Place,
    version::{Terms, Version},
};
use dropout_model::bundle::{BundleError, MAX_BYTES};
use dropout_store::{Patience, Store, StoreError};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{task::spawn_blocking, time::sleep};

/// How long after a failure the bundle is read again, and how often the keys are.
pub const EVERY: Duration = Duration::from_secs(2);
/// The longest pause before a bucket is asked again: renewed keys count within a minute, and a refusal is no flood.
const RARELY: Duration = Duration::from_secs(30);
/// A bucket is asked again and again anyway, and `/readyz` is to say soon what is wrong with it.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    stall: Duration::from_secs(10),
    total: Duration::from_secs(120),
    attempts: 1,
    pause: Duration::from_millis(200),
};

#[derive(Debug, thiserror::Error)]
enum NoVersion {
    #[error("the bundle {0} cannot be read: {1}")]
    Absent(String, io::Error),
    #[error("the bundle {0} cannot be read: it is not there")]
    Nowhere(String),
    #[error("the bundle cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] BundleError),
    #[error("the bundle was not read: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Loads a version, however long its bundle takes to appear. The error is a bundle that was read and refused.
pub async fn version(context: &Context, place: Place, terms: Terms) -> Result<(), BundleError> {
    let mut pause = EVERY;
    loop {
        match attempt(place.clone(), terms.clone()).await {
            Ok(version) => {
                context.serve(version);
                context.announce();
                return Ok(());
            }
            Err(NoVersion::Refused(refused)) => return Err(refused),
            Err(
                fault @ (NoVersion::Absent(..)
                | NoVersion::Nowhere(_)
                | NoVersion::Store(_)
                | NoVersion::Interrupted(_)),
            ) => {
                let sentence = fault.to_string();
                if context.miss_bundle(sentence.clone()) {
                    tracing::warn!(reason = sentence, "not ready");
                }
            }
        }
        sleep(pause).await;
        pause = next(pause, &place);
    }
}

/// Starts to keep records for the loaded version, however long the pseudonym key takes to appear.
pub async fn records(context: &Context, keeping: Keeping) {
    loop {
        match start_records(context, keeping.clone()).await {
            Ok(records) => {
                context.keep(records);
                return context.announce();
            }
            Err(sentence) => {
                if context.miss_records(sentence.clone()) {
                    tracing::warn!(reason = sentence, "not ready");
                }
            }
        }
        sleep(EVERY).await;
    }
}

async fn start_records(context: &Context, keeping: Keeping) -> Result<Records, String> {
    let version = context.version().cloned().ok_or("no model is loaded yet")?;
    let numbers = context.metrics().records();
    let start = move || Records::start(keeping, &version, numbers).map_err(|fault: NoRecords| fault.to_string());
    spawn_blocking(start).await.map_err(|error| error.to_string())?
}

/// A file costs nobody anything; a bucket's server is asked ever more rarely.
fn next(pause: Duration, place: &Place) -> Duration {
    match place {
        Place::File(_) => EVERY,
        Place::Object { .. } => (pause * 2).min(RARELY),
    }
}

async fn attempt(place: Place, terms: Terms) -> Result<Version, NoVersion> {
    spawn_blocking(move || {
        let bytes = match &place {
            Place::File(path) => bytes(path).map_err(|error| NoVersion::Absent(path.display().to_string(), error))?,
            Place::Object { uri, keys } => object(uri, keys.as_deref())?,
        };
        Ok(Version::read(&bytes, terms)?)
    })
    .await?
}

/// The bytes of an object in a bucket.
fn object(uri: &str, keys: Option<&Path>) -> Result<Vec<u8>, NoVersion> {
    let (store, name) = Store::holding(uri, Path::new("/"), keys)?;
    match store.with_patience(PATIENCE).get_at_most(name, MAX_BYTES as u64) {
        Ok(found) => found.ok_or_else(|| NoVersion::Nowhere(uri.to_owned())),
        Err(StoreError::TooLarge(..)) => Err(BundleError::TooLarge(MAX_BYTES + 1).into()),
        Err(error) => Err(error.into()),
    }
}

/// The bytes of a file, but no more than one beyond the largest bundle.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Rereads a folder of keys for ever. While it cannot be read, the keys read before stay accepted.
pub async fn keys(context: &Context, folder: PathBuf) {
    loop {
        read_keys(context, folder.clone()).await;
        sleep(EVERY).await;
    }
}

async fn read_keys(context: &Context, folder: PathBuf) {
    let place = folder.display().to_string();
    match spawn_blocking(move || Keys::read(&folder)).await.map_err(io::Error::other).flatten() {
        Ok(Found { keys, faulty }) => {
            let count = keys.len();
            if context.accept(keys) {
                tracing::info!(count, "keys read");
            }
            if context.doubt_keys(faulty.join(", ")) && !faulty.is_empty() {
                let entries = faulty.join(", ");
                tracing::warn!(entries, "a line is neither a key nor sha256: and 64 hex digits; it opens nothing");
            }
            let reason = if count == 0 { format!("the folder {place} holds no API key") } else { String::new() };
            if context.miss_keys(reason.clone()) && count == 0 {
                tracing::warn!(reason, "not ready");
            }
            context.announce();
        }
        Err(error) => {
            let reason = format!("the API keys in {place} cannot be read: {error}");
            if context.miss_keys(reason.clone()) {
                tracing::warn!(reason, "keys not read");
            }
        }
    }
}
