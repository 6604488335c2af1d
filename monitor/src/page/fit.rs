//! Cuts the shapes of a report to what a page of 200 kB can hold. No verdict, test or effect is touched.

use crate::report::{DriftReport, Ecdf, NumberShape, Pair, PastWindow, Shape};

/// Columns, worst first, whose shapes stay fine.
const FINE: usize = 6;
/// Columns from which others are coarse.
const MANY: usize = 16;
/// Most bins and points of a fine shape, and of a coarse one.
const FINE_SHAPE: (usize, usize) = (40, 40);
const COARSE_SHAPE: (usize, usize) = (14, 9);

/// The report with shapes rounded to what an eye can see, and coarser ones for the columns that matter least. Write the
/// JSON and the page from the same fitted report, so that both hold the same bytes.
pub fn fit(mut report: DriftReport) -> DriftReport {
    let is_wide = report.columns.len() > MANY;
    for (nth, column) in report.columns.iter_mut().enumerate() {
        let limits = if is_wide && nth >= FINE { COARSE_SHAPE } else { FINE_SHAPE };
        column.shape.iter_mut().for_each(|shape| fit_shape(shape, limits));
    }
    let prediction = report.prediction.iter_mut().flat_map(|column| &mut column.shape);
    prediction.for_each(|shape| fit_shape(shape, FINE_SHAPE));
    report.history.iter_mut().for_each(fit_past);
    report
}

fn fit_shape(shape: &mut Shape, limits: (usize, usize)) {
    match shape {
        Shape::Numbers(shape) => fit_numbers(shape, limits),
        Shape::Categories(categories) => {
            let shares = categories.iter_mut().flat_map(|one| [&mut one.share.reference, &mut one.share.window]);
            shares.for_each(|share| *share = share.map(|share| rounded(share, 4)));
        }
    }
}

fn fit_past(past: &mut PastWindow) {
    past.columns.values_mut().for_each(|(effect, _)| *effect = rounded(*effect, 3));
}

fn fit_numbers(shape: &mut NumberShape, (bins, points): (usize, usize)) {
    merge(shape, bins);
    thin(&mut shape.ecdf, points);
    let range = shape.edges.first().zip(shape.edges.last()).map_or(0.0, |(low, high)| high - low);
    // A thousandth of the range is less than a dot of the drawing.
    let decimals = if range > 0.0 && range.is_finite() { 3 - libm::floor(libm::log10(range)) as i32 } else { 9 };
    let values = shape.edges.iter_mut().chain(&mut shape.ecdf.at).chain(&mut shape.ecdf.gap_at);
    values.for_each(|value| *value = rounded(*value, decimals));
    let Pair { reference, window } = &mut shape.bins;
    let shares = reference.iter_mut().chain(window).chain(&mut shape.ecdf.reference).chain(&mut shape.ecdf.window);
    shares.for_each(|share| *share = rounded(*share, 3));
    shape.outside.reference.iter_mut().chain(&mut shape.outside.window).for_each(|share| *share = rounded(*share, 4));
    let quartiles = shape.quartiles.reference.iter_mut().chain(&mut shape.quartiles.window);
    quartiles.for_each(|value| *value = rounded(*value, decimals + 1));
}

/// A number with so many decimals; one too large for them as it is.
fn rounded(number: f64, decimals: i32) -> f64 {
    let scale = libm::pow(10.0, f64::from(decimals.abs()));
    let cut = if decimals < 0 { (number / scale).round() * scale } else { (number * scale).round() / scale };
    if cut.is_finite() { cut + 0.0 } else { number }
}

/// Neighbouring bins made one until there are few enough.
fn merge(shape: &mut NumberShape, most: usize) {
    let group = shape.edges.len().saturating_sub(1).div_ceil(most.max(1)).max(1);
    if group == 1 {
        return;
    }
    let sums = |side: &[f64]| side.chunks(group).map(|chunk| chunk.iter().sum()).collect();
    shape.bins = Pair { reference: sums(&shape.bins.reference), window: sums(&shape.bins.window) };
    let last = shape.edges.len() - 1;
    let is_kept = |nth: usize| nth.is_multiple_of(group) || nth == last;
    shape.edges = shape.edges.iter().enumerate().filter(|(nth, _)| is_kept(*nth)).map(|(_, edge)| *edge).collect();
}

/// Fewer points of the functions: evenly chosen, the ends and the widest gap among them.
fn thin(ecdf: &mut Ecdf, most: usize) {
    let count = ecdf.at.len().min(ecdf.reference.len()).min(ecdf.window.len());
    if count <= most {
        return;
    }
    let gap = ecdf.gap_at.and_then(|gap| ecdf.at.iter().rposition(|at| *at <= gap));
    let mut kept: Vec<usize> = (0..most - 1).map(|nth| nth * (count - 1) / (most - 2).max(1)).chain(gap).collect();
    kept.sort_unstable();
    kept.dedup();
    let pick = |side: &[f64]| kept.iter().filter_map(|nth| side.get(*nth).copied()).collect();
    (ecdf.at, ecdf.reference, ecdf.window) = (pick(&ecdf.at), pick(&ecdf.reference), pick(&ecdf.window));
}
