//! Small drawings in few bytes: whole numbers, relative steps, one path for many strokes. It knows no report.

use dropout_model::page::Html;
use std::fmt::Write as _;

/// A point of a drawing, in its own units.
pub type Point = (f64, f64);

/// A drawing with what it shows in words.
pub fn drawing(class: &str, (width, height): (u32, u32), (says, inner): (&str, Html)) -> Html {
    let size = format!("0 0 {width} {height}");
    let attributes = [("class", class), ("viewBox", size.as_str()), ("role", "img"), ("aria-label", says)];
    Html::element("svg", &attributes, inner)
}

/// Strokes along a path; nothing for an empty one.
pub fn stroke(class: &str, path: &str) -> Html {
    if path.is_empty() { Html::new() } else { Html::shape("path", &[("class", class), ("d", path)]) }
}

/// Words at a point; `class` says whether they start, end or are centred there.
pub fn words((x, y): Point, class: &str, text: &str) -> Html {
    let (x, y) = (x.round().to_string(), y.round().to_string());
    let plain = [("x", x.as_str()), ("y", &y)];
    let classed = [("x", x.as_str()), ("y", &y), ("class", class)];
    Html::element("text", if class.is_empty() { &plain } else { &classed }, Html::of(text))
}

/// A level stroke; nothing where a number is none.
pub fn level((x, y): Point, length: f64) -> String {
    straight('h', (x, y), length)
}

/// An upright stroke; nothing where a number is none.
pub fn upright((x, y): Point, length: f64) -> String {
    straight('v', (x, y), length)
}

fn straight(command: char, (x, y): Point, length: f64) -> String {
    if ![x, y, length].iter().all(|number| number.is_finite()) {
        return String::new();
    }
    // The cast saturates and knows no negative zero.
    let [x, y, length] = [x, y, length].map(|number| number.round() as i32);
    format!("M{x} {y}{command}{length}")
}

/// The corners of steps: each height holds until the next point.
pub fn steps(points: &[Point]) -> Vec<Point> {
    let mut corners: Vec<Point> = Vec::new();
    for &(x, y) in points {
        corners.extend(corners.last().map(|&(_, before)| (x, before)));
        corners.push((x, y));
    }
    corners
}

/// A path through points, rounded to whole units; a point on a straight stretch is left out.
pub fn trace(points: &[Point]) -> String {
    let mut kept: Vec<(i32, i32)> = Vec::new();
    for &(x, y) in points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
        // The cast saturates, and scales keep places inside the drawing.
        let next = (x.round() as i32, y.round() as i32);
        while is_between(&kept, next) {
            kept.pop();
        }
        if kept.last() != Some(&next) {
            kept.push(next);
        }
    }
    relative(&kept)
}

/// Whether the last point lies between the one before it and the next on a level or an upright line.
fn is_between(kept: &[(i32, i32)], next: (i32, i32)) -> bool {
    let [.., before, last] = kept else { return false };
    let between = |a: i32, b: i32, c: i32| (a <= b && b <= c) || (a >= b && b >= c);
    let is_level = before.1 == last.1 && last.1 == next.1 && between(before.0, last.0, next.0);
    is_level || (before.0 == last.0 && last.0 == next.0 && between(before.1, last.1, next.1))
}

fn relative(points: &[(i32, i32)]) -> String {
    let mut path = String::new();
    let mut at: Option<(i32, i32)> = None;
    for &(x, y) in points {
        let _ = match at.map(|(from_x, from_y)| (x - from_x, y - from_y)) {
            None => write!(path, "M{x} {y}"),
            Some((right, 0)) => write!(path, "h{right}"),
            Some((0, down)) => write!(path, "v{down}"),
            Some((right, down)) if down < 0 => write!(path, "l{right}{down}"),
            Some((right, down)) => write!(path, "l{right} {down}"),
        };
        at = Some((x, y));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_short_and_leaves_out_what_is_no_number() {
        let points = [(0.0, 10.0), (4.6, 10.0), (9.0, 10.2), (9.0, 3.0), (f64::NAN, 1.0), (12.0, 1.0), (14.0, 4.0)];
        assert_eq!(trace(&points), "M0 10h9v-7l3-2l2 3");
        assert_eq!(trace(&[]), "");
        assert_eq!([level((1.0, 2.0), f64::NAN), upright((1.4, 2.0), -0.2)], ["", "M1 2v0"]);
        assert_eq!(trace(&steps(&[(0.0, 5.0), (3.0, 1.0), (6.0, 5.0)])), "M0 5h3v-4h3v4");
    }
}
