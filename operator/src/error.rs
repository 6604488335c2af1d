//! Why a pass ended early: it could not look, or it could not act. Waiting and refusals are facts, not errors.

/// What could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server did not answer in time.
    #[error("{what}: no answer within {seconds} s")]
    Deadline {
        /// What was tried.
        what: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Somebody wrote first; the next pass looks again.
    #[error("{what}: the object changed meanwhile")]
    Conflict {
        /// What was tried.
        what: String,
    },
    /// The API server refused or failed.
    #[error("{what}: {source}")]
    Api {
        /// What was tried.
        what: String,
        /// Its answer.
        #[source]
        source: Box<kube::Error>,
    },
    /// A name that we need is used by somebody else.
    #[error("{0}")]
    Taken(String),
    /// An object lacks what every stored object has.
    #[error("{0} has no {1}")]
    Malformed(String, &'static str),
    /// An object of ours has no JSON form.
    #[error("cannot render {0}: {1}")]
    Render(&'static str, #[source] serde_json::Error),
}

/// Our result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A label for metrics.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Deadline { .. } => "deadline",
            Self::Conflict { .. } => "conflict",
            Self::Api { .. } => "api",
            Self::Taken(_) => "taken",
            Self::Malformed(..) => "malformed",
            Self::Render(..) => "render",
        }
    }

    /// What an API error means for a call.
    pub fn of(what: &str, error: kube::Error) -> Self {
        // 409 is also AlreadyExists, which the client does not count as a conflict.
        let is_conflict = matches!(&error, kube::Error::Api(status) if status.code == 409);
        if is_conflict {
            return Self::Conflict { what: what.to_owned() };
        }
        Self::Api { what: what.to_owned(), source: Box::new(error) }
    }
}
