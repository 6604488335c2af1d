//! The certificate of the port for predictions, as a mounted Secret has it. It is reread when changed; connections that are open
//! keep the one they began with. Nothing of a key is ever shown.

use crate::context::Context;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{task::spawn_blocking, time::sleep};
use tokio_rustls::TlsAcceptor;

/// Longest time for a handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(5);

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// The certificate that new connections are shown; none until one was read.
#[derive(Default)]
pub struct Tls(RwLock<Option<TlsAcceptor>>);

impl Tls {
    /// Who does the handshakes at the moment.
    pub fn acceptor(&self) -> Option<TlsAcceptor> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, config: ServerConfig) {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(acceptor);
    }
}

/// Why a folder holds no certificate that can be used.
#[derive(Debug, thiserror::Error)]
enum NoCertificate {
    #[error("{0} cannot be read: {1}")]
    File(&'static str, io::ErrorKind),
    #[error("{0} holds no {1} in PEM")]
    Pem(&'static str, &'static str),
    #[error("tls.key is not the key of tls.crt, or of a kind that is not known: RSA, ECDSA and Ed25519 are")]
    Pair,
    #[error("the files were not read")]
    Interrupted,
}

/// Rereads a folder for ever. While it holds nothing that can be used, the certificate read before is shown.
pub async fn follow(context: &Context, tls: &Tls, folder: PathBuf) {
    let (place, mut shown) = (folder.display().to_string(), None);
    loop {
        let (folder, before) = (folder.clone(), shown);
        let found = spawn_blocking(move || changed(&folder, before)).await;
        match found.unwrap_or(Err(NoCertificate::Interrupted)) {
            Ok(None) => _ = context.miss_certificate(String::new()),
            Ok(Some((config, digest))) => {
                tls.show(config);
                shown = Some(digest);
                context.miss_certificate(String::new());
                tracing::info!("certificate read");
                context.announce();
            }
            Err(error) => {
                let reason = format!("the certificate in {place} cannot be used: {error}");
                if context.doubt_certificate(reason.clone(), shown.is_some()) {
                    tracing::warn!(reason, "certificate not read");
                }
            }
        }
        sleep(EVERY).await;
    }
}

/// The configuration and the digest of its files, if it is another than before.
fn changed(folder: &Path, before: Option<[u8; 32]>) -> Result<Option<(ServerConfig, [u8; 32])>, NoCertificate> {
    let bytes = |name| fs::read(folder.join(name)).map_err(|error| NoCertificate::File(name, error.kind()));
    let (chain, key) = (bytes("tls.crt")?, bytes("tls.key")?);
    let digest = Sha256::new().chain_update(Sha256::digest(&chain)).chain_update(&key).finalize().into();
    if before == Some(digest) {
        return Ok(None);
    }
    Ok(Some((config(&chain, &key)?, digest)))
}

/// TLS 1.2 and 1.3 with the library's own suites; HTTP/1.1 and nothing else is spoken.
fn config(chain: &[u8], key: &[u8]) -> Result<ServerConfig, NoCertificate> {
    let no_chain = || NoCertificate::Pem("tls.crt", "certificate");
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|_| no_chain())?;
    if chain.is_empty() {
        return Err(no_chain());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| NoCertificate::Pem("tls.key", "key"))?;
    let versions = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let safe = versions.with_safe_default_protocol_versions().map_err(|_| NoCertificate::Pair)?;
    let mut config = safe.with_no_client_auth().with_single_cert(chain, key).map_err(|_| NoCertificate::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
