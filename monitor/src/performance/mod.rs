//! How well a model does: estimated from risks alone, and measured with the labels that have arrived. A number that the
//! rows do not carry is a named reason, never a number.

mod calibration;
mod estimated;
mod matrix;
mod realised;

pub use estimated::{Expectation, assumption, expectations};
pub use realised::{Coverage, Outcome, against, coverage, realised};

use crate::report::{Estimate, Performance};

/// Fewest rows, dropouts and non-dropouts of a labelled reference or of realised labels (patients there).
pub const LEAST_OF_LABEL: usize = 10;
/// Fewest rows of a window whose performance is estimated.
pub const LEAST_ROWS: usize = 30;

/// Risks whose labels are known, one row of each patient.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// By row: the model's risk, 0 to 1; out of fold if the model learned from the row.
    pub risk: &'a [f64],
    /// By row: whether the patient dropped out.
    pub label: &'a [bool],
}

/// Why performance cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmeasured {
    /// As many labels as risks are needed.
    #[error("{risks} risks have {labels} labels: give each risk its label")]
    Lengths {
        /// How many risks there are.
        risks: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// A number is no risk.
    #[error("the risk of row {row} of the {side} is not a number from 0 to 1")]
    NotARisk {
        /// `reference` or `window`.
        side: &'static str,
        /// The row, from 1.
        row: usize,
    },
    /// The window is too small.
    #[error("the window has {rows} rows and at least {LEAST_ROWS} are needed: wait for more predictions")]
    FewRows {
        /// Its rows.
        rows: usize,
    },
    /// No labels have arrived.
    #[error("no labels have arrived: send outcomes, or wait until the horizon has passed")]
    NoLabels,
    /// One of the labels is too rare.
    #[error(
        "{dropouts} dropouts and {others} others are labelled and at least {LEAST_OF_LABEL} of each are needed: wait for more outcomes"
    )]
    FewLabels {
        /// Dropouts: rows of a reference, patients of realised labels.
        dropouts: usize,
        /// The others.
        others: usize,
    },
}

/// What the performance on `window` should be, from its risks alone, by [`expectations`].
pub fn estimated(reference: Labelled<'_>, window: &[f64], threshold: f64) -> Result<Vec<Estimate>, Unmeasured> {
    Ok(expectations(reference, window, threshold)?.iter().map(Expectation::estimate).collect())
}

/// The part of a report that says how well the model does, of what is known; none if nothing is.
pub fn summary(
    expectations: &[Expectation],
    realised: Vec<Estimate>,
    coverage: Option<Coverage>,
) -> Option<Performance> {
    if expectations.is_empty() && realised.is_empty() && coverage.is_none() {
        return None;
    }
    Some(Performance {
        estimated: expectations.iter().map(Expectation::estimate).collect(),
        realised,
        label_coverage: coverage.map(|coverage| coverage.share),
        labelled_patients: coverage.map(|coverage| coverage.patients),
        assumption: (!expectations.is_empty()).then(|| assumption(expectations)),
    })
}

impl Labelled<'_> {
    fn check(self) -> Result<(), Unmeasured> {
        if self.risk.len() != self.label.len() {
            return Err(Unmeasured::Lengths { risks: self.risk.len(), labels: self.label.len() });
        }
        are_risks(self.risk, "reference")?;
        let dropouts = self.label.iter().filter(|label| **label).count();
        enough(dropouts, self.label.len() - dropouts)
    }
}

fn are_risks(risks: &[f64], side: &'static str) -> Result<(), Unmeasured> {
    let wrong = risks.iter().position(|risk| !(0.0..=1.0).contains(risk));
    wrong.map_or(Ok(()), |row| Err(Unmeasured::NotARisk { side, row: row + 1 }))
}

fn enough(dropouts: usize, others: usize) -> Result<(), Unmeasured> {
    if dropouts + others == 0 {
        return Err(Unmeasured::NoLabels);
    }
    if dropouts.min(others) < LEAST_OF_LABEL {
        return Err(Unmeasured::FewLabels { dropouts, others });
    }
    Ok(())
}
