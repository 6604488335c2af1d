//! What is wrong with columns themselves, before anything is compared.

use serde::{Deserialize, Serialize};

/// Something wrong with a column itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaFinding {
    /// What.
    pub kind: SchemaKind,
    /// The column.
    pub column: String,
    /// One sentence with numbers.
    pub message: String,
    /// Whether it breaks the data: nothing may be retrained on it.
    #[serde(default)]
    pub breaks: bool,
}

/// What can be wrong with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SchemaKind {
    /// It is not in the window.
    MissingColumn,
    /// It is only in the window.
    NewColumn,
    /// All its values are missing.
    AllMissing,
    /// Far more values are missing than in the reference.
    Missingness,
    /// Its values are of another type.
    OtherType,
    /// It has categories that the reference does not have.
    UnseenCategory,
    /// It has values outside the feature's bounds.
    OutOfRange,
    /// It has one value only, and had several.
    Constant,
}
