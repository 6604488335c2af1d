//! Evidence and relevance: which columns drifted, with all tests of a report taken together.

use crate::report::{ColumnReport, Direction, PastWindow, Settings, Verdict};

/// Adjusts the p-values of all tests (Benjamini and Hochberg 1995) and says which columns drifted: adjusted p at most `q` and
/// effect at or above the limit.
pub fn judge<'a>(columns: impl Iterator<Item = &'a mut ColumnReport>, settings: &Settings) {
    let mut columns: Vec<&mut ColumnReport> = columns.collect();
    let p: Vec<f64> = columns.iter().map(|column| column.test.as_ref().map_or(f64::NAN, |test| test.p)).collect();
    for (column, adjusted) in columns.iter_mut().zip(adjusted(&p)) {
        let Some(test) = &mut column.test else { continue };
        test.p_adjusted = Some(adjusted);
        let is_relevant = column.effect.as_ref().is_some_and(|effect| effect.value >= settings.effect);
        column.drifted = Some(adjusted <= settings.q && is_relevant);
    }
}

/// Says of columns that drifted in one of the last windows whether they did so again the same way. That is one question that
/// was asked before this window was seen, so its p-value needs no adjustment; the effect must be as large as ever.
pub fn confirm<'a>(columns: impl Iterator<Item = &'a mut ColumnReport>, history: &[PastWindow], settings: &Settings) {
    let last = settings.of.saturating_sub(1) as usize;
    for column in columns.filter(|column| column.drifted == Some(false)) {
        let (Some(test), Some(effect)) = (&column.test, &column.effect) else { continue };
        let is_down = column.direction == Some(Direction::Down);
        let before = history.iter().rev().take(last).filter(|window| window.verdict != Verdict::SchemaBreach);
        let is_again = before
            .filter_map(|window| window.columns.get(&column.name))
            .any(|(past, drifted)| *drifted && (*past < 0.0) == is_down);
        if is_again && test.p <= settings.q && effect.value >= settings.effect {
            column.drifted = Some(true);
            column.notes.push("drifted before the same way, so it was tested alone".to_owned());
        }
    }
}

/// p-values adjusted so that a limit of q on them keeps the expected share of false findings at q; NaN is no test.
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|at| p.get(*at).is_some_and(|p| !p.is_nan())).collect();
    let value = |at: usize| p.get(at).copied().unwrap_or(1.0);
    order.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
    let count = order.len() as f64;
    let (mut adjusted, mut least) = (vec![f64::NAN; p.len()], 1.0_f64);
    for (at, rank) in order.iter().zip((1..=order.len()).rev()) {
        least = least.min(value(*at) * count / rank as f64);
        adjusted.iter_mut().skip(*at).take(1).for_each(|slot| *slot = least);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_are_adjusted_from_the_largest_down() {
        let p = [0.01, 0.04, 0.03, 0.005, f64::NAN];
        let expected = [0.02, 0.04, 0.04, 0.02];
        let found = adjusted(&p);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert!(found[4].is_nan());
    }
}
