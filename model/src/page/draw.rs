//! The strokes of drawings: paths, marks, rectangles and lines of text. They know no axis.

use super::{Html, Ink, label::Point, number::place};
use std::fmt::Write as _;

/// A path through points.
pub(super) fn outline(points: &[Point]) -> String {
    let mut path = String::new();
    let mut last = None;
    for (nth, (x, y)) in points.iter().enumerate() {
        let at = (place(*x), place(*y));
        if last.as_ref() != Some(&at) {
            let _ = write!(path, "{}{} {}", if nth == 0 { "M" } else { "L" }, at.0, at.1);
        }
        last = Some(at);
    }
    path
}

/// A line along a path.
pub(super) fn path(outline: &str, class: &str) -> Html {
    Html::element("path", &[("class", class), ("d", outline)], Html::new())
}

/// A straight line.
pub(super) fn rule((x1, y1): Point, (x2, y2): Point, class: &str) -> Html {
    path(&outline(&[(x1, y1), (x2, y2)]), class)
}

/// A point: a disc in first ink, a hollow square in any other.
pub(super) fn mark((x, y): Point, ink: Ink) -> Html {
    if ink == Ink::First {
        let (x, y) = (place(x), place(y));
        let attributes = [("class", "mark first"), ("cx", x.as_str()), ("cy", y.as_str()), ("r", "4")];
        return Html::element("circle", &attributes, Html::new());
    }
    rectangle((x - 3.5, y - 3.5), (x + 3.5, y + 3.5), &format!("mark {}", ink.class()))
}

/// A rectangle between two corners.
pub(super) fn rectangle((left, top): Point, (right, bottom): Point, class: &str) -> Html {
    let (width, height) = (place((right - left).max(0.0)), place((bottom - top).max(0.0)));
    let (x, y) = (place(left), place(top));
    Html::element(
        "rect",
        &[("class", class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)],
        Html::new(),
    )
}

/// A line of text that starts, ends or is centred at a point, as its class says.
pub(super) fn text((x, y): Point, class: &str, words: &str) -> Html {
    Html::element("text", &[("x", &place(x)), ("y", &place(y)), ("class", class)], Html::of(words))
}
