//! How often a policy fires on trials whose truth is known, beside Evidently's rule, as a table. The argument is the number of
//! policies of ten windows each; left out, 100; a second one names the only world, such as Ageing. Exit 1: a bound is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../tests/worlds/fires.rs"]
mod fires;
#[path = "../tests/worlds/mod.rs"]
mod worlds;

use fires::{Counted, run};
use std::process::ExitCode;
use worlds::{Setting, World};

const SIZES: [(usize, usize); 3] = [(300, 100), (1_500, 100), (5_000, 300)];
const WORLDS: [World; 3] = [World::Plain, World::Clustered, World::Ageing];

fn main() -> ExitCode {
    let policies = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(100);
    println!(
        "| world | n_ref/n_cur | shift | risk | weights | windows | policy fires | fires by 3rd window | drift, one window | Evidently |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut is_held = true;
    let only = std::env::args().nth(2);
    let is_asked = |world: &World| only.as_ref().is_none_or(|only| format!("{world:?}") == *only);
    for world in WORLDS.into_iter().filter(is_asked) {
        for sizes in SIZES {
            for (has_risk, weight) in [(true, Some(0.1)), (false, None)] {
                for shift in [0.0, 0.6] {
                    let setting = Setting { world, sizes, shift, has_risk, weight };
                    let windows = if shift > 0.0 { 3 } else { 10 };
                    is_held &= line(setting, run(setting, policies, windows));
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
        "| {world:?} | {n}/{m} | {shift} | {} | {} | {} | {firing:.1} % | {found:.0} % | {:.1} % | {:.1} % |{}",
        if has_risk { "yes" } else { "no" },
        if weight.is_some() { "equal" } else { "none" },
        counted.windows,
        of(counted.drifted, counted.windows),
        of(counted.evidently, counted.windows),
        if is_held { "" } else { " BROKEN" },
    );
    is_held
}
