//! Boosted trees as XGBoost means them: read from and written to XGBoost's own JSON, read from its UBJ, scored and explained.
//! Whatever is read is checked first; nothing is ever run.

use crate::bundle::Cell;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A boosted ensemble with one output: logit = logit(base_score) + the sum of one leaf of each tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ensemble {
    /// The risk without any tree, inside 0 and 1.
    pub base_score: f64,
    /// Names of the columns, in order: a feature's name for a number, `feature=value` for a level of a category.
    pub columns: Vec<String>,
    /// The trees.
    pub trees: Vec<Tree>,
}

/// A binary tree; node 0 is the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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

impl Ensemble {
    /// The logit of a row; `row` is in the order of the columns, NaN is a missing value.
    pub fn logit(&self, row: &[f32]) -> f64 {
        let base = libm::log(self.base_score / (1.0 - self.base_score));
        self.trees.iter().fold(base, |sum, tree| sum + f64::from(tree.leaf(row)))
    }
}

impl Tree {
    /// The value of the leaf that a row ends in; 0 for a tree whose nodes lead nowhere.
    fn leaf(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        for _ in 0..self.nodes.len() {
            match self.nodes.get(at) {
                Some(Node::Leaf { value, .. }) => return *value,
                Some(Node::Split { column, below, missing_left, left, right, .. }) => {
                    let value = row.get(*column as usize).copied().unwrap_or(f32::NAN);
                    let goes_left = if value.is_nan() { *missing_left } else { value < *below };
                    at = if goes_left { *left } else { *right } as usize;
                }
                None => break,
            }
        }
        0.0
    }
}
