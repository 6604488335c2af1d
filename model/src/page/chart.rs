//! Charts: two axes with lines, steps, bands, bars and intervals between them, as inline SVG. Names stand at the lines, a
//! dash pattern tells lines apart where colours do not, and each drawing says in words what it shows.

use super::{
    Html, Unit,
    draw::{mark, outline, path, rectangle, rule, text},
    label::{Frame, Point, dense, places},
    number::place,
    scale::Scale,
};

/// Width and height of a chart, in its own units; a screen scales it.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 320.0;
/// The plot's frame: room for names of ticks left and below.
const PLOT: Frame = Frame { left: 54.0, top: 12.0, right: 420.0, bottom: 268.0 };

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What links inside the page call it; letters, digits and hyphens.
    pub id: &'static str,
    /// Its name, in a few words.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    /// From left to right.
    pub x: Axis,
    /// From below to above.
    pub y: Axis,
    /// What is drawn, in this order.
    pub layers: Vec<Layer>,
}

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// The number at its start.
    pub low: f64,
    /// The number at its end.
    pub high: f64,
    /// How its numbers are written.
    pub unit: Unit,
}

impl Axis {
    /// An axis of shares between two shares.
    pub fn shares(label: &str, low: f64, high: f64) -> Self {
        Self { label: label.to_owned(), low, high, unit: Unit::Percent }
    }
}

/// Something drawn between the axes.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What.
    pub shape: Shape,
    /// In which ink.
    pub ink: Ink,
    /// Its name, written at it; none for what the caption names.
    pub name: Option<String>,
}

/// A shape in the numbers of the axes; what is no finite number is left out, what is beyond an axis is cut off.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Points joined by straight lines.
    Line(Vec<(f64, f64)>),
    /// Points joined by steps: each height holds until the next point.
    Step(Vec<(f64, f64)>),
    /// The room between two heights: place, low, high.
    Band(Vec<(f64, f64, f64)>),
    /// Bars from zero: from, to, height.
    Bars(Vec<(f64, f64, f64)>),
    /// Points with an upright interval: place, height, low, high.
    Intervals(Vec<(f64, f64, f64, f64)>),
    /// A single point.
    Dot(f64, f64),
    /// An upright line at a place.
    Rule(f64),
}

/// The look of a shape. All can be told apart in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Strong and solid: what the chart is about.
    First,
    /// Dashed: what it is compared with.
    Second,
    /// Thin and dotted: what helps the eye.
    Guide,
}

impl Ink {
    /// The class in the style.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Guide => "guide",
        }
    }
}

impl Ink {
    /// Width of a letter of a name in this ink: bold, but for guides.
    fn letter(self) -> f64 {
        match self {
            Self::First | Self::Second => 7.4,
            Self::Guide => 6.5,
        }
    }
}

impl Chart {
    /// The chart as markup.
    pub fn svg(&self) -> Html {
        let (title, described) = (format!("{}-title", self.id), format!("{}-text", self.id));
        let words = Html::element("title", &[("id", &title)], Html::of(&self.title)).and(Html::element(
            "desc",
            &[("id", &described)],
            Html::of(&self.description),
        ));
        let size = format!("0 0 {} {}", place(WIDTH), place(HEIGHT));
        let labelled = format!("{title} {described}");
        let attributes =
            [("class", "chart"), ("viewBox", size.as_str()), ("role", "img"), ("aria-labelledby", &labelled)];
        let clip = format!("{}-clip", self.id);
        let inner = words.and(self.clip(&clip)).and(self.axes()).and(self.shapes(&clip)).and(self.names());
        Html::element("svg", &attributes, inner)
    }

    fn horizontal(&self) -> Scale {
        Scale { low: self.x.low, high: self.x.high, unit: self.x.unit, from: PLOT.left, to: PLOT.right }
    }

    fn vertical(&self) -> Scale {
        Scale { low: self.y.low, high: self.y.high, unit: self.y.unit, from: PLOT.bottom, to: PLOT.top }
    }

    fn clip(&self, id: &str) -> Html {
        // A line's own width may reach over the frame.
        let frame = rectangle((PLOT.left - 2.0, PLOT.top - 2.0), (PLOT.right + 2.0, PLOT.bottom + 2.0), "");
        Html::element("clipPath", &[("id", id)], frame)
    }

    fn axes(&self) -> Html {
        let (horizontal, vertical) = (self.horizontal(), self.vertical());
        let columns = horizontal.ticks().into_iter().map(|(tick, name)| {
            let x = horizontal.place(tick);
            rule((x, PLOT.top), (x, PLOT.bottom), "grid").and(text((x, PLOT.bottom + 17.0), "tick middle", &name))
        });
        let rows = vertical.ticks().into_iter().map(|(tick, name)| {
            let y = vertical.place(tick);
            rule((PLOT.left, y), (PLOT.right, y), "grid").and(text((PLOT.left - 7.0, y + 4.0), "tick end", &name))
        });
        let base = rule((PLOT.left, PLOT.bottom), (PLOT.right, PLOT.bottom), "axis");
        let below = text(((PLOT.left + PLOT.right) / 2.0, HEIGHT - 12.0), "label middle", &self.x.label);
        columns.chain(rows).collect::<Html>().and(base).and(below).and(self.upright_label())
    }

    fn upright_label(&self) -> Html {
        let (x, y) = (place(12.0), place((PLOT.top + PLOT.bottom) / 2.0));
        let turn = format!("rotate(-90 {x} {y})");
        let attributes =
            [("x", x.as_str()), ("y", y.as_str()), ("class", "label middle"), ("transform", turn.as_str())];
        Html::element("text", &attributes, Html::of(&self.y.label))
    }

    fn shapes(&self, clip: &str) -> Html {
        let drawn = self.layers.iter().map(|layer| self.drawn(layer)).collect();
        Html::element("g", &[("clip-path", &format!("url(#{clip})"))], drawn)
    }

    fn drawn(&self, layer: &Layer) -> Html {
        let ink = layer.ink.class();
        match &layer.shape {
            Shape::Line(_) | Shape::Step(_) | Shape::Rule(_) => {
                path(&outline(&self.corners(&layer.shape)), &format!("line {ink}"))
            }
            Shape::Band(points) => {
                let upper = points.iter().map(|(x, _, high)| (*x, *high));
                let lower = points.iter().rev().map(|(x, low, _)| (*x, *low));
                path(&format!("{}Z", outline(&self.placed(upper.chain(lower)))), &format!("band {ink}"))
            }
            Shape::Bars(bars) => bars.iter().map(|bar| self.bar(*bar, ink)).collect(),
            Shape::Intervals(points) => points.iter().map(|point| self.interval(*point, layer.ink)).collect(),
            Shape::Dot(x, y) => self.placed([(*x, *y)]).into_iter().map(|at| mark(at, layer.ink)).collect(),
        }
    }

    /// The corners of a shape's line in the drawing; for a shape without a line, where its points are.
    fn corners(&self, shape: &Shape) -> Vec<Point> {
        match shape {
            Shape::Line(points) => self.placed(points.iter().copied()),
            Shape::Step(points) => {
                let mut corners: Vec<Point> = Vec::new();
                for (x, y) in self.placed(points.iter().copied()) {
                    corners.extend(corners.last().map(|(_, before)| (x, *before)));
                    corners.push((x, y));
                }
                corners
            }
            Shape::Rule(x) => self.placed([(*x, self.y.low), (*x, self.y.high)]),
            Shape::Band(points) => self.placed(points.iter().map(|(x, low, high)| (*x, (low + high) / 2.0))),
            Shape::Bars(bars) => {
                self.placed(bars.iter().flat_map(|(from, to, height)| [(*from, *height), (*to, *height)]))
            }
            Shape::Intervals(points) => {
                self.placed(points.iter().flat_map(|(x, y, low, high)| [(*x, *y), (*x, *low), (*x, *high), (*x, *y)]))
            }
            Shape::Dot(x, y) => self.placed([(*x, *y), (*x, *y)]),
        }
    }

    fn placed(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Vec<Point> {
        let (horizontal, vertical) = (self.horizontal(), self.vertical());
        let finite = points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        finite.map(|(x, y)| (horizontal.place(x), self.beyond(y, vertical))).collect()
    }

    /// The height of a number; far below or above the plot the drawing is cut off, so that slopes stay true.
    fn beyond(&self, number: f64, vertical: Scale) -> f64 {
        let share = (number - self.y.low) / (self.y.high - self.y.low);
        if vertical.unit == Unit::Ratio || (0.0..=1.0).contains(&share) || !share.is_finite() {
            return vertical.place(number);
        }
        vertical.from + (vertical.to - vertical.from) * share.clamp(-20.0, 20.0)
    }

    fn bar(&self, (from, to, height): (f64, f64, f64), ink: &str) -> Html {
        let corners = self.placed([(from, height), (to, 0.0)]);
        let [(left, top), (right, bottom)] = corners.as_slice() else { return Html::new() };
        rectangle((left + 0.6, *top), (right - 0.6, *bottom), &format!("bar {ink}"))
    }

    fn interval(&self, (x, y, low, high): (f64, f64, f64, f64), ink: Ink) -> Html {
        let corners = self.placed([(x, low), (x, high)]);
        let [low, high] = corners.as_slice() else { return Html::new() };
        let point: Html = self.placed([(x, y)]).into_iter().map(|at| mark(at, ink)).collect();
        path(&outline(&[*low, *high]), &format!("whisker {}", ink.class())).and(point)
    }

    fn names(&self) -> Html {
        let lines: Vec<Vec<Point>> = self.layers.iter().map(|layer| dense(&self.corners(&layer.shape))).collect();
        let named = |(at, layer): (usize, &'_ Layer)| layer.name.clone().map(|name| (at, name, layer.ink));
        let named: Vec<(usize, String, Ink)> = self.layers.iter().enumerate().filter_map(named).collect();
        let width = |name: &str, ink: Ink| name.chars().count() as f64 * ink.letter();
        let wanted: Vec<(usize, f64)> = named.iter().map(|(at, name, ink)| (*at, width(name, *ink))).collect();
        let found = places(&wanted, &lines, PLOT);
        named.iter().zip(found).map(|((_, name, ink), at)| text(at, &format!("name {}", ink.class()), name)).collect()
    }
}
