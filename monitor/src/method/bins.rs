//! Evidently's distances of binned shares: PSI, Kullback-Leibler, Jensen-Shannon, Hellinger. They rise with noise when
//! rows are few, and say nothing about whether a distance is more than noise.

use super::{
    Labels, Numbers, Sample, Unscorable,
    labels::{distinct, paired, paired_numbers},
};

/// Different values of the reference up to which each is a bin of its own.
const MOST_VALUES: usize = 20;
/// What an empty bin is filled with.
const FILL: f64 = 0.0001;

/// Shares of the bins of one side each, 0 to 1.
pub(super) type Shares = [Vec<f64>; 2];

/// Shares of common bins: equal widths over both sides by Sturges' rule for numbers with more than 20 different values in
/// the reference, else one bin for each value (Evidently's `get_binned_data`; its argument for the number of bins has no
/// effect).
pub(super) fn shares(reference: &Sample, window: &Sample) -> Result<Shares, Unscorable> {
    match (reference, window) {
        (Sample::Numbers(a), Sample::Numbers(b)) if a.distinct() > MOST_VALUES => {
            let edges = pooled_edges(a, b, (a.len() + b.len()) as f64)?;
            Ok([a, b]
                .map(|side| histogram(side, &edges).iter().map(|count| *count as f64 / side.len() as f64).collect()))
        }
        (Sample::Numbers(a), Sample::Numbers(b)) => Ok(of_counts(&paired_numbers(a, b))),
        (Sample::Labels(a), Sample::Labels(b)) => Ok(of_counts(&paired(a, b))),
        (Sample::Numbers(_), Sample::Labels(_)) | (Sample::Labels(_), Sample::Numbers(_)) => Err(Unscorable::Types),
    }
}

fn of_counts(counts: &[[u64; 2]]) -> Shares {
    [0, 1].map(|side: usize| {
        let total: u64 = counts.iter().map(|pair| pair[side]).sum();
        counts.iter().map(|pair| pair[side] as f64 / total as f64).collect()
    })
}

/// Edges of equal bins over both sides, by Sturges' rule for `count` values (numpy's `histogram_bin_edges`; integers
/// since numpy 2 get a width of at least 1).
fn pooled_edges(a: &Numbers, b: &Numbers, count: f64) -> Result<Vec<f64>, Unscorable> {
    let smallest = [a, b].iter().filter_map(|side| side.smallest()).fold(f64::INFINITY, f64::min);
    let largest = [a, b].iter().filter_map(|side| side.largest()).fold(f64::NEG_INFINITY, f64::max);
    let is_flat = smallest == largest;
    let (first, last) = if is_flat { (smallest - 0.5, largest + 0.5) } else { (smallest, largest) };
    let mut width = (largest - smallest) / (libm::log2(count) + 1.0);
    if a.is_whole && b.is_whole && width > 0.0 {
        width = width.max(1.0);
    }
    let bins = if width > 0.0 { libm::ceil((last - first) / width) } else { 1.0 };
    let step = (last - first) / bins;
    if !step.is_finite() {
        return Err(Unscorable::TooWide);
    }
    let mut edges: Vec<f64> = (0..bins as u32).map(|at| f64::from(at) * step + first).collect();
    edges.push(last);
    Ok(edges)
}

/// Counts of bins that hold their lower edge; the last holds its upper edge too.
fn histogram(numbers: &Numbers, edges: &[f64]) -> Vec<u64> {
    let last = edges.len().saturating_sub(1);
    let place = |(at, edge): (usize, &f64)| if at == last { numbers.up_to(*edge) } else { numbers.below(*edge) };
    let places: Vec<usize> = edges.iter().enumerate().map(place).collect();
    places.windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect()
}

/// Population stability index: the sum of (r - c) ln(r / c) over bins; empty bins are filled, shares not scaled again.
pub(super) fn psi(reference: &Sample, window: &Sample) -> Result<f64, Unscorable> {
    let [r, c] = shares(reference, window)?.map(filled);
    Ok(r.iter().zip(&c).map(|(r, c)| (r - c) * libm::log(r / c)).sum())
}

/// Kullback-Leibler divergence of the reference from the window, in nats; empty bins are filled, shares scaled to 1.
pub(super) fn kl_div(reference: &Sample, window: &Sample) -> Result<f64, Unscorable> {
    let [r, c] = shares(reference, window)?.map(|side| scaled(filled(side)));
    Ok(r.iter().zip(&c).map(|(r, c)| r * libm::log(r / c)).sum())
}

/// Fills empty bins with 0.0001, or with a millionth of the smallest share if that is not larger.
fn filled(mut shares: Vec<f64>) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
    let fill = if smallest <= FILL { smallest / 1e6 } else { FILL };
    for share in shares.iter_mut().filter(|share| **share == 0.0) {
        *share = fill;
    }
    shares
}

fn scaled(mut shares: Vec<f64>) -> Vec<f64> {
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// The Jensen-Shannon distance of two samples of categories: the root of the mean divergence from the middle, in nats, 0
/// to sqrt(ln 2). NaN with an empty side.
pub fn jensen_shannon(reference: &Labels, window: &Labels) -> f64 {
    distance(of_counts(&paired(reference, window)))
}

/// [`jensen_shannon`] of binned samples; empty bins stay empty.
pub(super) fn binned_jensen_shannon(reference: &Sample, window: &Sample) -> Result<f64, Unscorable> {
    Ok(distance(shares(reference, window)?))
}

fn distance(shares: Shares) -> f64 {
    let [r, c] = shares.map(scaled);
    let part = |share: f64, middle: f64| if share > 0.0 { share * libm::log(share / middle) } else { 0.0 };
    let sum: f64 = r.iter().zip(&c).map(|(r, c)| part(*r, (r + c) / 2.0) + part(*c, (r + c) / 2.0)).sum();
    // Rounding alone can take equal shares below zero.
    if sum < 0.0 { 0.0 } else { libm::sqrt(sum / 2.0) }
}

/// The Hellinger distance, 0 to 1. For numbers the edges follow Sturges' rule for the count of different values.
pub(super) fn hellinger(reference: &Sample, window: &Sample) -> Result<f64, Unscorable> {
    let overlap = match (reference, window) {
        (Sample::Numbers(a), Sample::Numbers(b)) => density_overlap(a, b)?,
        (Sample::Labels(_), Sample::Labels(_))
        | (Sample::Numbers(_), Sample::Labels(_))
        | (Sample::Labels(_), Sample::Numbers(_)) => {
            let [r, c] = shares(reference, window)?;
            r.iter().zip(&c).map(|(r, c)| libm::sqrt(r * c)).sum()
        }
    };
    Ok(libm::sqrt(1.0 - overlap.clamp(0.0, 1.0)))
}

/// The Bhattacharyya coefficient of two histograms as densities.
fn density_overlap(a: &Numbers, b: &Numbers) -> Result<f64, Unscorable> {
    let edges = pooled_edges(a, b, distinct(a, b, usize::MAX) as f64)?;
    let (first, last) = (edges.first().copied().unwrap_or_default(), edges.last().copied().unwrap_or_default());
    let mean_width = (last - first) / (edges.len() as f64 - 1.0);
    let [left, right] = [a, b].map(|side| histogram(side, &edges));
    let density = |count: u64, side: &Numbers, width: f64| count as f64 / width / side.len() as f64;
    let bins = edges.windows(2).zip(left.iter().zip(&right)).map(|(edge, (left, right))| {
        let width = edge[1] - edge[0];
        libm::sqrt(density(*left, a, width) * density(*right, b, width)) * mean_width
    });
    Ok(bins.sum())
}
