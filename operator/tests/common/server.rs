//! An API server that answers from a table and keeps what it was asked. It stores nothing.

use http::{Request, Response};
use kube::{Client, client::Body};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

/// One request that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What is behind the question mark.
    pub query: String,
    /// The form that is asked for.
    pub accept: String,
    /// Its body.
    pub body: Value,
}

/// What is answered: a code with a body, or nothing ever.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This.
    Now(u16, Value),
    /// Nothing, until the caller gives up.
    Never,
}

/// The requests that were made.
pub type Record = Arc<Mutex<Vec<Asked>>>;

/// A client whose requests are answered by a function, and the record of them.
pub fn server(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Client, Record) {
    let record = Record::default();
    let (kept, answer) = (record.clone(), Arc::new(answer));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (kept, answer) = (kept.clone(), answer.clone());
        async move {
            let asked = asked(request).await;
            kept.lock().unwrap().push(asked.clone());
            match answer(&asked) {
                Reply::Now(code, body) => Ok::<_, Infallible>(response(code, &body)),
                Reply::Never => std::future::pending().await,
            }
        }
    });
    (Client::new(service, "default"), record)
}

async fn asked(request: Request<Body>) -> Asked {
    let (parts, body) = request.into_parts();
    let bytes = body.collect_bytes().await.unwrap();
    Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        accept: parts.headers.get("accept").and_then(|form| form.to_str().ok()).unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

fn response(code: u16, body: &Value) -> Response<Body> {
    let builder = Response::builder().status(code).header("content-type", "application/json");
    builder.body(Body::from(body.to_string().into_bytes())).unwrap()
}

/// A refusal as the API server writes it.
pub fn refusal(code: u16, reason: &str) -> Reply {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason,
    });
    Reply::Now(code, status)
}
