//! What an ensemble must be to be scored: proper trees of finite numbers within the bounds. It changes nothing.

use super::{Ensemble, MAX_COLUMNS, MAX_DEPTH, MAX_NODES, MAX_TOTAL, MAX_TREES, Node, Tree, TreesError};
use std::collections::BTreeSet;

/// Smallest base score: XGBoost 3 takes this for any smaller one and XGBoost 2 does not, so such a model has no one meaning.
const LEAST_BASE: f32 = 1e-6;

impl Ensemble {
    /// Whether it can be scored: every tree is a proper tree (each node is reached once from the root), every number is
    /// finite, covers are not negative, and all bounds are kept.
    pub fn check(&self) -> Result<(), TreesError> {
        self.check_bounds()?;
        self.check_names()?;
        let base = self.base_score as f32;
        if !(LEAST_BASE..=1.0 - LEAST_BASE).contains(&base) {
            return Err(TreesError::BaseScore);
        }
        if self.positive_weight.is_some_and(|weight| !weight.is_finite() || weight <= 0.0) {
            return Err(TreesError::PositiveWeight);
        }
        self.trees.iter().enumerate().try_for_each(|(at, tree)| tree.check(at, self.columns.len()))
    }

    fn check_bounds(&self) -> Result<(), TreesError> {
        let nodes = || self.trees.iter().map(|tree| tree.nodes.len());
        let exceeded = [
            (self.columns.len() > MAX_COLUMNS, "columns"),
            (self.trees.len() > MAX_TREES, "trees"),
            (nodes().any(|count| count > MAX_NODES), "nodes in a tree"),
            (nodes().sum::<usize>() > MAX_TOTAL, "nodes"),
        ];
        let exceeded = exceeded.into_iter().find(|(is_exceeded, _)| *is_exceeded);
        exceeded.map_or(Ok(()), |(_, what)| Err(TreesError::Bound(what)))
    }

    fn check_names(&self) -> Result<(), TreesError> {
        let mut seen = BTreeSet::new();
        let bad = self.columns.iter().position(|name| name.is_empty() || !seen.insert(name));
        bad.map_or(Ok(()), |at| Err(TreesError::Name(at)))
    }
}

impl Tree {
    fn check(&self, tree: usize, columns: usize) -> Result<(), TreesError> {
        for (node, one) in self.nodes.iter().enumerate() {
            one.check(columns).map_err(|what| TreesError::Node { tree, node, what })?;
        }
        let children = |node: usize| match self.nodes.get(node) {
            Some(Node::Split { left, right, .. }) => Ok(Some([*left as usize, *right as usize])),
            Some(Node::Leaf { .. }) => Ok(None),
            None => Err(OUTSIDE),
        };
        let reached = reach(tree, self.nodes.len(), children)?;
        let apart = reached.iter().position(|is_reached| !is_reached);
        apart.map_or(Ok(()), |node| Err(TreesError::Node { tree, node, what: "is not reached from the root" }))
    }
}

impl Node {
    fn check(&self, columns: usize) -> Result<(), &'static str> {
        let is_cover = |cover: f32| cover.is_finite() && cover >= 0.0;
        match *self {
            Self::Leaf { value, .. } if !value.is_finite() => Err("has a leaf value that is not finite"),
            Self::Split { below, .. } if !below.is_finite() => Err("splits at a number that is not finite"),
            Self::Split { gain, .. } if !gain.is_finite() => Err("has a loss change that is not finite"),
            Self::Split { column, .. } if column as usize >= columns => Err("splits on a column without a name"),
            Self::Leaf { cover, .. } | Self::Split { cover, .. } if !is_cover(cover) => {
                Err("has a sum_hessian that is negative or not finite")
            }
            Self::Leaf { .. } | Self::Split { .. } => Ok(()),
        }
    }
}

/// What is said of a child that is not there.
pub(super) const OUTSIDE: &str = "has a child that is not in the tree";

/// Which of `count` nodes are reached from node 0, if none is reached twice and no way is longer than [`MAX_DEPTH`].
/// `children` says the two children of a node, or nothing for a leaf.
pub(super) fn reach(
    tree: usize,
    count: usize,
    children: impl Fn(usize) -> Result<Option<[usize; 2]>, &'static str>,
) -> Result<Vec<bool>, TreesError> {
    if count == 0 {
        return Err(TreesError::Tree { tree, what: "has no node" });
    }
    let mut reached = vec![false; count];
    let mut pending = vec![(0, 0)];
    while let Some((node, depth)) = pending.pop() {
        let fault = |what| TreesError::Node { tree, node, what };
        match reached.get_mut(node) {
            None => return Err(fault(OUTSIDE)),
            Some(true) => return Err(fault("is reached twice")),
            Some(is_reached) => *is_reached = true,
        }
        let Some(children) = children(node).map_err(fault)? else { continue };
        if depth == MAX_DEPTH {
            return Err(TreesError::Bound("levels"));
        }
        pending.extend(children.map(|child| (child, depth + 1)));
    }
    Ok(reached)
}
