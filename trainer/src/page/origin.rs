//! Tiers, groups, rows and provenance: on whom the numbers rest, and from what they were made.

use super::{View, words};
use crate::{curves::tiers::Cut, page::SliceRow, report::Side};
use dropout_model::page::{
    Html, Table, Text,
    number::{NONE, count, decimal, percent, signed},
    section,
};

/// What each tier costs and brings.
pub fn tiers(view: &View<'_>) -> Html {
    let numbers = |name| (name, Text::Numbers);
    let columns = [
        numbers("from risk"),
        ("what is done", Text::Words),
        numbers("patients"),
        numbers("of its rows leave"),
        numbers("recall"),
        numbers("precision"),
        numbers("alert rate"),
        numbers("calls per dropout"),
    ];
    let caption = "Recall, precision, alert rate and calls per dropout are those of calling everybody from this risk on. Patients are counted once, at their largest risk. A dash: it would tell of one to four patients.";
    let mut table = Table::new(caption, "tier", &columns);
    for cut in &view.report.curves.tiers {
        table = table.row(tier(cut).iter().map(|cell| Html::of(cell)).collect());
        if let Some(row) = table.rows.last_mut() {
            row.is_main = cut.is_threshold;
        }
    }
    let candidate = &view.report.candidate;
    let words =
        format!("The decision threshold is {} ({}).", percent(candidate.threshold, 2), candidate.threshold_target);
    section("tiers", "Tiers and threshold", Html::tag("p", &words).and(table.html()))
}

fn tier(cut: &Cut) -> [String; 9] {
    let share = |share: Option<f64>, decimals| share.map_or_else(|| NONE.to_owned(), |share| percent(share, decimals));
    let flagged = cut.flagged;
    let name = cut.tier.clone().unwrap_or_else(|| "(threshold)".to_owned());
    [
        name,
        percent(cut.from, 1),
        cut.intervention.clone().unwrap_or_default(),
        share(cut.patients, 1),
        share(cut.observed, 1),
        share(flagged.map(|flagged| flagged.recall), 1),
        share(flagged.and_then(|flagged| flagged.precision), 1),
        share(flagged.map(|flagged| flagged.alert_rate), 1),
        flagged.and_then(|flagged| flagged.needed_to_call).map_or_else(|| NONE.to_owned(), |calls| decimal(calls, 1)),
    ]
}

/// Groups of patients.
pub fn slices(view: &View<'_>) -> Html {
    if view.slices.is_empty() {
        return Html::new();
    }
    let numbers = |name| (name, Text::Numbers);
    let columns = [
        ("metric", Text::Words),
        numbers("patients"),
        numbers("dropped out"),
        numbers("candidate"),
        numbers("production"),
        numbers("difference"),
        ("verdict", Text::Words),
    ];
    let caption =
        "Groups of patients. An interval, not a point, decides; groups of one to four patients have no numbers.";
    let mut table = Table::new(caption, "group", &columns);
    for row in &view.slices {
        table = table.row(slice(row));
    }
    section("slices", "Groups of patients", table.html())
}

fn slice(row: &SliceRow) -> Vec<Html> {
    let number = |value: Option<f64>| Html::of(&value.map_or_else(|| NONE.to_owned(), |value| decimal(value, 3)));
    let group = if row.group.is_empty() { "(no value)" } else { row.group.as_str() };
    let [patients, positive] = words::sizes(row);
    let (class, word) = match row.patients {
        Some(_) => words::told(row.verdict),
        None => ("open", "too few"),
    };
    let difference = Html::of(&row.difference.map_or_else(|| NONE.to_owned(), |value| signed(value, 3)));
    let interval = row.low.zip(row.high).map(|(low, high)| format!("{} to {}", signed(low, 3), signed(high, 3)));
    vec![
        Html::of(&format!("{}: {group}", row.column)),
        Html::of(words::metric(row.metric, row.production.is_some())),
        Html::of(&patients),
        Html::of(&positive),
        number(row.candidate),
        number(row.production),
        difference.and(interval.map_or_else(Html::new, |interval| Html::tag("small", &interval))),
        Html::tag("b", word).inside("span", class),
    ]
}

/// The rows that were learned from and judged on.
pub fn rows(view: &View<'_>) -> Html {
    let rows = &view.report.rows;
    let numbers = |name| (name, Text::Numbers);
    let columns = ["patients", "dropped out", "rows", "labelled dropout"].map(numbers);
    let caption = "A row is a patient on a landmark day; a patient is on one side only, for ever.";
    let mut table = Table::new(caption, "side", &columns);
    for (name, side) in [("training", rows.training), ("holdout", rows.holdout)] {
        let Side { patients, positive_patients, rows, positive_rows } = side;
        let cells = [patients, positive_patients, rows, positive_rows].map(|number| Html::of(&count(number)));
        table = table.row(std::iter::once(Html::of(name)).chain(cells).collect());
    }
    let counts = rows.counts;
    let words = format!(
        "The file has {} rows. {} do not count because their label was not certain at the cut-off, {} because the patient was not followed to the horizon; {} count. {} of patients are held out.",
        count(counts.rows),
        count(counts.immature),
        count(counts.censored),
        count(counts.mature),
        percent(rows.holdout_fraction, 0)
    );
    let records = view.report.records.as_ref().map(|records| Html::tag("p", &words::records(records)));
    let body = Html::tag("p", &words).and(records.into_iter().collect()).and(table.html());
    section("rows", "Patients and rows", body)
}

/// What everything was made from.
pub fn provenance(view: &View<'_>) -> Html {
    let (report, bundle) = (view.report, view.bundle);
    let code = |text: &str| Html::tag("code", text);
    let mut facts = vec![
        ("study", Html::of(&report.study)),
        ("predicted", Html::of(&format!("{} within {}", bundle.label, words::horizon(bundle)))),
        ("model", Html::of(&words::kind(bundle))),
        ("calibration", Html::of(&report.candidate.calibration_reason)),
        ("data cut-off", Html::of(bundle.cutoff.as_deref().unwrap_or("none"))),
        ("candidate", code(&report.candidate.digest)),
        ("trained on", code(&report.candidate.data_digest)),
        ("judged on", code(&report.rows.digest)),
        ("trained by", code(&report.candidate.code)),
        ("seed of training", Html::of(&report.candidate.seed.to_string())),
        (
            "intervals",
            Html::of(&format!("{} resamples, seed {}", count(report.bootstrap.resamples), report.bootstrap.seed)),
        ),
    ];
    if let Some(production) = &report.production {
        facts.push(("production", code(&production.digest)));
        facts.push(("its threshold", Html::of(&percent(production.threshold, 2))));
    }
    let list = facts.into_iter().map(|(name, fact)| Html::tag("dt", name).and(Html::element("dd", &[], fact)));
    section("provenance", "Provenance", Html::element("dl", &[], list.collect()))
}
