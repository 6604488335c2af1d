//! Looks at one holdout. Each may promote by luck, so together they share the error that the level allows. Only what must
//! be shown to be better pays for it: a check for harm at a spent level would let more harm pass with every look.

use crate::{
    manifest::{Gate, Spending},
    task::Looked,
};

/// Growth of the holdout's positive patients after which it counts as a new one.
pub const GROWTH: f64 = 1.25;

/// Which look at the holdout this is, and how sure it must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// From 1.
    pub number: u32,
    /// Level of the intervals that show harm or are only told, as the manifest says.
    pub level: f64,
    /// Level of the intervals that must show a gain.
    pub spent: f64,
}

impl Look {
    /// The k-th look since the holdout's positive patients grew by a quarter is made at 1 - alpha / (k (k + 1)) with
    /// alpha = 1 - level. The sum of 1 / (k (k + 1)) over all k is 1, so all looks together err with at most alpha.
    pub fn new(gate: &Gate, looked: Option<Looked>, positive_patients: usize) -> Self {
        let number = number(looked, positive_patients);
        let level = gate.level();
        let looks = f64::from(number);
        let spent = match gate.spending() {
            Spending::Looks => 1.0 - (1.0 - level) / (looks * (looks + 1.0)),
            Spending::None => level,
        };
        Self { number, level, spent }
    }
}

fn number(looked: Option<Looked>, positive_patients: usize) -> u32 {
    let Some(looked) = looked else { return 1 };
    let is_new = positive_patients as f64 >= GROWTH * f64::from(looked.positive_patients);
    if is_new { 1 } else { looked.looks.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Confidence;

    fn look(looks: u32, before: u32, now: usize) -> Look {
        Look::new(&Gate::default(), Some(Looked { looks, positive_patients: before }), now)
    }

    #[test]
    fn looks_count_up_until_the_positive_patients_grew_by_a_quarter() {
        assert_eq!(Look::new(&Gate::default(), None, 40).number, 1);
        assert_eq!((look(1, 40, 40).number, look(3, 40, 49).number, look(3, 40, 50).number), (2, 4, 1));
        assert_eq!(look(u32::MAX, 40, 40).number, u32::MAX);
    }

    #[test]
    fn a_hundred_looks_spend_no_more_than_alpha() {
        let alpha = |k: u32| 1.0 - look(k - 1, 40, 40).spent;
        assert!((alpha(1) - 0.025).abs() < 1e-12 && (alpha(2) - 0.05 / 6.0).abs() < 1e-12);
        let all: f64 = (1..=100).map(alpha).sum();
        assert!((0.049..0.05).contains(&all), "{all}");
    }

    #[test]
    fn without_spending_every_look_is_made_at_the_level_and_counted() {
        let confidence = Confidence { spending: Some(Spending::None), ..Confidence::default() };
        let gate = Gate { confidence: Some(confidence), ..Gate::default() };
        let look = Look::new(&gate, Some(Looked { looks: 4, positive_patients: 40 }), 41);
        assert_eq!(look, Look { number: 5, level: 0.95, spent: 0.95 });
    }
}
