//! Boosting: round after round a tree is grown on the derivatives of the log loss at the risks reached so far
//! (Friedman, Annals of Statistics 2001; second order as in Chen and Guestrin, KDD 2016).

use super::{
    ValidBoostingParams,
    bins::{Bins, Cuts, Values},
    grow::{Ground, Grown},
    histogram::{Pair, Unit},
};
use crate::parallel;
use dropout_model::{bundle::logistic, random::Stream, trees::Ensemble};

/// What the rows are to learn from.
#[derive(Debug)]
pub struct Lesson<'a> {
    /// The numbers.
    pub values: Values<'a>,
    /// The labels by row.
    pub labels: &'a [bool],
    /// Weights by row, at least 0; none: every row weighs 1.
    pub weights: Option<&'a [f64]>,
    /// Rows that only watch, and their labels.
    pub watched: Option<(Values<'a>, &'a [bool])>,
}

/// Rows that are scored while trees grow.
struct Scores {
    bins: Bins,
    logits: Vec<f64>,
}

impl Scores {
    fn new(bins: Bins, rows: usize, base_score: f64) -> Self {
        Self { bins, logits: vec![libm::log(base_score / (1.0 - base_score)); rows] }
    }

    /// Adds a tree, the way [`Ensemble::logit`] does.
    fn add(&mut self, grown: &Grown, threads: usize) {
        let (size, width) = (parallel::share(self.logits.len(), threads), self.bins.width);
        let shares: Vec<_> = self.logits.chunks_mut(size).zip(self.bins.lines.chunks(size * width)).collect();
        parallel::each(shares, |(logits, lines)| {
            for (logit, line) in logits.iter_mut().zip(lines.chunks_exact(width)) {
                *logit += f64::from(grown.value(line));
            }
        });
    }
}

impl Lesson<'_> {
    /// The weight of a row with its label: its own, times the weight of positive rows if it is one.
    fn weight(&self, row: usize, positive_weight: f64) -> f64 {
        let own = self.weights.map_or(1.0, |weights| weights.get(row).copied().unwrap_or_default());
        if self.labels.get(row).copied().unwrap_or_default() { own * positive_weight } else { own }
    }

    /// The weights of the rows with either label: negative, positive.
    fn totals(&self, positive_weight: f64) -> [f64; 2] {
        let mut totals = [0.0, 0.0];
        for (row, label) in self.labels.iter().enumerate() {
            totals[usize::from(*label)] += self.weight(row, positive_weight);
        }
        totals
    }

    /// The derivatives of the loss by row, in units.
    fn pairs(&self, pairs: &mut [Pair], logits: &[f64], (unit, params): (Unit, &ValidBoostingParams)) {
        let size = parallel::share(pairs.len(), params.threads);
        let shares: Vec<_> = pairs.chunks_mut(size).zip(logits.chunks(size)).enumerate().collect();
        parallel::each(shares, |(share, (pairs, logits))| {
            for (at, (pair, logit)) in pairs.iter_mut().zip(logits).enumerate() {
                let row = share * size + at;
                let (weight, risk) = (self.weight(row, params.positive_weight), logistic(*logit));
                let label = f64::from(u8::from(self.labels.get(row).copied().unwrap_or_default()));
                *pair = unit.pair(weight * (risk - label), weight * risk * (1.0 - risk));
            }
        });
    }
}

/// Boosts. The second answer is the mean log loss of the watched rows before any tree and after each. Err: the position
/// of the first column with an infinite value.
pub fn boost(params: &ValidBoostingParams, lesson: &Lesson<'_>) -> Result<(Ensemble, Vec<f64>), usize> {
    let cuts = Cuts::learn(lesson.values, params.threads)?;
    let [negative, positive] = lesson.totals(params.positive_weight);
    let (unit, base_score) = (Unit::of(negative + positive), base_score(negative, positive));
    let rows = lesson.labels.len();
    let mut scores =
        Scores::new(cuts.bins(lesson.values, params.threads).with_columns(params.threads), rows, base_score);
    let mut watched = lesson
        .watched
        .map(|(values, labels)| (Scores::new(cuts.bins(values, params.threads), labels.len(), base_score), labels));
    let mut losses: Vec<f64> = watched.iter().map(|(scores, labels)| mean_loss(&scores.logits, labels)).collect();
    let mut pairs = vec![[0, 0]; rows];
    let mut trees = Vec::with_capacity(params.rounds);
    for round in 0..params.rounds {
        lesson.pairs(&mut pairs, &scores.logits, (unit, params));
        let sample = Sample::of(params, round);
        let grown = Ground { bins: &scores.bins, cuts: &cuts, pairs: &pairs, unit, params }
            .grow(sample.rows(rows), &sample.columns(lesson.values.width));
        scores.add(&grown, params.threads);
        if let Some((scores, labels)) = &mut watched {
            scores.add(&grown, params.threads);
            losses.push(mean_loss(&scores.logits, labels));
        }
        trees.push(grown.tree);
    }
    let positive_weight = Some(params.positive_weight).filter(|weight| *weight != 1.0);
    Ok((Ensemble { base_score, columns: params.names(lesson.values.width), trees, positive_weight }, losses))
}

/// The weighted share of positive rows as a 32-bit number, since XGBoost reads it as one; inside 0 and 1.
fn base_score(negative: f64, positive: f64) -> f64 {
    let share = (positive / (negative + positive)) as f32;
    f64::from(share.clamp(f32::MIN_POSITIVE, 1.0 - f32::EPSILON / 2.0))
}

/// The mean negative log likelihood of labels.
fn mean_loss(logits: &[f64], labels: &[bool]) -> f64 {
    let losses = logits.iter().zip(labels).map(|(logit, label)| {
        let away = if *label { -logit } else { *logit };
        away.max(0.0) + libm::log1p(libm::exp(-away.abs()))
    });
    losses.sum::<f64>() / labels.len() as f64
}

/// What one tree is grown on: functions of the seed, the round and the position alone.
struct Sample {
    stream: Stream,
    row_share: f64,
    column_share: f64,
}

impl Sample {
    fn of(params: &ValidBoostingParams, round: usize) -> Self {
        let stream = Stream::new(params.seed as u64).part(0x7472_6565).part(round as u64);
        Self { stream, row_share: params.row_share, column_share: params.column_share }
    }

    /// Each row with the probability of the row share.
    fn rows(&self, rows: usize) -> Vec<u32> {
        let stream = self.stream.part(0);
        (0..rows as u32).filter(|row| self.row_share >= 1.0 || stream.unit(u64::from(*row)) < self.row_share).collect()
    }

    /// The column share of the columns rounded down, at least one, in order.
    fn columns(&self, width: usize) -> Vec<usize> {
        let stream = self.stream.part(1);
        let mut columns: Vec<usize> = (0..width).collect();
        columns.sort_by_key(|column| stream.bits(*column as u64));
        columns.truncate(((self.column_share * width as f64) as usize).max(1));
        columns.sort_unstable();
        columns
    }
}
