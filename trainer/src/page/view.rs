//! What a page or a card is written from: the report, the bundle, and numbers that stand in neither. It hides what would
//! tell of fewer than five patients.

use crate::{
    curves::{FEWEST, tiers::Cut},
    report::{GroupReport, MetricReport, Report, SliceReport},
};
use dropout_model::{
    bundle::Bundle,
    manifest::{Comparison, Gate, Metric},
    metric::bootstrap::Interval,
    task::Verdict,
};
use serde::Serialize;

/// What is written about.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// What was found.
    pub report: &'a Report,
    /// The candidate.
    pub bundle: &'a Bundle,
    /// What the difference of the primary metric has to pass; none for a first model.
    pub bar: Option<f64>,
    /// Groups of patients, those of fewer than five without numbers.
    pub slices: Vec<SliceRow>,
    /// Mean absolute contribution to the logit by feature, the largest first; empty if it is not known.
    pub importances: Vec<(String, f64)>,
}

/// A group of patients.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SliceRow {
    /// The column that makes the groups.
    pub column: String,
    /// The group's value.
    pub group: String,
    /// What is compared.
    pub metric: Metric,
    /// Patients; none means 1 to 4.
    pub patients: Option<usize>,
    /// Patients who dropped out; none means 1 to 4.
    pub positive_patients: Option<usize>,
    /// The candidate's value.
    pub candidate: Option<f64>,
    /// Production's value.
    pub production: Option<f64>,
    /// Candidate less production.
    pub difference: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// What the gate says; none if the group is only told.
    pub verdict: Option<Verdict>,
}

impl SliceRow {
    /// The row without what would tell of 1 to 4 patients.
    fn told(self) -> Self {
        let is_small = |count: Option<usize>| count.is_none_or(|count| (1..FEWEST).contains(&count));
        let positive_patients = self.positive_patients.filter(|_| !is_small(self.positive_patients));
        if !is_small(self.patients) {
            return Self { positive_patients, ..self };
        }
        let none = (None, None, None);
        let (patients, positive_patients, candidate) = none;
        let (production, difference) = (None, None);
        Self { patients, positive_patients, candidate, production, difference, low: None, high: None, ..self }
    }
}

impl<'a> View<'a> {
    /// A view of a report with the gate that judged it.
    pub fn new(report: &'a Report, bundle: &'a Bundle, gate: &Gate) -> Self {
        let view = Self { report, bundle, bar: bar(report, gate), slices: Vec::new(), importances: Vec::new() };
        let importances: Vec<_> = report.importances.iter().map(|one| (one.feature.clone(), one.logits)).collect();
        view.with_slices(report.slices.iter().flat_map(rows).collect()).with_importances(&importances)
    }

    /// The view with groups of patients.
    pub fn with_slices(self, slices: Vec<SliceRow>) -> Self {
        Self { slices: slices.into_iter().map(SliceRow::told).collect(), ..self }
    }

    /// The view with the mean absolute contribution of each feature; the order does not matter.
    pub fn with_importances(self, importances: &[(String, f64)]) -> Self {
        let mut importances: Vec<_> = importances.iter().filter(|(_, weight)| weight.is_finite()).cloned().collect();
        importances.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Self { importances, ..self }
    }

    /// The metric that decides.
    pub fn primary(&self) -> Option<&'a MetricReport> {
        self.metric(self.report.primary)
    }

    /// A metric.
    pub fn metric(&self, metric: Metric) -> Option<&'a MetricReport> {
        self.report.metrics.iter().find(|found| found.metric == metric)
    }

    /// The decision threshold with what it does.
    pub fn threshold(&self) -> Option<&'a Cut> {
        self.report.curves.tiers.iter().find(|cut| cut.is_threshold)
    }

    /// Whether the candidate was compared with production.
    pub fn is_compared(&self) -> bool {
        self.report.metrics.iter().any(|metric| metric.production.is_some())
    }
}

/// A row for each group of a slice.
fn rows(slice: &SliceReport) -> Vec<SliceRow> {
    let turned = |loss: Interval| match slice.metric.is_better_when_larger() {
        true => (-loss.high, -loss.low),
        false => (loss.low, loss.high),
    };
    let row = |group: &GroupReport| {
        let difference = group.loss.filter(|_| slice.metric != Metric::CalibrationInTheLarge).map(turned);
        SliceRow {
            column: slice.column.clone(),
            group: group.name.clone(),
            metric: slice.metric,
            patients: Some(group.patients),
            positive_patients: group.positive_patients,
            candidate: Some(group.candidate).filter(|value| value.is_finite()),
            production: group.production,
            difference: group.production.map(|production| group.candidate - production),
            low: difference.map(|(low, _)| low),
            high: difference.map(|(_, high)| high),
            verdict: group.verdict,
        }
    };
    slice.groups.iter().map(row).collect()
}

/// The smallest difference that is not enough, on the side that is better; none where no difference is the gain.
fn bar(report: &Report, gate: &Gate) -> Option<f64> {
    let primary = gate.primary();
    let found = report.metrics.iter().find(|found| found.metric == primary.metric)?;
    if primary.metric == Metric::CalibrationInTheLarge {
        return None;
    }
    let margin = match primary.comparison() {
        Comparison::Relative => primary.margin() * found.production?.abs(),
        Comparison::Absolute => found.production.map(|_| primary.margin())?,
    };
    Some(if primary.metric.is_better_when_larger() { margin } else { -margin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_fewer_than_five_patients_keeps_its_name_and_no_number() {
        let row = SliceRow {
            column: "sex".into(),
            group: "F".into(),
            metric: Metric::RocAuc,
            patients: Some(4),
            positive_patients: Some(0),
            candidate: Some(0.7),
            production: Some(0.6),
            difference: Some(0.1),
            low: Some(0.0),
            high: Some(0.2),
            verdict: Some(Verdict::Passed),
        };
        let told = row.clone().told();
        assert_eq!(
            serde_json::to_value(&told).unwrap().as_object().unwrap().values().filter(|v| v.is_null()).count(),
            7
        );
        let large = SliceRow { patients: Some(40), positive_patients: Some(4), ..row };
        assert_eq!(large.clone().told(), SliceRow { positive_patients: None, ..large });
    }
}
