//! One column on both sides: the test, the effect, missing values, Evidently's number, the shape. Whether it drifted is said
//! when all columns are known.

use super::{Chosen, Comparison, is_number, shape};
use crate::{
    frame::{ColumnSpec, Frame, MISSING, Values},
    method::{
        Homogeneity, Ks, Labels, Method, Numbers, Sample, default_method, default_threshold, homogeneity, is_drifted,
        jensen_shannon, score, sweep, total_variation, two_proportions,
    },
    report::{
        ColumnKind, ColumnReport, Direction, Effect, EvidentlyScore, Missing, Pair, SMALLEST_CELL, Settings, Test,
    },
};
/// The effect of a column of numbers.
pub const DISTANCE: &str = "wasserstein_norm";

/// Compares a column that both sides have.
pub fn compared(asked: &Comparison<'_>, spec: &ColumnSpec, chosen: &Chosen) -> ColumnReport {
    let side = |frame: &Frame, rows: &[usize]| {
        frame.column(&spec.name).map_or_else(
            || Drawn::of(&Values::none(spec.kind), &[]),
            |values| Drawn::sorted(frame, (spec, values), rows),
        )
    };
    let (reference, window) = (side(asked.reference, &chosen.reference), side(asked.window, &chosen.window));
    report(spec, (reference, window), &asked.settings)
}

/// Compares the risks, if both sides have them.
pub fn risk(asked: &Comparison<'_>, chosen: &Chosen) -> Option<ColumnReport> {
    let side = |frame: &Frame, rows: &[usize]| Drawn {
        all: rows.len() as u64,
        sample: Sample::Numbers(Numbers::new(drawn(&frame.risk, rows))),
    };
    let (reference, window) = (side(asked.reference, &chosen.reference), side(asked.window, &chosen.window));
    let spec = ColumnSpec::named(super::RISK);
    let is_known = !reference.sample.is_empty() && !window.sample.is_empty();
    is_known.then(|| report(&spec, (reference, window), &asked.settings))
}

/// The values of a column in some rows.
struct Drawn {
    /// All rows, missing values included.
    all: u64,
    sample: Sample,
}

impl Values {
    /// A column without rows.
    pub fn none(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Num => Self::Numbers { numbers: Vec::new(), texts: 0 },
            ColumnKind::Cat | ColumnKind::Unknown => Self::Categories { names: Vec::new(), codes: Vec::new() },
        }
    }
}

impl Drawn {
    /// By the order that a kept profile has, or as [`Drawn::of`].
    fn sorted(frame: &Frame, (spec, values): (&ColumnSpec, &Values), rows: &[usize]) -> Self {
        let (Values::Numbers { numbers, .. }, Some(order)) = (values, frame.rising.get(&spec.name)) else {
            return Self::of(values, rows);
        };
        let mut is_drawn = vec![false; numbers.len()];
        rows.iter().for_each(|row| is_drawn.iter_mut().skip(*row).take(1).for_each(|drawn| *drawn = true));
        let own = order.iter().map(|row| *row as usize).filter(|row| is_drawn.get(*row) == Some(&true));
        let mut rising = Vec::with_capacity(rows.len());
        rising.extend(own.filter_map(|row| numbers.get(row)).map(|number| number + 0.0));
        Self { all: rows.len() as u64, sample: Sample::Numbers(Numbers::from_sorted(rising)) }
    }

    fn of(values: &Values, rows: &[usize]) -> Self {
        let sample = match values {
            Values::Numbers { numbers, .. } => Sample::Numbers(Numbers::new(drawn(numbers, rows))),
            Values::Categories { names, codes } => {
                let mut counts = vec![0_u64; names.len()];
                let codes = rows.iter().filter_map(|row| codes.get(*row)).filter(|code| **code != MISSING);
                codes.for_each(|code| counts.iter_mut().skip(*code as usize).take(1).for_each(|count| *count += 1));
                Sample::Labels(Labels::from_counts(names.iter().cloned().zip(counts).collect()))
            }
        };
        Self { all: rows.len() as u64, sample }
    }

    fn missing(&self) -> u64 {
        self.all.saturating_sub(self.sample.len())
    }
}

/// The numbers of some rows, in their order.
fn drawn(numbers: &[f64], rows: &[usize]) -> Vec<f64> {
    // Rows rise, so that as many as there are numbers are all of them.
    if rows.len() == numbers.len() {
        return numbers.to_vec();
    }
    let mut drawn = Vec::with_capacity(rows.len());
    drawn.extend(rows.iter().filter_map(|row| numbers.get(*row)));
    drawn
}

fn report(spec: &ColumnSpec, (reference, window): (Drawn, Drawn), settings: &Settings) -> ColumnReport {
    let whole = |drawn: Drawn| match drawn.sample {
        Sample::Numbers(numbers) if spec.is_whole => Drawn { sample: Sample::Numbers(numbers.whole()), ..drawn },
        Sample::Labels(labels) if spec.is_whole => {
            Drawn { sample: Sample::Labels(Labels { are_numbers: true, ..labels }), ..drawn }
        }
        Sample::Numbers(_) | Sample::Labels(_) => drawn,
    };
    let (reference, window) = (whole(reference), whole(window));
    let passed = Passed::of(&reference.sample, &window.sample);
    let n = Pair { reference: reference.sample.len(), window: window.sample.len() };
    let mut column = ColumnReport {
        is_time: spec.is_time,
        importance: spec.importance,
        n: Some(n),
        missing: Some(missing(&reference, &window)),
        evidently: evidently(&reference.sample, &window.sample, passed.as_ref()),
        shape: shape::shape(&reference.sample, &window.sample, passed.as_ref().map_or(f64::NAN, |passed| passed.ks.at)),
        ..ColumnReport::new(&spec.name, spec.kind)
    };
    if n.reference < settings.min_values || n.window < settings.min_values {
        column.notes.push(format!("fewer than {} values on one side: neither drifted nor not", settings.min_values));
        return column;
    }
    if let (Sample::Numbers(left), Sample::Numbers(right)) = (&reference.sample, &window.sample) {
        column.direction = Some(if right.mean() >= left.mean() { Direction::Up } else { Direction::Down });
    }
    match (&reference.sample, &window.sample, &passed) {
        (Sample::Numbers(left), Sample::Numbers(right), Some(passed)) if is_number(spec.kind, pooled(left, right)) => {
            numbers(&mut column, passed, settings);
        }
        (left, right, _) => categories(&mut column, (&labels(left), &labels(right)), settings),
    }
    column
}

/// What one pass over both sides of a column of numbers gives.
struct Passed {
    ks: Ks,
    /// The Wasserstein distance in standard deviations of the reference.
    distance: f64,
}

impl Passed {
    fn of(reference: &Sample, window: &Sample) -> Option<Self> {
        let (Sample::Numbers(left), Sample::Numbers(right)) = (reference, window) else { return None };
        let swept = sweep(left, right);
        Some(Self { ks: swept.ks(), distance: swept.wasserstein(left) })
    }

    /// The score of a method by this pass; none if the method needs another.
    fn score(&self, method: Method) -> Option<f64> {
        let own = [(Method::Ks, self.ks.p), (Method::Wasserstein, self.distance)];
        own.into_iter().find(|(known, _)| *known == method).map(|(_, score)| score)
    }
}

/// How many different numbers both sides have together, counted up to one more than make categories.
fn pooled(left: &Numbers, right: &Numbers) -> usize {
    let few =
        |side: &Numbers| side.counted().map(|(number, _)| number).take(super::FEW_VALUES + 1).collect::<Vec<f64>>();
    let mut different = few(left);
    different.extend(few(right));
    different.sort_by(f64::total_cmp);
    different.dedup();
    different.len()
}

fn labels(sample: &Sample) -> Labels {
    match sample {
        Sample::Numbers(numbers) => Labels::from_numbers(numbers),
        Sample::Labels(labels) => labels.clone(),
    }
}

fn missing(reference: &Drawn, window: &Drawn) -> Missing {
    let share = |drawn: &Drawn| if drawn.all == 0 { 0.0 } else { drawn.missing() as f64 / drawn.all as f64 };
    let share = Pair { reference: share(reference), window: share(window) };
    let p = two_proportions((reference.missing(), reference.all), (window.missing(), window.all));
    Missing { share, p, drifted: p <= 0.01 && (share.window - share.reference).abs() >= 0.05 }
}

fn numbers(column: &mut ColumnReport, passed: &Passed, settings: &Settings) {
    let Passed { ks, distance } = passed;
    column.test = Some(Test {
        name: "ks".to_owned(),
        statistic: Some(ks.d),
        p: ks.p,
        p_adjusted: None,
        p_method: if ks.is_exact { "exact" } else { "asymptotic" }.to_owned(),
    });
    // Numbers that are too far apart for the distance are as far apart as can be told.
    let value = if distance.is_finite() { *distance } else { f64::MAX };
    column.effect = Some(Effect { metric: DISTANCE.to_owned(), value, threshold: settings.effect });
}

fn categories(column: &mut ColumnReport, (left, right): (&Labels, &Labels), settings: &Settings) {
    let Homogeneity { statistic, p, pooled_rare, is_exact } = homogeneity(left, right);
    let is_constant = left.distinct() <= 1 && right.distinct() <= 1 && left.counts.keys().eq(right.counts.keys());
    let name = match (is_constant, is_exact) {
        (true, _) => "constant",
        (false, true) => "fisher_exact",
        (false, false) => "chi2_homogeneity",
    };
    let p_method = if is_exact { "exact" } else { "asymptotic" }.to_owned();
    column.test = Some(Test { name: name.to_owned(), statistic, p, p_adjusted: None, p_method });
    let value = jensen_shannon(left, right).max(total_variation(left, right));
    let metric = "max(jensenshannon,tvd)".to_owned();
    column.effect = Some(Effect { metric, value, threshold: settings.effect });
    if is_constant {
        column.notes.push("constant".to_owned());
    }
    if pooled_rare > 0 {
        column.notes.push(format!("{pooled_rare} rare categories were tested as one"));
    }
    let unseen = right.counts.iter().filter(|(name, _)| left.count(name) == 0);
    let told = |(name, count): (&String, &u64)| (name.clone(), (*count >= SMALLEST_CELL).then_some(*count));
    column.unseen = unseen.map(told).collect();
}

/// Evidently's default method and its number; none where Evidently has none.
fn evidently(reference: &Sample, window: &Sample, passed: Option<&Passed>) -> Option<EvidentlyScore> {
    let method = default_method(reference, window).ok()?;
    let threshold = default_threshold(method);
    let is_empty = reference.is_empty() || window.is_empty();
    let known = passed.filter(|_| !is_empty).and_then(|passed| passed.score(method)).filter(|score| !score.is_nan());
    let score = known.or_else(|| score(method, reference, window).ok());
    Some(EvidentlyScore {
        method: Some(method),
        display: method.display_name().to_owned(),
        score,
        threshold: Some(threshold),
        drifted: Some(score.is_some_and(|score| is_drifted(method, score, threshold))),
    })
}
