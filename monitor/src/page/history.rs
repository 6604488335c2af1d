//! The last windows: squares by feature that say in which it drifted, and the size of its change over time. A window that
//! did not compare a feature leaves its place empty.

use super::{
    number::{effect, fitting, moment, near},
    pen::{Point, drawing, level, stroke, trace, words as text},
    words,
};
use crate::report::{ColumnReport, DriftReport, PastWindow, Verdict};
use dropout_model::page::{Html, Scale, Unit, section};

/// Windows that are shown.
const WINDOWS: usize = 12;
/// From one square to the next, and the side of a square.
const STEP: f64 = 12.0;
const SIDE: f64 = 9.0;
/// Width of the drawing; where squares, sizes and the last numbers begin; how wide squares and sizes are.
const WIDTH: u32 = 640;
const SQUARES: f64 = 250.0;
const SIZES: f64 = 416.0;
const NUMBERS: f64 = 576.0;
const STRETCH: f64 = 144.0;
/// Height of a feature, and of the line above all.
const ROW: f64 = 22.0;
const HEAD: f64 = 20.0;
/// Letters of a name.
const LETTERS: usize = 36;
/// Features shown one below the other; more that never drifted are folded away.
const MOST_OPEN: usize = 12;

/// What a window says of a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    effect: f64,
    has_drifted: bool,
}

/// A square: pale for no drift, amber with a triangle for one breach, red with a white middle for one that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Square {
    Calm,
    Breach,
    Lasting,
}

/// A feature with what the windows say of it.
type Row<'a> = (&'a ColumnReport, Vec<Option<Cell>>);

/// Whether the last of the earlier windows is this one.
fn has_this(report: &DriftReport) -> bool {
    report.window.to.is_some() && report.history.last().is_some_and(|last| last.to == report.window.to)
}

/// Windows before this one, oldest first.
fn before(report: &DriftReport) -> &[PastWindow] {
    let end = report.history.len() - usize::from(has_this(report));
    let start = end.saturating_sub(WINDOWS - 1);
    report.history.get(start..end).unwrap_or_default()
}

/// The verdicts of the last windows, oldest first, this one last.
pub fn verdicts(report: &DriftReport) -> Vec<Verdict> {
    before(report).iter().map(|past| past.verdict).chain([report.decision.verdict]).collect()
}

/// What the last windows say of a feature, oldest first, this one last.
fn cells(report: &DriftReport, column: &ColumnReport) -> Vec<Option<Cell>> {
    let past = before(report).iter().map(|past| {
        let (effect, has_drifted) = *past.columns.get(&column.name)?;
        Some(Cell { effect, has_drifted })
    });
    let has_drifted = column.drifted == Some(true);
    let this = column.effect.as_ref().map(|effect| Cell { effect: effect.value, has_drifted });
    past.chain([this]).collect()
}

/// The section; empty without earlier windows.
pub fn section_of(report: &DriftReport) -> Html {
    if before(report).is_empty() {
        return Html::new();
    }
    let rows = report.columns.iter().map(|column| (column, cells(report, column)));
    let is_calm = |(_, cells): &Row<'_>| cells.iter().flatten().all(|cell| !cell.has_drifted);
    let (calm, moved): (Vec<Row<'_>>, Vec<Row<'_>>) = rows.partition(is_calm);
    let above = Html::tag("p", &sentence(report)).and(legend());
    let (few, count) = (calm.len() + moved.len() <= MOST_OPEN, calm.len());
    let shown: Vec<Row<'_>> = if few { moved.into_iter().chain(calm.iter().cloned()).collect() } else { moved };
    let folded = if few || calm.is_empty() { Html::new() } else { fold(count, drawn(report, (&calm, false))) };
    section("history", "The last windows", above.and(drawn(report, (&shown, true))).and(folded))
}

fn fold(count: usize, inner: Html) -> Html {
    let summary = Html::tag("summary", &format!("{count} features that never drifted in these windows"));
    Html::element("details", &[], summary.and(inner))
}

fn sentence(report: &DriftReport) -> String {
    let drifted = verdicts(report).iter().filter(|verdict| **verdict == Verdict::Drift).count();
    let count = before(report).len() + 1;
    format!(
        "Drift in {drifted} of {count} windows, the oldest left, this one right. An empty place: the feature was not compared."
    )
}

fn legend() -> Html {
    let part = |square: Square, words: &str| {
        let drawn = drawing("strip", (STEP as u32, 12), (words, strip([(0, square)].into_iter(), (0.0, 6.0))));
        Html::element("span", &[], drawn.and(Html::of(&format!(" {words}"))))
    };
    let parts = [(Square::Calm, "no drift"), (Square::Breach, "drifted"), (Square::Lasting, "drifted, and it lasts")];
    let parts: Html = parts.map(|(square, words)| part(square, words)).into_iter().collect();
    let signs = "whole windows: ▲ drift  · none  ○ not enough data  ■ broken columns  ? not understood";
    parts.and(Html::tag("span", signs)).inside("p", "legend")
}

/// Features one below the other, below a line of whole windows where that is wanted.
fn drawn(report: &DriftReport, (rows, has_head): (&[Row<'_>], bool)) -> Html {
    let top = |nth: usize| HEAD + ROW * (nth + usize::from(has_head)) as f64;
    let lanes: Html =
        rows.iter().enumerate().map(|(nth, (column, _))| texts(column, (top(nth) + 11.0, has_head))).collect();
    let strips: Html = rows
        .iter()
        .enumerate()
        .map(|(nth, (_, cells))| strip(squares(report, cells).into_iter(), (SQUARES, top(nth) + 11.0)))
        .collect();
    let limit =
        |column: &ColumnReport| column.effect.as_ref().map_or(report.settings.effect, |effect| effect.threshold);
    let sizes = rows.iter().enumerate().map(|(nth, (column, cells))| size(cells, (limit(column), top(nth))));
    let (limits, lines): (String, String) = sizes.unzip();
    let inner = heads(report, has_head).and(lanes).and(strips).and(stroke("limit", &limits)).and(stroke("win", &lines));
    let drawing = drawing("windows", (WIDTH, top(rows.len()) as u32), (&says(rows), inner));
    let attributes = [("class", "wide"), ("role", "region"), ("aria-label", "Drift by window"), ("tabindex", "0")];
    Html::element("div", &attributes, drawing)
}

/// Names of what stands below, and the verdicts of whole windows.
fn heads(report: &DriftReport, has_verdicts: bool) -> Html {
    let first = before(report).first().and_then(|past| past.to.as_deref()).map(moment).unwrap_or_default();
    let limit = near(report.settings.effect);
    let names =
        text((SQUARES, 10.0), "quiet", &first).and(text((SIZES, 10.0), "quiet", &format!("effect; dashed: {limit}")));
    if !has_verdicts {
        return names;
    }
    let names = names.and(text((NUMBERS, 10.0), "quiet", "now"));
    let sign = |(nth, verdict): (usize, Verdict)| {
        text((SQUARES + nth as f64 * STEP + 5.5, HEAD + 15.0), "mid", words::verdict(verdict).glyph)
    };
    names
        .and(text((0.0, HEAD + 15.0), "", "whole windows"))
        .and(verdicts(report).into_iter().enumerate().map(sign).collect())
}

/// A name, and the last number where that is wanted.
fn texts(column: &ColumnReport, (middle, has_number): (f64, bool)) -> Html {
    let name = text((0.0, middle + 4.0), "", &fitting(&column.name, LETTERS));
    let now = column.effect.as_ref().filter(|_| has_number).map(effect);
    name.and(now.map_or_else(Html::new, |now| text((NUMBERS, middle + 4.0), "", &now)))
}

/// The drawing in words, for those who do not see it.
fn says(rows: &[Row<'_>]) -> String {
    const MOST: usize = 12;
    let count = |cells: &[Option<Cell>]| cells.iter().flatten().filter(|cell| cell.has_drifted).count();
    let moved = rows.iter().filter(|(_, cells)| count(cells) > 0).take(MOST);
    let told: Vec<String> =
        moved.map(|(column, cells)| format!("{} drifted in {}", column.name, count(cells))).collect();
    if told.is_empty() { "No feature drifted.".to_owned() } else { format!("Windows with drift: {}.", told.join(", ")) }
}

/// What is drawn for each window, by the settings' rule of how long drift has to last.
fn squares(report: &DriftReport, cells: &[Option<Cell>]) -> Vec<(usize, Square)> {
    let (needed, of) = (report.settings.persistence.max(1) as usize, report.settings.of.max(1) as usize);
    let square = |(nth, cell): (usize, &Option<Cell>)| {
        if !(*cell)?.has_drifted {
            return Some((nth, Square::Calm));
        }
        let recent = cells.get((nth + 1).saturating_sub(of)..=nth).unwrap_or_default();
        let drifted = recent.iter().flatten().filter(|cell| cell.has_drifted).count();
        Some((nth, if drifted >= needed { Square::Lasting } else { Square::Breach }))
    };
    cells.iter().enumerate().filter_map(square).collect()
}

/// Squares with their signs; neighbours alike are one dashed stroke.
fn strip(squares: impl Iterator<Item = (usize, Square)>, (left, middle): Point) -> Html {
    let [mut calm, mut breach, mut lasting] = [const { Vec::new() }; 3];
    for (nth, square) in squares {
        match square {
            Square::Calm => calm.push(nth),
            Square::Breach => breach.push(nth),
            Square::Lasting => lasting.push(nth),
        }
    }
    let place = |nth: &usize| left + *nth as f64 * STEP + 1.0;
    let runs = |places: &[usize]| -> String {
        let runs = places.chunk_by(|a, b| a + 1 == *b).filter_map(|run| Some((place(run.first()?), run.len())));
        runs.map(|(x, count)| level((x, middle), count as f64 * STEP - (STEP - SIDE))).collect()
    };
    let triangles: String =
        breach.iter().map(|nth| format!("M{} {}h5l-2.5-5z", place(nth) + 2.0, middle + 3.0)).collect();
    let holes: String = lasting.iter().map(|nth| format!("M{} {}h3v3h-3z", place(nth) + 3.0, middle - 1.5)).collect();
    let [calm, breach, lasting] = [runs(&calm), runs(&breach), runs(&lasting)];
    let signs = stroke("dark", &triangles).and(stroke("light", &holes));
    stroke("calm", &calm).and(stroke("breach", &breach)).and(stroke("lasting", &lasting)).and(signs)
}

/// The limit and the size of the change by window; a size beyond five limits stands at the top.
fn size(cells: &[Option<Cell>], (limit, top): (f64, f64)) -> (String, String) {
    let sizes = cells.iter().flatten().map(|cell| cell.effect).filter(|size| size.is_finite());
    let most = sizes.fold(limit * 1.6, f64::max).min(limit * 5.0);
    let scale = Scale { low: 0.0, high: most, unit: Unit::Number, from: top + ROW - 2.0, to: top + 2.0 };
    let at = |(nth, cell): (usize, &Option<Cell>)| -> Option<Point> {
        cell.filter(|cell| cell.effect.is_finite())
            .map(|cell| (SIZES + nth as f64 * STEP + 5.5, scale.place(cell.effect)))
    };
    let points: Vec<Point> = cells.iter().enumerate().filter_map(at).collect();
    (level((SIZES, scale.place(limit)), STRETCH), trace(&points))
}
