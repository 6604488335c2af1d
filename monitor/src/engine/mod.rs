//! The comparison: from two frames to a report. Every limit it applies stands in the report's settings; it reads no file
//! and decides nothing about training.

mod adjust;
mod column;
mod mix;
mod schema;
mod shape;
mod verdict;

use crate::{
    frame::{ColumnSpec, Frame},
    report::{
        API_VERSION, ColumnKind, ColumnReport, Dataset, DriftReport, Engine, KIND, ModelName, PastWindow, Performance,
        Power, Rule, Settings, Side,
    },
};
pub use mix::{Chosen, choose};

/// Name of the column of risks in a report's history.
pub const RISK: &str = "@risk";

/// Rows of both sides from which a second thread is worth its start.
const MANY_ROWS: usize = 5_000;
/// Different numbers up to which a column of numbers is compared as categories.
const FEW_VALUES: usize = 5;

/// What is compared, and by which rule.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// The columns.
    pub schema: &'a [ColumnSpec],
    /// The training sample; its risks are out of fold.
    pub reference: &'a Frame,
    /// The rows compared with it.
    pub window: &'a Frame,
    /// The rule that decides.
    pub rule: Rule,
    /// The limits.
    pub settings: Settings,
    /// The model, if there is one.
    pub model: Option<ModelName>,
    /// Earlier windows, oldest first.
    pub history: &'a [PastWindow],
    /// How well the model does, as far as it is known.
    pub performance: Option<Performance>,
}

/// Compares a window with its reference, one row a patient on both sides, the reference's mix of landmark days as the
/// window's.
pub fn compare(asked: &Comparison<'_>) -> DriftReport {
    compare_rows(asked, &choose(asked.reference, asked.window))
}

/// [`compare`] of rows that [`choose`] chose before.
pub fn compare_rows(asked: &Comparison<'_>, chosen: &Chosen) -> DriftReport {
    let findings = schema::findings(asked);
    let is_compared =
        |spec: &&ColumnSpec| asked.reference.column(&spec.name).is_some() && asked.window.column(&spec.name).is_some();
    let specs: Vec<&ColumnSpec> = asked.schema.iter().filter(is_compared).collect();
    let mut columns = all(asked, (&specs, chosen));
    let mut prediction = column::risk(asked, chosen);
    adjust::judge(columns.iter_mut().chain(&mut prediction), &asked.settings);
    adjust::confirm(columns.iter_mut().chain(&mut prediction), asked.history, &asked.settings);
    let dataset = dataset(asked, &columns, prediction.as_ref());
    verdict::sort(&mut columns);
    let size = (chosen.reference.len(), chosen.window.len());
    let mut report = DriftReport {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        model: asked.model.clone(),
        engine: Engine {
            name: "dropout-monitor".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            rule: asked.rule,
        },
        reference: side(asked.reference, size.0),
        window: side(asked.window, size.1),
        decision: verdict::undecided(),
        dataset,
        columns,
        prediction,
        schema_findings: findings,
        performance: asked.performance.clone(),
        power: power(size),
        history: Vec::new(),
        settings: asked.settings.clone(),
    };
    verdict::decide(&mut report, (asked.history, chosen.unmatched));
    report
}

/// Compares the columns, those of many rows in two threads.
fn all(asked: &Comparison<'_>, (specs, chosen): (&[&ColumnSpec], &Chosen)) -> Vec<ColumnReport> {
    let some = |specs: &[&ColumnSpec]| -> Vec<ColumnReport> {
        specs.iter().map(|spec| column::compared(asked, spec, chosen)).collect()
    };
    if chosen.reference.len() + chosen.window.len() < MANY_ROWS {
        return some(specs);
    }
    let (first, second) = specs.split_at(specs.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| some(second));
        let mut columns = some(first);
        match other.join() {
            Ok(second) => columns.extend(second),
            Err(fault) => std::panic::resume_unwind(fault),
        }
        columns
    })
}

fn side(frame: &Frame, compared: usize) -> Side {
    let (from, to) = frame.span.clone().unzip();
    Side {
        sources: frame.sources.clone(),
        digest: frame.digest.clone(),
        rows: Some(frame.rows as u64),
        compared: Some(compared as u64),
        from,
        to,
    }
}

/// All columns together: by the default rule Time features are left out, by Evidently's every column counts, the risk
/// included.
fn dataset(asked: &Comparison<'_>, columns: &[ColumnReport], prediction: Option<&ColumnReport>) -> Dataset {
    let (counted, is_drifted): (Vec<&ColumnReport>, fn(&ColumnReport) -> bool) = match asked.rule {
        Rule::Default => {
            (columns.iter().filter(|column| !column.is_time).collect(), |column| column.drifted == Some(true))
        }
        Rule::Evidently => (columns.iter().chain(prediction).collect(), |column| {
            column.evidently.as_ref().is_some_and(|evidently| evidently.drifted == Some(true))
        }),
    };
    let drifted: Vec<&&ColumnReport> = counted.iter().filter(|column| is_drifted(column)).collect();
    let weight = |columns: &mut dyn Iterator<Item = &&ColumnReport>| -> Option<f64> {
        // An empty sum is -0.0 in Rust.
        columns.map(|column| column.importance).sum::<Option<f64>>().map(|sum| sum + 0.0)
    };
    let all = weight(&mut counted.iter()).filter(|all| *all > 0.0);
    let weighted = all.and_then(|all| Some(weight(&mut drifted.iter().copied())? / all));
    Dataset {
        columns: counted.len() as u64,
        drifted: drifted.len() as u64,
        share: (!counted.is_empty()).then(|| drifted.len() as f64 / counted.len() as f64),
        weighted_share: weighted.filter(|_| asked.rule == Rule::Default),
        limit: Some(asked.settings.drift_share),
    }
}

/// What a window of this size shows in 80 % of cases at a level of 5 %: a shift of a mean by 2.8 standard errors, and a
/// change of a share of one half.
fn power((reference, window): (usize, usize)) -> Option<Power> {
    let (n, m) = (reference as f64, window as f64);
    let inverse = 1.0 / n + 1.0 / m;
    inverse.is_finite().then(|| Power {
        mean_shift: 2.8 * libm::sqrt(inverse),
        share_change: (2.8 * libm::sqrt(0.25 * inverse)).min(1.0),
    })
}

/// Whether a column of numbers is compared as one: more than five different values on both sides together.
fn is_number(kind: ColumnKind, different: usize) -> bool {
    kind == ColumnKind::Num && different > FEW_VALUES
}
