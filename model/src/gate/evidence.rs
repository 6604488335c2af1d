//! Which rows decide: all held out patients, the recent ones among them, or all recent patients out of fold. It compares
//! nothing.

use super::Case;
use crate::{
    manifest::{EvidenceRows, Gate},
    rows::{Day, Rows},
};
use serde::Serialize;
use std::collections::BTreeSet;

/// The patients whose rows decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Decided {
    /// All patients of the holdout.
    All,
    /// Patients of the holdout whose first row is after production's data cut-off.
    Recent,
    /// All patients whose first row is after production's data cut-off, those of the training side by the candidate's
    /// out-of-fold risks. Production saw none of them.
    OutOfFold,
    /// None: recent patients are asked for and there are not enough, or nobody knows who is recent.
    Nothing,
}

/// Patients, and those of them who dropped out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patients {
    /// All.
    pub all: usize,
    /// Those with at least one row labelled dropout.
    pub positive: usize,
}

/// Which rows decide, and how many patients were counted on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Whose rows decide.
    pub decided: Decided,
    /// Positions of the rows.
    pub places: Vec<usize>,
    /// Patients of the holdout who were asked for: all or recent.
    pub held: Patients,
    /// Recent patients of both sides; none if out-of-fold risks were not needed or are not there.
    pub pooled: Option<Patients>,
    /// Why nobody knows who is recent.
    pub unknown: Option<&'static str>,
}

impl Evidence {
    /// All patients of a holdout decide.
    pub const fn all(places: Vec<usize>, held: Patients) -> Self {
        Self { decided: Decided::All, places, held, pooled: None, unknown: None }
    }

    /// The patients who decide or, if nobody does, the most that were found.
    pub fn patients(&self) -> Patients {
        match self.decided {
            Decided::All | Decided::Recent => self.held,
            Decided::OutOfFold | Decided::Nothing => self.pooled.unwrap_or(self.held),
        }
    }

    /// Who decides, in words.
    pub fn sentence(&self) -> String {
        let Patients { all, positive } = self.patients();
        match self.decided {
            Decided::All => format!("all {all} patients of the holdout decide"),
            Decided::Recent => {
                format!("the {all} patients of the holdout decide whose first row is after production's data cut-off")
            }
            Decided::OutOfFold => format!(
                "all {all} patients whose first row is after production's data cut-off decide, those of the training side by out-of-fold risks; in the holdout alone there are {}",
                self.held.all
            ),
            Decided::Nothing => match self.unknown {
                Some(why) => format!("nothing decides: {why}"),
                None => format!(
                    "nothing decides: {all} patients, {positive} of them dropped out, have their first row after production's data cut-off"
                ),
            },
        }
    }
}

impl Patients {
    fn of(rows: &Rows) -> Self {
        Self { all: rows.patients.len(), positive: rows.positive_patients() }
    }

    fn are_enough(self, gate: &Gate) -> bool {
        self.all >= gate.patients() && self.positive >= gate.positive_patients()
    }
}

/// Chooses the rows that decide. Without production there is nothing to be recent against: all decide.
pub fn choose(gate: &Gate, case: &Case<'_>) -> Evidence {
    let all = || Evidence::all(case.holdout.to_vec(), Patients::of(&case.rows.pick(case.holdout)));
    if gate.evidence_rows() == EvidenceRows::All || case.production.is_none() {
        return all();
    }
    let unknown = |why| Evidence { decided: Decided::Nothing, unknown: Some(why), ..all() };
    let Some(cutoff) = case.cutoff else {
        return unknown(
            "production's bundle does not say its data cut-off, so nobody knows who is recent; promote a version trained with spec.index and spec.data.cutoff, or set spec.gate.evaluate to All",
        );
    };
    if case.rows.day.len() != case.rows.len() {
        return unknown("the rows have no date; name its column in spec.index");
    }
    recent(gate, case, cutoff)
}

fn recent(gate: &Gate, case: &Case<'_>, cutoff: Day) -> Evidence {
    let recent = recent_patients(case.rows, cutoff);
    let of = |places: &[usize]| -> Vec<usize> {
        let is_recent = |row: &&usize| case.rows.patient.get(**row).is_some_and(|patient| recent.contains(patient));
        places.iter().filter(is_recent).copied().collect()
    };
    let held_places = of(case.holdout);
    let held = Patients::of(&case.rows.pick(&held_places));
    let evidence = |decided, places, pooled| Evidence { decided, places, held, pooled, unknown: None };
    if held.are_enough(gate) {
        return evidence(Decided::Recent, held_places, None);
    }
    let Some(training) = case.training else { return evidence(Decided::Nothing, Vec::new(), None) };
    let mut places = [held_places, of(training)].concat();
    places.sort_unstable();
    let pooled = Patients::of(&case.rows.pick(&places));
    match pooled.are_enough(gate) {
        true => evidence(Decided::OutOfFold, places, Some(pooled)),
        false => evidence(Decided::Nothing, Vec::new(), Some(pooled)),
    }
}

/// The patients none of whose rows is at or before the cut-off.
fn recent_patients(rows: &Rows, cutoff: Day) -> BTreeSet<u32> {
    let known: BTreeSet<u32> =
        rows.patient.iter().zip(&rows.day).filter(|(_, day)| **day <= cutoff).map(|(patient, _)| *patient).collect();
    rows.patient.iter().filter(|patient| !known.contains(patient)).copied().collect()
}
