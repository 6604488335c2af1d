//! All features in one table, in the order of the report; a column that no feature has a value for is not there.

use super::{
    number::{self, cell, effect, p, plain, share, whole},
    pen::{level, stroke, upright},
    plot, words,
};
use crate::report::{ColumnReport, DriftReport, NumberShape, Pair, Shape};
use dropout_model::page::{Html, Table, Text, section};

/// A column of the table: its name, what it holds, and its cell; none if nothing is known.
struct Column {
    name: &'static str,
    text: Text,
    cell: fn(&View<'_>, &ColumnReport) -> Option<Html>,
}

/// What cells are written from.
struct View<'a> {
    report: &'a DriftReport,
    /// The effect at the end of the bars, in limits.
    most: f64,
}

const COLUMNS: [Column; 7] = [
    Column { name: "verdict", text: Text::Words, cell: verdict },
    Column { name: "effect", text: Text::Numbers, cell: size },
    Column { name: "adjusted p", text: Text::Numbers, cell: evidence },
    Column { name: "reference", text: Text::Words, cell: reference },
    Column { name: "window", text: Text::Words, cell: window },
    Column { name: "importance", text: Text::Numbers, cell: importance },
    Column { name: "Evidently", text: Text::Numbers, cell: evidently },
];

/// The section.
pub fn section_of(report: &DriftReport) -> Html {
    if report.columns.is_empty() {
        return section("features", "Features", Html::tag("p", "No feature was compared."));
    }
    let view = View { report, most: most(report) };
    let rows = |column: &Column| report.columns.iter().any(|one| (column.cell)(&view, one).is_some());
    let shown: Vec<&Column> = COLUMNS.iter().filter(|column| rows(column)).collect();
    let heads: Vec<(&str, Text)> = shown.iter().map(|column| (column.name, column.text)).collect();
    let caption = caption(report);
    let mut table = Table::new(&caption, "feature", &heads);
    for one in &report.columns {
        let cells = shown.iter().map(|column| (column.cell)(&view, one).unwrap_or_else(|| Html::of("–")));
        table = table.row(std::iter::once(name(one)).chain(cells).collect());
        table.rows.iter_mut().next_back().into_iter().for_each(|row| row.is_main = one.drifted == Some(true));
    }
    section("features", "Features", table.html().inside("div", "features"))
}

/// How to read the table, as far as it has what is to be read.
fn caption(report: &DriftReport) -> String {
    let has = |is_known: fn(&ColumnReport) -> bool| report.columns.iter().any(is_known);
    let order = if has(|column| column.importance.is_some() && column.effect.is_some()) {
        "Drifted first, then by importance times effect."
    } else {
        "Drifted first."
    };
    let shapes = "Numbers: median [quartiles]; categories: the two most frequent on either side.";
    let bars = "Bars: size of the change; the upright line is the limit.";
    let evidently = "▲ in the last column: drift by Evidently’s own rule.";
    let parts = [
        Some(order),
        has(|column| column.shape.is_some()).then_some(shapes),
        has(|column| column.effect.is_some()).then_some(bars),
        has(|column| column.evidently.is_some()).then_some(evidently),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The largest effect in limits, between 2 and 8: beyond that bars are cut.
fn most(report: &DriftReport) -> f64 {
    let ratios = report.columns.iter().filter_map(ratio).filter(|ratio| ratio.is_finite());
    ratios.fold(2.0, f64::max).min(8.0)
}

fn ratio(column: &ColumnReport) -> Option<f64> {
    let effect = column.effect.as_ref()?;
    (effect.threshold > 0.0).then(|| effect.value / effect.threshold)
}

fn name(column: &ColumnReport) -> Html {
    let kind = words::kind(column);
    let kind = if kind.is_empty() { Html::new() } else { Html::tag("small", kind) };
    Html::of(&column.name).and(kind)
}

fn verdict(_: &View<'_>, column: &ColumnReport) -> Option<Html> {
    let sign = words::column(column);
    let text = format!("{} {}", sign.glyph, sign.words);
    Some(if sign.class == "moved" { Html::tag("b", &text) } else { Html::of(&text) })
}

fn size(view: &View<'_>, column: &ColumnReport) -> Option<Html> {
    let size = column.effect.as_ref()?;
    let bar = ratio(column).filter(|ratio| ratio.is_finite());
    Some(Html::of(&effect(size)).and(bar.map_or_else(Html::new, |ratio| drawn(ratio, view.most))))
}

fn drawn(ratio: f64, most: f64) -> Html {
    let place = |ratio: f64| (ratio / most).clamp(0.0, 1.0) * 64.0;
    let class = if ratio >= 1.0 { "bar full" } else { "bar pale" };
    let inner =
        stroke(class, &level((0.0, 4.0), place(ratio).max(1.0))).and(stroke("cut", &upright((place(1.0), 0.0), 8.0)));
    // The number stands above it, so it says nothing of its own.
    Html::element("svg", &[("class", "size"), ("viewBox", "0 0 64 8"), ("aria-hidden", "true")], inner)
}

fn evidence(_: &View<'_>, column: &ColumnReport) -> Option<Html> {
    let test = column.test.as_ref()?;
    Some(test.p_adjusted.map_or_else(
        || Html::of(&p(test.p)).and(Html::tag("small", "not adjusted")),
        |adjusted| Html::of(&p(adjusted)),
    ))
}

fn reference(_: &View<'_>, column: &ColumnReport) -> Option<Html> {
    side(
        column,
        Side {
            quartiles: |pair| pair.reference,
            share: |pair| pair.reference,
            n: |pair| pair.reference,
            missing: |pair| pair.reference,
        },
    )
}

fn window(_: &View<'_>, column: &ColumnReport) -> Option<Html> {
    side(
        column,
        Side {
            quartiles: |pair| pair.window,
            share: |pair| pair.window,
            n: |pair| pair.window,
            missing: |pair| pair.window,
        },
    )
}

/// How one side of a pair is read.
struct Side {
    quartiles: fn(&Pair<[f64; 3]>) -> [f64; 3],
    share: fn(&Pair<Option<f64>>) -> Option<f64>,
    n: fn(&Pair<u64>) -> u64,
    missing: fn(&Pair<f64>) -> f64,
}

fn side(column: &ColumnReport, side: Side) -> Option<Html> {
    let summary = column.shape.as_ref().map(|shape| match shape {
        Shape::Numbers(NumberShape { quartiles, .. }) => {
            let [low, middle, high] = (side.quartiles)(quartiles);
            format!("{} [{} to {}]", plain(middle), plain(low), plain(high))
        }
        Shape::Categories(all) => plot::top(all, side.share),
    });
    let n = column.n.as_ref().map(|n| format!("n {}", whole((side.n)(n))));
    let missing = column.missing.map(|missing| format!("{} missing", share((side.missing)(&missing.share))));
    let known: Vec<String> = [n, missing].into_iter().flatten().collect();
    if summary.is_none() && known.is_empty() {
        return None;
    }
    let known = if known.is_empty() { Html::new() } else { Html::tag("small", &known.join(", ")) };
    Some(Html::of(&summary.unwrap_or_default()).and(known))
}

/// A feature's share of the importance, with its rank among the first ten.
fn importance(view: &View<'_>, column: &ColumnReport) -> Option<Html> {
    const RANKS: usize = 10;
    let part = column.importance?;
    let is_before = |other: &&ColumnReport| other.importance.is_some_and(|other| other > part);
    let rank = view.report.columns.iter().filter(is_before).count() + 1;
    let rank = if rank <= RANKS { Html::tag("small", &format!("rank {rank}")) } else { Html::new() };
    Some(Html::of(&share(part)).and(rank))
}

fn evidently(_: &View<'_>, column: &ColumnReport) -> Option<Html> {
    let score = column.evidently.as_ref()?;
    let number = number::score(score);
    let says = match score.drifted {
        Some(true) => " ▲",
        Some(false) | None => "",
    };
    Some(Html::of(&format!("{number}{says}")).and(Html::tag("small", words::method(score))))
}

/// Categories that the reference does not have, with how many patients have them.
pub fn unseen(column: &ColumnReport) -> String {
    const MOST: usize = 8;
    let rest = column.unseen.len().saturating_sub(MOST);
    let told = column.unseen.iter().take(MOST).map(|(name, patients)| format!("{name} ({})", cell(*patients)));
    let more = if rest > 0 { Some(format!("and {rest} more")) } else { None };
    told.chain(more).collect::<Vec<_>>().join(", ")
}
