//! The life of the process: open the ports, load, serve, drain, stop. It decides nothing about a prediction. Health is answered by
//! a thread of its own, so that a flood of requests does not make the process look dead.

use crate::{
    app::App,
    context::Context,
    health::health,
    listener::{Limits, Listener},
    load,
    log::Log,
    settings::{KeySource, Settings},
    tls::{Tls, follow},
};
use std::{future::pending, io, net::SocketAddr, path::PathBuf, sync::Arc, thread, time::Duration};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
    task::JoinSet,
    time::sleep,
};

/// Most connections at once on the second port.
const HEALTH_CONNECTIONS: u32 = 256;

/// How often the threads that predict say that they run.
const BEAT: Duration = Duration::from_secs(1);

/// Shortest time that the last records get.
const FLUSH: Duration = Duration::from_secs(2);

/// How the process ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Stopped cleanly.
    Stopped,
    /// The platform refused something.
    Platform(String),
    /// The settings are bad.
    BadSettings(String),
    /// The bundle was read and refused.
    Refused(String),
}

impl Exit {
    /// The exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::Platform(_) => 1,
            Self::BadSettings(_) => 2,
            Self::Refused(_) => 3,
        }
    }

    /// The sentence about it, if it is not a clean one.
    pub fn sentence(&self) -> Option<&str> {
        match self {
            Self::Stopped => None,
            Self::Platform(sentence) | Self::BadSettings(sentence) | Self::Refused(sentence) => Some(sentence),
        }
    }
}

/// Runs the service to its end.
pub async fn run(settings: Settings, log: Log) -> Exit {
    match live(settings, log).await {
        Ok(exit) => exit,
        Err(error) => Exit::Platform(format!("the service could not start: {error}")),
    }
}

async fn live(settings: Settings, log: Log) -> io::Result<Exit> {
    let context = Context::new().limited(settings.rows_per_second).open_to(settings.origins.clone()).logging(log);
    let context = Arc::new(context);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (close, closing) = watch::channel(false);
    if settings.records.is_some() {
        context.want_records();
    }
    let mut serving = open(&settings, &context, closing).await?;
    follow_keys(&context, settings.keys);

    let loaded = async {
        match load::version(&context, settings.bundle, settings.terms).await {
            Ok(()) => {
                if let Some(keeping) = settings.records {
                    load::records(&context, keeping).await;
                }
                pending().await
            }
            Err(refused) => refused,
        }
    };
    let drain = tokio::select! {
        refused = loaded => return Ok(Exit::Refused(refused.to_string())),
        _ = terminate.recv() => Some(settings.drain),
        _ = interrupt.recv() => None,
    };
    context.drain();
    tracing::info!("stopping");
    if let Some(drain) = drain {
        // Until every proxy has heard that the pod is leaving, requests keep coming and must be answered.
        sleep(drain).await;
    }
    let _ = close.send(true);
    serving.join_next().await;
    flush(&context, settings.drain.max(FLUSH)).await;
    tracing::info!("stopped");
    Ok(Exit::Stopped)
}

/// Writes the last records.
async fn flush(context: &Context, longest: Duration) {
    let Ok(Some(records)) = context.records() else { return };
    let lost = records.flush(longest).await;
    if lost > 0 {
        tracing::error!(lost, "records are lost: the store did not take them before the end");
    }
}

/// Opens both ports. The set ends when the port for predictions has ended; the other one serves to the last.
async fn open(settings: &Settings, context: &Arc<Context>, closing: watch::Receiver<bool>) -> io::Result<JoinSet<()>> {
    let main = Listener::bind(settings.address, settings.port, settings.limits).await?;
    let second = open_health(settings, context).await?;
    let (port, health_port) = (main.address()?.port(), second.port());
    tracing::info!(port, health_port, model_version = settings.terms.name, "started");

    let main = match &settings.tls {
        Some(folder) => main.secured(follow_certificate(context, folder.clone())),
        None => main,
    };
    let main = main.counted(context.metrics().connections(), context.metrics().turned_away());
    let mut serving = JoinSet::new();
    serving.spawn(main.serve(App::new(Arc::clone(context)), closing));
    Ok(serving)
}

/// Opens the second port, in a thread of its own that lives as long as the process.
async fn open_health(settings: &Settings, context: &Arc<Context>) -> io::Result<SocketAddr> {
    let limits = Limits { connections: HEALTH_CONNECTIONS, ..settings.limits };
    let (address, port, health) = (settings.address, settings.health_port, health(Arc::clone(context)));
    let (tell, told) = oneshot::channel();
    let serve = move || {
        let opened = || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let listener = runtime.block_on(Listener::bind(address, port, limits))?;
            Ok::<_, io::Error>((runtime, listener.address()?, listener))
        };
        match opened() {
            Err(error) => _ = tell.send(Err(error)),
            Ok((runtime, address, listener)) => {
                let (_never, closing) = watch::channel(false);
                let _ = tell.send(Ok(address));
                runtime.block_on(listener.serve(health, closing));
            }
        }
    };
    thread::Builder::new().name("health".into()).spawn(serve)?;
    let beating = Arc::clone(context);
    tokio::spawn(async move {
        loop {
            beating.beat();
            sleep(BEAT).await;
        }
    });
    told.await.map_err(io::Error::other)?
}

/// Not ready until a certificate was read.
fn follow_certificate(context: &Arc<Context>, folder: PathBuf) -> Arc<Tls> {
    let (context, tls) = (Arc::clone(context), Arc::<Tls>::default());
    context.miss_certificate("the certificate is being read".into());
    let shown = Arc::clone(&tls);
    tokio::spawn(async move { follow(&context, &tls, folder).await });
    shown
}

fn follow_keys(context: &Arc<Context>, source: KeySource) {
    match source {
        KeySource::Given(keys) => drop(context.accept(keys)),
        KeySource::Folder(folder) => {
            let context = Arc::clone(context);
            tokio::spawn(async move { load::keys(&context, folder).await });
        }
    }
}
