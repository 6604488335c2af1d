//! Whether there is evidence enough to decide anything: patients, their date, and rows that no intervention touched.

use super::{Decided, Evidence, Findings, Rule};
use crate::{
    manifest::{Gate, Touched},
    task::Verdict,
};

/// Largest share of rows that interventions may have touched.
pub const MOST_TOUCHED: f64 = 0.10;

/// Patients and those of them who dropped out against their minima, or that nobody knows who is asked for.
pub fn patients(gate: &Gate, findings: &Findings) -> Vec<Rule> {
    let evidence = &findings.evidence;
    if let Some(why) = evidence.unknown {
        return vec![Rule::new("recent", Verdict::Inconclusive, why.to_owned())];
    }
    vec![
        minimum(("patients", "patients"), gate.patients(), evidence),
        minimum(("positive_patients", "patients who dropped out"), gate.positive_patients(), evidence),
    ]
}

fn minimum((name, what): (&str, &str), needed: usize, evidence: &Evidence) -> Rule {
    let count = |patients: super::Patients| if name == "patients" { patients.all } else { patients.positive };
    let held = count(evidence.held);
    let found = match (evidence.decided, evidence.pooled) {
        (Decided::All, _) => format!("{held} {what} in the holdout"),
        (Decided::Recent, _) | (Decided::OutOfFold, None) => format!("{held} recent {what} in the holdout"),
        (Decided::OutOfFold | Decided::Nothing, Some(pooled)) => {
            format!("{held} recent {what} in the holdout, {} with those out of fold", count(pooled))
        }
        (Decided::Nothing, None) => format!(
            "{held} recent {what} in the holdout and no out-of-fold risks of others (the trainer may leave them in out_of_fold.csv)"
        ),
    };
    if count(evidence.patients()) >= needed {
        return Rule::new(name, Verdict::Passed, format!("{found}, {needed} are needed"));
    }
    Rule::new(name, Verdict::Inconclusive, format!("too few patients: {found}, {needed} are needed"))
}

/// Rows of patients who received an intervention inside the horizon; none if the manifest names no column of them.
///
/// Interventions go to patients whom production flags, and prevent just the dropouts that it saw coming: an equal
/// candidate then looks better by what production missed. So their share counts among all rows and among the rows that
/// production flags, which may be few.
pub fn interventions(gate: &Gate, findings: &Findings) -> Option<Rule> {
    let asked = gate.interventions.as_ref()?;
    let name = "interventions";
    let Some(found) = findings.touched else {
        let message = format!("the rows do not say who received an intervention; add column '{}'", asked.column);
        return Some(Rule::new(name, Verdict::Inconclusive, message));
    };
    let share = |(touched, of): (usize, usize)| if of == 0 { 0.0 } else { touched as f64 / of as f64 };
    let (all, flagged) = (share(found.all), share(found.flagged));
    let told = format!(
        "an intervention inside the horizon touched {:.1} % of the rows and {:.1} % of those that production flags",
        100.0 * all,
        100.0 * flagged
    );
    if all.max(flagged) <= MOST_TOUCHED {
        return Some(Rule::new(name, Verdict::Passed, format!("{told}; at most 10 % are allowed")));
    }
    Some(match asked.touched.unwrap_or_default() {
        Touched::Accept => Rule::new(name, Verdict::Passed, format!("{told}; the spec accepts that")),
        Touched::Refuse => Rule::new(
            name,
            Verdict::Inconclusive,
            format!(
                "{told}, more than 10 %: their outcomes say little about the risk; wait for others or set spec.gate.interventions.touched to Accept"
            ),
        ),
    })
}
