//! An ensemble as the document that XGBoost's `save_model` writes, keys in XGBoost's order. XGBoost 2 and 3 read it: base
//! scores of XGBoost 2 hold at most nine digits and no brackets, which XGBoost 3 takes as well.

use super::{Ensemble, Node, Tree};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{collections::BTreeMap, iter::repeat_n};

/// The version whose document this is.
const VERSION: [u8; 3] = [2, 1, 4];

/// XGBoost's parent of a root, and its child of a leaf.
const NO_PARENT: i32 = i32::MAX;
const NO_CHILD: i32 = -1;

impl Serialize for Ensemble {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(Some(2))?;
        document.serialize_entry("learner", &Learner::of(self))?;
        document.serialize_entry("version", &VERSION)?;
        document.end()
    }
}

type Parameters = BTreeMap<&'static str, String>;

#[derive(Serialize)]
struct Learner<'a> {
    attributes: Parameters,
    feature_names: &'a [String],
    feature_types: [String; 0],
    gradient_booster: Booster<'a>,
    learner_model_param: Parameters,
    objective: Objective,
}

#[derive(Serialize)]
struct Booster<'a> {
    model: Forest<'a>,
    name: &'static str,
}

#[derive(Serialize)]
struct Forest<'a> {
    gbtree_model_param: Parameters,
    iteration_indptr: Vec<usize>,
    tree_info: Vec<u8>,
    trees: Trees<'a>,
}

#[derive(Serialize)]
struct Objective {
    name: &'static str,
    reg_loss_param: Parameters,
}

impl<'a> Learner<'a> {
    fn of(ensemble: &'a Ensemble) -> Self {
        let (columns, trees) = (ensemble.columns.len(), ensemble.trees.len());
        let weight = ensemble.positive_weight.map_or_else(|| "1".to_owned(), |weight| format!("{weight:E}"));
        Self {
            attributes: Parameters::new(),
            feature_names: &ensemble.columns,
            feature_types: [],
            gradient_booster: Booster {
                model: Forest {
                    gbtree_model_param: parameters([("num_parallel_tree", 1), ("num_trees", trees)]),
                    iteration_indptr: (0..=trees).collect(),
                    tree_info: vec![0; trees],
                    trees: Trees { trees: &ensemble.trees, columns },
                },
                name: "gbtree",
            },
            learner_model_param: learner_parameters(ensemble.base_score, columns),
            objective: Objective {
                name: "binary:logistic",
                reg_loss_param: Parameters::from([("scale_pos_weight", weight)]),
            },
        }
    }
}

fn parameters<const N: usize>(counts: [(&'static str, usize); N]) -> Parameters {
    counts.into_iter().map(|(name, count)| (name, count.to_string())).collect()
}

fn learner_parameters(base_score: f64, columns: usize) -> Parameters {
    let counts = [("boost_from_average", 1), ("num_class", 0), ("num_feature", columns), ("num_target", 1)];
    let mut all = parameters(counts);
    all.insert("base_score", format!("{:E}", base_score as f32));
    all
}

/// The trees, made into arrays one after the other.
struct Trees<'a> {
    trees: &'a [Tree],
    columns: usize,
}

impl Serialize for Trees<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.trees.iter().enumerate().map(|(id, tree)| Arrays::of(id, tree, self.columns)))
    }
}

#[derive(Serialize)]
struct Arrays {
    base_weights: Vec<f32>,
    categories: [u8; 0],
    categories_nodes: [u8; 0],
    categories_segments: [u8; 0],
    categories_sizes: [u8; 0],
    default_left: Vec<u8>,
    id: usize,
    left_children: Vec<i32>,
    loss_changes: Vec<f32>,
    parents: Vec<i32>,
    right_children: Vec<i32>,
    split_conditions: Vec<f32>,
    split_indices: Vec<u32>,
    split_type: Vec<u8>,
    sum_hessian: Vec<f32>,
    tree_param: Parameters,
}

impl Arrays {
    fn of(id: usize, tree: &Tree, columns: usize) -> Self {
        let count = tree.nodes.len();
        let counts = [("num_deleted", 0), ("num_feature", columns), ("num_nodes", count), ("size_leaf_vector", 1)];
        let rows: Vec<Row> = tree.nodes.iter().map(Row::of).collect();
        let numbers = |of: fn(&Row) -> f32| rows.iter().map(of).collect::<Vec<_>>();
        let children = |of: fn(&Row) -> i32| rows.iter().map(of).collect::<Vec<_>>();
        Self {
            base_weights: numbers(|row| row.weight),
            categories: [],
            categories_nodes: [],
            categories_segments: [],
            categories_sizes: [],
            default_left: rows.iter().map(|row| row.default_left).collect(),
            id,
            left_children: children(|row| row.left),
            loss_changes: numbers(|row| row.gain),
            parents: parents(&rows),
            right_children: children(|row| row.right),
            split_conditions: numbers(|row| row.number),
            split_indices: rows.iter().map(|row| row.column).collect(),
            split_type: repeat_n(0, count).collect(),
            sum_hessian: numbers(|row| row.cover),
            tree_param: parameters(counts),
        }
    }
}

/// A node as XGBoost spreads it over its arrays.
#[derive(Default)]
struct Row {
    number: f32,
    /// XGBoost scores with `number`; this is the weight of a leaf, and 0 for a split.
    weight: f32,
    column: u32,
    default_left: u8,
    left: i32,
    right: i32,
    gain: f32,
    cover: f32,
}

impl Row {
    fn of(node: &Node) -> Self {
        match *node {
            Node::Leaf { value, cover } => {
                Self { number: value, weight: value, cover, left: NO_CHILD, right: NO_CHILD, ..Self::default() }
            }
            Node::Split { column, below, missing_left, left, right, gain, cover } => Self {
                number: below,
                weight: 0.0,
                column,
                default_left: u8::from(missing_left),
                left: i32::try_from(left).unwrap_or(NO_CHILD),
                right: i32::try_from(right).unwrap_or(NO_CHILD),
                gain,
                cover,
            },
        }
    }
}

fn parents(rows: &[Row]) -> Vec<i32> {
    let mut parents = vec![NO_PARENT; rows.len()];
    for (row, parent) in rows.iter().zip(0..) {
        for child in [row.left, row.right] {
            let place = usize::try_from(child).ok().and_then(|child| parents.get_mut(child));
            place.into_iter().for_each(|place| *place = parent);
        }
    }
    parents
}
