//! How much each feature moves risks: exact contributions, averaged over held out rows. It names no row.

use crate::{evaluation::Contest, report::Importance};
use dropout_model::{
    bundle::Scorer,
    input::{BadInput, Reason},
    manifest::Feature,
    rows::cells,
};

/// Most rows that contributions are averaged over; of more, evenly spaced ones are taken.
const EXPLAINED: usize = 2_000;

/// Mean size of each feature's contribution over held out rows, the largest first.
pub fn importances(contest: &Contest<'_>, held: &[usize]) -> Result<Vec<Importance>, BadInput> {
    let (bundle, rows) = (contest.candidate.0, &contest.table.rows);
    let scorer = Scorer::new(bundle)
        .map_err(|error| BadInput::new(Reason::BadBundle, format!("the bundle {}", error.kind())))?;
    let step = held.len().div_ceil(EXPLAINED).max(1);
    let taken: Vec<usize> = held.iter().copied().step_by(step).collect();
    let mut sums = vec![0.0; bundle.features.len()];
    for row in &taken {
        let contributions = scorer.contributions(&cells(&bundle.features, &rows.columns, *row)).by_feature;
        sums.iter_mut().zip(contributions).for_each(|(sum, logits)| *sum += logits.abs());
    }
    let of = |(feature, sum): (&Feature, f64)| Importance {
        feature: feature.name.clone(),
        logits: sum / taken.len() as f64,
    };
    let mut importances: Vec<Importance> = bundle.features.iter().zip(sums).map(of).collect();
    importances.retain(|one| one.logits.is_finite());
    importances.sort_by(|a, b| b.logits.total_cmp(&a.logits).then_with(|| a.feature.cmp(&b.feature)));
    Ok(importances)
}
