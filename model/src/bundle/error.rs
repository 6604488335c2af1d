//! Why bytes are no bundle to score with: in full for whoever has the bundle, and as a kind for everybody else.

use super::{MAX_BYTES, SCHEMA};
use crate::digest::short;
use serde_json::error::Category;

/// Why bytes are no bundle to score with.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The bytes are not the ones asked for.
    #[error("its bytes have changed: digest {} instead of {}", short(found, 12), short(wanted, 12))]
    WrongDigest {
        /// The digest asked for.
        wanted: String,
        /// The digest of the bytes.
        found: String,
    },
    /// Too large.
    #[error("the bundle has {0} bytes; at most {MAX_BYTES} are read")]
    TooLarge(usize),
    /// No JSON of the schema.
    #[error("the bundle is not readable: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another schema.
    #[error("the bundle has schema '{0}'; this version reads {SCHEMA}")]
    Schema(String),
    /// A part that cannot be scored with.
    #[error("the bundle's {0} cannot be used for scoring")]
    Unusable(String),
    /// A golden row disagrees.
    #[error("golden row {row} scores {found}, but the bundle says {wanted}")]
    Golden {
        /// Its position, from 1.
        row: usize,
        /// The risk in the bundle.
        wanted: f64,
        /// The risk computed.
        found: f64,
    },
}

/// How the parts that this crate calls unusable begin. A name from a bundle is never among them.
const PARTS: [&str; 6] = ["model", "calibration", "thresholds", "empty list of golden rows", "imputed value", "column"];

impl BundleError {
    /// The rest of a sentence that begins with the bundle. It holds no text and no number from the bundle, since whoever
    /// made the bundle has seen patients.
    pub fn kind(&self) -> String {
        match self {
            Self::WrongDigest { .. } => "has another digest than was asked for: its bytes have changed".to_owned(),
            Self::TooLarge(_) => format!("has more than the {MAX_BYTES} bytes that are read"),
            Self::Malformed(error) => malformed(error),
            Self::Schema(_) => format!("has another schema than {SCHEMA}"),
            Self::Unusable(part) => {
                let part = PARTS.into_iter().find(|known| part.starts_with(known)).unwrap_or("terms");
                format!("cannot be used for scoring because of its {part}")
            }
            Self::Golden { row, .. } => format!("scores its golden row {row} otherwise than it says"),
        }
    }
}

fn malformed(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => format!("does not fit the schema {SCHEMA}"),
        Category::Syntax => "is no JSON".to_owned(),
        Category::Eof => "ends too early".to_owned(),
        Category::Io => "cannot be read".to_owned(),
    };
    format!("{what}, line {} column {}", error.line(), error.column())
}
