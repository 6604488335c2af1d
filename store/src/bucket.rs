//! The store in a bucket of an S3 server: an object an object. It is created under a condition that the server keeps, and
//! looked at before and after in case the server does not.

use crate::{Created, Object, StoreError, access::Access, engine, fault::Fault, patience::Patience, wire::Wire};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, Checksum},
    multipart::MultipartStore,
    path::Path as Key,
};
use std::{
    fmt,
    future::Future,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of a part of a large object; smaller ones are sent at once. Each part must be through within the time that a
/// silence may last.
const PART: usize = 8 << 20;
/// Most objects of a listing.
const MAX_LISTED: usize = 5_000_000;

/// A folder of a bucket.
#[derive(Clone)]
pub struct Bucket {
    shared: Arc<Shared>,
    prefix: String,
    patience: Patience,
}

/// What the folders of a bucket share: its name, where the keys are, and the client made of the keys read last.
struct Shared {
    bucket: String,
    secret: Option<PathBuf>,
    client: Mutex<Option<Made>>,
}

/// A client and what it was made of.
struct Made {
    access: Access,
    patience: Patience,
    client: Arc<AmazonS3>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "s3://{}/{}", self.shared.bucket, self.prefix)
    }
}

impl Bucket {
    /// The folder `place`, `bucket/prefix`, with the keys in the files of a folder or, without one, in the environment.
    /// None if it is no name of a bucket.
    pub fn new(place: &str, secret: Option<&Path>) -> Option<Self> {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let is_bucket = (3..=63).contains(&bucket.len()) && bucket.chars().all(is_letter) && !bucket.starts_with('.');
        if !is_bucket || Key::parse(prefix).is_err() {
            return None;
        }
        let shared =
            Shared { bucket: bucket.to_owned(), secret: secret.map(Path::to_path_buf), client: Mutex::new(None) };
        Some(Self { shared: Arc::new(shared), prefix: prefix.to_owned(), patience: Patience::default() })
    }

    /// A folder inside it.
    pub fn within(&self, folder: &str) -> Self {
        Self { prefix: joined(&self.prefix, folder), ..self.clone() }
    }

    /// The same folder, waited for otherwise.
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The bytes of an object; none if it is not there.
    pub fn get(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let (key, patience) = (self.key(name)?, self.patience);
        self.call(("read", name, limit), move |client| async move {
            let found = patience.outlast(Fault::is_passing, || read(&client, &key, limit)).await;
            absent_is_none(found)
        })
    }

    /// Creates an object.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        let (key, patience, bytes) = (self.key(name)?, self.patience, Bytes::copy_from_slice(bytes));
        self.call(("create", name, crate::MAX_OBJECT), move |client| async move {
            // An attempt whose answer was lost may have created the object: then the next one finds its bytes there.
            let is_passing = |fault: &Fault| fault.is_passing() || *fault == Fault::Taken;
            patience.outlast(is_passing, || create(&client, &key, &bytes, &patience)).await
        })
    }

    /// All objects below a folder, by rising name.
    pub fn list(&self, folder: &str) -> Result<Vec<Object>, StoreError> {
        let (key, patience, base) = (self.key(folder)?, self.patience, self.prefix.clone());
        self.call(("list", folder, 0), move |client| async move {
            patience.outlast(Fault::is_passing, || list(&client, &key, &base)).await
        })
    }

    /// Removes an object.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let (key, patience) = (self.key(name)?, self.patience);
        self.call(("remove", name, 0), move |client| async move {
            let delete = || async { client.delete(&key).await.map_err(Fault::from) };
            let deleted = patience.outlast(Fault::is_passing, delete).await;
            absent_is_none(deleted).map(|_| ())
        })
    }

    fn key(&self, name: &str) -> Result<Key, StoreError> {
        Key::parse(joined(&self.prefix, name)).map_err(|_| StoreError::BadName(name.to_owned()))
    }

    /// Runs a call within the longest time it may take, with the keys as they are now.
    fn call<T, F>(
        &self,
        (what, name, limit): (&'static str, &str, u64),
        run: impl FnOnce(Arc<AmazonS3>) -> F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let place = (self.shared.bucket.as_str(), name);
        let call = run(self.client().map_err(|fault| fault.error(what, place, limit))?);
        let total = self.patience.total;
        let ended = engine::wait(async move {
            // The clock of the call is made here, on the thread that has one.
            tokio::time::timeout(total, call).await.unwrap_or_else(|_| Err(Fault::late(total)))
        });
        let broken = || Err(Fault::Lasting("the client broke; report it".into()));
        ended.unwrap_or_else(broken).map_err(|fault| fault.error(what, place, limit))
    }

    /// The client of the keys as they are now: a Secret may have changed since the last call.
    fn client(&self) -> Result<Arc<AmazonS3>, Fault> {
        let access = Access::read(self.shared.secret.as_deref()).map_err(Fault::Denied)?;
        let mut made = self.shared.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.as_ref().filter(|made| made.access == access && made.patience == self.patience) {
            return Ok(Arc::clone(&made.client));
        }
        let client = Arc::new(client(&self.shared.bucket, &access, &self.patience)?);
        *made = Some(Made { access, patience: self.patience, client: Arc::clone(&client) });
        Ok(client)
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn client(bucket: &str, access: &Access, patience: &Patience) -> Result<AmazonS3, Fault> {
    engine::prepare();
    let wire = Wire::new(access, patience).ok_or_else(|| {
        Fault::Lasting("the certificates of ca.crt in the Secret, or of AWS_CA_BUNDLE, are no PEM; correct them".into())
    })?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_access_key_id(&access.key)
        .with_secret_access_key(&access.secret)
        .with_region(&access.region)
        .with_allow_http(access.is_plain())
        .with_checksum_algorithm(Checksum::SHA256)
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .with_http_connector(wire);
    if let Some(token) = &access.token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &access.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build().map_err(|_| Fault::Lasting("the address of the bucket is none; correct AWS_ENDPOINT_URL".into()))
}

fn absent_is_none<T>(found: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Fault::Absent) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// All bytes of an object, exactly as many as the server said.
async fn read(client: &AmazonS3, key: &Key, limit: u64) -> Result<Vec<u8>, Fault> {
    let found = client.get(key).await?;
    let size = found.meta.size;
    if size > limit {
        return Err(Fault::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(PART));
    let mut parts = found.into_stream();
    while let Some(part) = parts.try_next().await? {
        bytes.extend_from_slice(&part);
        if bytes.len() as u64 > size {
            break;
        }
    }
    let is_whole = bytes.len() as u64 == size;
    if is_whole { Ok(bytes) } else { Err(Fault::Passing("it sends another number of bytes than it says".into())) }
}

/// Creates an object if it is not there: looks, sends it under the condition that it is not there, and looks whether what
/// is there is what was sent.
async fn create(client: &AmazonS3, key: &Key, bytes: &Bytes, patience: &Patience) -> Result<Created, Fault> {
    if let Some(found) = absent_is_none(read(client, key, crate::MAX_OBJECT).await)? {
        return Ok(Created::of(found, bytes));
    }
    let tag = match bytes.len() > 2 * PART {
        true => send_in_parts(client, key, bytes, patience).await?,
        false => send(client, key, bytes).await?,
    };
    let kept = client.head(key).await?;
    if tag.is_some() && kept.e_tag == tag && kept.size == bytes.len() as u64 {
        return Ok(Created::Kept);
    }
    read(client, key, crate::MAX_OBJECT).await.map(|found| Created::of(found, bytes))
}

/// Sends an object; the tag of what is there now.
async fn send(client: &AmazonS3, key: &Key, bytes: &Bytes) -> Result<Option<String>, Fault> {
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    Ok(client.put_opts(key, bytes.clone().into(), options).await?.e_tag)
}

/// Sends an object in parts. Nobody sees it before its end; after a failure the parts are thrown away.
async fn send_in_parts(
    client: &AmazonS3,
    key: &Key,
    bytes: &Bytes,
    patience: &Patience,
) -> Result<Option<String>, Fault> {
    let id = client.create_multipart(key).await?;
    let sent = async {
        let mut parts = Vec::new();
        for (number, start) in (0..bytes.len()).step_by(PART).enumerate() {
            let part = bytes.slice(start..bytes.len().min(start + PART));
            let send = || async { client.put_part(key, &id, number, part.clone().into()).await.map_err(Fault::from) };
            parts.push(patience.outlast(Fault::is_passing, send).await?);
        }
        Ok(client.complete_multipart(key, &id, parts).await?.e_tag)
    };
    let sent = sent.await;
    if sent.is_err() {
        // Parts that stay are the server's to throw away; nobody can read them.
        let _ = client.abort_multipart(key, &id).await;
    }
    sent
}

async fn list(client: &AmazonS3, folder: &Key, base: &str) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    let mut listed = client.list(Some(folder));
    while let Some(object) = listed.next().await {
        let object = object?;
        let key = object.location.as_ref();
        let name = key.strip_prefix(base).unwrap_or(key).trim_start_matches('/').to_owned();
        found.push(Object { name, bytes: object.size });
        if found.len() > MAX_LISTED {
            return Err(Fault::Lasting(format!("it has more than {MAX_LISTED} objects; remove some")));
        }
    }
    found.sort();
    Ok(found)
}
