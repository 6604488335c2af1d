//! Which rows are compared: one a patient on each side, and of the reference as many of each landmark day as the window has
//! in proportion. The same patients on later days are no drift. The choice depends on the rows alone and is the same each
//! time.

use crate::frame::Frame;
use dropout_model::random::Stream;
use std::collections::BTreeMap;

/// Most groups of landmark days; more different days than this are taken together by their order in the window.
const MOST_GROUPS: usize = 12;
/// Share of the reference that a landmark day must be able to give, of what the window asks of it; with less its rows in
/// the window are left out rather than the reference made small.
const LEAST_SUPPLY: f64 = 0.25;
/// Seed of the choice; any will do.
const SEED: u64 = 0x64_72_69_66_74;

/// The rows that are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Of the reference, rising.
    pub reference: Vec<usize>,
    /// Of the window, rising.
    pub window: Vec<usize>,
    /// Patients of the window at landmark days that the reference has too few of; they are not compared.
    pub unmatched: usize,
}

/// Chooses them.
pub fn choose(reference: &Frame, window: &Frame) -> Chosen {
    let picked = one_a_patient(window);
    if reference.landmark.is_empty() || window.landmark.is_empty() {
        return Chosen { reference: one_a_patient(reference), window: picked, unmatched: 0 };
    }
    let groups = Groups::of(window, &picked);
    let group = |frame: &Frame, row: usize| groups.number(frame.landmark_of(row));
    let mut asked = vec![0_usize; groups.count];
    picked.iter().filter_map(|row| group(window, *row)).for_each(|at| bump(&mut asked, at));
    let supply = supply(reference, &groups);
    let is_matched = matched(&asked, &supply);
    let (window, others): (Vec<usize>, Vec<usize>) =
        picked.iter().partition(|row| group(window, **row).and_then(|at| is_matched.get(at)) == Some(&true));
    let asked: Vec<usize> =
        asked.iter().zip(&is_matched).map(|(count, is_matched)| if *is_matched { *count } else { 0 }).collect();
    Chosen { reference: proportioned(reference, &groups, &asked), window, unmatched: others.len() }
}

/// One row of each patient, by a draw; all rows if patients are not known.
fn one_a_patient(frame: &Frame) -> Vec<usize> {
    if frame.patient.is_empty() {
        return (0..frame.rows).collect();
    }
    let mut first: BTreeMap<u32, (u64, usize)> = BTreeMap::new();
    for (row, patient) in frame.patient.iter().enumerate() {
        let draw = (draw(row), row);
        let kept = first.entry(*patient).or_insert(draw);
        *kept = draw.min(*kept);
    }
    let mut rows: Vec<usize> = first.into_values().map(|(_, row)| row).collect();
    rows.sort_unstable();
    rows
}

/// A number that looks like none of the row's.
fn draw(row: usize) -> u64 {
    Stream::new(SEED).part(row as u64).below(0, 1 << 53)
}

/// Groups of landmark days.
struct Groups {
    count: usize,
    by_day: BTreeMap<String, usize>,
    /// Bounds between groups of many different days, rising; empty if each day is its own.
    bounds: Vec<f64>,
}

impl Groups {
    fn of(window: &Frame, rows: &[usize]) -> Self {
        let mut days: Vec<&str> = rows.iter().map(|row| window.landmark_of(*row)).collect();
        days.sort_unstable();
        let mut different = days.clone();
        different.dedup();
        let numbers: Vec<f64> = days.iter().filter_map(|day| day.parse().ok()).collect();
        if different.len() <= MOST_GROUPS || numbers.len() < days.len() {
            let by_day: BTreeMap<String, usize> =
                different.iter().enumerate().map(|(at, day)| ((*day).to_owned(), at)).collect();
            return Self { count: by_day.len(), by_day, bounds: Vec::new() };
        }
        let bounds = bounds(numbers);
        Self { count: bounds.len() + 1, by_day: BTreeMap::new(), bounds }
    }

    fn number(&self, day: &str) -> Option<usize> {
        if self.bounds.is_empty() {
            return self.by_day.get(day).copied();
        }
        let number: f64 = day.parse().ok()?;
        Some(self.bounds.partition_point(|bound| *bound <= number))
    }
}

/// Days that divide the window into groups of about the same size.
fn bounds(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    let quantile = |k: usize| numbers.get(k * numbers.len() / MOST_GROUPS).copied();
    let mut bounds: Vec<f64> = (1..MOST_GROUPS).filter_map(quantile).collect();
    bounds.dedup();
    bounds
}

/// Patients of the reference with a row in each group.
fn supply(reference: &Frame, groups: &Groups) -> Vec<usize> {
    let mut seen: Vec<BTreeMap<u32, ()>> = vec![BTreeMap::new(); groups.count];
    for row in 0..reference.rows {
        let patient = reference.patient.get(row).copied().unwrap_or(row as u32);
        if let Some(slot) = groups.number(reference.landmark_of(row)).and_then(|at| seen.get_mut(at)) {
            slot.insert(patient, ());
        }
    }
    seen.iter().map(BTreeMap::len).collect()
}

/// Which groups the reference can give enough of.
fn matched(asked: &[usize], supply: &[usize]) -> Vec<bool> {
    let (all, most) = (asked.iter().sum::<usize>() as f64, supply.iter().max().copied().unwrap_or(0) as f64);
    let is_enough = |(asked, supply): (&usize, &usize)| {
        *asked > 0 && *supply > 0 && *supply as f64 >= LEAST_SUPPLY * most * (*asked as f64 / all)
    };
    asked.iter().zip(supply).map(is_enough).collect()
}

/// One row of each patient of the reference, in the window's proportions: each patient, in the order of a draw, gives a row
/// of the group that lacks most; then surplus rows are left out.
fn proportioned(reference: &Frame, groups: &Groups, asked: &[usize]) -> Vec<usize> {
    let all = asked.iter().sum::<usize>() as f64;
    let share: Vec<f64> = asked.iter().map(|count| *count as f64 / all).collect();
    let mut given: Vec<Vec<usize>> = vec![Vec::new(); groups.count];
    let mut total = 0_usize;
    for rows in by_patient(reference) {
        let lack = |row: &usize| {
            let at = groups.number(reference.landmark_of(*row)).filter(|at| asked.get(*at).is_some_and(|n| *n > 0))?;
            let have = given.get(at).map_or(0, Vec::len) as f64;
            Some((share.get(at).copied()? * (total as f64 + 1.0) - have, at, *row))
        };
        let most = rows.iter().filter_map(lack).max_by(|a, b| a.0.total_cmp(&b.0).then(b.2.cmp(&a.2)));
        if let Some((_, at, row)) = most {
            given.iter_mut().skip(at).take(1).for_each(|rows| rows.push(row));
            total += 1;
        }
    }
    // As many as the scarcest group allows.
    let scarcest = given.iter().zip(&share).filter(|(_, share)| **share > 0.0);
    let size = scarcest.map(|(rows, share)| (rows.len() as f64 + 1.0) / share).fold(f64::INFINITY, f64::min);
    let kept = given.iter().zip(&share).flat_map(|(rows, share)| rows.iter().take((size * share) as usize).copied());
    let mut rows: Vec<usize> = kept.collect();
    rows.sort_unstable();
    rows
}

/// The rows of each patient, in the order of a draw by patient.
fn by_patient(frame: &Frame) -> Vec<Vec<usize>> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for row in 0..frame.rows {
        let patient = frame.patient.get(row).copied().unwrap_or(row as u32);
        rows.entry(patient).or_default().push(row);
    }
    let mut patients: Vec<(u64, Vec<usize>)> =
        rows.into_iter().map(|(patient, rows)| (draw(patient as usize), rows)).collect();
    patients.sort_unstable();
    patients.into_iter().map(|(_, rows)| rows).collect()
}

fn bump(counts: &mut [usize], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}
