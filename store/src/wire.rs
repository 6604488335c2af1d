//! The HTTP client below the S3 client. It follows no redirect, reads no answer without an end but an object's, whose
//! reader counts, and turns every answer that is no success into a [`Refusal`].

use crate::{access::Access, fault::Refusal, patience::Patience};
use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture};
use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
};
use reqwest::Certificate;

/// Most bytes of an answer that is no object, such as a page of a listing.
const MAX_ANSWER: usize = 16 << 20;
/// Most bytes of an answer that is no success.
const MAX_REFUSAL: usize = 64 << 10;

/// The HTTP client of a bucket.
#[derive(Clone, Debug)]
pub struct Wire(HttpClient);

impl Wire {
    /// A client. It trusts the public authorities, those of this machine and those of the access; where TLS is not spoken it
    /// needs none.
    pub fn new(access: &Access, patience: &Patience) -> Option<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.connect)
            .read_timeout(patience.stall);
        let client = match access.is_plain() {
            true => client.tls_certs_only([]),
            false => client.tls_certs_merge(authorities(access)?),
        };
        Some(Self(HttpClient::new(client.build().ok()?)))
    }

    async fn answer(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let is_object = request.method() == "GET" && !query.contains("list-type=");
        if request.method() == "POST" && query.starts_with("uploadId=") {
            // The end of an upload in parts creates the object, so it is the end that must not replace another.
            request.headers_mut().insert("if-none-match", object_store::HeaderValue::from_static("*"));
        }
        let response = self.0.execute(request).await?;
        if !response.status().is_success() {
            let (head, body) = response.into_parts();
            let body = ended(body.bytes_stream(), MAX_REFUSAL).await.unwrap_or_default();
            return Err(HttpError::new(HttpErrorKind::Unknown, Refusal::new(head.status.as_u16(), &body)));
        }
        if is_object {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let body = ended(body.bytes_stream(), MAX_ANSWER).await?;
        Ok(HttpResponse::from_parts(head, body.into()))
    }
}

/// The public authorities, as browsers trust them, built in since an image has no others, and those of the access; none if
/// those of the access are no certificates.
fn authorities(access: &Access) -> Option<Vec<Certificate>> {
    let public = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let mut all: Vec<Certificate> = public.filter_map(|certificate| Certificate::from_der(certificate).ok()).collect();
    if let Some(own) = &access.authorities {
        let own = Certificate::from_pem_bundle(own.as_bytes()).ok().filter(|own| !own.is_empty())?;
        all.extend(own);
    }
    Some(all)
}

/// All bytes of an answer of at most `limit`.
async fn ended(
    mut body: futures::stream::BoxStream<'static, Result<Bytes, HttpError>>,
    limit: usize,
) -> Result<Bytes, HttpError> {
    let mut whole = Vec::new();
    while let Some(part) = body.next().await {
        let part = part?;
        if whole.len() + part.len() > limit {
            return Err(HttpError::new(HttpErrorKind::Decode, std::io::Error::other("an answer without an end")));
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}

impl HttpService for Wire {
    fn call<'own, 'call>(&'own self, request: HttpRequest) -> BoxFuture<'call, Result<HttpResponse, HttpError>>
    where
        'own: 'call,
        Self: 'call,
    {
        Box::pin(self.answer(request))
    }
}

impl HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}
