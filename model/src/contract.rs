//! Whether a manifest can be learned from at all: what the API server refuses, said again for laptops and old objects.
//! It never looks at rows.

mod judging;

use crate::{
    input::{BadInput, Reason},
    manifest::{Feature, FeatureType, Manifest, Target},
    rows::date::Day,
};
use std::collections::BTreeSet;

impl Manifest {
    /// Checks every field that a training depends on; the error names the field by its path in the spec.
    pub fn check(&self) -> Result<(), BadInput> {
        if self.study.id.is_empty() || self.patient_id.is_empty() {
            return Err(bad("spec.study.id and spec.patientId must not be empty"));
        }
        if self.data.training.path().split('/').any(|part| part == "..") {
            return Err(bad("spec.data.training.uri must not hold '..'"));
        }
        self.check_columns()?;
        self.features.iter().enumerate().try_for_each(|(at, feature)| check_feature(at, feature))?;
        self.check_dates()?;
        self.check_numbers()?;
        self.check_gate()?;
        self.check_learning()?;
        self.check_tiers()
    }

    fn check_columns(&self) -> Result<(), BadInput> {
        if self.features.is_empty() {
            return Err(bad("spec.features is empty; name at least one column"));
        }
        let mut seen = BTreeSet::new();
        for (at, feature) in self.features.iter().enumerate() {
            let name = feature.name.as_str();
            if !seen.insert(name) {
                return Err(bad(format!("spec.features[{at}].name '{name}' is there twice; remove one")));
            }
            if self.deny.iter().any(|denied| denied == name) {
                let message = format!(
                    "spec.features[{at}].name '{name}' is in spec.deny; a denied column may never be a feature, remove it from spec.features"
                );
                return Err(BadInput::new(Reason::DeniedFeature, message));
            }
            if let Some(field) = self.reserved(name) {
                let message = format!(
                    "spec.features[{at}].name '{name}' is the column of spec.{field}; it cannot be a feature, remove it from spec.features"
                );
                return Err(BadInput::new(Reason::LabelFeature, message));
            }
        }
        Ok(())
    }

    /// The field whose column may not be a feature. The landmark may: it is known when a risk is asked for.
    fn reserved(&self, name: &str) -> Option<&'static str> {
        let columns = [
            (Some(self.label.column.as_str()), "label.column"),
            (self.label.censor.as_deref(), "label.censor"),
            (Some(self.patient_id.as_str()), "patientId"),
            (self.index.as_deref(), "index"),
            (self.gate.interventions.as_ref().map(|asked| asked.column.as_str()), "gate.interventions.column"),
        ];
        columns.into_iter().find(|(column, _)| *column == Some(name)).map(|(_, field)| field)
    }

    fn check_dates(&self) -> Result<(), BadInput> {
        match (&self.index, &self.data.cutoff) {
            (Some(_), None) => Err(BadInput::new(
                Reason::IndexWithoutCutoff,
                "spec.index is set but spec.data.cutoff is not; without it nobody knows which labels are certain, set the date of the data cut-off",
            )),
            (None, Some(_)) => Err(BadInput::new(
                Reason::CutoffWithoutIndex,
                "spec.data.cutoff is set but spec.index is not; name the column of the landmark's date in spec.index or remove the cut-off",
            )),
            (Some(_), Some(cutoff)) if Day::read(cutoff).is_none() => Err(BadInput::new(
                Reason::BadDate,
                format!("spec.data.cutoff '{}' is no date; write it as YYYY-MM-DD", shown(cutoff)),
            )),
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }

    fn check_numbers(&self) -> Result<(), BadInput> {
        let target = match self.threshold.target() {
            Target::Value(value) => ("threshold.value", value),
            Target::Recall(recall) => ("threshold.targetRecall", recall),
            Target::AlertRate(rate) => ("threshold.maxAlertRate", rate),
        };
        let margin = self.gate.primary().margin();
        let ranges = [
            ("data.holdout.fraction", self.data.holdout_fraction(), 0.05, 0.5),
            ("gate.confidence.level", self.gate.level(), 0.8, 0.999),
            ("gate.primary.margin", margin, 0.0, 1.0),
            (target.0, target.1, 0.0, 1.0),
        ];
        for (field, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(bad(format!("spec.{field} is {value}; it must be {low} to {high}")));
            }
        }
        if self.label.horizon.as_days() == 0 {
            return Err(bad("spec.label.horizon is no time at all; write for example 28d"));
        }
        match self.gate.floors.iter().position(|floor| !floor.value.is_finite()) {
            Some(at) => Err(bad(format!("spec.gate.floors[{at}].value is no finite number"))),
            None => Ok(()),
        }
    }

    fn check_tiers(&self) -> Result<(), BadInput> {
        let unset = self.tiers.iter().filter(|tier| tier.from.is_none()).count();
        let bounds: Vec<f64> = self.tiers.iter().filter_map(|tier| tier.from).collect();
        if unset > 1 || !bounds.iter().all(|from| (0.0..=1.0).contains(from)) || !bounds.is_sorted() {
            return Err(bad("spec.tiers must rise from 0 to 1, and at most one may leave out 'from'"));
        }
        Ok(())
    }
}

fn check_feature(at: usize, feature: &Feature) -> Result<(), BadInput> {
    let name = &feature.name;
    let is_category = feature.kind == FeatureType::Category;
    if is_category == feature.values.is_empty() {
        let what = if is_category { "needs the list of its values" } else { "is no Category and has values" };
        return Err(bad(format!("spec.features[{at}] '{name}' {what}")));
    }
    let distinct: BTreeSet<&String> = feature.values.iter().collect();
    if distinct.len() != feature.values.len() || feature.values.len() > 64 {
        return Err(bad(format!("spec.features[{at}].values of '{name}' must be at most 64, each there once")));
    }
    let (low, high) = (feature.min.unwrap_or(f64::MIN), feature.max.unwrap_or(f64::MAX));
    let has_bounds = feature.min.is_some() || feature.max.is_some();
    if !(low.is_finite() && high.is_finite() && low <= high) || (is_category && has_bounds) {
        return Err(bad(format!("spec.features[{at}] '{name}' must have min at most max, and only if it is a number")));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> BadInput {
    BadInput::new(Reason::BadManifest, message)
}

fn shown(text: &str) -> String {
    text.chars().take(32).collect()
}
