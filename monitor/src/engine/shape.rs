//! What a column looks like on both sides, in few numbers: bins, distribution functions, categories. Cells of fewer than five
//! patients are not told.

use crate::{
    method::{Labels, Numbers, Sample},
    report::{CategoryShape, Ecdf, NumberShape, Pair, SMALLEST_CELL, Shape},
};

/// Most bins.
const BINS: usize = 40;
/// Most points of a distribution function.
const POINTS: usize = 60;
/// Most categories that are shown.
const CATEGORIES: usize = 64;

/// The shape; none without values on both sides. `gap` is where the distribution functions are furthest apart.
pub fn shape(reference: &Sample, window: &Sample, gap: f64) -> Option<Shape> {
    if reference.is_empty() || window.is_empty() {
        return None;
    }
    match (reference, window) {
        (Sample::Numbers(left), Sample::Numbers(right)) => Some(Shape::Numbers(numbers(left, right, gap))),
        (Sample::Labels(left), Sample::Labels(right)) => Some(Shape::Categories(categories(left, right))),
        (Sample::Numbers(_), Sample::Labels(_)) | (Sample::Labels(_), Sample::Numbers(_)) => None,
    }
}

fn numbers(left: &Numbers, right: &Numbers, gap: f64) -> NumberShape {
    let edges = edges(left, right);
    let (low, high) = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(0.0));
    let outside = |side: &Numbers| {
        let n = side.len() as f64;
        [below(side, low) as f64 / n, (side.len() - up_to(side, high)) as f64 / n].map(rounded)
    };
    NumberShape {
        quartiles: Pair { reference: quartiles(left), window: quartiles(right) },
        bins: Pair { reference: bins(left, &edges), window: bins(right, &edges) },
        outside: Pair { reference: outside(left), window: outside(right) },
        ecdf: ecdf(left, right, gap),
        edges,
    }
}

/// Edges of equal bins between the 0.5 % and the 99.5 % quantile of both sides; whole numbers with few values get a bin each.
fn edges(left: &Numbers, right: &Numbers) -> Vec<f64> {
    let low = quantile(left, 0.005).min(quantile(right, 0.005));
    let high = quantile(left, 0.995).max(quantile(right, 0.995));
    let is_whole = left.is_whole && right.is_whole && high - low < BINS as f64;
    if is_whole {
        let count = (high - low) as usize + 1;
        return (0..=count).map(|at| low - 0.5 + at as f64).collect();
    }
    if high <= low {
        return vec![low - 0.5, low + 0.5];
    }
    (0..=BINS).map(|at| low + (high - low) * at as f64 / BINS as f64).collect()
}

/// Shares of the bins; the last one holds its upper edge.
fn bins(side: &Numbers, edges: &[f64]) -> Vec<f64> {
    let last = edges.len().saturating_sub(2);
    let count = |(at, pair): (usize, &[f64])| {
        let [from, to] = pair else { return 0.0 };
        let upper = if at == last { up_to(side, *to) } else { below(side, *to) };
        rounded((upper - below(side, *from)) as f64 / side.len() as f64)
    };
    edges.windows(2).enumerate().map(count).collect()
}

fn ecdf(left: &Numbers, right: &Numbers, gap: f64) -> Ecdf {
    let mut at: Vec<f64> = (0..=POINTS / 2)
        .flat_map(|k| {
            let share = k as f64 / (POINTS / 2) as f64;
            [quantile(left, share), quantile(right, share)]
        })
        .chain([gap])
        .filter(|value| value.is_finite())
        .collect();
    at.sort_by(f64::total_cmp);
    at.dedup();
    let share = |side: &Numbers| at.iter().map(|x| rounded(up_to(side, *x) as f64 / side.len() as f64)).collect();
    let (reference, window) = (share(left), share(right));
    Ecdf { at, reference, window, gap_at: Some(gap).filter(|gap| gap.is_finite()) }
}

fn quartiles(side: &Numbers) -> [f64; 3] {
    [0.25, 0.5, 0.75].map(|share| quantile(side, share))
}

/// The smallest number that at least this share of the side is at or below.
fn quantile(side: &Numbers, share: f64) -> f64 {
    let at = (share * side.len() as f64).ceil() as usize;
    side.values().get(at.max(1) - 1).copied().unwrap_or(f64::NAN)
}

fn below(side: &Numbers, bound: f64) -> usize {
    side.values().partition_point(|number| *number < bound)
}

fn up_to(side: &Numbers, bound: f64) -> usize {
    side.values().partition_point(|number| *number <= bound)
}

/// A share with four digits: more are no use to a picture.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

/// The categories of either side, the largest first; those beyond the most are told as one.
fn categories(left: &Labels, right: &Labels) -> Vec<CategoryShape> {
    let mut names: Vec<&String> = left.counts.keys().chain(right.counts.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let size = |name: &&String| left.count(name) + right.count(name);
    names.sort_by_key(|name| std::cmp::Reverse(size(name)));
    let rest = names.split_off(names.len().min(CATEGORIES));
    let mut shapes: Vec<CategoryShape> =
        names.iter().map(|name| category(name, (left.count(name), right.count(name)), (left, right))).collect();
    if !rest.is_empty() {
        let sum = |side: &Labels| rest.iter().map(|name| side.count(name)).sum();
        shapes.push(category(&format!("({} others)", rest.len()), (sum(left), sum(right)), (left, right)));
    }
    shapes
}

fn category(name: &str, (left, right): (u64, u64), sides: (&Labels, &Labels)) -> CategoryShape {
    let told = |count: u64| (count == 0 || count >= SMALLEST_CELL).then_some(count);
    let share = |count: u64, side: &Labels| told(count).map(|count| rounded(count as f64 / side.total() as f64));
    CategoryShape {
        name: name.to_owned(),
        count: Pair { reference: told(left), window: told(right) },
        share: Pair { reference: share(left, sides.0), window: share(right, sides.1) },
    }
}
