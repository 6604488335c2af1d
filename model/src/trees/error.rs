//! Why bytes or an ensemble are no model that can be scored, and what to do about it. Texts of the file are cut short.

use super::{MAX_BYTES, MAX_COLUMNS, MAX_DEPTH, MAX_NODES, MAX_TOTAL, MAX_TREES};

/// Why a model cannot be read or scored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreesError {
    /// Too many bytes.
    #[error("the model has {0} bytes; at most {MAX_BYTES} are read: train fewer or smaller trees")]
    TooLarge(usize),
    /// Neither JSON nor UBJ.
    #[error("the model is neither XGBoost's JSON nor its UBJ: save it with booster.save_model(\"model.json\")")]
    Format,
    /// Broken JSON, or JSON of another form.
    #[error("the model's JSON {what} at line {line}, column {column}: save it again with booster.save_model")]
    Json {
        /// What is wrong with it.
        what: &'static str,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Broken UBJ, or UBJ of another form.
    #[error("the model's UBJ {what} at byte {at}: save it again with booster.save_model")]
    Ubj {
        /// What is wrong with it.
        what: &'static str,
        /// The byte, from 0.
        at: usize,
    },
    /// A part is not there.
    #[error("the model has no {0}: save it with booster.save_model, not as a dump or a configuration")]
    Absent(&'static str),
    /// A booster that is not gbtree.
    #[error("the booster is '{0}'; only gbtree is scored: train with booster=gbtree")]
    Booster(String),
    /// An objective that is not binary:logistic.
    #[error("the objective is '{0}'; only binary:logistic gives a risk: train with objective=binary:logistic")]
    Objective(String),
    /// More outputs than one.
    #[error("the model has several outputs ({0}); a risk is one: train on one label of two classes")]
    Outputs(&'static str),
    /// Categorical splits.
    #[error(
        "the model splits on categories: train on columns named feature=value that are 0 or 1, without categorical types"
    )]
    Categorical,
    /// No names of columns.
    #[error("the model has no feature_names: train it with a DMatrix that has feature_names (or from a data frame)")]
    Unnamed,
    /// Names that do not fit.
    #[error("the model has {names} feature_names but num_feature says {said}")]
    Columns {
        /// How many names there are.
        names: usize,
        /// How many it says.
        said: String,
    },
    /// The same name twice, or an empty one.
    #[error("feature_names number {0} is empty or stands there twice: give every column its own name")]
    Name(usize),
    /// Trees beyond the best iteration.
    #[error(
        "early stopping chose the first {best} of {rounds} rounds, so it is not clear which score: save \
         booster[:{best}] instead"
    )]
    Stopped {
        /// Rounds up to the best.
        best: usize,
        /// All rounds.
        rounds: usize,
    },
    /// The number of trees is not the one it says.
    #[error("the model has {trees} trees but says {said}")]
    Count {
        /// How many trees there are.
        trees: usize,
        /// How many it says.
        said: String,
    },
    /// Too many of something.
    #[error(
        "the model has too many {0}: at most {MAX_TREES} trees, {MAX_NODES} nodes a tree, {MAX_TOTAL} nodes, {MAX_DEPTH} \
         levels and {MAX_COLUMNS} columns are scored"
    )]
    Bound(&'static str),
    /// No usable base score.
    #[error("base_score is no number from 0.000001 to 0.999999: train with a base_score between 0 and 1")]
    BaseScore,
    /// No usable weight of the positive rows.
    #[error("scale_pos_weight is no number above 0")]
    PositiveWeight,
    /// A tree that is no tree.
    #[error("tree {tree} {what}: the model is damaged, save it again with booster.save_model")]
    Tree {
        /// Its position, from 0 as XGBoost counts.
        tree: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A node that cannot be scored.
    #[error("node {node} of tree {tree} {what}: the model is damaged, save it again with booster.save_model")]
    Node {
        /// Position of its tree, from 0 as XGBoost counts.
        tree: usize,
        /// Its position, from 0.
        node: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl From<serde_json::Error> for TreesError {
    /// Without the error's own words: they repeat what stands in the file.
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Data => "has a value of another kind than XGBoost writes",
            serde_json::error::Category::Syntax => "is no JSON",
            serde_json::error::Category::Eof => "ends too early",
            serde_json::error::Category::Io => "cannot be read",
        };
        Self::Json { what, line: error.line(), column: error.column() }
    }
}

/// At most the first 32 characters of a text of the file.
pub(super) fn short(text: &str) -> String {
    text.chars().take(32).collect()
}
