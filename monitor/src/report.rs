//! The report: what was compared, what was found and why the verdict is what it is. JSON without NaN; one value, one place.
//! It never holds a patient.

mod measured;
mod schema;

use crate::method::Method;
pub use dropout_model::monitoring::WindowVerdict as Verdict;
pub use measured::{Estimate, Performance, Power, RANGE};
pub use schema::{SchemaFinding, SchemaKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `apiVersion` of a report.
pub const API_VERSION: &str = "trialops.dev/v1alpha1";
/// `kind` of a report.
pub const KIND: &str = "DriftReport";
/// Fewest patients in a cell of a report; a smaller one is told as `None`.
pub const SMALLEST_CELL: u64 = 5;

/// One comparison of a window with its reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftReport {
    /// Always [`API_VERSION`].
    pub api_version: String,
    /// Always [`KIND`].
    pub kind: String,
    /// The model that is watched; none on a laptop without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelName>,
    /// What made the numbers.
    pub engine: Engine,
    /// The training sample.
    pub reference: Side,
    /// The rows compared with it.
    pub window: Side,
    /// What it means, and why.
    pub decision: Decision,
    /// All columns together.
    pub dataset: Dataset,
    /// The columns, worst first: drifted before others, then by importance times effect.
    pub columns: Vec<ColumnReport>,
    /// The model's own risk, compared out of fold; none without a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<ColumnReport>,
    /// What is wrong with the columns themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schema_findings: Vec<SchemaFinding>,
    /// How well the model does; none if nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance: Option<Performance>,
    /// What could not have been seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
    /// Earlier windows, oldest first, at most 12 with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastWindow>,
    /// Every limit that was applied.
    pub settings: Settings,
}

/// A model's name and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelName {
    /// Name of the DropoutModel.
    pub name: String,
    /// Name of the version, such as `v3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Digest of the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
}

/// What made the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// `dropout-monitor`, or `evidently` for a report that was read.
    pub name: String,
    /// Its version; none if the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which rule decided.
    pub rule: Rule,
}

/// Which rule decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Evidence, relevance and persistence.
    #[default]
    Default,
    /// Evidently's tests, limits and share of columns.
    Evidently,
}

/// One side of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Names of the files, or `records`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Digest of what was read; none if it was not read by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Rows read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Rows compared, one a patient; the same as `rows` where patients are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<u64>,
    /// First moment, RFC 3339 or a date; none if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// End, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What a report means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// What is advised, given earlier windows.
    pub advice: Advice,
    /// Which rules fired, strongest first: `performance`, `calibration`, `prediction`, `weightedShare`, `share`, `schema`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// At most 5 sentences with the numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// What is advised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Advice {
    /// Drift in enough windows: retrain.
    Retrain,
    /// One window drifted: watch.
    Watch,
    /// Mend the data before anything else.
    MendData,
    /// Nothing to do.
    Nothing,
    /// Not enough is known to advise anything.
    WaitForData,
}

/// All columns together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// Columns compared.
    pub columns: u64,
    /// Columns that drifted.
    pub drifted: u64,
    /// Share of columns that drifted, 0 to 1; none without columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The same, weighted by importance; none if importances are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted_share: Option<f64>,
    /// The share from which a data set counts as drifted, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnReport {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: ColumnKind,
    /// Whether it advances with the trial by itself: compared within landmark days, and never drifted alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_time: bool,
    /// Share of the model's importance, 0 to 1; none if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<f64>,
    /// Values compared; none if the report does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<Pair<u64>>,
    /// Missing values; none if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// The test of the default rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// How large the change is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The number that Evidently gives for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidently: Option<EvidentlyScore>,
    /// Whether it drifted; none if nothing can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifted: Option<bool>,
    /// Where it moved: up or down for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Remarks, such as `constant` or that categories were pooled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Categories of the window that the reference does not have, with their counts; none below [`SMALLEST_CELL`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unseen: BTreeMap<String, Option<u64>>,
    /// What it looks like on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

impl ColumnReport {
    /// A column of which nothing is known but its name and type.
    pub fn new(name: &str, kind: ColumnKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            is_time: false,
            importance: None,
            n: None,
            missing: None,
            test: None,
            effect: None,
            evidently: None,
            drifted: None,
            direction: None,
            notes: Vec::new(),
            unseen: BTreeMap::new(),
            shape: None,
        }
    }
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Numbers.
    Num,
    /// Categories.
    Cat,
    /// Not known.
    Unknown,
}

/// Where a number moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Up.
    Up,
    /// Down.
    Down,
}

/// A value of each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair<T> {
    /// Of the reference.
    pub reference: T,
    /// Of the window.
    pub window: T,
}

/// Missing values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// Shares, 0 to 1.
    pub share: Pair<f64>,
    /// p-value of two proportions.
    pub p: f64,
    /// p at most 0.01 and at least 5 points of difference.
    pub drifted: bool,
}

/// A test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    /// `ks`, `chi2_homogeneity`, `fisher_exact` or `constant`.
    pub name: String,
    /// The test's statistic; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<f64>,
    /// p-value.
    pub p: f64,
    /// p-value adjusted by Benjamini and Hochberg over all columns of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
    /// `exact` or `asymptotic`.
    pub p_method: String,
}

/// The size of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// `wasserstein_norm` (in standard deviations of the reference) or `max(jensenshannon,tvd)`.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// The value from which it is relevant.
    pub threshold: f64,
}

/// What Evidently says of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidentlyScore {
    /// The method; none if its name is not one of Evidently's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The name as the file has it.
    pub display: String,
    /// The score; none if it is not a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The limit; none if the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Whether it drifted by Evidently's rule; none if that cannot be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifted: Option<bool>,
}

/// What a column looks like on both sides.
#[allow(clippy::large_enum_variant, reason = "one a column, and nearly all are of the larger kind")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// A column of numbers.
    Numbers(NumberShape),
    /// A column of categories.
    Categories(Vec<CategoryShape>),
}

/// The shape of a column of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberShape {
    /// 25 %, 50 % and 75 % quantiles.
    pub quartiles: Pair<[f64; 3]>,
    /// Edges of common bins, between the 0.5 % and 99.5 % quantiles of both sides; at most 41.
    pub edges: Vec<f64>,
    /// Shares of the bins, 0 to 1.
    pub bins: Pair<Vec<f64>>,
    /// Shares below the first and above the last edge.
    pub outside: Pair<[f64; 2]>,
    /// Empirical distribution function at up to 100 values.
    pub ecdf: Ecdf,
}

/// Two empirical distribution functions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ecdf {
    /// The values, rising.
    pub at: Vec<f64>,
    /// Shares at or below them, reference.
    pub reference: Vec<f64>,
    /// Shares at or below them, window.
    pub window: Vec<f64>,
    /// Where the two are furthest apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_at: Option<f64>,
}

/// One category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryShape {
    /// Its name; `(missing)` is not one.
    pub name: String,
    /// Counts; none below [`SMALLEST_CELL`].
    pub count: Pair<Option<u64>>,
    /// Shares, 0 to 1; none where the count is suppressed.
    pub share: Pair<Option<f64>>,
}

/// An earlier window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastWindow {
    /// End of the window; none if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Its verdict.
    pub verdict: Verdict,
    /// Effect by column, and whether the column drifted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, (f64, bool)>,
}

/// The limits that were applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Fewest patients in a window.
    pub min_rows: u64,
    /// Fewest values of a column.
    pub min_values: u64,
    /// Expected share of false findings among all findings of a report, 0 to 1 (Benjamini and Hochberg's q).
    pub q: f64,
    /// Effect from which a change is relevant.
    pub effect: f64,
    /// Share of drifted columns from which a data set counts as drifted, 0 to 1.
    pub drift_share: f64,
    /// Windows with drift, of the last `of`, from which retraining is advised.
    pub persistence: u32,
    /// See `persistence`.
    pub of: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_rows: 100, min_values: 30, q: 0.05, effect: 0.1, drift_share: 0.3, persistence: 2, of: 3 }
    }
}

impl Settings {
    /// The limits of a rule. Evidently's has no fewest rows, half of the columns must drift, and one window is enough.
    pub fn of(rule: Rule) -> Self {
        match rule {
            Rule::Default => Self::default(),
            Rule::Evidently => {
                Self { min_rows: 1, min_values: 1, drift_share: 0.5, persistence: 1, of: 1, ..Self::default() }
            }
        }
    }
}

fn is_false(value: &bool) -> bool {
    !*value
}
