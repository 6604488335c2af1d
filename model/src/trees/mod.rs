//! Boosted trees as XGBoost means them: read from and written to XGBoost's own JSON, read from its UBJ, scored and explained.
//! Whatever is read is checked first; nothing is ever run.

mod admit;
mod check;
mod document;
mod error;
mod explain;
mod forest;
mod ubj;
mod write;

use crate::bundle::Cell;
use document::{Document, without_bare_words};
pub use error::TreesError;
pub use forest::Forest;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::collections::BTreeMap;

/// Largest file that is read, in bytes: a bundle must hold it.
pub const MAX_BYTES: usize = 64 << 20;

/// Most trees of an ensemble.
pub const MAX_TREES: usize = 10_000;

/// Most nodes of a tree, deleted ones counted.
pub const MAX_NODES: usize = 65_535;

/// Most nodes of all trees together.
pub const MAX_TOTAL: usize = 4_000_000;

/// Most columns.
pub const MAX_COLUMNS: usize = 1_024;

/// Most questions on the way to a leaf.
pub const MAX_DEPTH: usize = 128;

/// A boosted ensemble with one output: logit = logit(base_score) + the sum of one leaf of each tree.
///
/// As serde writes and reads it, it is the document of XGBoost's `save_model("model.json")`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// The risk without any tree, inside 0 and 1. XGBoost keeps an f32, so the nearest f32 is what is written and scored.
    pub base_score: f64,
    /// The weight of a positive row in the training (XGBoost's `scale_pos_weight`); none if it was 1. It is told, not
    /// scored: risks of a weighted training are too high until calibration or a prior shift takes the weight back.
    pub positive_weight: Option<f64>,
    /// Names of the columns, in order: a feature's name for a number, `feature=value` for a level of a category.
    pub columns: Vec<String>,
    /// The trees.
    pub trees: Vec<Tree>,
}

/// A binary tree; node 0 is the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node {
    /// What is added to the logit.
    Leaf {
        /// The logits added.
        value: f32,
        /// Sum of the second derivatives of the training rows that end here (XGBoost's `sum_hessian`).
        cover: f32,
    },
    /// A question.
    Split {
        /// Position in the ensemble's columns.
        column: u32,
        /// A row goes left if its value, as an f32, is less than this.
        below: f32,
        /// Where a row without a value goes.
        missing_left: bool,
        /// Node of the rows that go left.
        left: u32,
        /// Node of the rows that go right.
        right: u32,
        /// What the split lowers the loss by (XGBoost's `loss_changes`).
        gain: f32,
        /// Sum of the second derivatives of the training rows that come here (XGBoost's `sum_hessian`).
        cover: f32,
    },
}

/// Boosted trees in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trees {
    /// The ensemble, as the document that XGBoost itself writes.
    pub xgboost: Ensemble,
    /// What takes the place of a missing value, by feature, for features that are imputed. A missing value of any other
    /// feature goes the way that each split says.
    pub imputed: BTreeMap<String, Cell>,
}

/// Reads a model that XGBoost's `save_model` wrote, as JSON or as UBJ, told apart by the first bytes. What it returns has
/// passed [`Ensemble::check`]; nodes that XGBoost deleted are left out.
pub fn read(bytes: &[u8]) -> Result<Ensemble, TreesError> {
    if bytes.len() > MAX_BYTES {
        return Err(TreesError::TooLarge(bytes.len()));
    }
    let document: Document = match bytes.trim_ascii_start() {
        [b'{', b'i' | b'U' | b'I' | b'l' | b'L' | b'#' | b'$', ..] => ubj::from_slice(bytes)?,
        [b'{', ..] => read_json(bytes)?,
        _ => return Err(TreesError::Format),
    };
    document.try_into()
}

/// Reads plain JSON, or JSON with the bare words of XGBoost. Where neither is read, the error is that of the file as it is.
fn read_json(bytes: &[u8]) -> Result<Document, TreesError> {
    match serde_json::from_slice(bytes) {
        Err(error) if error.is_syntax() => serde_json::from_slice(&without_bare_words(bytes)).map_err(|_| error.into()),
        read => read.map_err(TreesError::from),
    }
}

impl<'de> Deserialize<'de> for Ensemble {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Document::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl Ensemble {
    /// The logit of a row; `row` is in the order of the columns, NaN is a missing value.
    pub fn logit(&self, row: &[f32]) -> f64 {
        self.trees.iter().fold(self.base(), |sum, tree| sum + f64::from(tree.leaf(row)))
    }

    /// The logit without any tree.
    fn base(&self) -> f64 {
        let base = f64::from(self.base_score as f32);
        libm::log(base / (1.0 - base))
    }
}

impl Tree {
    /// The value of the leaf that a row ends in; 0 for a tree whose nodes lead nowhere.
    fn leaf(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        for _ in 0..self.nodes.len() {
            match self.nodes.get(at) {
                Some(Node::Leaf { value, .. }) => return *value,
                Some(split @ Node::Split { left, right, .. }) => {
                    at = if split.goes_left(row) { *left } else { *right } as usize;
                }
                None => break,
            }
        }
        0.0
    }
}

impl Node {
    /// Whether a row goes left here. No row goes left of a leaf.
    fn goes_left(&self, row: &[f32]) -> bool {
        let Self::Split { column, below, missing_left, .. } = self else { return false };
        let value = row.get(*column as usize).copied().unwrap_or(f32::NAN);
        if value.is_nan() { *missing_left } else { value < *below }
    }

    fn cover(&self) -> f32 {
        match self {
            Self::Leaf { cover, .. } | Self::Split { cover, .. } => *cover,
        }
    }
}
