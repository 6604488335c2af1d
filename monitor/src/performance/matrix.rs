//! The confusion matrix, counted or expected, and its five shares. It knows no order of risks.

/// How many rows, or how many are expected, in each cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Matrix {
    pub(super) true_positive: f64,
    pub(super) false_positive: f64,
    pub(super) false_negative: f64,
    pub(super) true_negative: f64,
}

impl Matrix {
    /// Adds up rows, each its probability of dropout (0 or 1 if the label is known) and whether it is flagged.
    pub(super) fn new(rows: impl Iterator<Item = (f64, bool)>) -> Self {
        let mut matrix = Self::default();
        for (dropout, is_flagged) in rows {
            let (yes, no) = if is_flagged {
                (&mut matrix.true_positive, &mut matrix.false_positive)
            } else {
                (&mut matrix.false_negative, &mut matrix.true_negative)
            };
            *yes += dropout;
            *no += 1.0 - dropout;
        }
        matrix
    }

    pub(super) fn f1(&self) -> f64 {
        self.true_positive / (self.true_positive + 0.5 * (self.false_positive + self.false_negative))
    }

    pub(super) fn precision(&self) -> f64 {
        self.true_positive / (self.true_positive + self.false_positive)
    }

    pub(super) fn recall(&self) -> f64 {
        self.true_positive / (self.true_positive + self.false_negative)
    }

    pub(super) fn specificity(&self) -> f64 {
        self.true_negative / (self.true_negative + self.false_positive)
    }

    pub(super) fn accuracy(&self) -> f64 {
        (self.true_positive + self.true_negative) / self.rows()
    }

    pub(super) fn rows(&self) -> f64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }
}
