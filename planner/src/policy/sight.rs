//! What a trigger sees in a report: whether it breaches, with the numbers. It counts nothing and fires nothing.

use super::sentence::number;
use dropout_crds::retrain_policy::{DriftTrigger, LastReport, MeasureStatus, NewDataTrigger, PerformanceTrigger};
use dropout_model::monitoring::WindowVerdict;

/// Fewest patients with a label, unless the spec says otherwise.
const MIN_LABELLED: i64 = 80;

/// What a trigger sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Whether it breaches.
    pub finding: Finding,
    /// What was seen.
    pub value: Option<f64>,
    /// What it is compared with.
    pub threshold: Option<f64>,
    /// One sentence with the numbers.
    pub message: String,
}

/// Whether a report breaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It does not: the count begins anew.
    Quiet,
    /// It does.
    Breach,
    /// It does not say: the count stays as it is, and nothing fires.
    Unknown,
}

impl Sight {
    /// What is not known.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { finding: Finding::Unknown, value: None, threshold: None, message: message.into() }
    }

    fn of(is_breach: bool, (value, threshold): (Option<f64>, Option<f64>), message: String) -> Self {
        let finding = if is_breach { Finding::Breach } else { Finding::Quiet };
        Self { finding, value, threshold, message }
    }
}

/// Whether the inputs moved: the report's own verdict, or the share of drifted columns against the spec's.
pub fn drift(trigger: &DriftTrigger, report: &LastReport) -> Sight {
    match report.verdict {
        WindowVerdict::Unknown => return Sight::unknown(report.message.clone()),
        WindowVerdict::SchemaBreach => return broken(report),
        WindowVerdict::InsufficientData => {
            return Sight::unknown(format!("too few rows to say, the count stays: {}", report.message));
        }
        WindowVerdict::Drift | WindowVerdict::NoDrift => {}
    }
    let Some(limit) = trigger.share else {
        let is_breach = report.verdict == WindowVerdict::Drift;
        let word = if is_breach { "drift" } else { "no drift" };
        return Sight::of(is_breach, (report.share, None), format!("{word}: {}", report.message));
    };
    let Some(share) = report.share.filter(|share| share.is_finite()) else {
        return Sight::unknown("the report has no share of drifted columns");
    };
    let message = format!("share of drifted columns {} against {}", number(share), number(limit));
    Sight::of(share >= limit, (Some(share), Some(limit)), message)
}

/// Whether production does worse than it may: the whole interval is on the bad side.
pub fn performance(trigger: &PerformanceTrigger, report: &LastReport) -> Sight {
    if report.verdict == WindowVerdict::SchemaBreach {
        return broken(report);
    }
    let source = format!("{:?}", trigger.source.unwrap_or_default());
    let name = trigger.metric.name();
    let words = format!("{} {name}", source.to_lowercase());
    let is_asked = |measure: &&MeasureStatus| measure.metric == name && measure.source == source;
    let Some(measure) = report.performance.iter().find(is_asked) else {
        return Sight::unknown(format!("the report has no {words}"));
    };
    let least = trigger.min_labelled.map_or(MIN_LABELLED, i64::from);
    if measure.patients < least {
        return Sight::unknown(format!("{words}: {} patients, {least} are needed; the count stays", measure.patients));
    }
    compare(trigger, measure, &words)
}

fn compare(trigger: &PerformanceTrigger, measure: &MeasureStatus, words: &str) -> Sight {
    if ![measure.value, measure.low, measure.high].iter().all(|number| number.is_finite()) {
        return Sight::unknown(format!("{words} is no number"));
    }
    let (limit, is_breach, word) = match (trigger.below, trigger.above) {
        (Some(limit), None) => (limit, measure.high < limit, "below"),
        (None, Some(limit)) => (limit, measure.low > limit, "above"),
        (Some(_), Some(_)) | (None, None) => return Sight::unknown("set exactly one of below and above"),
    };
    let interval = format!("{} ({} to {})", number(measure.value), number(measure.low), number(measure.high));
    let side = if is_breach { "wholly" } else { "not wholly" };
    let message = format!("{words} {interval} is {side} {word} {}", number(limit));
    Sight::of(is_breach, (Some(measure.value), Some(limit)), message)
}

/// Whether enough new labels have arrived: as many as the spec asks for, counted from the last firing for the same version.
pub fn new_data(trigger: &NewDataTrigger, report: &LastReport, floor: Option<f64>) -> Sight {
    if report.verdict == WindowVerdict::SchemaBreach {
        return broken(report);
    }
    let Some(patients) = report.new_labelled_patients else {
        return Sight::unknown("the report does not say how many patients have a new label");
    };
    let least = f64::from(trigger.min_labelled_patients);
    let needed = floor.filter(|floor| *floor >= least).unwrap_or(least);
    let seen = patients as f64;
    let message = format!("{patients} patients with a new label, {} are needed", number(needed));
    Sight::of(seen >= needed, (Some(seen), Some(needed)), message)
}

fn broken(report: &LastReport) -> Sight {
    Sight::unknown(format!("columns are broken, nothing is retrained on them: {}", report.message))
}
