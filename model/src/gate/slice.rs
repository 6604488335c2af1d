//! Slices: groups of patients in which a candidate may not be worse. Groups below 5 patients are not told at all, since
//! their numbers would be those of persons; groups below the slice's minimum are told and not judged.

use super::{Findings, Rule, Subset, percent, range};
use crate::{
    manifest::{Enforcement, Gate, Metric, Slice},
    metric::{
        bootstrap::{Interval, Resamples},
        gain,
    },
    rows::Groups,
    task::Verdict,
};

/// Fewest patients of a group that is told.
pub const FEWEST_TOLD: usize = 5;

const LONGEST_NAME: usize = 32;

/// What was found in the groups of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Sliced {
    /// What was asked for.
    pub slice: Slice,
    /// Level of the interval of each group: the groups that are judged share the error that the gate's level allows.
    pub level: f64,
    /// The groups that are told, in the order of their names.
    pub groups: Vec<Group>,
    /// Groups with fewer than 5 patients.
    pub suppressed: usize,
}

/// A group of patients.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name, cut to 32 characters.
    pub name: String,
    /// Its patients.
    pub patients: usize,
    /// Its patients who dropped out.
    pub positive_patients: usize,
    /// The candidate's value.
    pub candidate: f64,
    /// Production's value; NaN for a first model.
    pub production: f64,
    /// By how much the candidate is worse, in the metric's own unit (negative is better), and what that means; none if
    /// the group has too few patients, or the metric is not defined in it.
    pub judged: Option<(Interval, Verdict)>,
}

/// The metric of a slice, the default filled in.
pub fn metric(slice: &Slice) -> Metric {
    slice.metric.unwrap_or(Metric::Recall)
}

/// The margin of a slice, the default filled in.
pub fn margin(slice: &Slice) -> f64 {
    slice.margin.unwrap_or(0.05)
}

fn fewest_judged(slice: &Slice) -> usize {
    slice.min_patients.map_or(20, |n| usize::try_from(n).unwrap_or(0)).max(FEWEST_TOLD)
}

fn is_enforced(slice: &Slice) -> bool {
    slice.enforcement.unwrap_or_default() == Enforcement::Enforce
}

/// A group before anything is drawn, with its rows.
struct Found {
    group: Group,
    subset: Subset,
    is_judged: bool,
}

/// Measures the groups of every slice on the rows that decide. The intervals of all judged groups of all enforced slices
/// share alpha = 1 - level evenly (Bonferroni), so that not one of many groups fails by chance alone more often than
/// alpha; those of a slice that is only reported share it among themselves.
pub fn measure(gate: &Gate, subset: &Subset, drawing: (i64, Resamples)) -> Vec<Sliced> {
    let found: Vec<(Sliced, Vec<Found>)> = gate.slices.iter().map(|slice| groups(slice, subset)).collect();
    let judged = |found: &[Found]| found.iter().filter(|found| found.is_judged).count();
    let enforced = found.iter().filter(|(sliced, _)| is_enforced(&sliced.slice));
    let enforced: usize = enforced.map(|(_, found)| judged(found)).sum();
    let measured = |(mut sliced, found): (Sliced, Vec<Found>)| {
        let sharing = if is_enforced(&sliced.slice) { enforced } else { judged(&found) };
        sliced.level = 1.0 - (1.0 - gate.level()) / sharing.max(1) as f64;
        sliced.groups = found.into_iter().map(|found| drawn(&sliced, found, drawing)).collect();
        sliced
    };
    found.into_iter().map(measured).collect()
}

/// Draws a group's resamples and says what they mean.
fn drawn(sliced: &Sliced, found: Found, (seed, resamples): (i64, Resamples)) -> Group {
    let Found { mut group, subset, is_judged } = found;
    if is_judged {
        let metric = metric(&sliced.slice);
        let Some(compared) = subset.compare(&[(metric, resamples.at(sliced.level))], seed).pop() else { return group };
        let loss = compared.interval(sliced.level, |candidate, production| -gain(metric, candidate, production));
        let is_broken = loss.low > margin(&sliced.slice);
        let verdict = if is_broken { Verdict::Failed } else { Verdict::Passed };
        group.judged = Some((loss, verdict)).filter(|(loss, _)| !loss.low.is_nan());
    }
    group
}

/// The groups of a slice that are told, without draws.
fn groups(slice: &Slice, subset: &Subset) -> (Sliced, Vec<Found>) {
    let mut sliced = Sliced { slice: slice.clone(), level: f64::NAN, groups: Vec::new(), suppressed: 0 };
    let mut told = Vec::new();
    let Some(groups) = subset.rows.slices.iter().find(|groups| groups.column == slice.column) else {
        return (sliced, told);
    };
    for (at, name) in groups.names.iter().enumerate() {
        let places: Vec<usize> = (0..groups.group.len()).filter(|row| is_in(groups, *row, at)).collect();
        let group = subset.pick(&places);
        match group.rows.patients.len() {
            0 => {}
            patients if patients < FEWEST_TOLD => sliced.suppressed += 1,
            patients => told.push(measured(slice, (name, patients), group)),
        }
    }
    (sliced, told)
}

fn is_in(groups: &Groups, row: usize, at: usize) -> bool {
    groups.group.get(row).is_some_and(|group| usize::from(*group) == at)
}

fn measured(slice: &Slice, (name, patients): (&str, usize), subset: Subset) -> Found {
    let compared = subset.compare(&[(metric(slice), 0)], 0).pop();
    let (candidate, production) = compared.map_or((f64::NAN, f64::NAN), |found| (found.candidate, found.production));
    let is_judged = patients >= fewest_judged(slice) && !(candidate.is_nan() || production.is_nan());
    let positive_patients = subset.rows.positive_patients();
    let group = Group { name: shown(name), patients, positive_patients, candidate, production, judged: None };
    Found { group, subset, is_judged }
}

/// A name as people may read it: cut, and without characters that do not print.
fn shown(name: &str) -> String {
    let printed = |c: char| if c.is_control() { '?' } else { c };
    let name: String = name.chars().take(LONGEST_NAME).map(printed).collect();
    if name.is_empty() { "(empty)".to_owned() } else { name }
}

/// Applies a slice: broken only if, in a judged group, the whole interval of the loss lies beyond the margin.
pub fn slice(sliced: &Sliced, findings: &Findings) -> Rule {
    let name = format!("slice/{}", sliced.slice.column.chars().take(64).collect::<String>());
    let enforcement = sliced.slice.enforcement.unwrap_or_default();
    let rule = |verdict, message| Rule::new(name.clone(), verdict, message).enforced(enforcement);
    if sliced.groups.is_empty() && sliced.suppressed == 0 {
        return rule(Verdict::Inconclusive, "the column makes no group of the rows that decide".into());
    }
    let counts = counts(sliced);
    if !findings.has_production {
        return rule(Verdict::Passed, format!("{counts}; a first model is compared with nothing"));
    }
    let judged = sliced.groups.iter().filter_map(|group| group.judged.map(|judged| (group, judged)));
    let Some((worst, (loss, verdict))) = judged.max_by(|(_, (a, _)), (_, (b, _))| a.low.total_cmp(&b.low)) else {
        return rule(unjudged(sliced), counts);
    };
    let told = if enforcement == Enforcement::Report { "; reported only" } else { "" };
    rule(verdict, format!("{}; {counts}{told}", sentence(sliced, worst, loss)))
}

/// No group was judged. That none has patients enough breaks no rule; that none of those who have has a metric leaves the
/// rule unanswered.
fn unjudged(sliced: &Sliced) -> Verdict {
    let is_undefined = sliced.groups.iter().any(|group| group.patients >= fewest_judged(&sliced.slice));
    if is_undefined { Verdict::Inconclusive } else { Verdict::Passed }
}

fn sentence(sliced: &Sliced, group: &Group, loss: Interval) -> String {
    format!(
        "worst in '{}' ({} patients): {} {:.3} against {:.3}, loss {} at {}, at most {} is allowed",
        group.name,
        group.patients,
        metric(&sliced.slice).name(),
        group.candidate,
        group.production,
        range(loss),
        percent(sliced.level),
        margin(&sliced.slice)
    )
}

/// How many groups were judged, only told, and suppressed.
fn counts(sliced: &Sliced) -> String {
    let judged = sliced.groups.iter().filter(|group| group.judged.is_some()).count();
    let is_undefined = |group: &&Group| group.patients >= fewest_judged(&sliced.slice) && group.judged.is_none();
    let undefined = sliced.groups.iter().filter(is_undefined).count();
    let is_one = sliced.groups.len() + sliced.suppressed == 1;
    let one = if is_one { "the column has one group, all patients; " } else { "" };
    let mut text = format!("{one}{judged} judged, {} only told", sliced.groups.len() - judged);
    if undefined > 0 {
        text += &format!(" ({} is not defined in {undefined})", metric(&sliced.slice).name());
    }
    if sliced.suppressed > 0 {
        text += &format!(", {} with fewer than {FEWEST_TOLD} patients not shown", sliced.suppressed);
    }
    text
}
