//! Whether a manifest says how a candidate is judged without contradicting itself: guardrails, slices, interventions,
//! recent evidence, and what is learned.

use super::bad;
use crate::{
    input::BadInput,
    manifest::{EvidenceRows, FeatureType, Gate, Manifest, Slice},
};
use std::collections::BTreeSet;

/// Most guardrails, slices and floors.
const MOST: usize = 16;

impl Manifest {
    /// Checks the gate; the error names the field by its path in the spec.
    pub(super) fn check_gate(&self) -> Result<(), BadInput> {
        check_lengths(&self.gate)?;
        check_minima(&self.gate)?;
        check_guardrails(&self.gate)?;
        self.check_slices()?;
        self.check_interventions()?;
        if self.gate.evidence_rows() == EvidenceRows::Recent && self.index.is_none() {
            return Err(bad(
                "spec.gate.evaluate is Recent but spec.index is not set; name the column of the landmark's date in spec.index, or set All",
            ));
        }
        Ok(())
    }

    /// Checks what is learned.
    pub(super) fn check_learning(&self) -> Result<(), BadInput> {
        let asked = &self.training.algorithms;
        let distinct: BTreeSet<_> = asked.iter().collect();
        if distinct.len() != asked.len() {
            return Err(bad("spec.training.algorithms names one twice; remove one"));
        }
        if let Some(source) = &self.training.source {
            if source.bundle.digest.is_none() {
                return Err(bad(
                    "spec.training.source.bundle.digest is not set; without it nobody knows which model is judged, set the digest that 'dropout-trainer import' prints",
                ));
            }
            if source.bundle.path().split('/').any(|part| part == "..") {
                return Err(bad("spec.training.source.bundle.uri must not hold '..'"));
            }
        }
        let bent =
            |feature: &crate::manifest::Feature| feature.monotone.is_some() && feature.kind == FeatureType::Category;
        match self.features.iter().position(bent) {
            Some(at) => Err(bad(format!(
                "spec.features[{at}].monotone is set for '{}', a Category, which has no order; remove it",
                self.features.get(at).map_or("", |feature| feature.name.as_str())
            ))),
            None => Ok(()),
        }
    }

    fn check_slices(&self) -> Result<(), BadInput> {
        let mut seen = BTreeSet::new();
        for (at, slice) in self.gate.slices.iter().enumerate() {
            let column = slice.column.as_str();
            let field = format!("spec.gate.slices[{at}].column '{column}'");
            if column.is_empty() {
                return Err(bad(format!("spec.gate.slices[{at}].column is empty; name a column")));
            }
            if !seen.insert(column) {
                return Err(bad(format!("{field} is there twice; remove one")));
            }
            if self.deny.iter().any(|denied| denied == column) {
                return Err(bad(format!(
                    "{field} is in spec.deny; groups by a denied (blinded) column would unblind, remove it from spec.gate.slices"
                )));
            }
            if let Some(reserved) = self.reserved(column) {
                return Err(bad(format!(
                    "{field} is the column of spec.{reserved}; it makes no groups of patients, remove it"
                )));
            }
            check_slice(at, slice)?;
        }
        Ok(())
    }

    /// The column may be denied: it is never a feature. That it is none of the features is checked with them.
    fn check_interventions(&self) -> Result<(), BadInput> {
        let Some(asked) = &self.gate.interventions else { return Ok(()) };
        let column = asked.column.as_str();
        if column.is_empty() {
            return Err(bad("spec.gate.interventions.column is empty; name a column"));
        }
        let others = [
            (Some(self.label.column.as_str()), "label.column"),
            (self.label.censor.as_deref(), "label.censor"),
            (Some(self.patient_id.as_str()), "patientId"),
            (self.index.as_deref(), "index"),
            (self.landmark.as_deref(), "landmark"),
        ];
        match others.into_iter().find(|(other, _)| *other == Some(column)) {
            Some((_, field)) => Err(bad(format!(
                "spec.gate.interventions.column '{column}' is the column of spec.{field}; name the column that is 1 for a row whose patient received an intervention"
            ))),
            None => Ok(()),
        }
    }
}

fn check_lengths(gate: &Gate) -> Result<(), BadInput> {
    let lists = [("guardrails", gate.guardrails.len()), ("slices", gate.slices.len()), ("floors", gate.floors.len())];
    match lists.into_iter().find(|(_, length)| *length > MOST) {
        Some((list, length)) => Err(bad(format!("spec.gate.{list} has {length} entries; at most {MOST} are allowed"))),
        None => Ok(()),
    }
}

fn check_minima(gate: &Gate) -> Result<(), BadInput> {
    let minima = [("minPatients", gate.min_patients), ("minPositivePatients", gate.min_positive_patients)];
    match minima.into_iter().find(|(_, minimum)| minimum.is_some_and(|minimum| minimum < 1)) {
        Some((field, _)) => Err(bad(format!("spec.gate.{field} must be 1 or more"))),
        None => Ok(()),
    }
}

fn check_guardrails(gate: &Gate) -> Result<(), BadInput> {
    let mut seen = BTreeSet::new();
    for (at, guardrail) in gate.guardrails.iter().enumerate() {
        let name = guardrail.metric.name();
        if !seen.insert(guardrail.metric) {
            return Err(bad(format!("spec.gate.guardrails[{at}].metric {name} is there twice; remove one")));
        }
        if !(0.0..=1.0).contains(&guardrail.margin) {
            return Err(bad(format!("spec.gate.guardrails[{at}].margin of {name} must be 0 to 1")));
        }
    }
    Ok(())
}

fn check_slice(at: usize, slice: &Slice) -> Result<(), BadInput> {
    if slice.margin.is_some_and(|margin| !(0.0..=1.0).contains(&margin)) {
        return Err(bad(format!("spec.gate.slices[{at}].margin must be 0 to 1")));
    }
    if slice.min_patients.is_some_and(|patients| patients < 5) {
        return Err(bad(format!(
            "spec.gate.slices[{at}].minPatients must be 5 or more; smaller groups are not told, since their numbers would be those of persons"
        )));
    }
    Ok(())
}
