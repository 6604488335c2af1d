//! The gate by simulation: how often it errs, and what it finds, in a world whose truth is known (`common/world.rs`). What
//! is bounded is asserted on the 97.5 % bound of the share, so that a lucky seed is not enough: the usual few hundred
//! gates are the fewest that can show it. DROPOUT_GATE_RUNS=5000 runs as many for every line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::world::{Bound, Lines, Normals, OWN, RESAMPLES, Round, Size, Trial, day, passes, runs, usual_threshold};
use dropout_model::{
    bundle::logistic,
    gate::{Case, GROWTH, Judgement, Risks, find, judge},
    manifest::{EvidenceRows, Gate, Interventions, Metric, Primary, Touched},
    metric::bootstrap::Resamples,
    task::{Looked, Outcome},
};

/// A gate with the defaults but for its primary metric.
fn gate(metric: Metric) -> Gate {
    Gate { primary: Some(Primary { metric, comparison: None, margin: None }), ..Gate::default() }
}

/// Two models at one threshold on a holdout.
fn round(gate: &Gate, trial: &Trial, (candidate, production, threshold): (&[f64], &[f64], f64)) -> bool {
    let (candidate, production) = ((candidate, threshold), (production, threshold));
    Round { gate, trial, candidate, production, looked: None, seed: 1 }.passes()
}

/// A candidate that is as good as production, with noise of its own, on a fresh holdout.
fn equal(gate: &Gate, size: Size, (threshold, run): (f64, u64)) -> bool {
    let trial = Trial::new(run, size, 0.0);
    round(gate, &trial, (&trial.view(OWN, run + 1_000_000), &trial.view(OWN, run + 2_000_000), threshold))
}

#[test]
fn candidates_without_a_true_gain_pass_at_most_one_time_in_twenty() {
    let threshold = usual_threshold(OWN, 0.80);
    let mut lines = Lines::default();
    let default = Metric::RecallAtCapacity;
    for (metric, rows) in
        [(default, 300), (default, 500), (default, 2_000), (Metric::Recall, 500), (Metric::RocAuc, 500)]
    {
        // Lower minima than the defaults, so that the numbers decide and not the want of patients.
        let gate = Gate { min_patients: Some(40), min_positive_patients: Some(15), ..gate(metric) };
        let what = format!("no true gain, {}, {rows} rows held out", metric.name());
        lines.line((&what, Bound::AtMost(0.05), runs(300)), |run| equal(&gate, Size::Rows(rows), (threshold, run)));
    }
    lines.check();
}

/// Looks with another equal candidate each, until one passes.
fn ten_looks(threshold: f64, growth: f64, run: u64) -> bool {
    let gate = Gate::default();
    let size = |look: i32| (120.0 * growth.powi(look)) as usize;
    let whole = Trial::new(run, Size::Patients(size(9)), 0.0);
    let production = whole.view(OWN, run + 2_000_000);
    let mut looked: Option<Looked> = None;
    (0..10).any(|look| {
        let candidate = whole.view(OWN, run * 10 + look as u64 + 3_000_000);
        let is_in = |row: &usize| (whole.rows.patient[*row] as usize) < size(look);
        let places: Vec<usize> = whole.places().into_iter().filter(is_in).collect();
        let trial = Trial { rows: whole.rows.pick(&places), ..whole.clone() };
        let round = Round {
            gate: &gate,
            trial: &trial,
            candidate: (&candidate[..places.len()], threshold),
            production: (&production[..places.len()], threshold),
            looked,
            seed: run as i64,
        };
        let passes = round.passes();
        looked = Some(next(looked, trial.rows.positive_patients()));
        passes
    })
}

/// What is remembered of looks after one more.
fn next(looked: Option<Looked>, positive: usize) -> Looked {
    match looked {
        Some(before) if (positive as f64) < GROWTH * f64::from(before.positive_patients) => {
            Looked { looks: before.looks + 1, ..before }
        }
        Some(_) | None => Looked { looks: 1, positive_patients: positive as u32 },
    }
}

#[test]
fn ten_looks_at_one_holdout_pass_at_most_one_time_in_ten() {
    let threshold = usual_threshold(OWN, 0.80);
    let mut lines = Lines::default();
    for (what, growth) in [("fixed", 1.0), ("growing by a tenth each time", 1.1)] {
        let what = format!("no true gain, ten looks, 120 patients held out, {what}");
        lines.line((&what, Bound::AtMost(0.10), runs(200)), |run| ten_looks(threshold, growth, run));
    }
    let what = "no true gain, ten looks, growing by a quarter each time (120 to 894)";
    lines.line((what, Bound::None, runs(60)), |run| ten_looks(threshold, GROWTH, run));
    lines.check();
}

fn shifted(risk: &[f64], logits: f64) -> Vec<f64> {
    risk.iter().map(|risk| logistic(logits + (risk / (1.0 - risk)).ln())).collect()
}

#[test]
fn a_shifted_calibration_never_passes() {
    let threshold = usual_threshold(OWN, 0.80);
    let mut lines = Lines::default();
    let metrics = [
        Metric::RecallAtCapacity,
        Metric::Recall,
        Metric::Precision,
        Metric::AlertRate,
        Metric::F1,
        Metric::RocAuc,
        Metric::PrAuc,
    ];
    let shifts = [-1.5, -0.7, -0.3, 0.3, 0.7, 1.5];
    for metric in metrics {
        let gate = gate(metric);
        let what = format!("production's own risks shifted by 0.3 to 1.5 logits, {}", metric.name());
        lines.line((&what, Bound::Never, runs(60)), |run| {
            let trial = Trial::new(run, Size::Rows(1_000), 0.0);
            let production = trial.view(OWN, run + 2_000_000);
            let candidate = shifted(&production, shifts[run as usize % shifts.len()]);
            round(&gate, &trial, (&candidate, &production, threshold))
        });
    }
    let what = "another model as good, shifted by 0.7 logits, recall, 1000 rows held out";
    lines.line((what, Bound::AtMost(0.05), runs(200)), |run| {
        let trial = Trial::new(run, Size::Rows(1_000), 0.0);
        let candidate = shifted(&trial.view(OWN, run + 1_000_000), 0.7);
        round(&gate(Metric::Recall), &trial, (&candidate, &trial.view(OWN, run + 2_000_000), threshold))
    });
    lines.check();
}

/// Share of the variance between recent patients that comes from what did not matter before.
const DRIFT: f64 = 0.51;

/// 1,000 patients of before and 400 recent ones after a drift of the concept, a quarter of both held out. Production is
/// stale; the candidate knows the new concept, or (`is_equal`) is another model as stale as production.
fn recent(gate: &Gate, (threshold, is_equal): (f64, bool), run: u64) -> bool {
    let old = Trial::new(run, Size::Patients(1_000), 0.0);
    let new = Trial::new(run + 500_000, Size::Patients(400), DRIFT);
    let stale = |seed: u64| [old.view(OWN, run + seed), new.stale_view(OWN, run + seed + 500_000)].concat();
    let known = |seed: u64| [old.view(OWN, run + seed), new.view(OWN, run + seed + 500_000)].concat();
    let candidate = if is_equal { stale(1_000_000) } else { known(1_000_000) };
    let production = stale(2_000_000);
    let mut rows = old.rows.clone();
    rows.patient.extend(new.rows.patient.iter().map(|patient| patient + 1_000));
    rows.patients = (0..1_400).map(|patient| format!("P-{patient}")).collect();
    rows.landmark.extend(&new.rows.landmark);
    rows.label.extend(&new.rows.label);
    rows.day = rows.patient.iter().map(|patient| day(if *patient < 1_000 { 2024 } else { 2026 })).collect();
    let mut unit = Normals::new(run, 9);
    let held: Vec<bool> = (0..1_400).map(|_| unit.unit() < 0.25).collect();
    let (holdout, training): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).partition(|row| held[rows.patient[*row] as usize]);
    let judged = |resamples: Resamples| -> Judgement {
        let case = Case {
            rows: &rows,
            holdout: &holdout,
            training: Some(&training),
            candidate: Risks { risk: &candidate, threshold },
            production: Some(Risks { risk: &production, threshold }),
            cutoff: Some(day(2025)),
            looked: None,
            seed: run as i64,
            resamples,
        };
        judge(gate, &find(gate, &case))
    };
    if is_equal { passes(judged) } else { judged(RESAMPLES).outcome == Outcome::Passed }
}

#[test]
fn after_concept_drift_recent_patients_show_a_gain_of_six_hundredths_of_auc() {
    let threshold = usual_threshold(OWN, 0.80);
    let large = Trial::new(5, Size::Patients(60_000), DRIFT);
    let (candidate, production) = (large.view(OWN, 6), large.stale_view(OWN, 7));
    let [better, stale] = large.values(Metric::RocAuc, [(&candidate, threshold), (&production, threshold)]);
    println!("after concept drift: true roc_auc {better:.3} against {stale:.3}");
    assert!((0.055..0.065).contains(&(better - stale)), "{better} {stale}");

    let asked = |evaluate, patients: Option<i32>| Gate {
        evaluate: Some(evaluate),
        min_patients: patients,
        ..gate(Metric::RocAuc)
    };
    let pooled = asked(EvidenceRows::Recent, Some(200));
    let usual = asked(EvidenceRows::Recent, None);
    let mut lines = Lines::default();
    let what = "concept drift, 400 new patients, true gain 0.06 roc_auc, Recent, minPatients 200";
    lines.line((what, Bound::AtLeast(0.90), runs(250)), |run| recent(&pooled, (threshold, false), run));
    let what = "  the same, minPatients 100: in half of the trials the held out quarter decides";
    lines.line((what, Bound::None, runs(60)), |run| recent(&usual, (threshold, false), run));
    let all = asked(EvidenceRows::All, None);
    lines.line(("  the same, All", Bound::None, runs(60)), |run| recent(&all, (threshold, false), run));
    for (gate, what) in [(&pooled, "minPatients 200"), (&usual, "minPatients 100")] {
        let what = format!("concept drift, another model as stale, Recent, {what}");
        lines.line((&what, Bound::AtMost(0.05), runs(200)), |run| recent(gate, (threshold, true), run));
    }
    lines.check();
}

/// An equal candidate on rows whose outcome production's interventions changed: of the rows that it flags, a share is
/// touched, and half of the dropouts of those are prevented.
fn intervened(gate: &Gate, (threshold, share): (f64, f64), run: u64) -> bool {
    let mut trial = Trial::new(run, Size::Rows(1_000), 0.0);
    let (candidate, production) = (trial.view(OWN, run + 1_000_000), trial.view(OWN, run + 2_000_000));
    let mut unit = Normals::new(run, 3);
    let touched: Vec<bool> = production.iter().map(|risk| *risk >= threshold && unit.unit() < share).collect();
    for (label, touched) in trial.rows.label.iter_mut().zip(&touched) {
        *label = *label && !(*touched && unit.unit() < 0.5);
    }
    trial.rows.touched = touched;
    round(gate, &trial, (&candidate, &production, threshold))
}

#[test]
fn interventions_that_prevent_half_of_the_dropouts_promote_no_equal_candidate() {
    let asked = |touched| Gate {
        interventions: Some(Interventions { column: "called".into(), touched: Some(touched) }),
        ..Gate::default()
    };
    let (refuse, accept) = (asked(Touched::Refuse), asked(Touched::Accept));
    let (many, few) = (usual_threshold(OWN, 0.80), usual_threshold(OWN, 0.20));
    let mut lines = Lines::default();
    for (threshold, flags) in [(many, "0.80"), (few, "0.20 (6 % of rows)")] {
        let what = format!("half of the flagged dropouts prevented, flags for a recall of {flags}");
        lines.line((&what, Bound::AtMost(0.05), runs(200)), |run| intervened(&refuse, (threshold, 1.0), run));
        let what = format!("  the same, {flags}, touched: Accept");
        lines.line((&what, Bound::None, runs(60)), |run| intervened(&accept, (threshold, 1.0), run));
    }
    let what = "  the same, 0.80, 9 % of the flagged rows touched";
    lines.line((what, Bound::AtMost(0.05), runs(200)), |run| intervened(&refuse, (many, 0.09), run));
    lines.check();
}

/// Own noise of a better and of a worse model: the better one flags a tenth more dropouts at the other's capacity.
const BETTER: f64 = 0.1;
const WORSE: f64 = 1.0;

#[test]
fn power_at_a_true_gain_of_a_tenth_of_recall_is_shown() {
    let large = Trial::new(5, Size::Patients(60_000), 0.0);
    let threshold = usual_threshold(WORSE, 0.60);
    let (candidate, production) = (large.view(BETTER, 6), large.view(WORSE, 7));
    let metric = Metric::RecallAtCapacity;
    let [better, usual] = large.values(metric, [(&candidate, threshold), (&production, threshold)]);
    println!("power: true recall_at_capacity {better:.3} against {usual:.3}");
    assert!((0.09..0.11).contains(&(better / usual - 1.0)), "{better} {usual}");
    let gate = gate(metric);
    let mut lines = Lines::default();
    let found = [500, 1_000, 2_000, 5_000].map(|rows| {
        let what = format!("true gain of 10 % in recall_at_capacity, {rows} rows held out");
        lines.line((&what, Bound::None, runs(40)), |run| {
            let trial = Trial::new(run, Size::Rows(rows), 0.0);
            let (candidate, production) = (trial.view(BETTER, run + 1_000_000), trial.view(WORSE, run + 2_000_000));
            round(&gate, &trial, (&candidate, &production, threshold))
        })
    });
    assert!(found[0].1 < found[3].0, "more rows must find more: {found:?}");
}
