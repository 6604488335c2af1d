//! From risks to findings: chooses the rows that decide, draws the resamples, and counts. It judges nothing.

use super::{Evidence, Findings, Look, evidence, guardrail, primary::is_moved_by_threshold, slice};
use crate::{
    manifest::{Gate, Metric},
    metric::{
        ALL, Scored,
        bootstrap::{Compared, Resamples, Side, compare},
    },
    rows::{Day, Rows},
    task::Looked,
};

/// A model as the gate sees it.
#[derive(Clone, Copy, Debug)]
pub struct Risks<'a> {
    /// By row of the case: the risk; anything for rows that are neither held out nor scored out of fold.
    pub risk: &'a [f64],
    /// The decision threshold.
    pub threshold: f64,
}

/// What the gate is asked: rows with the risks of two models, and what is known about the models.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// All rows that count.
    pub rows: &'a Rows,
    /// Positions of the rows of held out patients.
    pub holdout: &'a [usize],
    /// Positions of the other rows, if the candidate's risks of them are out of fold.
    pub training: Option<&'a [usize]>,
    /// The candidate.
    pub candidate: Risks<'a>,
    /// What it is compared with; none for a first model.
    pub production: Option<Risks<'a>>,
    /// Production's data cut-off.
    pub cutoff: Option<Day>,
    /// Earlier looks at the holdout.
    pub looked: Option<Looked>,
    /// Seed of the draws.
    pub seed: i64,
    /// How many resamples are drawn. The product always takes the default; a simulation of thousands of gates may take
    /// fewer.
    pub resamples: Resamples,
}

/// Some rows with the risks of both models.
#[derive(Clone, Debug)]
pub struct Subset {
    /// The rows.
    pub rows: Rows,
    candidate: (Vec<f64>, f64),
    production: Option<(Vec<f64>, f64)>,
}

impl Subset {
    /// The rows at some positions of a case.
    pub fn of(case: &Case<'_>, places: &[usize]) -> Self {
        let picked = |risks: Risks<'_>| (pick(risks.risk, places), risks.threshold);
        Self {
            rows: case.rows.pick(places),
            candidate: picked(case.candidate),
            production: case.production.map(picked),
        }
    }

    /// The rows at some positions of the subset.
    pub fn pick(&self, places: &[usize]) -> Self {
        let picked = |(risk, threshold): &(Vec<f64>, f64)| (pick(risk, places), *threshold);
        Self {
            rows: self.rows.pick(places),
            candidate: picked(&self.candidate),
            production: self.production.as_ref().map(picked),
        }
    }

    /// Metrics of both models, each with its number of resamples.
    pub fn compare(&self, wanted: &[(Metric, usize)], seed: i64) -> Vec<Compared> {
        let side = |(risk, threshold): &(Vec<f64>, f64)| Side {
            scored: Scored::new(risk.clone(), &self.rows),
            threshold: *threshold,
        };
        compare(&side(&self.candidate), self.production.as_ref().map(side).as_ref(), wanted, seed)
    }

    /// Rows, and rows that production flags: how many were touched, of how many.
    fn touching(&self) -> Option<Touching> {
        let touched = &self.rows.touched;
        let (risk, threshold) = self.production.as_ref().unwrap_or(&self.candidate);
        let flagged: Vec<bool> =
            risk.iter().zip(touched).filter(|(risk, _)| **risk >= *threshold).map(|(_, touched)| *touched).collect();
        let count = |touched: &[bool]| (touched.iter().filter(|touched| **touched).count(), touched.len());
        (touched.len() == self.rows.len()).then(|| Touching { all: count(touched), flagged: count(&flagged) })
    }
}

fn pick(risk: &[f64], places: &[usize]) -> Vec<f64> {
    places.iter().map(|row| risk.get(*row).copied().unwrap_or(f64::NAN)).collect()
}

/// How many rows an intervention touched, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touching {
    /// Among all rows that decide.
    pub all: (usize, usize),
    /// Among those that production flags; for a first model, that it flags itself.
    pub flagged: (usize, usize),
}

/// The numbers of the rows that no intervention touched.
#[derive(Clone, Debug, PartialEq)]
pub struct Untouched {
    /// The rows.
    pub rows: Rows,
    /// Every metric of both models.
    pub compared: Vec<Compared>,
}

/// Measures everything that the gate judges and the report tells.
pub fn find(gate: &Gate, case: &Case<'_>) -> Findings {
    let holdout = Subset::of(case, case.holdout);
    let look = Look::new(gate, case.looked, holdout.rows.positive_patients());
    let evidence = evidence::choose(gate, case);
    // Where nothing decides, the numbers of all patients are told.
    let decide = if evidence.places.is_empty() { holdout.clone() } else { Subset::of(case, &evidence.places) };
    let wanted = wanted(gate, (case, look));
    let is_apart = evidence.is_apart();
    Findings {
        compared: decide.compare(&wanted, case.seed),
        all: if is_apart { holdout.compare(&non_inferior(gate, (case, look)), case.seed) } else { Vec::new() },
        has_production: case.production.is_some(),
        touched: decide.touching(),
        untouched: untouched(&decide, case),
        slices: slice::measure(gate, &decide, (case.seed, case.resamples)),
        look,
        evidence,
    }
}

fn even(resamples: usize) -> Vec<(Metric, usize)> {
    ALL.map(|metric| (metric, resamples)).to_vec()
}

/// Every metric with the fewest resamples, the primary one with as many as the plain level needs.
fn non_inferior(gate: &Gate, (case, look): (&Case<'_>, Look)) -> Vec<(Metric, usize)> {
    let primary = gate.primary().metric;
    let of = |(metric, least)| (metric, if metric == primary { case.resamples.at(look.level) } else { least });
    even(case.resamples.least).into_iter().map(of).collect()
}

/// Every metric with the fewest resamples, those that decide with as many as their level needs.
fn wanted(gate: &Gate, (case, look): (&Case<'_>, Look)) -> Vec<(Metric, usize)> {
    let (spent, plain) = (case.resamples.at(look.spent), case.resamples.at(look.level));
    let primary = gate.primary().metric;
    let deciding = match case.production {
        Some(_) if is_moved_by_threshold(primary) => vec![primary, Metric::RecallAtCapacity],
        Some(_) => vec![primary],
        None => vec![Metric::RocAuc],
    };
    let guarded: Vec<Metric> = guardrail::guardrails(gate).iter().map(|guardrail| guardrail.metric).collect();
    let of = |metric: Metric| {
        let spent = if deciding.contains(&metric) { spent } else { case.resamples.least };
        let plain = if guarded.contains(&metric) { plain } else { case.resamples.least };
        (metric, spent.max(plain))
    };
    ALL.map(of).to_vec()
}

fn untouched(decide: &Subset, case: &Case<'_>) -> Option<Untouched> {
    let touched = &decide.rows.touched;
    if !touched.contains(&true) {
        return None;
    }
    let places: Vec<usize> = (0..touched.len()).filter(|row| touched.get(*row) == Some(&false)).collect();
    let subset = decide.pick(&places);
    let compared = subset.compare(&even(case.resamples.least), case.seed);
    Some(Untouched { rows: subset.rows, compared })
}

impl Evidence {
    /// Whether other rows decide than all of the holdout.
    pub const fn is_apart(&self) -> bool {
        match self.decided {
            super::Decided::Recent | super::Decided::OutOfFold => true,
            super::Decided::All | super::Decided::Nothing => false,
        }
    }
}
