//! How much each feature weighs in a bundle's risks. It explains no patient.

use crate::frame::ColumnSpec;
use dropout_model::bundle::{Bundle, BundleError, Cell, Scorer};

/// Fills in the importances: the mean size of each feature's contribution, in logits, over rows of cells in the order of the
/// bundle's features, as a share of all. Contributions whose sum is 0 or no number are no importances. Fails if the bundle
/// does not score.
pub fn weigh<R: AsRef<[Cell]>>(
    bundle: &Bundle,
    rows: impl Iterator<Item = R>,
    schema: &mut [ColumnSpec],
) -> Result<(), BundleError> {
    let scorer = Scorer::new(bundle)?;
    let mut sums = vec![0.0; bundle.features.len()];
    for row in rows {
        let contributions = scorer.contributions(row.as_ref()).by_feature;
        sums.iter_mut().zip(contributions).for_each(|(sum, logits)| *sum += logits.abs());
    }
    let all: f64 = sums.iter().sum();
    let is_known = all > 0.0 && all.is_finite();
    for (feature, sum) in bundle.features.iter().zip(&sums).filter(|_| is_known) {
        let own = schema.iter_mut().filter(|column| column.name == feature.name);
        own.for_each(|column| column.importance = Some(sum / all));
    }
    Ok(())
}
