//! Forest plots: an interval for each of several numbers on one axis, with its name and its text above it, so that it is
//! readable on a telephone as on paper.

use super::{
    Html, Ink, Unit,
    draw::{mark, rule, text},
    number::place,
    scale::Scale,
};

const WIDTH: f64 = 440.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 432.0;
/// Height of a line, and of the axis below all lines.
const LINE: f64 = 38.0;
const FOOT: f64 = 44.0;
/// Width of a wide letter.
const LETTER: f64 = 6.9;

/// A forest plot.
#[derive(Clone, Debug)]
pub struct Forest {
    /// What links inside the page call it; letters, digits and hyphens.
    pub id: &'static str,
    /// Its name, in a few words.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    /// What the axis measures, with its unit.
    pub label: String,
    /// How its numbers are written and spaced.
    pub unit: Unit,
    /// The number that means no difference; none if there is no such number.
    pub neutral: Option<f64>,
    /// The lines, from above.
    pub lines: Vec<Line>,
}

/// A number with its interval.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// The number and its interval as text.
    pub text: String,
    /// The number.
    pub value: f64,
    /// The ends of its interval; none if there is none.
    pub interval: Option<(f64, f64)>,
    /// What it has to pass; none if nothing.
    pub bar: Option<f64>,
    /// The first ink for what matters most, the second for what is compared, the guide for all else.
    pub ink: Ink,
}

impl Forest {
    /// The plot as markup.
    pub fn svg(&self) -> Html {
        let height = LINE * self.lines.len() as f64 + FOOT;
        let (title, described) = (format!("{}-title", self.id), format!("{}-text", self.id));
        let words = Html::element("title", &[("id", &title)], Html::of(&self.title)).and(Html::element(
            "desc",
            &[("id", &described)],
            Html::of(&self.description),
        ));
        let scale = self.scale();
        let lines = self.lines.iter().enumerate().map(|(nth, line)| drawn(line, scale, nth as f64 * LINE));
        let inner = words.and(self.axis(scale, height - FOOT)).and(lines.collect());
        let size = format!("0 0 {} {}", place(WIDTH), place(height));
        let labelled = format!("{title} {described}");
        let attributes =
            [("class", "chart"), ("viewBox", size.as_str()), ("role", "img"), ("aria-labelledby", &labelled)];
        Html::element("svg", &attributes, inner)
    }

    /// Wide enough for every interval; an end far beyond all values would squeeze the rest, so ratios end at 1/50 and 50.
    fn scale(&self) -> Scale {
        let of = |line: &Line| {
            let (low, high) = line.interval.unwrap_or((line.value, line.value));
            [line.value, low, high, line.bar.unwrap_or(line.value)]
        };
        let all = self.lines.iter().flat_map(of).chain(self.neutral);
        let (low, high) = match self.unit {
            Unit::Number | Unit::Percent => super::scale::ends(all),
            Unit::Ratio => {
                let logs = all.filter(|number| *number > 0.0).map(libm::log);
                let (low, high) = super::scale::ends(logs);
                (libm::exp(low).clamp(0.02, 0.99), libm::exp(high).clamp(1.01, 50.0))
            }
        };
        Scale { low, high, unit: self.unit, from: LEFT, to: RIGHT }
    }

    fn axis(&self, scale: Scale, bottom: f64) -> Html {
        let ticks = scale.ticks().into_iter().map(|(tick, name)| {
            let x = scale.place(tick);
            let anchor = if x < LEFT + 14.0 {
                "tick"
            } else if x > RIGHT - 14.0 {
                "tick end"
            } else {
                "tick middle"
            };
            rule((x, bottom), (x, bottom + 4.0), "axis").and(text((x, bottom + 17.0), anchor, &name))
        });
        let neutral = self.neutral.map(|neutral| scale.place(neutral));
        let neutral = neutral.map_or_else(Html::new, |x| rule((x, 4.0), (x, bottom), "neutral"));
        let label = text((WIDTH / 2.0, bottom + 37.0), "label middle", &self.label);
        rule((LEFT, bottom), (RIGHT, bottom), "axis").and(neutral).and(ticks.collect()).and(label)
    }
}

/// As much of a name as has room before the text at the right; wide letters are counted on.
fn fitting(name: &str, text: &str) -> String {
    let room = ((RIGHT - LEFT) / LETTER) as usize;
    let room = room.saturating_sub(text.chars().count() + 2).max(8);
    if name.chars().count() <= room {
        return name.to_owned();
    }
    name.chars().take(room - 1).chain("…".chars()).collect()
}

fn drawn(line: &Line, scale: Scale, top: f64) -> Html {
    let (words, middle) = (top + 13.0, top + 25.0);
    let strong = if line.ink == Ink::First { "row strong" } else { "row" };
    let name = text((LEFT, words), strong, &fitting(&line.name, &line.text));
    let number = text((RIGHT, words), &format!("{strong} end"), &line.text);
    let whisker = line.interval.map_or_else(Html::new, |(low, high)| {
        let class = format!("whisker {}", line.ink.class());
        rule((scale.place(low), middle), (scale.place(high), middle), &class)
    });
    let bar = line.bar.map(|bar| scale.place(bar));
    let bar = bar.map_or_else(Html::new, |x| rule((x, middle - 7.0), (x, middle + 7.0), "bound"));
    let point = if line.value.is_finite() { mark((scale.place(line.value), middle), line.ink) } else { Html::new() };
    name.and(number).and(whisker).and(bar).and(point)
}
