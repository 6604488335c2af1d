//! Reads the flags, takes the Lease, runs the watches and the health server, and shuts down.

use dropout_operator::{
    connect::connect,
    context::Context,
    controller::{Watching, run},
    fleet::Ledger,
    health::{Health, Readiness, app},
    installed::installed,
    lease::Elector,
    metrics::Metrics,
    refusals::Refusals,
    settings::{HELP, Settings},
    watches::Watches,
};
use kube::{
    Client,
    runtime::events::{Recorder, Reporter},
};
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

type Anything = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,kube=warn".into());
    tracing_subscriber::fmt().json().with_env_filter(filter).init();
    match operate().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the operator ends");
            ExitCode::FAILURE
        }
    }
}

async fn operate() -> Result<(), Anything> {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return Err("a cryptography provider was installed twice".into());
    }
    let settings = Settings::read(std::env::args().skip(1))?;
    let watches = Arc::new(Watches::default());
    let client = connect(watches.clone()).await?;
    let (watching, caches) = Watching::new(&client, settings.namespace.as_deref());
    let reporter = Reporter { controller: "dropout-operator".into(), instance: Some(settings.identity.clone()) };
    let context = Arc::new(Context {
        recorder: Recorder::new(client.clone(), reporter),
        client: client.clone(),
        settings: settings.clone(),
        caches,
        ledger: Ledger::default(),
        refusals: Refusals::default(),
        turn: tokio::sync::Mutex::default(),
        metrics: Metrics::new(),
    });
    let readiness = Arc::new(Readiness::default());
    let health = Health { context: context.clone(), watches: watches.clone(), readiness };
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", settings.port)).await?;
    let served = app(health.clone());
    let server = tokio::spawn(async move { axum::serve(listener, served).await });
    let stop = stop_on_signal()?;
    let led = lead(client, (watching, health), stop).await;
    server.abort();
    led
}

fn stop_on_signal() -> Result<CancellationToken, Anything> {
    let token = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    });
    Ok(token)
}

/// Takes the Lease and works until told to stop (an orderly end) or until the Lease is lost (an error: the process must
/// end, since another may lead by now).
async fn lead(client: Client, parts: (Watching, Health), stop: CancellationToken) -> Result<(), Anything> {
    let (watching, Health { context, watches, readiness }) = parts;
    // One that lacks a kind takes no Lease: another replica, of the release before, may go on.
    tokio::select! {
        () = installed(&client, context.settings.namespace.as_deref(), &readiness) => {}
        () = stop.cancelled() => return Ok(()),
    }
    let mut elector = Elector::new(client, &context.settings);
    let ready = || readiness.reached();
    tokio::select! {
        () = elector.acquire(ready) => {}
        () = stop.cancelled() => return Ok(()),
    }
    tracing::info!(identity = context.settings.identity, "leading");
    context.metrics.leads(true);
    let filled = async {
        context.caches.filled().await;
        ready();
        std::future::pending::<()>().await;
    };
    // A watch that never begins is as dead as one that ended.
    watching.paths().for_each(|path| watches.note(path));
    let mut work = run(watching, context.clone(), stop.clone());
    tokio::select! {
        () = &mut work => {}
        () = filled => {}
        () = elector.keep() => return Err("the lease was lost".into()),
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), elector.release()).await;
    match stop.is_cancelled() {
        true => Ok(()),
        false => Err("the watches ended".into()),
    }
}
