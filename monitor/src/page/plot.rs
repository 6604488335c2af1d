//! Drawings of a column on both sides: bins with what is outside them, two distribution functions with their widest gap,
//! and categories as pairs of bars. A shape that does not hold together is not drawn.

use super::{
    number::{self, fitting, plain, told},
    pen::{Point, drawing, level, steps, stroke, trace, upright, words},
};
use crate::report::{CategoryShape, Ecdf, NumberShape, Pair};
use dropout_model::page::{Html, Scale, Unit};

const WIDTH: f64 = 320.0;
/// Ends of the bins' plot and of the functions' plot, from above, and the line of the axis' numbers.
const BINS: (f64, f64) = (18.0, 84.0);
const SHARES: (f64, f64) = (100.0, 168.0);
const TICKS: &str = "183";
const HEIGHT: u32 = 188;
/// Height of a category, and the stretch of its bars.
const ROW: f64 = 26.0;
const BARS: (f64, f64) = (112.0, 196.0);
/// More categories are counted, not drawn.
const MOST_CATEGORIES: usize = 8;
/// With more points a distribution function was sampled, and is joined by straight lines.
const MOST_STEPS: usize = 8;

/// A column of numbers; none if its shape does not hold together.
pub fn numbers(shape: &NumberShape, n: Option<Pair<u64>>) -> Option<Html> {
    let (low, high) = (*shape.edges.first()?, *shape.edges.last()?);
    if !is_whole(shape) || !(high - low).is_finite() || high <= low {
        return None;
    }
    let scale = Scale { low, high, unit: Unit::Number, from: 4.0, to: WIDTH - 4.0 };
    let says = says(shape);
    let inner = bins(shape, scale).and(outside(shape, n)).and(functions(&shape.ecdf, scale)).and(ticks(scale));
    Some(drawing("plot", (WIDTH as u32, HEIGHT), (&says, inner)))
}

fn is_whole(shape: &NumberShape) -> bool {
    let bins = shape.edges.len().saturating_sub(1);
    let is_rising = shape.edges.windows(2).all(|pair| pair.first() <= pair.last());
    let Ecdf { at, reference, window, .. } = &shape.ecdf;
    is_rising
        && [&shape.bins.reference, &shape.bins.window].iter().all(|side| side.len() == bins)
        && at.len() == reference.len()
        && at.len() == window.len()
}

fn says(shape: &NumberShape) -> String {
    let Pair { reference, window } = shape.quartiles;
    let [_, before, _] = reference;
    let [_, now, _] = window;
    format!("Median {} → {}", plain(before), plain(now))
}

/// Shares by width of bin, so that bins of unlike width can be compared.
fn bins(shape: &NumberShape, scale: Scale) -> Html {
    let heights = |side: &[f64]| -> Vec<f64> {
        let widths =
            shape.edges.windows(2).map(|pair| pair.last().zip(pair.first()).map_or(0.0, |(to, from)| to - from));
        side.iter().zip(widths).map(|(share, width)| if width > 0.0 { share / width } else { 0.0 }).collect()
    };
    let (reference, window) = (heights(&shape.bins.reference), heights(&shape.bins.window));
    let most = reference.iter().chain(&window).copied().filter(|height| height.is_finite()).fold(0.0, f64::max);
    let height = Scale { low: 0.0, high: most, unit: Unit::Number, from: BINS.1, to: BINS.0 };
    let line = |heights: &[f64]| trace(&outline((&shape.edges, heights), (scale, height)));
    let axes = [BINS.1, SHARES.1].map(|y| level((4.0, y), WIDTH - 8.0)).concat();
    stroke("ref", &format!("{}z", line(&reference))).and(stroke("win", &line(&window))).and(stroke("axis", &axes))
}

fn outline((edges, heights): (&[f64], &[f64]), (scale, height): (Scale, Scale)) -> Vec<Point> {
    let ends = edges.first().zip(edges.last()).map(|(low, high)| (scale.place(*low), scale.place(*high)));
    let Some((left, right)) = ends else { return Vec::new() };
    let tops = edges.iter().zip(heights).map(|(edge, top)| (scale.place(*edge), height.place(*top)));
    let mut points = vec![(left, height.from)];
    points.extend(steps(&tops.chain([(right, height.from)]).collect::<Vec<_>>()));
    points
}

/// What is below and above all bins, on both sides.
fn outside(shape: &NumberShape, n: Option<Pair<u64>>) -> Html {
    let Pair { reference: [below, above], window: [below_now, above_now] } = shape.outside;
    let pair = |before: f64, now: f64| {
        let is_none = |share: f64| !(share.is_finite() && share >= 0.0005);
        let text = || format!("{} → {}", told(before, n.map(|n| n.reference)), told(now, n.map(|n| n.window)));
        if is_none(before) && is_none(now) { None } else { Some(text()) }
    };
    let left = pair(below, below_now).map(|text| words((4.0, 11.0), "", &format!("◂ {text}")));
    let right = pair(above, above_now).map(|text| words((WIDTH - 4.0, 11.0), "end", &format!("{text} ▸")));
    left.into_iter().chain(right).collect()
}

fn functions(ecdf: &Ecdf, scale: Scale) -> Html {
    if ecdf.at.is_empty() {
        return Html::new();
    }
    let height = Scale { low: 0.0, high: 1.0, unit: Unit::Percent, from: SHARES.1, to: SHARES.0 };
    let line = |side: &[f64]| {
        let within = ecdf.at.iter().zip(side).map(|(at, share)| (scale.place(*at), height.place(*share)));
        let points: Vec<Point> = within.collect();
        trace(&if points.len() > MOST_STEPS { points } else { steps(&points) })
    };
    let lines = stroke("old", &line(&ecdf.reference)).and(stroke("win", &line(&ecdf.window)));
    lines.and(gap(ecdf, (scale, height)))
}

/// The widest gap between the two functions.
fn gap(ecdf: &Ecdf, (scale, height): (Scale, Scale)) -> Html {
    let Some(at) = ecdf.gap_at else { return Html::new() };
    let known = ecdf.at.iter().zip(ecdf.reference.iter().zip(&ecdf.window));
    let Some((_, (before, now))) = known.take_while(|(value, _)| **value <= at).last() else { return Html::new() };
    let (x, from, to) = (scale.place(at), height.place(*before), height.place(*now));
    let points = ((before - now) * 100.0).abs().round();
    let label = if points == 1.0 { "gap 1 point".to_owned() } else { format!("gap {} points", plain(points)) };
    // Below a function there is room to its right, above it to its left: beside a gap at the right there is neither.
    let place =
        if x > WIDTH * 0.6 { (6.0, SHARES.0 + 12.0) } else { (x + 6.0, (to.max(from) + 12.0).min(SHARES.1 - 4.0)) };
    stroke("gap", &upright((x, from), to - from)).and(words(place, "", &label))
}

/// Numbers below the drawing, in one element to save bytes.
fn ticks(scale: Scale) -> Html {
    let is_absurd = scale.low.abs().max(scale.high.abs()) >= 1e7 || scale.high - scale.low < 1e-4;
    let ends = || vec![(scale.low, plain(scale.low)), (scale.high, plain(scale.high))];
    let all = if is_absurd { ends() } else { scale.ticks() };
    let every = all.len().div_ceil(4).max(1);
    let tick = |(at, text): (f64, String)| {
        let x = scale.place(at);
        let anchor = [("start", x < 16.0), ("end", x > WIDTH - 16.0)].into_iter().find(|(_, is_at)| *is_at);
        let place = x.round().to_string();
        let attributes: Vec<_> =
            std::iter::once(("x", place.as_str())).chain(anchor.map(|(class, _)| ("class", class))).collect();
        Html::element("tspan", &attributes, Html::of(&text))
    };
    let ticks = all.into_iter().step_by(every).map(tick).collect();
    Html::element("text", &[("y", TICKS), ("class", "mid")], ticks)
}

/// A column of categories, those whose share changed most first; none without categories.
pub fn categories(all: &[CategoryShape]) -> Option<Html> {
    let mut sorted: Vec<&CategoryShape> = all.iter().collect();
    sorted.sort_by(|a, b| change(b).total_cmp(&change(a)).then_with(|| a.name.cmp(&b.name)));
    let rest = sorted.len().saturating_sub(MOST_CATEGORIES);
    sorted.truncate(MOST_CATEGORIES);
    let (top, lowest) = (sorted.first()?, sorted.len());
    let says = format!("{}: {}.", fitting(&top.name, 40), numbers_of(top));
    let bar = |side: fn(&CategoryShape) -> Option<f64>, lift: f64| -> String {
        let bars = sorted.iter().enumerate().filter_map(|(nth, one)| Some((nth as f64 * ROW + lift, side(one)?)));
        bars.map(|(y, share)| level((BARS.0, y), (BARS.1 - BARS.0) * share.clamp(0.0, 1.0))).collect()
    };
    let names = sorted.iter().enumerate().map(|(nth, one)| {
        let y = nth as f64 * ROW + 15.0;
        words((0.0, y), "", &fitting(&one.name, 17)).and(words((WIDTH, y), "end", &numbers_of(one)))
    });
    let bars = stroke("bar old", &bar(|one| shown(one).reference, 7.0))
        .and(stroke("bar win", &bar(|one| shown(one).window, 15.0)));
    let more = format!("and {rest} more whose shares changed less");
    let more = if rest > 0 { words((0.0, lowest as f64 * ROW + 15.0), "", &more) } else { Html::new() };
    let height = (lowest + usize::from(rest > 0)) as f64 * ROW;
    Some(drawing("plot", (WIDTH as u32, height as u32), (&says, names.collect::<Html>().and(bars).and(more))))
}

/// The shares that may be told: those of cells that are not small.
fn shown(one: &CategoryShape) -> Pair<Option<f64>> {
    let told = |count: Option<u64>, share: Option<f64>| share.filter(|_| !number::cell(count).starts_with('<'));
    Pair { reference: told(one.count.reference, one.share.reference), window: told(one.count.window, one.share.window) }
}

fn numbers_of(one: &CategoryShape) -> String {
    let text = |share: Option<f64>| share.map_or_else(|| format!("{} patients", number::cell(None)), number::share);
    let Pair { reference, window } = shown(one);
    format!("{} → {}", text(reference), text(window))
}

/// By how much a category's share changed; a suppressed side counts as none.
pub fn change(one: &CategoryShape) -> f64 {
    let Pair { reference, window } = shown(one);
    (reference.unwrap_or_default() - window.unwrap_or_default()).abs()
}

/// The two categories that are most frequent on either side, with their shares on one of them.
pub fn top(all: &[CategoryShape], side: fn(&Pair<Option<f64>>) -> Option<f64>) -> String {
    let most = |one: &CategoryShape| {
        let Pair { reference, window } = shown(one);
        reference.unwrap_or_default().max(window.unwrap_or_default())
    };
    let mut sorted: Vec<&CategoryShape> = all.iter().collect();
    sorted.sort_by(|a, b| most(b).total_cmp(&most(a)).then_with(|| a.name.cmp(&b.name)));
    let told = |one: &&CategoryShape| {
        let share = side(&shown(one)).map_or_else(|| number::cell(None), number::share);
        format!("{} {share}", fitting(&one.name, 16))
    };
    sorted.iter().take(2).map(told).collect::<Vec<_>>().join(", ")
}
