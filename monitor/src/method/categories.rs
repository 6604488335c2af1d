//! Evidently's tests of categories, with its faults: its chi-square takes the reference's shares as exact, so a category
//! that only the window has gives p = 0. For a test that may be relied on see [`super::homogeneity`].

use super::{
    Sample, Unscorable,
    homogeneity::{fisher, two_proportions},
    labels::{paired, paired_numbers},
    special::chi_square_tail,
};

/// Counts by category, reference first, the smallest category first; of numbers each different one is a category.
pub(super) fn counts(reference: &Sample, window: &Sample) -> Result<Vec<[u64; 2]>, Unscorable> {
    match (reference, window) {
        (Sample::Numbers(reference), Sample::Numbers(window)) => Ok(paired_numbers(reference, window)),
        (Sample::Labels(reference), Sample::Labels(window)) => Ok(paired(reference, window)),
        (Sample::Numbers(_), Sample::Labels(_)) | (Sample::Labels(_), Sample::Numbers(_)) => Err(Unscorable::Types),
    }
}

fn totals(counts: &[[u64; 2]]) -> [u64; 2] {
    counts.iter().fold([0, 0], |sum, pair| [sum[0] + pair[0], sum[1] + pair[1]])
}

/// Goodness of fit of the window to the reference's shares, K - 1 degrees of freedom; NaN with one category.
pub(super) fn chi_square(counts: &[[u64; 2]]) -> f64 {
    let [n, m] = totals(counts);
    let scale = m as f64 / n as f64;
    let cell = |[reference, window]: &[u64; 2]| {
        let expected = *reference as f64 * scale;
        let off = *window as f64 - expected;
        if *reference == 0 { f64::INFINITY } else { off * off / expected }
    };
    chi_square_tail(counts.iter().map(cell).sum(), counts.len() as f64 - 1.0)
}

/// Two proportions of values that are not of the first category.
pub(super) fn z(counts: &[[u64; 2]]) -> f64 {
    let [n, m] = totals(counts);
    let [first, second] = counts.first().copied().unwrap_or_default();
    two_proportions((n - first, n), (m - second, m))
}

/// The likelihood ratio of the window against the reference's counts, K - 1 degrees of freedom; only for equal sizes.
pub(super) fn g_test(counts: &[[u64; 2]]) -> Result<f64, Unscorable> {
    let [n, m] = totals(counts);
    if n != m {
        return Err(Unscorable::NeedsEqualSizes);
    }
    let cell = |[reference, window]: &[u64; 2]| {
        let observed = *window as f64;
        if *window == 0 { 0.0 } else { 2.0 * observed * libm::log(observed / *reference as f64) }
    };
    Ok(chi_square_tail(counts.iter().map(cell).sum(), counts.len() as f64 - 1.0))
}

/// Fisher's exact test, only for equal sizes and at most two categories.
pub(super) fn fisher_exact(counts: &[[u64; 2]]) -> Result<f64, Unscorable> {
    let [n, m] = totals(counts);
    let first = counts.first().copied().unwrap_or_default();
    if counts.len() > 2 {
        return Err(Unscorable::NeedsTwoCategories);
    }
    if n != m {
        return Err(Unscorable::NeedsEqualSizes);
    }
    Ok(fisher([first, [n - first[0], m - first[1]]]))
}
