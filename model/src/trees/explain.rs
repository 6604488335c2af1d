//! What each column adds to the logit of a row: exact path-dependent TreeSHAP (Lundberg, Erion and Lee 2018,
//! arXiv:1802.03888; Lundberg et al. 2020), whose values XGBoost's `pred_contribs` gives.
//!
//! A leaf of value v that is reached over columns 1..m is worth v * prod(s_i) to a coalition, where s_i is `one` (whether
//! the row stays on the way by its column i) if i is in the coalition and else `zero` (the share of the training rows that
//! stay). Shapley's value of i is then, by Owen's multilinear extension (Owen 1972, Management Science 18),
//!
//! ```text
//! v * (one_i - zero_i) * integral over t in 0..1 of the product over j != i of (t * one_j + (1 - t) * zero_j)
//! ```
//!
//! The integrand is a polynomial of degree m - 1 in t, so Gauss and Legendre's rule with m / 2 points, rounded up, is exact.
//! Only positive numbers are multiplied, divided and added up inside a leaf, where the usual recursion subtracts.

use super::{Ensemble, MAX_DEPTH, Node, Tree};

/// A question on the way to a leaf, or all questions of one column together.
#[derive(Clone, Copy, Debug)]
struct Edge {
    column: u32,
    /// 1 if the row stays on the way, else 0.
    one: f64,
    /// Share of the training rows, by cover, that stay on the way.
    zero: f64,
}

impl Ensemble {
    /// What each column adds to the logit of a row, in logits and in the order of the columns, and the expected logit:
    /// the mean over the training rows by cover. Their sum is [`Ensemble::logit`] within rounding (1e-9).
    ///
    /// `row` is in the order of the columns, NaN is a missing value. The ensemble must pass [`Ensemble::check`]; of one that
    /// does not, the numbers mean nothing. Where no training row came, both ways count the same.
    pub fn contributions(&self, row: &[f32]) -> (Vec<f64>, f64) {
        let levels = self.trees.iter().map(depth).max().unwrap_or_default();
        let rule = gauss_legendre(levels.min(self.columns.len()).div_ceil(2));
        let mut sums = Sums { row, rule: &rule, by_column: vec![0.0; self.columns.len()], expected: self.base() };
        let mut rooms = Rooms::default();
        self.trees.iter().for_each(|tree| sums.add_tree(tree, &mut rooms));
        (sums.by_column, sums.expected)
    }
}

/// Questions on the longest way; at most [`MAX_DEPTH`].
fn depth(tree: &Tree) -> usize {
    let mut most = 0;
    let mut pending = vec![(0_u32, 0)];
    for _ in 0..tree.nodes.len() {
        let Some((at, depth)) = pending.pop() else { break };
        most = most.max(depth);
        if let Some(Node::Split { left, right, .. }) = tree.nodes.get(at as usize) {
            pending.extend([(*left, depth + 1), (*right, depth + 1)]);
        }
    }
    most.min(MAX_DEPTH)
}

/// What is added up over the leaves of all trees.
struct Sums<'a> {
    row: &'a [f32],
    rule: &'a [(f64, f64)],
    by_column: Vec<f64>,
    expected: f64,
}

/// Memory that is used again from leaf to leaf.
#[derive(Default)]
struct Rooms {
    pending: Vec<(u32, usize, Option<Edge>)>,
    way: Vec<Edge>,
    merged: Vec<Edge>,
    integrals: Vec<f64>,
}

impl Sums<'_> {
    /// Goes to every leaf. `pending` holds a node, how many edges of the way lead to its parent, and the edge to it.
    fn add_tree(&mut self, tree: &Tree, rooms: &mut Rooms) {
        rooms.pending.clear();
        rooms.pending.push((0, 0, None));
        for _ in 0..tree.nodes.len() {
            let Some((at, length, edge)) = rooms.pending.pop() else { return };
            rooms.way.truncate(length);
            rooms.way.extend(edge);
            match tree.nodes.get(at as usize) {
                Some(Node::Leaf { value, .. }) => self.add_leaf(f64::from(*value), rooms),
                Some(split) => rooms
                    .pending
                    .extend(edges(tree, split, self.row).map(|(child, edge)| (child, rooms.way.len(), Some(edge)))),
                None => return,
            }
        }
    }

    fn add_leaf(&mut self, value: f64, rooms: &mut Rooms) {
        merge(&rooms.way, &mut rooms.merged);
        self.expected += value * rooms.merged.iter().map(|edge| edge.zero).product::<f64>();
        integrate(&rooms.merged, self.rule, &mut rooms.integrals);
        for (edge, integral) in rooms.merged.iter().zip(&rooms.integrals) {
            if let Some(sum) = self.by_column.get_mut(edge.column as usize) {
                *sum += value * (edge.one - edge.zero) * integral;
            }
        }
    }
}

/// The two children of a split with the edges to them; none of a leaf.
fn edges(tree: &Tree, split: &Node, row: &[f32]) -> impl Iterator<Item = (u32, Edge)> + use<> {
    let Node::Split { column, left, right, .. } = *split else { return None.into_iter().flatten() };
    let cover = |at: u32| tree.nodes.get(at as usize).map_or(0.0, |node| f64::from(node.cover()));
    let (of_left, both) = (cover(left), cover(left) + cover(right));
    let share = if both > 0.0 { of_left / both } else { 0.5 };
    let one = f64::from(u8::from(split.goes_left(row)));
    let to = |child, one, zero| (child, Edge { column, one, zero });
    Some([to(left, one, share), to(right, 1.0 - one, 1.0 - share)]).into_iter().flatten()
}

/// A column that is asked twice keeps the rows that stay both times.
fn merge(way: &[Edge], merged: &mut Vec<Edge>) {
    merged.clear();
    for edge in way {
        match merged.iter_mut().find(|found| found.column == edge.column) {
            Some(found) => (found.one, found.zero) = (found.one * edge.one, found.zero * edge.zero),
            None => merged.push(*edge),
        }
    }
}

/// The integral of each edge's column. A factor of 0 (no training row stays, nor does this row) makes all of them 0 but its
/// own, which is multiplied by 0.
fn integrate(edges: &[Edge], rule: &[(f64, f64)], integrals: &mut Vec<f64>) {
    integrals.clear();
    integrals.resize(edges.len(), 0.0);
    for (point, weight) in rule {
        let factor = |edge: &Edge| point * edge.one + (1.0 - point) * edge.zero;
        let product: f64 = edges.iter().map(factor).product();
        if product > 0.0 {
            let each = integrals.iter_mut().zip(edges);
            each.for_each(|(integral, edge)| *integral += weight * (product / factor(edge)));
        }
    }
}

/// Points in 0..1 and weights of Gauss and Legendre's rule, by Newton's method on Legendre's polynomial.
fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let order = count as f64;
    let point = |index: usize| {
        let mut x = libm::cos(std::f64::consts::PI * (index as f64 + 0.75) / (order + 0.5));
        let mut slope = 1.0;
        for _ in 0..8 {
            let (value, before) = legendre(count, x);
            slope = order * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(point).collect()
}

/// Legendre's polynomial of an order and the one before it at x.
fn legendre(order: usize, x: f64) -> (f64, f64) {
    (1..=order).fold((1.0, 0.0), |(value, before), k| {
        let k = k as f64;
        (((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k, value)
    })
}

#[cfg(test)]
mod tests {
    use super::gauss_legendre;

    #[test]
    fn the_rule_integrates_powers_up_to_twice_its_points() {
        for count in 1..=64 {
            let rule = gauss_legendre(count);
            for power in 0..2 * count as i32 {
                let found: f64 = rule.iter().map(|(point, weight)| weight * point.powi(power)).sum();
                let wanted = 1.0 / (f64::from(power) + 1.0);
                assert!((found - wanted).abs() < 1e-13, "{count} points, power {power}: {found} instead of {wanted}");
            }
        }
    }
}
