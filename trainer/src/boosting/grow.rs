//! Growing one tree, level by level: the smaller child's histogram is summed, the larger one's is what its parent keeps.
//! It draws nothing and knows no labels.

use super::{
    ValidBoostingParams,
    bins::{Bins, Cuts},
    histogram::{Histogram, Pair, Unit, add, build, subtract, total},
    split::{Bounds, Split, Sums},
};
use crate::parallel;
use dropout_model::trees::{Node, Tree};

/// What a tree grows on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The rows as bins.
    pub bins: &'a Bins,
    /// What the bins mean.
    pub cuts: &'a Cuts,
    /// Derivatives by row.
    pub pairs: &'a [Pair],
    /// What a step of a pair is.
    pub unit: Unit,
    /// Depth, rate, limits and threads.
    pub params: &'a ValidBoostingParams,
}

/// A tree, and the same tree on bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Grown {
    /// The tree on values.
    pub tree: Tree,
    steps: Vec<Step>,
    depth: usize,
}

/// A node on bins. The right child follows the left one; a leaf leads to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    column: u32,
    left: u32,
    value: f32,
    /// 1 turns the bin of a missing value, 255, into 0 and so to the left; every other bin is then one higher.
    turn: u8,
    /// Turned bins up to this go left.
    most: u8,
}

/// A node that may still be split.
struct Open {
    node: usize,
    rows: Vec<u32>,
    histogram: Histogram,
    total: Pair,
    bounds: Bounds,
}

impl Grown {
    /// What the tree adds to the logit of a row of bins.
    pub fn value(&self, line: &[u8]) -> f32 {
        let mut at = 0;
        for _ in 0..self.depth {
            let Some(step) = self.steps.get(at) else { break };
            let bin = line.get(step.column as usize).copied().unwrap_or_default();
            at = step.left as usize + usize::from(!step.is_left(bin));
        }
        self.steps.get(at).map_or(0.0, |step| step.value)
    }

    fn add(&mut self, value: f64, cover: f64) -> usize {
        let (at, value) = (self.steps.len(), value as f32);
        self.tree.nodes.push(Node::Leaf { value, cover: cover as f32 });
        self.steps.push(Step { column: 0, left: at as u32, value, turn: 0, most: u8::MAX });
        at
    }
}

impl Step {
    fn is_left(&self, bin: u8) -> bool {
        bin.wrapping_add(self.turn) <= self.most
    }
}

impl Ground<'_> {
    /// Grows a tree for some rows with questions about some columns.
    pub fn grow(&self, rows: Vec<u32>, columns: &[usize]) -> Grown {
        let columns: Vec<(usize, usize)> =
            columns.iter().map(|column| (*column, self.cuts.of(*column).len())).collect();
        let mut grown = Grown { tree: Tree { nodes: Vec::new() }, steps: Vec::new(), depth: self.params.depth };
        let mut open = vec![self.root(&mut grown, rows)];
        for level in 1..=self.params.depth {
            let splits = self.splits(&open, &columns);
            let chosen: Vec<(Open, Split)> =
                open.into_iter().zip(splits).filter_map(|(open, split)| Some((open, split?))).collect();
            let children: Vec<[Open; 2]> =
                chosen.iter().map(|(open, split)| self.part(&mut grown, open, split)).collect();
            if chosen.is_empty() || level == self.params.depth {
                break;
            }
            open = self.filled(&grown, chosen, children);
        }
        grown
    }

    fn root(&self, grown: &mut Grown, rows: Vec<u32>) -> Open {
        let histogram = self.histograms(&[&rows]).pop().unwrap_or_default();
        let total = total(&histogram);
        Open { node: self.leaf(grown, total, Bounds::FREE), rows, histogram, total, bounds: Bounds::FREE }
    }

    fn leaf(&self, grown: &mut Grown, total: Pair, bounds: Bounds) -> usize {
        let derivatives = self.unit.derivatives(total);
        grown.add(self.params.rate * self.params.rule.value(derivatives, bounds), derivatives.1)
    }

    /// The best split of each node.
    fn splits(&self, open: &[Open], columns: &[(usize, usize)]) -> Vec<Option<Split>> {
        let best = |open: &Open| {
            let Open { histogram, total, bounds, .. } = open;
            self.params.rule.best(Sums { histogram, total: *total, unit: self.unit, bounds: *bounds }, columns)
        };
        let work: usize = open.len() * columns.iter().map(|(_, cuts)| cuts).sum::<usize>();
        let shares = work.div_ceil(parallel::share(work, self.params.threads)).max(1);
        let shares = open.chunks(open.len().div_ceil(shares).max(1)).collect();
        let found = parallel::each(shares, |share: &[Open]| share.iter().map(best).collect::<Vec<_>>());
        found.into_iter().flatten().collect()
    }

    /// Turns a leaf into a question; its two leaves have no rows yet.
    fn part(&self, grown: &mut Grown, open: &Open, split: &Split) -> [Open; 2] {
        let (low, high) = self.params.rule.bounds(split, self.unit, open.bounds);
        let [left, right] = [(split.left, low), (split.right, high)].map(|(total, bounds)| {
            let node = self.leaf(grown, total, bounds);
            Open { node, rows: Vec::new(), histogram: Vec::new(), total, bounds }
        });
        let Split { column, bin, missing_left, gain, .. } = *split;
        let (to_left, to_right) = (left.node as u32, right.node as u32);
        if let (Some(node), Some(step)) = (grown.tree.nodes.get_mut(open.node), grown.steps.get_mut(open.node)) {
            *node = Node::Split {
                column: column as u32,
                below: self.cuts.cut(column, bin),
                missing_left,
                left: to_left,
                right: to_right,
                gain: gain as f32,
                cover: self.unit.derivatives(open.total).1 as f32,
            };
            let turn = u8::from(missing_left);
            *step = Step { column: column as u32, left: to_left, value: 0.0, turn, most: bin + turn };
        }
        [left, right]
    }

    /// Gives the children their rows and histograms.
    fn filled(&self, grown: &Grown, parents: Vec<(Open, Split)>, children: Vec<[Open; 2]>) -> Vec<Open> {
        let lists: Vec<&[u32]> = parents.iter().map(|(open, _)| open.rows.as_slice()).collect();
        let steps: Vec<Option<&Step>> = parents.iter().map(|(open, _)| grown.steps.get(open.node)).collect();
        let divide = |list: usize, rows: &[u32]| {
            steps.get(list).copied().flatten().map_or_else(<[Vec<u32>; 2]>::default, |step| self.divided(step, rows))
        };
        let sides =
            parallel::over_rows(&lists, self.params.threads, divide, |[left, right], [more_left, more_right]| {
                left.extend(more_left);
                right.extend(more_right);
            });
        let smaller: Vec<&[u32]> =
            sides.iter().map(|[left, right]| if left.len() <= right.len() { left } else { right }.as_slice()).collect();
        let sums = self.histograms(&smaller);
        let mut open = Vec::with_capacity(2 * children.len());
        for ((((mut parent, _), small), rows), pair) in parents.into_iter().zip(sums).zip(sides).zip(children) {
            subtract(&mut parent.histogram, &small);
            open.extend(given(pair, rows, (small, parent.histogram)));
        }
        open
    }

    /// The histogram of each list of rows.
    fn histograms(&self, lists: &[&[u32]]) -> Vec<Histogram> {
        let sum = |_: usize, rows: &[u32]| build(self.bins, self.pairs, rows);
        parallel::over_rows(lists, self.params.threads, sum, |all, more| add(all, &more))
    }

    /// The rows that go left and right, in their order.
    fn divided(&self, step: &Step, rows: &[u32]) -> [Vec<u32>; 2] {
        // Both sides are written at every row and only one moves on: there is no branch to guess wrong.
        let (mut left, mut right) = (vec![0; rows.len() + 1], vec![0; rows.len() + 1]);
        let (mut lefts, mut rights) = (0, 0);
        let bins = self.bins.columns.get(step.column as usize).map_or(&[][..], Vec::as_slice);
        for row in rows {
            let is_left = step.is_left(bins.get(*row as usize).copied().unwrap_or_default());
            if let (Some(on_left), Some(on_right)) = (left.get_mut(lefts), right.get_mut(rights)) {
                (*on_left, *on_right) = (*row, *row);
            }
            lefts += usize::from(is_left);
            rights += usize::from(!is_left);
        }
        left.truncate(lefts);
        right.truncate(rights);
        [left, right]
    }
}

/// Children with their rows; the one with fewer rows has the first histogram.
fn given([mut left, mut right]: [Open; 2], rows: [Vec<u32>; 2], (small, large): (Histogram, Histogram)) -> [Open; 2] {
    [left.rows, right.rows] = rows;
    let is_left_small = left.rows.len() <= right.rows.len();
    (left.histogram, right.histogram) = if is_left_small { (small, large) } else { (large, small) };
    [left, right]
}
