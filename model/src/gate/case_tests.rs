//! From risks to a verdict: which rows decide, groups, touched rows, looks, and what the world must never learn.

use super::*;
use crate::{
    bundle::logistic,
    manifest::{EvidenceRows, Interventions, Primary, Slice},
    metric::bootstrap::Resamples,
    random::Stream,
    rows::{Day, Groups, Rows},
    task::Looked,
};

/// Patients of two rows each, half of them recent, in sites of falling size, with a good and a bad model.
struct Cohort {
    rows: Rows,
    good: Vec<f64>,
    bad: Vec<f64>,
    holdout: Vec<usize>,
    training: Vec<usize>,
}

fn cohort(patients: u32, seed: u64) -> Cohort {
    let stream = Stream::new(seed);
    let unit = |patient: u32, k: u64| stream.unit(u64::from(patient) * 8 + k);
    let logit = |patient: u32| 4.0 * unit(patient, 0) - 2.5;
    let by_row = |of: &dyn Fn(u32) -> f64| (0..patients * 2).map(|row| of(row / 2)).collect::<Vec<f64>>();
    let day = |patient: u32| Day::read(if patient.is_multiple_of(2) { "2024-01-01" } else { "2026-01-01" }).unwrap();
    let site = |patient: u32| (32 - (patient + 1).leading_zeros()) as u16;
    let patient: Vec<u32> = (0..patients * 2).map(|row| row / 2).collect();
    let rows = Rows {
        patients: (0..patients).map(|patient| format!("P-{patient}")).collect(),
        landmark: (0..patients * 2).map(|row| row % 2).collect(),
        landmarks: vec!["14".into(), "28".into()],
        label: patient.iter().map(|patient| unit(*patient, 1) < logistic(logit(*patient))).collect(),
        day: patient.iter().map(|patient| day(*patient)).collect(),
        slices: vec![Groups {
            column: "site".into(),
            names: (0..40).map(|n| format!("S{n:02}")).collect(),
            group: patient.iter().map(|patient| site(*patient)).collect(),
        }],
        patient,
        ..Rows::default()
    };
    let (holdout, training) = (0..rows.len()).partition(|row| rows.patient[*row] % 4 < 2);
    Cohort {
        good: by_row(&|patient| logistic(logit(patient))),
        bad: by_row(&|patient| logistic(4.0 * unit(patient, 2) - 2.5)),
        rows,
        holdout,
        training,
    }
}

impl Cohort {
    fn case(&self) -> Case<'_> {
        Case {
            rows: &self.rows,
            holdout: &self.holdout,
            training: Some(&self.training),
            candidate: Risks { risk: &self.good, threshold: 0.3 },
            production: Some(Risks { risk: &self.bad, threshold: 0.3 }),
            cutoff: Day::read("2025-01-01"),
            looked: None,
            seed: 1,
            resamples: Resamples { least: 200, most: 2_000 },
        }
    }
}

fn recent(patients: i32) -> Gate {
    Gate {
        evaluate: Some(EvidenceRows::Recent),
        min_patients: Some(patients),
        min_positive_patients: Some(10),
        primary: Some(Primary { metric: Metric::RocAuc, comparison: None, margin: None }),
        ..Gate::default()
    }
}

fn decided(gate: &Gate, case: &Case<'_>) -> (Decided, Patients, Option<Patients>) {
    let evidence = find(gate, case).evidence;
    (evidence.decided, evidence.held, evidence.pooled)
}

#[test]
fn recent_patients_of_the_holdout_decide_else_all_of_them_out_of_fold_else_nobody() {
    let cohort = cohort(400, 3);
    let case = cohort.case();
    let positive = |places: &[usize]| cohort.rows.pick(places).positive_patients();
    let of = |places: &[usize]| -> Vec<usize> {
        places.iter().filter(|row| cohort.rows.patient[**row] % 2 == 1).copied().collect()
    };
    let held = Patients { all: 100, positive: positive(&of(&cohort.holdout)) };
    let pooled = Patients { all: 200, positive: positive(&of(&(0..800).collect::<Vec<_>>())) };
    assert_eq!(decided(&recent(100), &case), (Decided::Recent, held, None));
    assert_eq!(decided(&recent(101), &case), (Decided::OutOfFold, held, Some(pooled)));
    assert_eq!(decided(&recent(201), &case), (Decided::Nothing, held, Some(pooled)));
    assert_eq!(decided(&recent(101), &Case { training: None, ..case }), (Decided::Nothing, held, None));
    assert_eq!(decided(&Gate::default(), &case).0, Decided::All);
    assert_eq!(decided(&recent(100), &Case { production: None, ..case }).0, Decided::All);
    let judgement = judge(&recent(101), &find(&recent(101), &case));
    assert_eq!((judgement.outcome, judgement.look), (Outcome::Passed, Some(1)));
    let pooled = find(&recent(101), &case);
    assert_eq!(pooled.evidence.places, of(&(0..800).collect::<Vec<_>>()));
    assert_eq!(pooled.all.len(), 11);
}

#[test]
fn without_a_cut_off_or_a_date_nobody_is_recent() {
    let mut cohort = cohort(400, 3);
    let unknown = |case: &Case<'_>| judge(&recent(100), &find(&recent(100), case));
    let judgement = unknown(&Case { cutoff: None, ..cohort.case() });
    assert_eq!(
        (judgement.outcome, judgement.reason, judgement.look),
        (Outcome::Inconclusive, "NobodyRecentKnown", None)
    );
    assert!(judgement.why.contains("does not say its data cut-off"));
    cohort.rows.day.clear();
    assert!(unknown(&cohort.case()).why.contains("name its column in spec.index"));
}

#[test]
fn a_patient_with_a_row_before_the_cut_off_is_not_recent() {
    let mut cohort = cohort(400, 3);
    cohort.rows.day[3] = Day::read("2025-01-01").unwrap();
    assert_eq!(decided(&recent(1), &cohort.case()).1.all, 99);
}

#[test]
fn a_case_gives_the_same_findings_again_and_no_patient_is_in_them() {
    let cohort = cohort(400, 3);
    let gate = Gate { slices: vec![slice(None)], ..recent(100) };
    let findings = find(&gate, &cohort.case());
    assert_eq!(findings, find(&gate, &cohort.case()));
    let judgement = format!("{:?}", judge(&gate, &findings));
    assert!(!judgement.contains("P-"), "{judgement}");
}

fn slice(min_patients: Option<i32>) -> Slice {
    Slice { column: "site".into(), metric: None, margin: None, min_patients, enforcement: None }
}

#[test]
fn groups_are_judged_told_or_suppressed_by_their_patients_and_share_the_error() {
    let cohort = cohort(400, 3);
    let gate = Gate { slices: vec![slice(Some(25))], ..Gate::default() };
    let sliced = find(&gate, &cohort.case()).slices.remove(0);
    // Held out patients of sites 1 to 9: 1, 1, 2, 4, 8, 16, 32, 64 and 72.
    let told: Vec<(&str, usize, bool)> =
        sliced.groups.iter().map(|group| (group.name.as_str(), group.patients, group.judged.is_some())).collect();
    let expected = [("S05", 8, false), ("S06", 16, false), ("S07", 32, true), ("S08", 64, true), ("S09", 72, true)];
    assert_eq!((told.as_slice(), sliced.suppressed), (expected.as_slice(), 4));
    assert!((sliced.level - (1.0 - 0.05 / 3.0)).abs() < 1e-12);
    let reported = Slice { enforcement: Some(Enforcement::Report), ..slice(Some(60)) };
    let gate = Gate { slices: vec![slice(Some(25)), reported], ..Gate::default() };
    let levels: Vec<f64> = find(&gate, &cohort.case()).slices.iter().map(|sliced| sliced.level).collect();
    assert!((levels[0] - sliced.level).abs() < 1e-12 && (levels[1] - 0.975).abs() < 1e-12, "{levels:?}");
    let first = find(&gate, &Case { production: None, ..cohort.case() });
    assert!(first.slices[0].groups.iter().all(|group| group.judged.is_none()));
    assert_eq!(judge(&gate, &first).outcome, Outcome::Passed);
}

#[test]
fn a_candidate_that_is_worse_in_one_group_breaks_its_slice() {
    let mut cohort = cohort(1_600, 5);
    let group = cohort.rows.slices[0].group.clone();
    for (row, group) in group.iter().enumerate() {
        // In the largest site the candidate has nothing but noise, and production the truth.
        if *group == 11 {
            let (good, bad) = (cohort.good[row], cohort.bad[row]);
            (cohort.good[row], cohort.bad[row]) = (0.1 * bad, good);
        }
    }
    let gate = Gate { slices: vec![slice(None)], ..recent(100) };
    let gate = Gate { evaluate: None, ..gate };
    let findings = find(&gate, &cohort.case());
    let check = judge(&gate, &findings).checks.into_iter().find(|check| check.name == "slice/site").unwrap();
    assert_eq!(check.verdict, Verdict::Failed, "{}", check.message);
    assert!(check.message.starts_with("worst in 'S11'"), "{}", check.message);
}

#[test]
fn touched_rows_are_counted_among_all_and_among_flagged_ones_and_left_out_apart() {
    let mut cohort = cohort(400, 3);
    assert_eq!(find(&Gate::default(), &cohort.case()).touched, None);
    cohort.rows.touched = cohort.bad.iter().map(|risk| *risk >= 0.5).collect();
    let interventions = Some(Interventions { column: "called".into(), touched: None });
    let gate = Gate { interventions, ..Gate::default() };
    let findings = find(&gate, &cohort.case());
    let count = |least: f64| cohort.holdout.iter().filter(|row| cohort.bad[**row] >= least).count();
    let expected = Touching { all: (count(0.5), 400), flagged: (count(0.5), count(0.3)) };
    assert_eq!(findings.touched, Some(expected));
    assert_eq!(findings.untouched.as_ref().unwrap().rows.len(), 400 - count(0.5));
    assert_eq!(judge(&gate, &findings).reason, "TouchedByInterventions");
}

#[test]
fn a_later_look_draws_more_for_what_decides_and_not_for_the_rest() {
    let cohort = cohort(400, 3);
    let looked = Some(Looked { looks: 2, positive_patients: 1_000 });
    let findings = find(&Gate::default(), &Case { looked, ..cohort.case() });
    let draws = |metric| findings.of(metric).unwrap().draws.len();
    assert_eq!(findings.look.number, 3);
    assert_eq!((draws(Metric::RecallAtCapacity), draws(Metric::Brier), draws(Metric::LogLoss)), (2_000, 800, 200));
}
