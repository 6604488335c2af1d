//! Worlds whose risks are known: made-up rows with the true risk of each, for tests and benchmarks of learning. Any row
//! can be made alone. No patient is behind any of them.

use dropout_model::random::Stream;
use ndarray::Array2;

/// Names of the columns of every world.
pub const COLUMNS: [&str; 10] = [
    "age",
    "days_in_trial",
    "visits_completed",
    "adverse_events",
    "serious_adverse_events",
    "visits_missed",
    "days_since_last_visit",
    "distance_km",
    "arm",
    "sex",
];

/// How the risk depends on the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Linear in four columns; the best AUC that any model can reach is 0.7224.
    Seed4,
    /// Linear in all columns; best AUC 0.7351.
    Linear,
    /// A U-shape, thresholds and interactions; best AUC 0.7896, a linear model's 0.728.
    Nonlinear,
}

/// Rows of a world.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The columns, rows x 10.
    pub values: Array2<f64>,
    /// Whether the patient drops out.
    pub labels: Vec<bool>,
    /// The risk that the label was drawn with; never to be learned from.
    pub p_true: Vec<f64>,
}

/// Rows `start` to `start + n` of a world.
pub fn rows(world: World, seed: u64, start: u64, n: usize) -> Known {
    let mut known = Known { values: Array2::zeros((n, COLUMNS.len())), labels: Vec::new(), p_true: Vec::new() };
    for (number, mut line) in (start..).zip(known.values.rows_mut()) {
        let draws = Draws { seed, row: number };
        let row = draws.row();
        let risk = 1.0 / (1.0 + libm::exp(-row.logit(world)));
        line.assign(&ndarray::aview1(&row.columns()));
        known.labels.push(draws.at(12) < risk);
        known.p_true.push(risk);
    }
    known
}

/// The draws of one row.
#[derive(Clone, Copy)]
struct Draws {
    seed: u64,
    row: u64,
}

impl Draws {
    /// Draw `k` of the row: SplitMix64 at seed x 0x9E3779B97F4A7C15 + row x 64 + k.
    fn at(self, k: u64) -> f64 {
        let start = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Stream::new(start.wrapping_add(self.row.wrapping_mul(64)).wrapping_add(k)).unit(0)
    }

    fn row(self) -> Row {
        let days = 1.0 + (364.0 * self.at(3)).floor();
        let expected = 1.0 + (days / 14.0).floor();
        // How irregular the patient is, 0 to 1.
        let slack = libm::pow(self.at(4), 3.0);
        let done = (expected * (1.0 - 0.6 * slack) + 0.5).floor();
        let mean = 0.5 + 3.0 * days / 365.0;
        let events = (libm::log1p(-self.at(5)) / libm::log(mean / (1.0 + mean))).floor();
        let gap = (-10.0 * (1.0 + 2.0 * slack) * libm::log1p(-self.at(7))).floor();
        let place = self.at(10).clamp(1e-12, 1.0 - 1e-12);
        let distance = 20.0 * libm::exp(0.55 * libm::log(place / (1.0 - place)));
        Row {
            age: (18.0 + 63.0 * (self.at(0) + self.at(1) + self.at(2)) / 3.0).floor(),
            days,
            done,
            events,
            serious: f64::from(u8::from(self.at(6) < (0.04 * events).min(0.5))),
            missed: expected - done,
            gap: gap.min(days),
            distance: libm::rint(distance.clamp(0.5, 500.0) * 10.0) / 10.0,
            arm: (3.0 * self.at(8)).floor(),
            sex: f64::from(u8::from(self.at(9) < 0.5)),
        }
    }
}

/// One row of a world.
struct Row {
    age: f64,
    days: f64,
    done: f64,
    events: f64,
    serious: f64,
    missed: f64,
    gap: f64,
    distance: f64,
    arm: f64,
    sex: f64,
}

impl Row {
    fn columns(&self) -> [f64; 10] {
        let Self { age, days, done, events, serious, missed, gap, distance, arm, sex } = *self;
        [age, days, done, events, serious, missed, gap, distance, arm, sex]
    }

    fn logit(&self, world: World) -> f64 {
        let Self { age, days, done, events, serious, missed, gap, distance, arm, .. } = *self;
        match world {
            World::Seed4 => {
                -1.35 - 0.020 * (age - 49.0) - 0.0050 * (days - 180.0) + 0.24 * (events - 2.0) - 0.045 * (done - 11.0)
            }
            World::Linear => {
                -1.75 - 0.015 * (age - 49.0) - 0.0025 * (days - 180.0) - 0.03 * (done - 11.0)
                    + 0.16 * (events - 2.0)
                    + 0.7 * serious
                    + 0.16 * missed
                    + 0.022 * (gap - 10.0)
                    + 0.008 * (distance - 24.0)
                    + 0.15 * arm
            }
            World::Nonlinear => self.nonlinear(),
        }
    }

    fn nonlinear(&self) -> f64 {
        let Self { age, days, done, events, serious, missed, gap, distance, arm, sex } = *self;
        let one_if = |yes: bool| f64::from(u8::from(yes));
        let away = (age - 52.0) / 15.0;
        let burden = if arm == 2.0 { 0.30 } else { 0.04 };
        -2.55
            + 0.9 * away * away
            + 1.1 * libm::exp(-days / 60.0)
            + burden * events
            + 1.2 * one_if(gap > 21.0)
            + 2.0 * missed / (done + missed) * (1.0 + one_if(days > 90.0))
            + 0.45 * libm::log(distance / 20.0) * one_if(sex == 1.0)
            + 0.8 * serious
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_give_the_check_values_that_were_published_with_them() {
        let known = rows(World::Nonlinear, 1, 0, 1_000);
        let first: Vec<Vec<f64>> = known.values.rows().into_iter().take(3).map(|row| row.to_vec()).collect();
        let wanted = [
            [58.0, 255.0, 11.0, 4.0, 0.0, 8.0, 0.0, 35.0, 1.0, 0.0],
            [47.0, 280.0, 13.0, 0.0, 0.0, 8.0, 13.0, 1.9, 2.0, 0.0],
            [65.0, 333.0, 12.0, 0.0, 0.0, 12.0, 9.0, 8.1, 2.0, 0.0],
        ];
        assert_eq!(first, wanted.map(Vec::from));
        let risks: Vec<String> = known.p_true.iter().take(3).map(|risk| format!("{risk:.6}")).collect();
        assert_eq!(risks, ["0.366770", "0.285805", "0.532523"]);
        assert_eq!(known.labels[..3], [false, false, true]);
        assert_eq!(known.labels.iter().filter(|label| **label).count(), 338);
    }

    #[test]
    fn a_row_is_the_same_whoever_asks_for_it() {
        let (all, some) = (rows(World::Linear, 7, 0, 50), rows(World::Linear, 7, 40, 10));
        assert_eq!(all.p_true[40..], some.p_true);
        assert_eq!(all.labels[40..], some.labels);
    }
}
