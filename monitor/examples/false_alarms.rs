//! How often a policy fires on trials whose truth is known, beside Evidently's rule, as a table. The first argument is the number
//! of windows of a row, 1,000 if left out; the second the first seed; the third the only world, such as Ageing. Exit 1: a bound
//! is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../tests/worlds/fires.rs"]
mod fires;
#[path = "../tests/worlds/mod.rs"]
mod worlds;

use fires::{Counted, SEEDS, run};
use std::process::ExitCode;
use worlds::{Setting, World};

const SIZES: [(usize, usize); 3] = [(300, 100), (1_500, 100), (5_000, 300)];
const WORLDS: [World; 3] = [World::Plain, World::Clustered, World::Ageing];

/// Windows of a policy: without a shift, and until one must be found.
const WINDOWS: (u64, u64) = (10, 3);

fn main() -> ExitCode {
    let number =
        |at: usize, default: u64| std::env::args().nth(at).and_then(|word| word.parse().ok()).unwrap_or(default);
    let (windows, seeds) = (number(1, 1_000), number(2, SEEDS));
    println!("Seeds from {seeds}; {windows} windows a row.\n");
    println!(
        "| world | n_ref/n_cur | shift | risk | weights | windows | policy fires | fires by 3rd window | drift, one window | Evidently |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut is_held = true;
    let only = std::env::args().nth(3);
    let is_asked = |world: &World| only.as_ref().is_none_or(|only| format!("{world:?}") == *only);
    for world in WORLDS.into_iter().filter(is_asked) {
        for sizes in SIZES {
            for (has_risk, weight) in [(true, Some(0.1)), (false, None)] {
                for shift in [0.0, 0.6] {
                    let setting = Setting { world, sizes, shift, has_risk, weight };
                    let each = if shift > 0.0 { WINDOWS.1 } else { WINDOWS.0 };
                    is_held &= line(setting, run(setting, seeds..seeds + windows.div_ceil(each), each));
                }
            }
        }
    }
    if is_held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a row; whether its bound holds.
fn line(setting: Setting, counted: Counted) -> bool {
    let Setting { world, sizes: (n, m), shift, has_risk, weight } = setting;
    let of = |count: usize, all: usize| 100.0 * count as f64 / all as f64;
    let firing = of(counted.firing, counted.windows);
    let found = of(counted.by_third, counted.policies);
    let is_held = if shift > 0.0 { found >= 95.0 } else { firing <= 5.0 };
    println!(
        "| {world:?} | {n}/{m} | {shift} | {} | {} | {} | {firing:.1} % | {found:.1} % | {:.1} % | {:.1} % |{}",
        if has_risk { "yes" } else { "no" },
        if weight.is_some() { "equal" } else { "none" },
        counted.windows,
        of(counted.drifted, counted.windows),
        of(counted.evidently, counted.windows),
        if is_held { "" } else { " BROKEN" },
    );
    is_held
}
