//! Why data or a manifest is refused: one word and one sentence that says what, where, and what to do. It never names a
//! patient.

use std::fmt;

/// Bad data or a bad manifest. Trying again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    /// One word for it.
    pub reason: Reason,
    /// One sentence: what, where, what to do.
    pub message: String,
    /// How many rows have a problem; the message tells the first.
    pub problems: usize,
}

impl BadInput {
    /// One problem.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), problems: 1 }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match self.problems {
            0 | 1 => Ok(()),
            2 => out.write_str(" (one more row has a problem)"),
            n => write!(out, " ({} more rows have a problem)", n - 1),
        }
    }
}

impl std::error::Error for BadInput {}

/// One word for what is wrong; it prints as it is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A field of the manifest cannot be used.
    BadManifest,
    /// A denied (blinded) column is a feature.
    DeniedFeature,
    /// The label, or another column that is no measurement, is a feature.
    LabelFeature,
    /// `index` is set without `data.cutoff`.
    IndexWithoutCutoff,
    /// `data.cutoff` is set without `index`.
    CutoffWithoutIndex,
    /// There is no file of rows.
    NoData,
    /// The file is larger than is read.
    TooLarge,
    /// The file has another digest than the manifest asks for.
    DigestMismatch,
    /// A Parquet file is damaged, or written in a way that is not read.
    BadParquet,
    /// A cell is no UTF-8 text.
    NotText,
    /// The header names a column twice.
    DuplicateColumn,
    /// A column that is needed is not there.
    MissingColumn,
    /// A row has more or fewer cells than the header.
    RaggedRow,
    /// A row has no patient identifier.
    EmptyPatientId,
    /// Two rows of one patient have the same landmark.
    DuplicateRow,
    /// A date is not `YYYY-MM-DD`.
    BadDate,
    /// A censor cell is neither `0` nor `1`.
    BadCensor,
    /// An intervention cell is neither `0` nor `1`.
    BadIntervention,
    /// A column of a slice has too many values.
    ManyGroups,
    /// Patients are in the training file and in the holdout file.
    InBothFiles,
    /// A cell of a number column is no number.
    NotANumber,
    /// A number is infinite or not defined.
    NotFinite,
    /// A number of an Integer column has a fraction.
    NotWhole,
    /// A number is outside min and max.
    OutOfRange,
    /// A category is not among the feature's values.
    UnknownCategory,
    /// A value is missing where the feature says Refuse.
    MissingValue,
    /// A row that counts has no label.
    MissingLabel,
    /// The label has values other than two, or none of them is the positive one.
    LabelValues,
    /// All rows that count have the same label.
    OneClass,
    /// No row counts.
    NoRows,
    /// Too few patients who dropped out to fit a model.
    FewDropouts,
    /// A version was trained before its training sample was kept.
    NoReference,
    /// A kept profile of a reference is damaged, of another version, or was made otherwise than it is asked for.
    BadProfile,
    /// A batch of records is damaged or of another trial, key or split.
    BadRecords,
    /// A bundle cannot be read or scored with.
    BadBundle,
    /// The model was made for other features, another label or another trial.
    ForeignModel,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}
