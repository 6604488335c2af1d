//! Accepting connections: HTTP/1 only, so that hyper's header timeout also closes a connection that sends nothing; at
//! most so many at once, more are told so at once; and an end that loses no request. `axum::serve` has none of the three.

use crate::{
    app::{App, Peer},
    tls::{HANDSHAKE, Tls},
    wire::Wire,
};
use axum::{Router, body::Body, response::Response};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use std::{
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::ServiceExt;

/// Longest time that open requests get when the service stops.
pub const GRACE: Duration = Duration::from_secs(20);

/// Longest time that a client may read nothing while it is answered.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// Most bytes that are read ahead of a request.
const MAX_BUFFER: usize = 64 << 10;

/// What a connection is told that is one too many. It is answered before anything is read.
const TOO_MANY: &str = concat!(
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n",
    "connection: close\r\ncontent-length: 86\r\n\r\n",
    r#"{"title":"Service Unavailable","status":503,"detail":"Too many connections are open."}"#
);

/// Most connections at once that are told so; more are closed without a word.
const TOLD: usize = 256;

/// Longest time that one of them may take to hear it.
const TELLING: Duration = Duration::from_secs(1);

/// Most bytes that are read of one of them: closed with unread bytes, it would lose what it was told.
const HEARD: u64 = 64 << 10;

/// What a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most connections at once. Further ones are answered 503.
    pub connections: u32,
    /// Longest time for the head of a request to arrive, counted from the connection's start or the last answer; so it
    /// is also the longest time that a connection may be idle.
    pub header_timeout: Duration,
}

/// What answers on a port.
pub trait Answers: Clone + Send + Sync + 'static {
    /// The answer to a request from an address.
    fn answer(&self, request: Request<Incoming>, peer: Peer) -> impl Future<Output = Response> + Send;
}

impl Answers for App {
    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Response {
        Self::answer(self, request.map(Body::new), Some(peer)).await
    }
}

impl Answers for Router {
    async fn answer(&self, request: Request<Incoming>, _: Peer) -> Response {
        let Ok(response) = self.clone().oneshot(request).await;
        response
    }
}

/// An open port.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
    permits: Arc<Semaphore>,
    telling: Arc<Semaphore>,
    limits: Limits,
    open: Gauge,
    turned_away: Counter,
}

/// A connection and whose it is.
type Accepted = (TcpStream, IpAddr);

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
        let (telling, turned_away) = (Arc::new(Semaphore::new(TOLD)), Counter::default());
        Ok(Self { socket, tls: None, permits, telling, limits, open: Gauge::default(), turned_away })
    }

    /// The same, counting connections: those that are open and those that were too many.
    pub fn counted(self, open: Gauge, turned_away: Counter) -> Self {
        Self { open, turned_away, ..self }
    }

    /// The same, over TLS.
    pub fn secured(self, tls: Arc<Tls>) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// The address, with the port that was given for port 0.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `closing` turns true; then accepts what has already arrived, lets open requests end, and returns
    /// after [`GRACE`] at the latest.
    pub async fn serve(self, app: impl Answers, closing: watch::Receiver<bool>) {
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
            match self.socket.accept().await {
                Ok((stream, peer)) => return (stream, peer.ip()),
                Err(error) => {
                    // Such as too many open files: not worth an end, nor a busy loop.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn open(&self, (stream, peer): Accepted, app: &impl Answers, closing: &watch::Receiver<bool>) {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else { return self.turn_away(stream) };
        let app = (app.clone(), Peer(peer.to_canonical()));
        let (header_timeout, closing) = (self.limits.header_timeout, closing.clone());
        let (open, tls) = (self.open.clone(), self.tls.clone());
        tokio::spawn(async move {
            open.inc();
            let _ = stream.set_nodelay(true);
            match tls {
                None => converse(stream, app, header_timeout, closing).await,
                Some(tls) => {
                    // A client that is slow at its handshake holds up nobody else.
                    let Some(acceptor) = tls.acceptor() else { return close(&open, permit) };
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        converse(stream, app, header_timeout, closing).await;
                    }
                }
            }
            close(&open, permit);
        });
    }

    /// Refuses a connection at once, so that its client can go elsewhere. Over TLS the handshake would cost more than a request.
    fn turn_away(&self, stream: TcpStream) {
        self.turned_away.inc();
        let Ok(permit) = Arc::clone(&self.telling).try_acquire_owned() else { return };
        if self.tls.is_none() {
            tokio::spawn(async move {
                let _ = timeout(TELLING, tell(stream)).await;
                drop(permit);
            });
        }
    }
}

fn close(open: &Gauge, permit: OwnedSemaphorePermit) {
    open.dec();
    drop(permit);
}

/// Says that there are too many connections and reads until the client has heard it.
async fn tell(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(TOO_MANY.as_bytes()).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(HEARD), &mut tokio::io::sink()).await?;
    Ok(())
}

/// Serves one connection to its end. What goes wrong on it is the client's affair.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    (app, peer): (impl Answers, Peer),
    header_timeout: Duration,
    mut closing: watch::Receiver<bool>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    // A number of headers is not set here: hyper would pay for it at each request, with a seventh of its time.
    builder.max_header_size(MAX_HEAD).max_buf_size(MAX_BUFFER);
    // No look for the client's end while it is answered, which would cost a new buffer each time; it is seen right after.
    builder.half_close(true);
    // Head and body of an answer are small: one piece is sent faster than two.
    builder.writev(false);
    let app = service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.answer(request, peer).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Wire::new(stream, WRITE_TIMEOUT)), app));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|is_closing| *is_closing) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
