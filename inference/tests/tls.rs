//! TLS on the real binary: what is spoken, a certificate that is renewed while requests flow, and handshakes that stall.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, GOOD, KEY, Over, Service, connect, get, head, until};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{scope, sleep},
    time::{Duration, Instant},
};

/// Writes a new certificate as a Secret has it, and answers it.
fn certify(folder: &Folder) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["onc-302".into()]).unwrap();
    // As kubelet does, both change at once: a folder is replaced.
    let next = folder.path("tls-next");
    folder.write("tls-next/tls.crt", cert.pem().as_bytes());
    folder.write("tls-next/tls.key", signing_key.serialize_pem().as_bytes());
    let _ = std::fs::remove_dir_all(folder.path("tls"));
    std::fs::rename(next, folder.path("tls")).unwrap();
    cert.der().clone()
}

fn secured(folder: &Folder) -> Service {
    Service::start(folder, &["--tls", &folder.text("tls")])
}

fn client(
    port: u16,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("onc-302").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(port))
}

/// The status of a prediction over TLS.
fn predict(port: u16, trusted: &CertificateDer<'static>) -> io::Result<u16> {
    predict_with(&mut client(port, trusted, &[&TLS13, &TLS12]))
}

fn predict_with(stream: &mut (impl Read + Write)) -> io::Result<u16> {
    let head = head(KEY, GOOD.len()).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    stream.write_all(format!("{head}{GOOD}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("\"probability\":"), "{answer}");
    Ok(answer[9..12].parse().unwrap())
}

#[test]
fn tls_12_and_13_are_spoken_and_nothing_else() {
    let folder = Folder::filled();
    let trusted = certify(&folder);
    let service = secured(&folder).ready();
    for (versions, spoken) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let mut stream = client(service.port, &trusted, &[versions]);
        assert_eq!(predict_with(&mut stream).unwrap(), 200);
        assert_eq!(stream.conn.protocol_version(), Some(spoken));
    }
    let mut plain = connect(service.port);
    write!(plain, "{}{GOOD}", head(KEY, GOOD.len())).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "plain HTTP is answered");
    // A client that trusts another certificate is not talked into this one.
    let other = generate_simple_self_signed(vec!["onc-302".into()]).unwrap().cert.der().clone();
    assert!(predict(service.port, &other).is_err());
    assert_eq!(get(service.health, "/livez").0, 200);
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart_and_a_bad_one_never() {
    let folder = Folder::filled();
    let service = secured(&folder);
    until("the reason is known", || get(service.health, "/readyz").2.contains("tls.crt cannot be read"));
    let first = certify(&folder);
    let service = service.ready();
    let (is_over, asked, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let trusted = Mutex::new(vec![first.clone()]);
    scope(|threads| {
        let _over = Over(&is_over);
        threads.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // As clients do that trust the issuer: old and new are both fine.
                let known = || trusted.lock().unwrap().clone();
                let is_ok = |one| predict(service.port, &one).is_ok_and(|status| status == 200);
                let is_served = (0..2).any(|_| known().into_iter().any(is_ok));
                asked.fetch_add(1, Ordering::Relaxed);
                failed.fetch_add(usize::from(!is_served), Ordering::Relaxed);
            }
        });
        let second = {
            let mut known = trusted.lock().unwrap();
            let second = certify(&folder);
            known.push(second.clone());
            second
        };
        until("the second certificate is shown", || predict(service.port, &second).is_ok());
        assert!(predict(service.port, &first).is_err());
        folder.write("tls/tls.key", b"-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END PRIVATE KEY-----\n");
        sleep(Duration::from_secs(3));
        assert!(predict(service.port, &second).is_ok() && get(service.health, "/readyz").0 == 200);
    });
    assert!(asked.load(Ordering::Relaxed) > 20 && failed.load(Ordering::Relaxed) == 0, "{failed:?} of {asked:?}");
    service.terminate();
    let (_, log) = service.end();
    assert_eq!(log.matches("certificate read").count(), 2, "{log}");
    assert!(log.contains("tls.key is not the key of tls.crt") && !log.contains("bm9uc2Vuc2U"), "{log}");
}

#[test]
fn a11_a_handshake_that_stalls_is_closed_and_holds_up_nobody() {
    let folder = Folder::filled();
    let trusted = certify(&folder);
    let service = secured(&folder).ready();
    let start = Instant::now();
    let mut silent = connect(service.port);
    let mut half = connect(service.port);
    half.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).unwrap();
    assert_eq!(predict(service.port, &trusted).unwrap(), 200);
    for stream in [&mut silent, &mut half] {
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let time = start.elapsed().as_secs();
    assert!((4..15).contains(&time), "closed after {time} s");
}
