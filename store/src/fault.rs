//! What a request to a bucket ended with: every answer and every silence becomes one of a few words. It repeats nothing of
//! what a server wrote but its own short code.

use crate::StoreError;
use object_store::client::{HttpError, HttpErrorKind};
use std::{error::Error, fmt, time::Duration};

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such object.
    Absent,
    /// There is an object of that name already.
    Taken,
    /// There is no such bucket.
    NoBucket,
    /// The keys are missing, wrong or expired.
    Denied(String),
    /// The object is larger than is read.
    TooLarge,
    /// It may be better in a moment.
    Passing(String),
    /// It is so until somebody changes something.
    Lasting(String),
}

/// An answer that is no success: its status, and the code in it, letters only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The server's code, such as `NoSuchKey`; empty if there is none.
    pub code: String,
}

impl Refusal {
    /// The refusal of a status and a body, an XML document with a `Code`.
    pub fn new(status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
        let is_code = |code: &&str| code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
        Self { status, code: code.filter(is_code).unwrap_or_default().to_owned() }
    }

    fn fault(&self) -> Fault {
        if let Some(why) = denied(&self.code) {
            return Fault::Denied(why.to_owned());
        }
        match (self.status, self.code.as_str()) {
            (_, "NoSuchBucket") => Fault::NoBucket,
            (401 | 403, _) => Fault::Denied(format!(
                "{self}; the access key needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there"
            )),
            (404, "NoSuchKey") => Fault::Absent,
            // Any other 404 says nothing of an object: it may come from a proxy, or be about an account.
            (404, _) => Fault::Lasting(format!("{self}, which is no S3 server's; correct AWS_ENDPOINT_URL")),
            (304 | 409 | 412, _) => Fault::Taken,
            (300..=399, _) | (_, "AuthorizationHeaderMalformed" | "PermanentRedirect") => Fault::Lasting(format!(
                "{self}: it points to another place, which is not followed; set AWS_ENDPOINT_URL and AWS_REGION to those of the bucket"
            )),
            (408 | 429 | 500.., _) => Fault::Passing(format!("{self}; look at the server")),
            _ => Fault::Lasting(format!("{self}; look at the server")),
        }
    }
}

/// What is wrong with the keys, by the server's code.
fn denied(code: &str) -> Option<&'static str> {
    match code {
        "RequestTimeTooSkewed" => Some("the clock of this machine is not that of the server; correct the clock"),
        "ExpiredToken" | "TokenRefreshRequired" => Some("the keys have expired; renew them"),
        "InvalidToken" => Some("the token is wrong; correct AWS_SESSION_TOKEN"),
        // The second is versitygw's word for it, and comes with 404.
        "InvalidAccessKeyId" | "XAdminUserNotFound" => Some("there is no such access key; correct AWS_ACCESS_KEY_ID"),
        "SignatureDoesNotMatch" => Some("the secret key is not that of the access key; correct AWS_SECRET_ACCESS_KEY"),
        _ => None,
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "it answers {}", self.status)?;
        if self.code.is_empty() { Ok(()) } else { write!(to, " {}", self.code) }
    }
}

impl Error for Refusal {}

impl Fault {
    /// Whether it may be better in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Passing(_))
    }

    /// A call that took longer than is waited for.
    pub fn late(total: Duration) -> Self {
        Self::Passing(format!("it took longer than {} s; look at the server and the network", total.as_secs_f64()))
    }

    /// The error that a caller sees: what was tried with an object of a bucket of at most `limit` bytes.
    pub fn error(self, what: &'static str, (bucket, name): (&str, &str), limit: u64) -> StoreError {
        match self {
            Self::Denied(why) => StoreError::Denied(format!("s3://{bucket}"), why),
            Self::NoBucket => StoreError::NoBucket(
                format!("bucket {bucket}"),
                "create it, or correct the uri or AWS_ENDPOINT_URL".into(),
            ),
            Self::TooLarge => StoreError::TooLarge(name.to_owned(), limit),
            Self::Absent => StoreError::Failed(what, name.to_owned(), "it answers 404".into()),
            Self::Taken => StoreError::Failed(what, name.to_owned(), "somebody else is writing it; try again".into()),
            Self::Passing(why) | Self::Lasting(why) => StoreError::Failed(what, name.to_owned(), why),
        }
    }
}

impl From<object_store::Error> for Fault {
    fn from(error: object_store::Error) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = Some(&error);
        let mut broken = None;
        while let Some(error) = source {
            if let Some(refusal) = error.downcast_ref::<Refusal>() {
                return refusal.fault();
            }
            // TLS reports it within an error of another kind, so only its words tell it from a server that is away.
            if error.to_string().contains("invalid peer certificate") {
                return Self::Lasting(DISTRUSTED.into());
            }
            broken = broken.or_else(|| error.downcast_ref::<HttpError>().map(HttpError::kind));
            source = error.source();
        }
        broken.map_or_else(|| Self::Passing("its answer is not that of an S3 server".into()), silence)
    }
}

/// The server is not the one it says to be, as far as we know.
const DISTRUSTED: &str = "its certificate is vouched for by nobody that is trusted, is for another name or has expired; give \
    the authority's certificate as ca.crt in the Secret, or correct AWS_ENDPOINT_URL";

/// What it means that there was no answer, or half of one.
fn silence(kind: HttpErrorKind) -> Fault {
    let what = match kind {
        HttpErrorKind::Connect => "it cannot be reached; look at AWS_ENDPOINT_URL, the server and the network",
        HttpErrorKind::Timeout => "it fell silent; look at the server and the network",
        HttpErrorKind::Request | HttpErrorKind::Interrupted | HttpErrorKind::Decode | HttpErrorKind::Unknown | _ => {
            "the connection broke before the end; look at the server and the network"
        }
    };
    Fault::Passing(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> Fault {
        Refusal::new(status, format!("<Error><Code>{code}</Code><Message>m</Message></Error>").as_bytes()).fault()
    }

    #[test]
    fn every_answer_has_one_meaning() {
        assert_eq!(refused(404, "NoSuchKey"), Fault::Absent);
        assert_eq!(refused(404, "NoSuchBucket"), Fault::NoBucket);
        assert!(matches!(refused(404, "XAdminUserNotFound"), Fault::Denied(_)));
        assert!(matches!(Refusal::new(404, b"<html>").fault(), Fault::Lasting(why) if why.contains("no S3 server")));
        assert_eq!(refused(412, "PreconditionFailed"), Fault::Taken);
        assert_eq!(refused(409, "ConditionalRequestConflict"), Fault::Taken);
        assert!(matches!(refused(403, "RequestTimeTooSkewed"), Fault::Denied(why) if why.contains("clock")));
        assert!(matches!(refused(400, "ExpiredToken"), Fault::Denied(why) if why.contains("expired")));
        assert!(matches!(refused(403, "AccessDenied"), Fault::Denied(why) if why.contains("AccessDenied")));
        assert!(refused(503, "SlowDown").is_passing() && refused(500, "InternalError").is_passing());
        assert!(matches!(refused(307, "TemporaryRedirect"), Fault::Lasting(why) if why.contains("AWS_REGION")));
    }

    #[test]
    fn nothing_but_a_code_of_letters_is_repeated() {
        for body in ["<Code>P-0017 is ill</Code>", "<Code>", "P-0017", "<Code>&lt;script&gt;</Code>"] {
            assert_eq!(Refusal::new(500, body.as_bytes()), Refusal { status: 500, code: String::new() });
        }
    }
}
