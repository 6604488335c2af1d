//! A crowd: a share of people drawn as people, each with a mark that says what becomes of them. It draws at most a thousand.

use super::{Html, number::place};

const STEP: f64 = 14.0;
/// More than these are not drawn.
const MOST: usize = 1_000;

/// People by what becomes of them.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// What links inside the page call it; letters, digits and hyphens.
    pub id: &'static str,
    /// Its name, in a few words.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    /// How many stand in a line.
    pub wide: usize,
    /// How many have which mark, in the order they are drawn.
    pub people: Vec<(usize, Mark)>,
}

/// The mark of a person; all can be told apart in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A full square.
    Full,
    /// A hollow square.
    Hollow,
    /// A quiet disc.
    Disc,
    /// A dot.
    Dot,
}

impl Mark {
    /// The mark as a letter, for a caption.
    pub fn letter(self) -> char {
        match self {
            Self::Full => '■',
            Self::Hollow => '□',
            Self::Disc => '●',
            Self::Dot => '·',
        }
    }
}

impl Crowd {
    /// The crowd as markup.
    pub fn svg(&self) -> Html {
        let marks = self.people.iter().flat_map(|(count, mark)| std::iter::repeat_n(*mark, (*count).min(MOST)));
        let marks: Vec<Mark> = marks.take(MOST).collect();
        let wide = self.wide.max(1);
        let (title, described) = (format!("{}-title", self.id), format!("{}-text", self.id));
        let words = Html::element("title", &[("id", &title)], Html::of(&self.title)).and(Html::element(
            "desc",
            &[("id", &described)],
            Html::of(&self.description),
        ));
        let size = format!("0 0 {} {}", place(wide as f64 * STEP), place(marks.len().div_ceil(wide) as f64 * STEP));
        let labelled = format!("{title} {described}");
        let people = marks.iter().enumerate().map(|(nth, mark)| {
            let at = |number: usize| (number as f64 + 0.5) * STEP;
            person((at(nth % wide), at(nth / wide)), *mark)
        });
        let attributes =
            [("class", "chart crowd"), ("viewBox", size.as_str()), ("role", "img"), ("aria-labelledby", &labelled)];
        Html::element("svg", &attributes, words.and(people.collect()))
    }
}

fn person((x, y): (f64, f64), mark: Mark) -> Html {
    let (class, half) = match mark {
        Mark::Full => ("full", 5.0),
        Mark::Hollow => ("hollow", 4.5),
        Mark::Disc => ("disc", 4.0),
        Mark::Dot => ("dot", 1.4),
    };
    let (x, y, half, whole) = (place(x - half), place(y - half), place(half), place(half * 2.0));
    let round = if matches!(mark, Mark::Disc | Mark::Dot) { half.as_str() } else { "0" };
    let attributes = [("class", class), ("x", &x), ("y", &y), ("width", &whole), ("height", &whole), ("rx", round)];
    Html::element("rect", &attributes, Html::new())
}
