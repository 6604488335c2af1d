//! What a file says, put together to a report. It weighs statements against each other; it reads no JSON.

use super::{Classification, status::Status};
use crate::{
    method::{Method, is_drifted},
    report::{
        API_VERSION, Advice, ColumnKind, ColumnReport, Dataset, Decision, DriftReport, Engine, EvidentlyScore, KIND,
        Rule, Settings, Side, Verdict,
    },
};
use std::collections::BTreeMap;

/// Shares that differ by less are the same; Evidently writes them with all digits.
const SAME: f64 = 1e-9;

/// What a file says.
#[derive(Debug, Default)]
pub struct Found {
    /// Version of Evidently.
    pub version: Option<String>,
    /// Columns by name.
    pub columns: BTreeMap<String, ColumnReport>,
    /// Statements on the data set as a whole.
    pub said: Vec<Said>,
    /// Quality of the model.
    pub classification: Option<Classification>,
}

/// One statement on the data set as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its numbers.
    pub dataset: Dataset,
    /// What it says.
    pub verdict: Verdict,
    /// What follows from it.
    pub advice: Advice,
    /// One sentence with the numbers.
    pub reason: String,
}

impl Said {
    /// A statement that says whether the data set drifted.
    pub fn plain(dataset: Dataset, drift: bool) -> Self {
        let (verdict, advice) =
            if drift { (Verdict::Drift, Advice::Watch) } else { (Verdict::NoDrift, Advice::Nothing) };
        let reason = format!("Evidently says {}{}", if drift { "drift" } else { "no drift" }, numbers(&dataset));
        Self { dataset, verdict, advice, reason }
    }

    /// A statement that says nothing.
    pub fn unknown(dataset: Dataset, why: &str) -> Self {
        let reason = format!("{why}{}", numbers(&dataset));
        Self { dataset, verdict: Verdict::Unknown, advice: Advice::WaitForData, reason }
    }

    /// What tests say; a test that failed or passed against its own numbers says nothing.
    pub fn tested(dataset: Dataset, status: Status) -> Self {
        match status {
            Status::Fail => Self::plain(dataset, true),
            Status::Success => Self::plain(dataset, false),
            Status::Warning => {
                let said = Self::plain(dataset, false);
                let reason = format!("{}; but its test warns, and is not critical by the file's own word", said.reason);
                Self { advice: Advice::Watch, reason, ..said }
            }
            Status::Error => Self::unknown(dataset, "Evidently's test of the data set ended with an error"),
            Status::Skipped => Self::unknown(dataset, "Evidently's test of the data set was skipped"),
        }
    }
}

fn numbers(dataset: &Dataset) -> String {
    let Some(share) = dataset.share else { return String::new() };
    let limit = dataset.limit.map(|limit| format!("; the limit is {}", percent(limit))).unwrap_or_default();
    format!(": {} of {} columns drifted, {}{limit}", dataset.drifted, dataset.columns, percent(share))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Why numbers cannot be Evidently's; none if they agree with each other. Absent numbers agree with all.
pub fn contradiction(dataset: &Dataset) -> Option<&'static str> {
    let share = dataset.share?;
    let (drifted, columns) = (dataset.drifted as f64, dataset.columns as f64);
    if drifted > columns || (share * columns - drifted).abs() > SAME * columns.max(1.0) {
        return Some("the share of drifted columns is not their number over all columns");
    }
    None
}

/// A column with Evidently's score.
pub fn column(name: &str, kind: ColumnKind, score: EvidentlyScore, notes: Vec<String>) -> ColumnReport {
    ColumnReport { drifted: score.drifted, evidently: Some(score), notes, ..ColumnReport::new(name, kind) }
}

/// A score whose file does not say whether it is drift: by the rule of its method; none without a limit, or with a
/// method that is not one of Evidently's own. A score that is no number is not drift.
pub fn ruled(display: &str, score: Option<f64>, threshold: Option<f64>) -> EvidentlyScore {
    let method = Method::from_name(display);
    let drifted = match (method, score, threshold) {
        (Some(method), Some(score), Some(limit)) => Some(is_drifted(method, score, limit)),
        (Some(_), None, Some(_)) => Some(false),
        _ => None,
    };
    EvidentlyScore { method, display: display.to_owned(), score, threshold, drifted }
}

/// The remark on a score that is no number.
pub fn score_notes(score: &EvidentlyScore) -> Vec<String> {
    match (score.score, score.drifted) {
        (None, Some(false)) => vec!["the score is not a number; Evidently counts that as not drifted".to_owned()],
        (None, _) => vec!["the score is not a number".to_owned()],
        (Some(_), None) => vec!["the file does not say whether this is drift".to_owned()],
        (Some(_), Some(_)) => Vec::new(),
    }
}

impl Found {
    /// Adds a column; of several with one name the last counts, as for a reader in Python.
    pub fn add(&mut self, mut column: ColumnReport) {
        let earlier = self.columns.get(&column.name);
        if earlier.is_some_and(|earlier| earlier.drifted != column.drifted) {
            column.notes.push("the file has results for this column that differ; the last counts".to_owned());
        }
        self.columns.insert(column.name.clone(), column);
    }

    /// The report.
    pub fn report(self) -> DriftReport {
        let (dataset, decision) = decided(self.said);
        let mut columns: Vec<ColumnReport> = self.columns.into_values().collect();
        columns.sort_by_key(|column| match column.drifted {
            Some(true) => 0,
            None => 1,
            Some(false) => 2,
        });
        DriftReport {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            model: None,
            engine: Engine { name: "evidently".to_owned(), version: self.version, rule: Rule::Evidently },
            reference: Side::default(),
            window: Side::default(),
            decision,
            settings: settings(&dataset),
            dataset,
            columns,
            prediction: None,
            schema_findings: Vec::new(),
            performance: None,
            power: None,
            history: Vec::new(),
        }
    }
}

fn decided(said: Vec<Said>) -> (Dataset, Decision) {
    let silent = "the file does not say whether the data set drifted: it has no DatasetDriftMetric, no \
                  DriftedColumnsCount and no test of the drifted columns";
    let Some(first) = said.first() else { return parts(Said::unknown(Dataset::default(), silent)) };
    if said.iter().any(|other| other.verdict != first.verdict) {
        let why =
            format!("the file says {} times whether the data set drifted, and not the same each time", said.len());
        return parts(Said { reason: why, ..Said::unknown(first.dataset.clone(), "") });
    }
    parts(first.clone())
}

fn parts(said: Said) -> (Dataset, Decision) {
    let rules = if said.verdict == Verdict::Drift { vec!["share".to_owned()] } else { Vec::new() };
    let decision = Decision { verdict: said.verdict, advice: said.advice, rules, reasons: vec![said.reason] };
    (said.dataset, decision)
}

/// Evidently's rule has the limits of the columns, which are told there, and the share.
fn settings(dataset: &Dataset) -> Settings {
    let drift_share = dataset.limit.unwrap_or(0.0);
    Settings { min_rows: 0, min_values: 0, q: 0.0, effect: 0.0, drift_share, ..Settings::default() }
}
