//! Where the names of lines go: beside their own line, off every other line and name. It draws nothing.

/// A point of the drawing.
pub(super) type Point = (f64, f64);

/// Height of a name, in units of the drawing.
const HEIGHT: f64 = 13.0;
/// Room between a line and its name.
const GAP: f64 = 4.0;
/// Places tried along a line.
const TRIES: usize = 40;

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    fn of(width: f64, (left, baseline): Point) -> Self {
        Self { left, top: baseline - HEIGHT * 0.8, right: left + width, bottom: baseline + HEIGHT * 0.2 }
    }

    fn wider(&self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    fn holds(&self, (x, y): Point) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn is_inside(&self, other: &Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }
}

/// The starts of the names' baselines; a name is the line it belongs to and its width. Each gets the place of the least
/// trouble, in the order given; `lines` are dense points of all lines.
pub(super) fn places(names: &[(usize, f64)], lines: &[Vec<Point>], plot: Frame) -> Vec<Point> {
    let mut taken: Vec<Frame> = Vec::new();
    let mut found = Vec::new();
    for &(line, width) in names {
        let shown = lines.get(line).into_iter().flatten().copied().filter(|point| plot.holds(*point));
        let tries = tries(&shown.collect::<Vec<_>>(), width);
        let trouble = |at: &Point| trouble((line, Frame::of(width, *at)), (lines, &taken, plot));
        let best = tries.into_iter().min_by(|a, b| trouble(a).total_cmp(&trouble(b)));
        let best = best.unwrap_or((plot.left + GAP, plot.top + HEIGHT));
        taken.push(Frame::of(width, best));
        found.push(best);
    }
    found
}

/// Right of, left of, above and below places along a line, those near its end first.
fn tries(line: &[Point], width: f64) -> Vec<Point> {
    let last = line.len().saturating_sub(1);
    let anchors = (0..=TRIES).rev().filter_map(|nth| line.get(nth * last / TRIES));
    let around = |&(x, y): &Point| {
        let middle = x - width / 2.0;
        let (above, below) = (y - GAP - HEIGHT * 0.2, y + GAP + HEIGHT * 0.8);
        let (beside, before) = (x + GAP + 2.0, x - width - GAP - 2.0);
        [
            (beside, y + HEIGHT * 0.3),
            (before, y + HEIGHT * 0.3),
            (middle, above),
            (middle, below),
            (beside, above),
            (beside, below),
            (before, above),
            (before, below),
        ]
    };
    anchors.flat_map(around).collect()
}

/// How bad a place is: outside the plot worst, then on another name, then on lines, or so near to another line that the
/// name could be that one's.
fn trouble((own, frame): (usize, Frame), (lines, taken, plot): (&[Vec<Point>], &[Frame], Frame)) -> f64 {
    let outside = if frame.is_inside(&plot) { 0.0 } else { 1e6 };
    let names = taken.iter().filter(|other| frame.meets(other)).count() as f64 * 1e4;
    let held = |frame: Frame, points: &[Point]| points.iter().filter(|point| frame.holds(**point)).count() as f64;
    // On any line a name is hard to read; near another line it is only doubtful whose it is.
    let near = |(line, points): (usize, &Vec<Point>)| {
        let doubtful = if line == own { 0.0 } else { held(frame.wider(2.0 * GAP), points) };
        4.0 * held(frame, points) + doubtful
    };
    outside + names + lines.iter().enumerate().map(near).sum::<f64>()
}

/// Points not more than two units apart along a line, so that a name between two corners is noticed.
pub(super) fn dense(line: &[Point]) -> Vec<Point> {
    let mut dense = Vec::new();
    for pair in line.windows(2) {
        let [(x, y), (to_x, to_y)] = *pair else { continue };
        let steps = ((to_x - x).hypot(to_y - y) / 2.0).ceil().clamp(1.0, 400.0) as usize;
        dense.extend((0..steps).map(|step| {
            let share = step as f64 / steps as f64;
            (x + share * (to_x - x), y + share * (to_y - y))
        }));
    }
    dense.extend(line.last());
    dense
}
