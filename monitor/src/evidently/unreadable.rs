//! Why a file is no report of Evidently's. A message names the place by Evidently's own keys and by numbers; it never
//! repeats what the file holds.

/// Why a file cannot be read as a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is larger than is read.
    #[error("the file has more than the {most} bytes that are read; save the report without plots")]
    TooLarge {
        /// Bytes that are read.
        most: usize,
    },
    /// It has more values than any report.
    #[error("the file has more values than are read, up to byte {byte}; save the report without plots")]
    TooMany {
        /// Where the limit was passed, from 0.
        byte: usize,
    },
    /// Its values lie in each other more deeply than in any report.
    #[error("values lie more than {most} deep in each other at byte {byte}; this is no report of Evidently's")]
    TooDeep {
        /// Levels that are read.
        most: usize,
        /// Where the limit was passed, from 0.
        byte: usize,
    },
    /// It ends in the middle of a value.
    #[error("the file ends early, at byte {byte}; write it anew, and move it into place once it is whole")]
    Truncated {
        /// Where it ends.
        byte: usize,
    },
    /// It is no JSON.
    #[error("the file is no JSON at byte {byte}; write it with save_json, json() or save of Evidently")]
    NotJson {
        /// Where it stops to be JSON, from 0.
        byte: usize,
    },
    /// It is JSON, but none of the shapes that Evidently 0.4 to 0.7 writes.
    #[error(
        "the file has none of the shapes that Evidently 0.4 to 0.7 writes: no metrics, tests, metric_results or suite; \
         write it with save_json, json(), as_dict() or save"
    )]
    UnknownShape,
    /// A field that is known has a value that it cannot have.
    #[error("{place} {wrong}")]
    Wrong {
        /// The place, such as `metrics[0].result.drift_share`; a column is told by its number in the order of names.
        place: String,
        /// What is wrong, such as `must be a number`.
        wrong: &'static str,
    },
}
