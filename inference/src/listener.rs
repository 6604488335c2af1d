//! Accepting connections: HTTP/1 only, so that hyper's header timeout also closes a connection that sends nothing; at
//! most so many at once; and an end that loses no request. `axum::serve` has none of the three.

use crate::{app::Peer, wire::Wire};
use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use prometheus_client::metrics::gauge::Gauge;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

/// Longest time that open requests get when the service stops.
pub const GRACE: Duration = Duration::from_secs(20);

/// Longest time that a client may read nothing while it is answered.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// Most bytes that are read ahead of a request.
const MAX_BUFFER: usize = 64 << 10;

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// What a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most connections at once. Further ones wait in the platform's queue.
    pub connections: u32,
    /// Longest time for the head of a request to arrive, counted from the connection's start or the last answer; so it
    /// is also the longest time that a connection may be idle.
    pub header_timeout: Duration,
}

/// An open port.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    permits: Arc<Semaphore>,
    limits: Limits,
    open: Gauge,
}

/// A connection and its place among those that may be open.
type Accepted = (TcpStream, IpAddr, OwnedSemaphorePermit);

impl Listener {
    /// Opens a port at an address; without one, at every address of the machine, IPv6 too if it has that.
    pub async fn bind(address: Option<IpAddr>, port: u16, limits: Limits) -> io::Result<Self> {
        let socket = match address {
            Some(address) => TcpListener::bind((address, port)).await?,
            None => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
                Ok(socket) => socket,
                Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?,
            },
        };
        let permits = Arc::new(Semaphore::new(limits.connections as usize));
        Ok(Self { socket, permits, limits, open: Gauge::default() })
    }

    /// The same, counting its open connections in a gauge.
    pub fn counted(self, open: Gauge) -> Self {
        Self { open, ..self }
    }

    /// The address, with the port that was given for port 0.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `closing` turns true; then accepts what has already arrived, lets open requests end, and returns
    /// after [`GRACE`] at the latest.
    pub async fn serve(self, app: Router, closing: watch::Receiver<bool>) {
        let mut stop = closing.clone();
        loop {
            tokio::select! {
                accepted = self.accept() => self.open(accepted, &app, &closing),
                _ = stop.wait_for(|is_closing| *is_closing) => break,
            }
        }
        while let Ok(accepted) = timeout(Duration::from_millis(5), self.accept()).await {
            self.open(accepted, &app, &closing);
        }
        drop(self.socket);
        if timeout(GRACE, self.permits.acquire_many(self.limits.connections)).await.is_err() {
            tracing::warn!("connections were still open when the time to stop was over");
        }
    }

    async fn accept(&self) -> Accepted {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { continue };
            match self.socket.accept().await {
                Ok((stream, peer)) => return (stream, peer.ip(), permit),
                Err(error) => {
                    // Such as too many open files: not worth an end, nor a busy loop.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn open(&self, (stream, peer, permit): Accepted, app: &Router, closing: &watch::Receiver<bool>) {
        let app = (app.clone(), Peer(peer.to_canonical()));
        let connection = converse(stream, app, self.limits.header_timeout, closing.clone());
        let open = self.open.clone();
        tokio::spawn(async move {
            open.inc();
            connection.await;
            open.dec();
            drop(permit);
        });
    }
}

/// Serves one connection to its end. What goes wrong on it is the client's affair.
async fn converse(
    stream: TcpStream,
    (app, peer): (Router, Peer),
    header_timeout: Duration,
    mut closing: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    builder.max_header_size(MAX_HEAD).max_headers(MAX_HEADERS).max_buf_size(MAX_BUFFER);
    let app = TowerToHyperService::new(app);
    let app = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.call(request)
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Wire::new(stream, WRITE_TIMEOUT)), app));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|is_closing| *is_closing) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
