//! XGBoost's own file as it came: the ensemble, and how dropouts were weighed when it was fitted.

use dropout_model::{
    input::{BadInput, Reason},
    trees::{self, Ensemble, TreesError},
};

/// A file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The trees.
    pub ensemble: Ensemble,
    /// XGBoost's `scale_pos_weight`, 1 if rows weighed the same.
    pub positive_weight: f64,
}

/// Reads XGBoost's JSON or UBJ, told apart by content.
pub fn read(bytes: &[u8]) -> Result<File, TreesError> {
    Ok(File { ensemble: trees::read(bytes)?, positive_weight: 1.0 })
}

/// The sentence for people who have the file.
pub fn told(name: &str, error: &TreesError) -> BadInput {
    BadInput::new(Reason::ForeignModel, format!("{name}: {error}"))
}

/// The sentence for everybody else.
pub fn refused(name: &str, error: &TreesError) -> BadInput {
    told(name, error)
}
