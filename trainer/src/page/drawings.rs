//! The curves of a report: ranking, calibration, risks and net benefit, candidate beside production.

use super::View;
use crate::curves::{Drawn, Point, calibration::Bin, decision::Benefit};
use dropout_model::{
    manifest::Metric,
    page::{
        Axis, Chart, Html, Ink, Layer, Shape, Table, Text, Unit, figure,
        number::{NONE, count, decimal, percent},
        section,
    },
};

const TOO_FEW: &str = "There are no curves: fewer than five patients dropped out, or fewer than five did not.";

fn pairs(points: &[Point]) -> Vec<(f64, f64)> {
    points.iter().map(|point| (point.x, point.y)).collect()
}

fn layer(shape: Shape, ink: Ink, name: Option<String>) -> Layer {
    Layer { shape, ink, name }
}

/// ROC and precision-recall curves.
pub fn ranking(view: &View<'_>) -> Html {
    let Some(candidate) = &view.report.curves.candidate else {
        return section("ranking", "Who is ranked before whom", Html::tag("p", TOO_FEW));
    };
    let roc = figure(
        roc(view, candidate).svg(),
        "ROC curve. The dot is the candidate at its threshold; the dotted diagonal is a model that knows nothing.",
    );
    let precision = figure(
        precision(view, candidate).svg(),
        "Precision-recall curve, from the first five patients on. The dotted line is the precision of calling everybody.",
    );
    section("ranking", "Who is ranked before whom", roc.and(precision).inside("div", "pair"))
}

/// A curve's name with its area.
fn named(view: &View<'_>, (who, metric): (&str, Metric), is_candidate: bool) -> Option<String> {
    let found = view.metric(metric)?;
    let value = if is_candidate { Some(found.candidate) } else { found.production };
    value.map(|value| format!("{who} {}", decimal(value, 3)))
}

fn roc(view: &View<'_>, candidate: &Drawn) -> Chart {
    let curves = &view.report.curves;
    let name = |who, is_candidate| named(view, (who, Metric::RocAuc), is_candidate);
    let chance = layer(Shape::Line(vec![(0.0, 0.0), (1.0, 1.0)]), Ink::Guide, None);
    let production = curves.production.as_ref();
    let production =
        production.map(|drawn| layer(Shape::Line(pairs(&drawn.roc)), Ink::Second, name("production", false)));
    let line = layer(Shape::Line(pairs(&candidate.roc)), Ink::First, name("candidate", true));
    let flagged = view.threshold().and_then(|cut| cut.flagged);
    let dot = flagged.map(|flagged| layer(Shape::Dot(flagged.false_alarm_rate, flagged.recall), Ink::First, None));
    let says =
        [name("candidate", true), name("production", false)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    Chart {
        id: "roc",
        title: "ROC curve".into(),
        description: format!(
            "Area under the curve: {says}. At its threshold the candidate stands at the dot; the tiers' table has its numbers."
        ),
        x: Axis::shares("rows without dropout that are called", 0.0, 1.0),
        y: Axis::shares("dropouts that are called (recall)", 0.0, 1.0),
        layers: [Some(chance), production, Some(line), dot].into_iter().flatten().collect(),
    }
}

fn precision(view: &View<'_>, candidate: &Drawn) -> Chart {
    let curves = &view.report.curves;
    let name = |who, is_candidate| named(view, (who, Metric::PrAuc), is_candidate);
    let share = curves.dropout_share;
    let all = layer(Shape::Line(vec![(0.0, share), (1.0, share)]), Ink::Guide, None);
    let production = curves.production.as_ref();
    let production = production
        .map(|drawn| layer(Shape::Line(pairs(&drawn.precision_recall)), Ink::Second, name("production", false)));
    let line = layer(Shape::Line(pairs(&candidate.precision_recall)), Ink::First, name("candidate", true));
    let flagged = view.threshold().and_then(|cut| cut.flagged);
    let dot = flagged.and_then(|flagged| Some(layer(Shape::Dot(flagged.recall, flagged.precision?), Ink::First, None)));
    let says =
        [name("candidate", true), name("production", false)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    Chart {
        id: "precision",
        title: "Precision-recall curve".into(),
        description: format!("Average precision: {says}; calling everybody has a precision of {}.", percent(share, 1)),
        x: Axis::shares("dropouts that are called (recall)", 0.0, 1.0),
        y: Axis::shares("called who leave (precision)", 0.0, 1.0),
        layers: [Some(all), production, Some(line), dot].into_iter().flatten().collect(),
    }
}

/// Calibration, and how risks are spread.
pub fn calibration(view: &View<'_>) -> Html {
    let heading = "How true the risks are";
    let Some(candidate) = &view.report.curves.candidate else {
        return section("calibration", heading, Html::tag("p", TOO_FEW));
    };
    let found = &candidate.calibration;
    let number = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| decimal(value, 2));
    let words = format!(
        "On average a risk is {} percentage points off (expected calibration error over ten groups). Calibration slope {} (1 is perfect; less means risks too extreme), intercept {} (0 is perfect).",
        decimal(found.ece10 * 100.0, 1),
        number(found.slope),
        number(found.intercept)
    );
    let drawn = figure(
        reliability(view, candidate).svg(),
        "Observed share of dropouts by predicted risk, in groups of as many rows each. Intervals: 95 %, counting patients. On the dotted diagonal risks are true.",
    );
    let spread = figure(
        risks(view, candidate).svg(),
        "How many rows have which risk; bars of one to four patients are left out. Upright lines: where tiers start.",
    );
    let inner = Html::tag("p", &words).and(drawn.and(spread).inside("div", "pair")).and(groups(&found.bins));
    section("calibration", heading, inner)
}

/// The end of an axis of shares: a tenth above the largest.
fn end(shares: impl Iterator<Item = f64>) -> f64 {
    let most = shares.filter(|share| share.is_finite()).fold(0.0, f64::max);
    ((most * 10.0).ceil() / 10.0).clamp(0.1, 1.0)
}

fn reliability(view: &View<'_>, candidate: &Drawn) -> Chart {
    let bins = &candidate.calibration.bins;
    let production = view.report.curves.production.as_ref().map(|drawn| drawn.calibration.bins.as_slice());
    let points = |bins: &[Bin]| bins.iter().map(|bin| (bin.risk, bin.observed)).collect::<Vec<_>>();
    let all = bins.iter().flat_map(|bin| [bin.risk, bin.high]);
    let end = end(all.chain(production.into_iter().flatten().flat_map(|bin| [bin.risk, bin.observed])));
    let whiskers = bins.iter().map(|bin| (bin.risk, bin.observed, bin.low, bin.high)).collect();
    let name = |who: &str| Some(who.to_owned());
    let production = production.map(|bins| layer(Shape::Line(points(bins)), Ink::Second, name("production")));
    let layers = [
        Some(layer(Shape::Line(vec![(0.0, 0.0), (end, end)]), Ink::Guide, None)),
        production,
        Some(layer(Shape::Line(points(bins)), Ink::First, name("candidate"))),
        Some(layer(Shape::Intervals(whiskers), Ink::First, None)),
    ];
    Chart {
        id: "reliability",
        title: "Calibration".into(),
        description: "Observed share of dropouts over predicted risk; the table of groups has the numbers.".into(),
        x: Axis::shares("predicted risk", 0.0, end),
        y: Axis::shares("observed share of dropouts", 0.0, end),
        layers: layers.into_iter().flatten().collect(),
    }
}

fn risks(view: &View<'_>, candidate: &Drawn) -> Chart {
    let height = |count: &Option<usize>| count.unwrap_or_default() as f64;
    let bars: Vec<(f64, f64, f64)> = candidate
        .histogram
        .iter()
        .enumerate()
        .map(|(bin, count)| (bin as f64 / 20.0, (bin + 1) as f64 / 20.0, height(count)))
        .collect();
    let most = bars.iter().map(|(_, _, height)| *height).fold(1.0, f64::max);
    let cuts = view.report.curves.tiers.iter().filter(|cut| cut.from > 0.0);
    let rules = cuts.map(|cut| {
        let name = cut.tier.clone().unwrap_or_else(|| "threshold".into());
        layer(Shape::Rule(cut.from), Ink::Guide, Some(format!("{name} from {}", percent(cut.from, 0))))
    });
    let spread = candidate.histogram.iter().zip(&bars).filter_map(|(count, (from, to, _))| {
        count.filter(|count| *count > 0).map(|rows| format!("{} to {}: {rows}", percent(*from, 0), percent(*to, 0)))
    });
    Chart {
        id: "risks",
        title: "Risks of the candidate".into(),
        description: format!("Rows by risk: {}.", spread.collect::<Vec<_>>().join("; ")),
        x: Axis::shares("predicted risk", 0.0, 1.0),
        y: Axis { label: "rows".into(), low: 0.0, high: most * 1.08, unit: Unit::Number },
        layers: std::iter::once(layer(Shape::Bars(bars), Ink::First, None)).chain(rules).collect(),
    }
}

fn groups(bins: &[Bin]) -> Html {
    let numbers = |name| (name, Text::Numbers);
    let columns = ["mean risk", "observed", "95 % interval", "rows", "patients"].map(numbers);
    let mut table = Table::new("The candidate’s groups by rising risk.", "group", &columns);
    for (nth, bin) in bins.iter().enumerate() {
        let interval = format!("{} to {}", percent(bin.low, 1), percent(bin.high, 1));
        let cells = [percent(bin.risk, 1), percent(bin.observed, 1), interval, count(bin.rows), count(bin.patients)];
        table = table.row(std::iter::once((nth + 1).to_string()).chain(cells).map(|cell| Html::of(&cell)).collect());
    }
    table.html()
}

/// The decision curve.
pub fn decision(view: &View<'_>) -> Html {
    let benefits = &view.report.curves.decision;
    if benefits.is_empty() {
        return Html::new();
    }
    let words = "Net benefit counts the dropouts reached, less the false calls at the price that the threshold implies: who calls from 20 % on takes four false calls for one true one. A model is worth having where its line is above both calling everybody and calling nobody (Vickers and Elkin 2006).";
    let drawn =
        figure(curve(view, benefits).svg(), "Decision curve: net benefit by the risk from which one would call.");
    section(
        "decision",
        "Whether calling by it is worth it",
        Html::tag("p", words).and(drawn.and(worth(benefits)).inside("div", "pair")),
    )
}

fn curve(view: &View<'_>, benefits: &[Benefit]) -> Chart {
    let line = |of: &dyn Fn(&Benefit) -> Option<f64>| {
        Shape::Line(
            benefits.iter().filter_map(|benefit| of(benefit).map(|worth| (benefit.threshold, worth * 100.0))).collect(),
        )
    };
    let all =
        benefits.iter().flat_map(|benefit| [benefit.candidate, benefit.everybody, benefit.production.unwrap_or(0.0)]);
    let most = all.fold(0.01, f64::max) * 100.0;
    let named = |name: &str| Some(name.to_owned());
    let production = benefits.iter().any(|benefit| benefit.production.is_some());
    let production = production.then(|| layer(line(&|benefit| benefit.production), Ink::Second, named("production")));
    let threshold = view.report.candidate.threshold;
    let rule = (0.0..=0.6).contains(&threshold).then(|| layer(Shape::Rule(threshold), Ink::Guide, named("threshold")));
    let layers = [
        Some(layer(Shape::Line(vec![(0.0, 0.0), (0.6, 0.0)]), Ink::Guide, named("nobody"))),
        Some(layer(line(&|benefit| Some(benefit.everybody)), Ink::Guide, named("everybody"))),
        rule,
        production,
        Some(layer(line(&|benefit| Some(benefit.candidate)), Ink::First, named("candidate"))),
    ];
    Chart {
        id: "benefit",
        title: "Decision curve".into(),
        description: "Net benefit by threshold; the table beside it has the numbers.".into(),
        x: Axis::shares("risk from which one would call", 0.0, 0.6),
        y: Axis { label: "net benefit per 100 rows".into(), low: -0.25 * most, high: most * 1.08, unit: Unit::Number },
        layers: layers.into_iter().flatten().collect(),
    }
}

fn worth(benefits: &[Benefit]) -> Html {
    let has_production = benefits.iter().any(|benefit| benefit.production.is_some());
    let columns = [("everybody", Text::Numbers), ("candidate", Text::Numbers), ("production", Text::Numbers)];
    let columns = if has_production { &columns[..] } else { &columns[..2] };
    let mut table = Table::new("Net benefit, dropouts reached per 100 rows.", "calling from", columns);
    let shown = [0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.60];
    let is_shown = |benefit: &&Benefit| shown.iter().any(|shown: &f64| (shown - benefit.threshold).abs() < 1e-9);
    for benefit in benefits.iter().filter(is_shown) {
        let hundred = |worth: Option<f64>| worth.map_or_else(|| NONE.to_owned(), |worth| decimal(worth * 100.0, 2));
        let numbers = [Some(benefit.everybody), Some(benefit.candidate), benefit.production].map(hundred);
        let cells = std::iter::once(percent(benefit.threshold, 0)).chain(numbers);
        table = table.row(cells.map(|cell| Html::of(&cell)).collect());
    }
    table.html()
}
