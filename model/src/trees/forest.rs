//! An ensemble laid out for scoring: all nodes in one row of memory, 16 bytes each.

use super::{Ensemble, Node, TreesError};

/// Marks a leaf; no ensemble has this many columns.
const LEAF: u32 = u32::MAX;

/// The bit of a column that says that a row without a value goes left.
const MISSING_LEFT: u32 = 1 << 31;

/// A checked ensemble made ready for scoring; it gives the same bits as [`Ensemble::logit`].
#[derive(Clone, Debug)]
pub struct Forest {
    base: f64,
    roots: Vec<u32>,
    nodes: Vec<Step>,
}

/// A node: the number of a leaf, or the number that values that go left are below.
#[derive(Clone, Copy, Debug)]
struct Step {
    number: f32,
    column: u32,
    left: u32,
    right: u32,
}

impl Forest {
    /// Checks an ensemble and lays it out.
    pub fn of(ensemble: &Ensemble) -> Result<Self, TreesError> {
        ensemble.check()?;
        let (mut roots, mut nodes) = (Vec::new(), Vec::new());
        for tree in &ensemble.trees {
            // At most MAX_TOTAL nodes were let in.
            let root = nodes.len() as u32;
            roots.push(root);
            nodes.extend(tree.nodes.iter().map(|node| Step::of(*node, root)));
        }
        Ok(Self { base: ensemble.base(), roots, nodes })
    }

    /// The logit of a row; `row` is in the order of the ensemble's columns, NaN is a missing value.
    pub fn logit(&self, row: &[f32]) -> f64 {
        self.roots.iter().fold(self.base, |sum, root| sum + f64::from(self.leaf(*root, row)))
    }

    /// The value of the leaf that a row ends in. The ways of a checked tree end.
    fn leaf(&self, mut at: u32, row: &[f32]) -> f32 {
        while let Some(step) = self.nodes.get(at as usize) {
            if step.column == LEAF {
                return step.number;
            }
            let value = row.get((step.column & !MISSING_LEFT) as usize).copied().unwrap_or(f32::NAN);
            let goes_left = value < step.number || (value.is_nan() && step.column & MISSING_LEFT != 0);
            at = if goes_left { step.left } else { step.right };
        }
        0.0
    }
}

impl Step {
    fn of(node: Node, root: u32) -> Self {
        match node {
            Node::Leaf { value, .. } => Self { number: value, column: LEAF, left: 0, right: 0 },
            Node::Split { column, below, missing_left, left, right, .. } => Self {
                number: below,
                column: column | if missing_left { MISSING_LEFT } else { 0 },
                left: root + left,
                right: root + right,
            },
        }
    }
}
