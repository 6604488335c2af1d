//! A policy hardly ever fires on trials without a shift, and finds one of 0.6 standard deviations in three of ten columns; the
//! table of 1,000 windows is `cargo run --example false_alarms`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "worlds/fires.rs"]
mod fires;
mod worlds;

use fires::{SEEDS, run};
use worlds::{Setting, World};

fn setting(world: World, shift: f64) -> Setting {
    Setting { world, sizes: (300, 100), shift, has_risk: false, weight: None }
}

#[test]
fn policies_stay_quiet_without_a_shift() {
    for world in [World::Plain, World::Clustered, World::Ageing] {
        for has_risk in [false, true] {
            let counted = run(Setting { has_risk, ..setting(world, 0.0) }, SEEDS..SEEDS + 20, 10);
            assert_eq!((counted.windows, counted.unjudged), (200, 0), "{world:?}");
            assert!(counted.firing * 20 <= counted.windows, "{world:?}: {counted:?}");
        }
    }
}

#[test]
fn policies_find_a_shift_by_their_third_window() {
    for world in [World::Plain, World::Clustered, World::Ageing] {
        for weight in [None, Some(0.1)] {
            let counted = run(Setting { weight, ..setting(world, 0.6) }, SEEDS..SEEDS + 67, 3);
            assert!(counted.by_third * 100 >= counted.policies * 95, "{world:?}: {counted:?}");
        }
    }
}
