//! The client: no hidden retries, a deadline on connecting, and a note of every watch that the server accepted.

use crate::watches::Watches;
use http::{Request, Response};
use kube::{Client, Config, client::ClientBuilder};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower::{Layer, Service};

/// A client for the cluster we run in, or the one of the kubeconfig.
pub async fn connect(watches: Arc<Watches>) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = Config::infer().await?;
    // kube would retry every method up to 15 times and obey any Retry-After; see `call` for ours.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    config.write_timeout = Some(Duration::from_secs(10));
    Ok(ClientBuilder::try_from(config)?.with_layer(&NoteWatches(watches)).build())
}

/// Notes accepted watches.
#[derive(Clone)]
struct NoteWatches(Arc<Watches>);

impl<S> Layer<S> for NoteWatches {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting { inner, watches: self.0.clone() }
    }
}

/// A service that notes accepted watches.
#[derive(Clone)]
struct Noting<S> {
    inner: S,
    watches: Arc<Watches>,
}

impl<S, B, R> Service<Request<B>> for Noting<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
        let path = is_watch.then(|| request.uri().path().to_owned());
        let watches = self.watches.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            if let Some(path) = path.filter(|_| answer.status().is_success()) {
                watches.note(&path);
            }
            Ok(answer)
        })
    }
}
