//! The outcome of Evidently's tests. A test that could not be run is never read as passed.

use super::{place::Placed, unreadable::Unreadable};
use crate::report::{Dataset, EvidentlyScore};

/// The outcome of a test, quietest first: of several tests the loudest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Passed.
    Success,
    /// Failed, but its author declared it not critical; counts as passed, with a word.
    Warning,
    /// Not run.
    Skipped,
    /// Could not be run.
    Error,
    /// Failed.
    Fail,
}

impl Status {
    /// From the field `status` of a test.
    pub fn read(test: &Placed<'_>) -> Result<Self, Unreadable> {
        let status = test.needed("status")?;
        match status.text()? {
            "SUCCESS" => Ok(Self::Success),
            "FAIL" => Ok(Self::Fail),
            "WARNING" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "SKIPPED" => Ok(Self::Skipped),
            _ => Err(status.wrong("must be SUCCESS, FAIL, WARNING, ERROR or SKIPPED")),
        }
    }

    /// Whether a column drifted by its test; none if the test could not be run.
    pub const fn drifted(self) -> Option<bool> {
        match self {
            Self::Fail => Some(true),
            Self::Success | Self::Warning => Some(false),
            Self::Error | Self::Skipped => None,
        }
    }

    /// The remark on a column whose test neither passed nor failed.
    pub fn note(self) -> Option<String> {
        let note = match self {
            Self::Success | Self::Fail => return None,
            Self::Warning => "Evidently's test warns, and is not critical by the file's own word",
            Self::Error => "Evidently's test ended with an error",
            Self::Skipped => "Evidently's test was skipped",
        };
        Some(note.to_owned())
    }

    /// A score of which this test says whether it is drift.
    pub fn over(self, score: EvidentlyScore) -> EvidentlyScore {
        EvidentlyScore { drifted: self.drifted(), ..score }
    }

    /// Whether a test "share below `limit`" can have ended like this.
    pub fn agrees(self, dataset: &Dataset, limit: Option<f64>) -> bool {
        let (Some(share), Some(limit)) = (dataset.share, limit) else { return true };
        match self {
            Self::Success => share < limit,
            Self::Fail | Self::Warning => share >= limit,
            Self::Error | Self::Skipped => true,
        }
    }
}
